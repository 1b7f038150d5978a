//! What the columns of a query need of each message.

use super::Relation;
use super::column::{Column, Level, Read, messages};
use super::member::Member;
use super::op::Op;
use super::walk::Walk;
use crate::kept::{Kept, Projection, RowForm};
use crate::schema::Message;
use crate::signal::Signal;

/// How some columns of a relation are read; made once per query, used by all of its threads.
#[derive(Debug)]
pub struct Plan {
    signal: Signal,
    readers: Vec<Reader>,
    levels: [Stage; LEVELS],
    /// Bit n: the index has a time of a row, or makes its duration, of field n, and that is needed.
    times: u32,
}

const LEVELS: usize = Level::Resource as usize + 1;

/// What is needed of the messages of one level.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// Whether anything is.
    pub(super) is_needed: bool,
    /// For each type that the messages may have, its fields.
    pub(super) walks: Vec<Walk>,
}

/// How the values of one column are read.
#[derive(Debug)]
pub(super) enum Reader {
    /// From the index of the segment.
    Time,
    /// The same, of how long it took.
    Duration,
    /// From the index of the segment, for each metric.
    MetricKind,
    /// The schema URLs beside the messages of a level.
    SchemaUrl(Level),
    /// From the messages of a level, those of each type in their way.
    Fields(Level, Vec<Op>),
}

impl Plan {
    /// A plan for some columns of `relation`.
    pub fn new<'a>(relation: &Relation, columns: impl IntoIterator<Item = &'a Column>) -> Plan {
        let mut plan = Plan::of(relation.signal);
        columns.into_iter().for_each(|column| plan.push(column));
        plan
    }

    /// A plan for rows of a signal, without columns.
    pub fn of(signal: Signal) -> Plan {
        Plan { signal, readers: Vec::new(), levels: Default::default(), times: 0 }
    }

    /// Adds a column.
    pub fn push(&mut self, column: &Column) {
        let reader = self.reader(column);
        self.readers.push(reader);
    }

    /// Adds the text of one attribute of a column of attributes, as `attributes->>'key'` has it: a column of
    /// VARCHAR, NULL where there is no such attribute or it has no value. `false`, and no column, if the
    /// column has no attributes.
    #[must_use]
    pub fn push_attribute(&mut self, column: &Column, key: &str) -> bool {
        if !column.has_attributes() {
            return false;
        }
        // A kind of points without attributes would have none of that key, either.
        let attribute = |op: Op| op.attribute(key).unwrap_or(Op::Null);
        let ops = self.ops(column, attribute);
        self.readers.push(Reader::Fields(column.level, ops));
        true
    }

    /// Adds the text of a member of `data`, as `data->>'name'` has it: a column of VARCHAR, NULL where the
    /// member is left out.
    pub fn push_member(&mut self, member: Member) {
        let Member { level, field } = member;
        let stage = &mut self.levels[level as usize];
        stage.prepare(&messages(self.signal, level));
        let ops = stage.walks.iter_mut().map(|walk| Op::member(field, walk)).collect();
        self.readers.push(Reader::Fields(level, ops));
    }

    /// Whether the column at that position is the time of a row, which the index of a segment has.
    pub fn is_time(&self, column: usize) -> bool {
        matches!(self.readers.get(column), Some(Reader::Time))
    }

    /// What a segment has to hold so that the columns can be read of it.
    pub fn needs(&self) -> Kept {
        let rows = if self.needs_no_rows() { RowForm::Times } else { RowForm::Messages };
        Kept { parts: self.parts(), rows }
    }

    fn parts(&self) -> Projection {
        let wanted = |level| {
            let walks: &[Walk] = &self.stage(level).walks;
            walks.iter().fold(0, |mask, walk| mask | walk.wanted())
        };
        Projection {
            resource: self.stage(Level::Resource).is_needed,
            scope: self.stage(Level::Scope).is_needed,
            row: wanted(Level::Row) | self.times,
            metric: wanted(Level::Metric),
        }
    }

    /// Whether the columns are read of the index and of what rows share, whatever the rows are. What is a
    /// data point is told by its message.
    fn needs_no_rows(&self) -> bool {
        let of_row = |reader: &Reader| matches!(reader, Reader::Duration);
        self.signal != Signal::Metrics
            // What rows share stands in messages of its own, which are never left out for text.
            && !self.stage(Level::Row).is_needed
            && !self.readers.iter().any(of_row)
    }

    pub(super) fn stage(&self, level: Level) -> &Stage {
        &self.levels[level as usize]
    }

    pub(super) fn readers(&self) -> &[Reader] {
        &self.readers
    }

    fn reader(&mut self, column: &Column) -> Reader {
        let stage = &mut self.levels[column.level as usize];
        match column.read {
            Read::Time(field) => {
                self.times |= times(self.signal, field);
                return Reader::Time;
            }
            Read::Duration => {
                self.times |= duration_times(self.signal);
                return Reader::Duration;
            }
            Read::MetricKind => {
                stage.is_needed = true;
                return Reader::MetricKind;
            }
            Read::SchemaUrl => {
                stage.is_needed = true;
                return Reader::SchemaUrl(column.level);
            }
            _ => {}
        }
        Reader::Fields(column.level, self.ops(column, |op| op))
    }

    /// How a column is read from each type of its messages, after `change`.
    fn ops(&mut self, column: &Column, change: impl Fn(Op) -> Op) -> Vec<Op> {
        let stage = &mut self.levels[column.level as usize];
        let types = messages(self.signal, column.level);
        stage.prepare(&types);
        let each = types.into_iter().zip(&mut stage.walks);
        each.map(|(message, walk)| change(Op::new(column, message, walk))).collect()
    }
}

impl Stage {
    /// Makes ready to find fields of messages of these types.
    pub(super) fn prepare(&mut self, types: &[&'static Message]) {
        self.is_needed = true;
        // Columns of one level share its walks: a message is gone through once for all of them.
        if self.walks.is_empty() {
            self.walks = types.iter().map(|message| Walk::new(message)).collect();
        }
    }

    /// Places that are kept per message.
    pub(super) fn width(&self) -> usize {
        // Messages of any type go into one table, so each has room for the most that one of them wants.
        self.walks.iter().map(Walk::width).max().unwrap_or(0)
    }
}

/// Bit n: the index makes the duration of a row of its field n.
pub(super) fn duration_times(signal: Signal) -> u32 {
    times(signal, "startTimeUnixNano") | times(signal, "endTimeUnixNano")
}

/// Bit n: `field`, of which the index of a segment takes the time of a row, has that number.
pub(super) fn times(signal: Signal, field: &str) -> u32 {
    let of = |message: &&'static Message| message.fields.iter().find(|known| known.name == field);
    let types = messages(signal, Level::Row);
    types.iter().filter_map(of).fold(0, |mask, field| mask | 1 << field.number)
}
