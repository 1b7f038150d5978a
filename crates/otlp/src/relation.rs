//! Relations for people: spans, log records and data points as typed columns.
//!
//! A [`Relation`] is a table of [`Column`]s, and that table is all there is: what is bound, described,
//! documented, read and tested follows from it. A [`Plan`] says what the columns of one query need of
//! a message; a [`Window`] walks each of its rows once and notes where those fields stand; its columns
//! are then read into [`Values`], all rows of one column at a time. What rows share, such as their
//! resource, is read once for all of them.
//!
//! - The names are OTLP's own in snake_case. What belongs to the resource or scope says so; what
//!   OTLP has under another name or not at all is told by the column's meaning.
//! - Fields of text that are empty are NULL: OTLP does not tell them from absent ones. Values of attributes and
//!   bodies it does tell, and empty ones stay empty. NULL are also times of 0 or beyond what a TIMESTAMP_NS
//!   holds, and ids that are absent, of the wrong length or all zero.
//! - Numbers without presence are 0 where they are absent; those with presence are NULL.
//! - Lists without elements are empty. Fields that a kind of metric does not have are NULL.
//! - An enum number that has no name reads as that number in text columns.

mod attributes;
mod check;
mod column;
mod data_points;
mod elements;
mod filter;
pub mod histogram;
mod log_records;
mod member;
mod op;
mod plan;
mod read;
mod share;
mod shared;
mod spans;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod value_json;
mod values;
mod walk;
mod window;

pub use check::Bound;
pub use column::Column;
pub use data_points::DATA_POINTS;
pub use filter::Filter;
pub use log_records::LOG_RECORDS;
pub use member::Member;
pub use plan::Plan;
pub use spans::SPANS;
pub use summary::Summary;
pub use types::Type;
pub use values::{Data, Entry, Nulls, Texts, Values};
pub use window::Window;

use crate::kept::Projection;
use crate::segment::Segment;
use crate::signal::Signal;

/// A relation of one signal: its rows are spans, log records or data points.
#[derive(Debug)]
pub struct Relation {
    /// Its name in SQL.
    pub name: &'static str,
    /// What a row is, for people.
    pub comment: &'static str,
    /// The signal whose segments it reads.
    pub signal: Signal,
    /// Its columns, in the order of `SELECT *`.
    pub columns: &'static [Column],
}

impl Relation {
    /// Every relation.
    pub const ALL: [&'static Relation; 3] = [&SPANS, &LOG_RECORDS, &DATA_POINTS];

    /// The column of that name, told apart as SQL does: letters of either case are the same.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether that row of a segment is a row of the relation: a metric without points is a row of the
    /// segment, but no data point.
    ///
    /// # Panics
    /// If rows of metrics do not stand as messages: those of which only times are kept have none.
    #[inline]
    pub fn has(&self, segment: &Segment, row: usize) -> bool {
        if self.signal != Signal::Metrics {
            return true;
        }
        segment.demand(Projection::NOTHING.into());
        segment.message(row).is_some()
    }
}
