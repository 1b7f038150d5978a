//! The columns of relations, and how each is read from a segment.

use duckspan_otlp::json::Projection;
pub(crate) use duckspan_otlp::relation::Type;
use duckspan_otlp::render::{self, Renderer};
use duckspan_otlp::{Segment, Signal};

use crate::scan::Rows;
use crate::vector::{Pool, Texts, Vector};

/// A column of a relation.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its name in SQL.
    pub(crate) name: &'static str,
    /// Its type in SQL.
    pub(crate) kind: Type,
}

/// A column of the unified relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unified {
    Timestamp,
    Resource,
    Data,
    Signal,
}

impl Unified {
    /// Every column, those of `SELECT *` first.
    pub(crate) const ALL: [Unified; 4] =
        [Unified::Timestamp, Unified::Resource, Unified::Data, Unified::Signal];

    /// How many columns `SELECT *` shows; the others are virtual.
    pub(crate) const VISIBLE: usize = 3;

    /// Its name and type.
    pub(crate) fn column(self) -> Column {
        let (name, kind) = match self {
            Unified::Timestamp => ("timestamp", Type::Timestamp),
            Unified::Resource => ("resource", Type::Json),
            Unified::Data => ("data", Type::Json),
            Unified::Signal => ("signal", Type::Varchar),
        };
        Column { name, kind }
    }
}

/// What has to be read from a record so that `columns` can be answered.
pub(crate) fn projection(columns: &[Unified]) -> Projection {
    if columns.contains(&Unified::Data) {
        return Projection { resource: columns.contains(&Unified::Resource), ..Projection::ALL };
    }
    let times = match columns.contains(&Unified::Timestamp) {
        true => 1 << 7 | 1 << 1 | 1 << 11 | 1 << 3,
        false => 0,
    };
    Projection {
        resource: columns.contains(&Unified::Resource),
        scope: false,
        row: times,
        metric: 0,
    }
}

/// Reads columns of segments, into buffers that it reuses.
#[derive(Default)]
pub(crate) struct Reader {
    pool: Pool,
}

impl Reader {
    /// Writes one column of `rows`, counted from `first`, of a segment.
    pub(crate) fn fill(
        &self,
        column: Unified,
        segment: &Segment,
        first: usize,
        rows: Rows<'_>,
        vector: &mut Vector,
    ) {
        match column {
            Unified::Timestamp => timestamps(segment, first, rows, vector),
            Unified::Resource => vector.write(self.resources(segment, first, rows)),
            Unified::Data => vector.write(self.data(segment, first, rows)),
            Unified::Signal => vector.write(self.signal(segment.signal(), rows)),
        }
    }

    fn resources(&self, segment: &Segment, first: usize, rows: Rows<'_>) -> Texts {
        let mut texts = self.pool.texts(rows.len());
        let mut last = None;
        for index in 0..rows.len() {
            let resource = segment.resource_of(first + rows.get(index));
            if last == Some(resource) {
                texts.repeat();
            } else {
                texts.push(|out| render::resource(segment, resource, out));
                last = Some(resource);
            }
        }
        texts
    }

    fn data(&self, segment: &Segment, first: usize, rows: Rows<'_>) -> Texts {
        let mut texts = self.pool.texts(rows.len());
        let mut renderer = Renderer::new(segment);
        for index in 0..rows.len() {
            texts.push(|out| {
                renderer.data(first + rows.get(index), out);
                true
            });
        }
        texts
    }

    fn signal(&self, signal: Signal, rows: Rows<'_>) -> Texts {
        let mut texts = self.pool.texts(rows.len());
        for index in 0..rows.len() {
            if index > 0 {
                texts.repeat();
                continue;
            }
            texts.push(|out| {
                out.extend_from_slice(signal.name().as_bytes());
                true
            });
        }
        texts
    }
}

/// TIMESTAMP counts microseconds.
const NANOS_PER_MICRO: i64 = 1000;

fn timestamps(segment: &Segment, first: usize, rows: Rows<'_>, vector: &mut Vector) {
    for index in 0..rows.len() {
        match segment.time(first + rows.get(index)) {
            Some(nanos) => vector.values()[index] = nanos / NANOS_PER_MICRO,
            None => vector.set_null(index),
        }
    }
}
