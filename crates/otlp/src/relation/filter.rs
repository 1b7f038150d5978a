//! Rows that meet conditions, found without reading a column.

use std::ops::{Range, RangeInclusive};

use super::Relation;
use super::check::{Bound, Check, ids};
use super::column::{Column, Level, Read, messages};
use super::op::Op;
use super::plan::{Stage, duration_times, times};
use super::table::Fields;
use super::walk::{ABSENT, Walk};
use super::window::{data_variant, metric_kind, row_variant};
use crate::kept::{Kept, Projection, RowForm};
use crate::schema::{MAX_NUMBER, Message};
use crate::segment::Segment;
use crate::signal::Signal;

/// Conditions on columns of a relation, all of which a row must meet; made once per query.
#[derive(Debug)]
pub struct Filter {
    relation: &'static Relation,
    /// Of the times in the index.
    time: RangeInclusive<i64>,
    /// Of the durations in the index, if they are asked for.
    duration: Option<RangeInclusive<i64>>,
    /// Bit n: the index makes one of these of field n of a row, and it is asked for.
    times: u32,
    levels: [Conditions; LEVELS],
    pub(super) hints: Vec<Hint>,
}

const LEVELS: usize = Level::Resource as usize + 1;

/// Conditions on the messages of one level.
#[derive(Debug, Default)]
struct Conditions {
    stage: Stage,
    /// Each with a check for every type the messages may have.
    checks: Vec<Vec<Check>>,
}

/// What a summary of a segment can rule out.
#[derive(Debug)]
pub(super) enum Hint {
    /// The time in the index is in this range.
    Time(RangeInclusive<i64>),
    /// The service has one of these names.
    Service(Vec<Vec<u8>>),
    /// The trace is one of these.
    Trace(Vec<Vec<u8>>),
}

impl Filter {
    /// A filter without conditions: every row of the relation passes.
    pub fn new(relation: &'static Relation) -> Filter {
        Filter {
            relation,
            time: i64::MIN..=i64::MAX,
            duration: None,
            times: 0,
            levels: Default::default(),
            hints: Vec::new(),
        }
    }

    /// Adds the condition that a column is within `bound`. `false`, and no condition, if that cannot be
    /// told without reading the column: of numbers beyond 64 signed bits, doubles, JSON, nested types.
    #[must_use]
    pub fn require(&mut self, column: &Column, bound: &Bound) -> bool {
        match (column.read, bound) {
            (Read::Time(field), Bound::Range(range)) => {
                self.time = both(&self.time, range);
                self.times |= times(self.relation.signal, field);
                self.hints.push(Hint::Time(range.clone()));
                return true;
            }
            (Read::Duration, Bound::Range(range)) => {
                let known = self.duration.as_ref();
                self.duration = Some(known.map_or(range.clone(), |known| both(known, range)));
                self.times |= duration_times(self.relation.signal);
                return true;
            }
            _ => {}
        }
        let types = messages(self.relation.signal, column.level);
        let checks = match (column.read, bound) {
            (Read::MetricKind, Bound::OneOf(texts)) => Some(kinds(&types, texts)),
            (Read::Duration | Read::MetricKind | Read::SchemaUrl, _) => None,
            _ => {
                let check = |op| Check::new(op, bound);
                self.levels[column.level as usize].checks(column, &types, check)
            }
        };
        let is_told = self.add(column.level, &types, checks);
        self.hints.extend(hint(self.relation.signal, column, bound).filter(|_| is_told));
        is_told
    }

    /// Adds the condition that the text of one attribute of a column of attributes, as
    /// `attributes->>'key'` has it, is within `bound`. `false`, and no condition, if that cannot be told.
    #[must_use]
    pub fn require_attribute(&mut self, column: &Column, key: &str, bound: &Bound) -> bool {
        let types = messages(self.relation.signal, column.level);
        let check = |op: Op| Check::new(op.attribute(key)?, bound);
        let conditions = &mut self.levels[column.level as usize];
        let checks = column.has_attributes().then(|| conditions.checks(column, &types, check));
        self.add(column.level, &types, checks.flatten())
    }

    /// Adds a condition on messages of a level, if there is one.
    fn add(
        &mut self,
        level: Level,
        types: &[&'static Message],
        checks: Option<Vec<Check>>,
    ) -> bool {
        let Some(checks) = checks else { return false };
        let conditions = &mut self.levels[level as usize];
        conditions.stage.prepare(types);
        conditions.checks.push(checks);
        true
    }

    /// Whether every row of the relation passes.
    pub fn is_empty(&self) -> bool {
        self.times == 0 && self.levels.iter().all(|conditions| conditions.checks.is_empty())
    }

    /// Whether the summary of a segment may rule out rows that its times do not.
    pub fn needs_summary(&self) -> bool {
        self.hints.iter().any(|hint| !matches!(hint, Hint::Time(_)))
    }

    /// What a segment has to hold so that the conditions can be told.
    pub fn needs(&self) -> Kept {
        // What is a data point is told by its message.
        let is_indexed = self.duration.is_none() && self.relation.signal != Signal::Metrics;
        let rows = match is_indexed && !self.has(Level::Row) {
            true => RowForm::Times,
            false => RowForm::Messages,
        };
        Kept { parts: self.parts(), rows }
    }

    fn parts(&self) -> Projection {
        let wanted = |level: Level| {
            let walks = &self.levels[level as usize].stage.walks;
            walks.iter().fold(0, |mask, walk| mask | walk.wanted())
        };
        Projection {
            resource: self.has(Level::Resource),
            scope: self.has(Level::Scope),
            row: wanted(Level::Row) | self.times,
            metric: wanted(Level::Metric),
        }
    }

    /// Appends the rows of a segment that pass, in their order, from `rows` on and until `out` has
    /// `limit` of them. Returns the row to go on from, which is the end of `rows` when all were looked at.
    ///
    /// # Panics
    /// If the segment does not hold what the filter needs.
    pub fn select(
        &self,
        segment: &Segment,
        rows: Range<usize>,
        limit: usize,
        out: &mut Vec<usize>,
    ) -> usize {
        segment.demand(self.needs());
        let mut known = [None; LEVELS];
        for row in rows.clone() {
            if out.len() >= limit {
                return row;
            }
            if self.passes(segment, row, &mut known) {
                out.push(row);
            }
        }
        rows.end
    }

    fn has(&self, level: Level) -> bool {
        !self.levels[level as usize].checks.is_empty()
    }

    #[inline]
    fn passes(&self, segment: &Segment, row: usize, known: &mut [Known; LEVELS]) -> bool {
        // The index is asked first: it needs no look at the message.
        if self.times != 0 && !segment.time(row).is_some_and(|time| self.time.contains(&time)) {
            return false;
        }
        let takes = |range: &RangeInclusive<i64>| {
            segment.duration(row).is_some_and(|duration| range.contains(&duration))
        };
        self.relation.has(segment, row)
            && self.duration.as_ref().is_none_or(takes)
            && self.shares(Level::Resource, segment, segment.resource_of(row), known)
            && self.shares(Level::Scope, segment, segment.scope_of(row), known)
            && self.shares(Level::Metric, segment, segment.metric_of(row), known)
            && self.shares(Level::Data, segment, segment.metric_of(row), known)
            && (!self.has(Level::Row) || self.row_passes(segment, row))
    }

    fn row_passes(&self, segment: &Segment, row: usize) -> bool {
        let message = row_variant(segment, row).zip(segment.message_range(row));
        self.levels[Level::Row as usize].pass(segment, message)
    }

    /// Whether what the row shares with others passes: as the last row of that number did, or found anew.
    #[inline]
    fn shares(
        &self,
        level: Level,
        segment: &Segment,
        number: usize,
        known: &mut [Known; LEVELS],
    ) -> bool {
        if !self.has(level) {
            return true;
        }
        // Rows that share something stand together, so one answer is all that need be kept.
        if let Some((last, answer)) = known[level as usize]
            && last == number
        {
            return answer;
        }
        let message = match level {
            Level::Resource => {
                let [message, _] = segment.resource_ranges(number);
                Some((0, message.unwrap_or(0..0)))
            }
            Level::Scope => {
                let [message, _] = segment.scope_ranges(number);
                Some((0, message.unwrap_or(0..0)))
            }
            Level::Metric => segment.metric_range(number).map(|range| (0, range)),
            Level::Data => data_variant(segment, number),
            Level::Row => None,
        };
        let answer = self.levels[level as usize].pass(segment, message);
        known[level as usize] = Some((number, answer));
        answer
    }
}

/// What is in both ranges.
fn both(a: &RangeInclusive<i64>, b: &RangeInclusive<i64>) -> RangeInclusive<i64> {
    *a.start().max(b.start())..=*a.end().min(b.end())
}

/// The number of what rows share, and whether it passes.
type Known = Option<(usize, bool)>;

impl Conditions {
    /// What `check` makes of the way a column is read, for each type; `None` if it makes nothing of one.
    fn checks(
        &mut self,
        column: &Column,
        types: &[&'static Message],
        check: impl Fn(Op) -> Option<Check>,
    ) -> Option<Vec<Check>> {
        let can_tell = |message: &&'static Message| {
            check(Op::new(column, message, &mut Walk::new(message))).is_some()
        };
        // Asked before any field is wanted: a condition that is not told must not make walks longer.
        if !types.iter().all(can_tell) {
            return None;
        }
        self.stage.prepare(types);
        let each = types.iter().zip(&mut self.stage.walks);
        each.map(|(message, walk)| check(Op::new(column, message, walk))).collect()
    }

    /// Whether a message, of which the type and place are given, meets all conditions.
    fn pass(&self, segment: &Segment, message: Option<(usize, Range<usize>)>) -> bool {
        // Without its message a row has no values, and NULL meets no condition.
        let Some((variant, range)) = message else { return false };
        let Some(walk) = self.stage.walks.get(variant) else { return false };
        let mut places = [ABSENT; MAX_NUMBER + 1];
        let places = &mut places[..walk.width()];
        let (bytes, end) = (segment.checked(), range.end);
        walk.locate(bytes.at(range), places);
        let fields = Fields::new(bytes, places, end);
        self.checks
            .iter()
            .all(|checks| checks.get(variant).is_some_and(|check| check.passes(fields)))
    }
}

/// Which kinds of metric have one of these names.
fn kinds(types: &[&'static Message], names: &[Vec<u8>]) -> Vec<Check> {
    let is_named = |kind| names.iter().any(|name| *name == metric_kind(kind).as_bytes());
    (0..types.len()).map(|kind| Check::Always(is_named(kind))).collect()
}

fn hint(signal: Signal, column: &Column, bound: &Bound) -> Option<Hint> {
    match (column.level, column.read, bound) {
        // Where it is set, it is the time in the index.
        (Level::Row, Read::Field(field), Bound::Range(range))
            if messages(signal, Level::Row).iter().all(|row| row.is_time(field)) =>
        {
            Some(Hint::Time(range.clone()))
        }
        (Level::Resource, Read::Attribute("service.name"), Bound::OneOf(texts)) => {
            Some(Hint::Service(texts.clone()))
        }
        (Level::Row, Read::Field("traceId"), Bound::OneOf(texts)) => {
            Some(Hint::Trace(ids(texts, 16)))
        }
        _ => None,
    }
}
