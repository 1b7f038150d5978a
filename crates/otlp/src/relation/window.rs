//! Some rows of a segment, with the places of all that a query wants of them.

use std::hint::black_box;
use std::ops::Range;

use super::column::{Level, snake_case};
use super::plan::{Plan, Reader, Stage};
use super::read::append_all;
use super::share::Share;
use super::table::Table;
use super::values::{Data, Entry, Texts, Values};
use crate::schema::METRIC;
use crate::schema::role::{FIRST_KIND, METRIC_KINDS};
use crate::segment::Segment;
use crate::signal::Signal;
use crate::trusted::CheckedBytes;

/// Rows of a segment that columns are read from. It keeps its memory from one [`Window::open`] to the
/// next, and borrows nothing: each call is to be given the plan and the segment it was opened with.
#[derive(Debug, Default)]
pub struct Window {
    rows: Vec<u32>,
    messages: Table,
    resources: Shared,
    scopes: Shared,
    metrics: Shared,
    /// The `Gauge`, `Sum`, … of each of `metrics`.
    data: Table,
}

/// Messages that rows share.
#[derive(Debug, Default)]
struct Shared {
    share: Share,
    messages: Table,
}

impl Window {
    /// A window without rows.
    pub fn new() -> Window {
        Window::default()
    }

    /// Moves to other rows, of this segment: walks them, and finds what they share.
    ///
    /// # Panics
    /// If the segment does not hold what the plan needs.
    pub fn open(&mut self, plan: &Plan, segment: &Segment, rows: impl IntoIterator<Item = usize>) {
        segment.demand(plan.needs());
        self.rows.clear();
        self.rows.extend(rows.into_iter().map(|row| row as u32));
        self.find_messages(plan.stage(Level::Row), segment);
        self.find_resources(plan.stage(Level::Resource), segment);
        self.find_scopes(plan.stage(Level::Scope), segment);
        if segment.signal() == Signal::Metrics {
            self.find_metrics(plan, segment);
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Reads the column at that position of the plan into `values`, which must be made for its type.
    ///
    /// `None`: `values` has one value for each row. `Some`: rows share values, and of each row this has
    /// the index of its value.
    pub fn read(
        &self,
        plan: &Plan,
        segment: &Segment,
        column: usize,
        values: &mut Values,
    ) -> Option<&[u32]> {
        values.clear();
        match plan.readers().get(column)? {
            Reader::Time => {
                self.numbers(values, |row| segment.time(row));
                None
            }
            Reader::Duration => {
                self.numbers(values, |row| segment.duration(row));
                None
            }
            Reader::MetricKind => {
                self.metric_kinds(segment, values);
                Some(self.metrics.share.indices())
            }
            Reader::SchemaUrl(level) => {
                let shared = self.shared(*level)?;
                schema_urls(*level, segment, &shared.share, values);
                Some(shared.share.indices())
            }
            Reader::Fields(Level::Row, ops) => {
                append_all(&self.messages, segment.checked(), ops, values);
                None
            }
            Reader::Fields(Level::Data, ops) => {
                append_all(&self.data, segment.checked(), ops, values);
                Some(self.metrics.share.indices())
            }
            Reader::Fields(level, ops) => {
                let shared = self.shared(*level)?;
                append_all(&shared.messages, segment.checked(), ops, values);
                Some(shared.share.indices())
            }
        }
    }

    fn shared(&self, level: Level) -> Option<&Shared> {
        match level {
            Level::Resource => Some(&self.resources),
            Level::Scope => Some(&self.scopes),
            Level::Metric | Level::Data => Some(&self.metrics),
            Level::Row => None,
        }
    }

    fn find_messages(&mut self, stage: &Stage, segment: &Segment) {
        self.messages.reset(stage.width());
        if !stage.is_needed {
            return;
        }
        let message = |&row: &u32| {
            let row = row as usize;
            // A metric without points has no message: its columns read as NULL, where a relation did not leave it out
            // before.
            row_variant(segment, row).zip(segment.message_range(row))
        };
        // So few that what was fetched is still in the caches when it is walked, and so many that one wait for memory
        // is shared.
        for rows in self.rows.chunks(AHEAD) {
            fetch(segment, rows);
            self.messages.extend(&stage.walks, segment.checked(), rows.iter().map(message));
        }
    }

    fn find_resources(&mut self, stage: &Stage, segment: &Segment) {
        let same = |a, b| segment.resource(a) == segment.resource(b);
        let rows = if stage.is_needed { self.rows.as_slice() } else { &[] };
        self.resources.find(stage, segment, rows, Segment::resource_of, same, |number| {
            let [message, _] = segment.resource_ranges(number);
            Some((0, message.unwrap_or(0..0)))
        });
    }

    fn find_scopes(&mut self, stage: &Stage, segment: &Segment) {
        let same = |a, b| segment.scope(a) == segment.scope(b);
        let rows = if stage.is_needed { self.rows.as_slice() } else { &[] };
        self.scopes.find(stage, segment, rows, Segment::scope_of, same, |number| {
            let [message, _] = segment.scope_ranges(number);
            Some((0, message.unwrap_or(0..0)))
        });
    }

    fn find_metrics(&mut self, plan: &Plan, segment: &Segment) {
        let (metric, data) = (plan.stage(Level::Metric), plan.stage(Level::Data));
        let is_needed = metric.is_needed || data.is_needed;
        let rows = if is_needed { self.rows.as_slice() } else { &[] };
        // Metrics are not compared: to do so would cost more than to read the few fields of one twice.
        let never = |_, _| false;
        self.metrics.find(metric, segment, rows, Segment::metric_of, never, |number| {
            Some((0, segment.metric_range(number).unwrap_or(0..0)))
        });
        // Beside the metrics, one for each: what is read of either goes by the same indices.
        self.data.reset(data.width());
        for &number in self.metrics.share.numbers() {
            push(&mut self.data, data, segment.checked(), data_variant(segment, number));
        }
    }

    fn numbers(&self, values: &mut Values, number: impl Fn(usize) -> Option<i64>) {
        // Made for another type: NULL rather than a panic, since a column is told its type elsewhere.
        let Data::Int64(numbers) = &mut values.data else { return values.push_nulls(self.len()) };
        for &row in &self.rows {
            let number = number(row as usize);
            if number.is_none() {
                values.nulls.set(numbers.len());
            }
            numbers.push(number.unwrap_or_default());
        }
    }

    fn metric_kinds(&self, segment: &Segment, values: &mut Values) {
        let numbers = self.metrics.share.numbers();
        let Data::Text(texts) = &mut values.data else { return values.push_nulls(numbers.len()) };
        let mut known: [Option<Entry<u32>>; METRIC_KINDS] = Default::default();
        for &number in numbers {
            let kind = data_variant(segment, number).map(|(variant, _)| variant);
            // There are five names, so each is written once for a window, however many metrics there are.
            let entry = kind.and_then(|kind| match known.get(kind)? {
                Some(entry) => {
                    texts.push_entry(*entry);
                    Some(*entry)
                }
                None => texts.write(|out| out.extend_from_slice(metric_kind(kind).as_bytes())),
            });
            match (kind, entry) {
                (Some(kind), Some(entry)) => known[kind] = Some(entry),
                _ => {
                    values.nulls.set(texts.len());
                    texts.push_entry(Entry::default());
                }
            }
        }
    }
}

/// Messages that are fetched before they are walked.
const AHEAD: usize = 64;
const CACHE_LINE: usize = 64;

/// Brings the beginnings of messages into the caches. A walk waits for the memory of its message, and
/// the next walk waits for that one; these reads do not wait for each other.
fn fetch(segment: &Segment, rows: &[u32]) {
    let bytes = segment.buffer();
    let lines = |&row: &u32| {
        let start = segment.message_range(row as usize).map_or(0, |range| range.start);
        let byte = |at| bytes.get(at).copied().unwrap_or_default();
        // Two lines: most wanted fields of a span stand in its first 128 bytes.
        byte(start) ^ byte(start + CACHE_LINE)
    };
    black_box(rows.iter().map(lines).fold(0, |all, byte| all ^ byte));
}

/// The name of a kind of metric in SQL.
pub(super) fn metric_kind(variant: usize) -> String {
    METRIC.fields.get(FIRST_KIND + variant).map_or(String::new(), |field| snake_case(field.name))
}

impl Shared {
    fn find(
        &mut self,
        stage: &Stage,
        segment: &Segment,
        rows: &[u32],
        number_of: impl Fn(&Segment, usize) -> usize,
        same: impl Fn(usize, usize) -> bool,
        message: impl Fn(usize) -> Option<(usize, Range<usize>)>,
    ) {
        self.share.clear();
        for &row in rows {
            self.share.push(number_of(segment, row as usize), &same);
        }
        self.messages.reset(stage.width());
        for &number in self.share.numbers() {
            push(&mut self.messages, stage, segment.checked(), message(number));
        }
    }
}

/// Adds the message of a type that lies there.
#[inline(always)]
fn push(
    table: &mut Table,
    stage: &Stage,
    bytes: CheckedBytes<'_>,
    message: Option<(usize, Range<usize>)>,
) {
    let found =
        message.and_then(|(variant, range)| Some((stage.walks.get(variant)?, variant, range)));
    match found {
        Some((walk, variant, range)) => table.push(walk, variant, bytes.at(range)),
        None => table.push_absent(),
    }
}

/// Which of the types of its relation a row has.
#[inline]
pub(super) fn row_variant(segment: &Segment, row: usize) -> Option<usize> {
    match segment.signal() {
        Signal::Metrics => {
            data_variant(segment, segment.metric_of(row)).map(|(variant, _)| variant)
        }
        _ => Some(0),
    }
}

/// The kind of a metric, and where its `Gauge`, `Sum`, … lies, without the points it begins with.
#[inline]
pub(super) fn data_variant(segment: &Segment, metric: usize) -> Option<(usize, Range<usize>)> {
    let (field, range) = segment.data_rest(metric)?;
    Some((field.checked_sub(FIRST_KIND)?, range))
}

fn schema_urls(level: Level, segment: &Segment, share: &Share, values: &mut Values) {
    let numbers = share.numbers();
    let Data::Text(texts) = &mut values.data else { return values.push_nulls(numbers.len()) };
    for &number in numbers {
        let [_, url] = match level {
            Level::Resource => segment.resource_ranges(number),
            _ => segment.scope_ranges(number),
        };
        match url.filter(|url| !url.is_empty()) {
            Some(url) => texts.push_place(url),
            None => {
                values.nulls.set(texts.len());
                push_null(texts);
            }
        }
    }
}

fn push_null(texts: &mut Texts) {
    texts.push_entry(Entry::default());
}
