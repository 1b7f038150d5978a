//! The columns of relations, and how each is read from a segment.

use std::collections::HashMap;

use duckspan_otlp::kept::{Kept, Projection, RowForm};
pub use duckspan_otlp::relation::Type;
use duckspan_otlp::render::{self, Renderer};
use duckspan_otlp::{Segment, Signal};

use crate::fault::Result;
use crate::scan::Rows;
use crate::vector::{Pool, Texts, Vector};

/// A column of a relation.
#[derive(Debug)]
pub struct Column {
    /// Its name in SQL.
    pub name: &'static str,
    /// Its type in SQL.
    pub kind: Type,
}

/// A column of the unified relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unified {
    /// When it was: TIMESTAMP, in UTC.
    Timestamp,
    /// The resource, as OTLP/JSON.
    Resource,
    /// The row itself, as OTLP/JSON.
    Data,
    /// Which signal it is of; virtual.
    Signal,
}

impl Unified {
    /// Every column, those of `SELECT *` first.
    pub const ALL: [Unified; 4] =
        [Unified::Timestamp, Unified::Resource, Unified::Data, Unified::Signal];

    /// How many columns `SELECT *` shows; the others are virtual.
    pub const VISIBLE: usize = 3;

    /// Its name and type.
    pub fn column(self) -> Column {
        let (name, kind) = match self {
            Unified::Timestamp => ("timestamp", Type::Timestamp),
            Unified::Resource => ("resource", Type::Json),
            Unified::Data => ("data", Type::Json),
            Unified::Signal => ("signal", Type::Varchar),
        };
        Column { name, kind }
    }
}

/// What has to be read of requests so that `columns` can be answered.
pub fn needs(columns: &[Unified]) -> Kept {
    let least = match columns {
        _ if columns.contains(&Unified::Data) => Kept::RENDERED,
        _ if columns.contains(&Unified::Timestamp) => {
            Kept { parts: Projection::TIMES, rows: RowForm::Times }
        }
        _ => Kept { parts: Projection::NOTHING, rows: RowForm::Times },
    };
    let resource = columns.contains(&Unified::Resource);
    Kept { parts: Projection { resource, ..least.parts }, ..least }
}

/// Reads columns of segments, into buffers that it reuses.
#[derive(Default)]
pub struct Reader {
    pool: Pool,
}

impl Reader {
    /// Writes one column of `rows`, counted from `first`, of a segment.
    pub fn fill(
        &self,
        column: Unified,
        segment: &Segment,
        first: usize,
        rows: Rows<'_>,
        vector: &mut Vector,
    ) -> Result<()> {
        match column {
            Unified::Timestamp => timestamps(segment, first, rows, vector),
            Unified::Resource => vector.write(self.resources(segment, first, rows)),
            Unified::Data => vector.write(self.data(segment, first, rows)),
            Unified::Signal => vector.write(self.signal(segment.signal(), rows)),
        }
    }

    fn resources(&self, segment: &Segment, first: usize, rows: Rows<'_>) -> Texts {
        let mut texts = self.pool.texts(rows.len());
        let mut written = HashMap::new();
        let mut last = None;
        for index in 0..rows.len() {
            let resource = segment.resource_of(first + rows.get(index));
            // The row before has it mostly; a map finds it where rows of several senders alternate.
            let known = last.filter(|&(known, _)| known == resource).map(|(_, row)| row);
            let row = known.unwrap_or_else(|| *written.entry(resource).or_insert(index));
            if row < index {
                texts.repeat(row);
            } else {
                texts.push(|out| render::resource(segment, resource, out));
            }
            last = Some((resource, row));
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
                texts.repeat(0);
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

fn timestamps(segment: &Segment, first: usize, rows: Rows<'_>, vector: &mut Vector) -> Result<()> {
    vector.write_numbers(rows.len(), |index| {
        segment.time(first + rows.get(index)).map(|nanos| nanos / NANOS_PER_MICRO)
    })
}

#[cfg(test)]
mod tests {
    use duckspan_otlp::segment::SegmentBuilder;

    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8], content].concat()
    }

    /// A segment of one span, whose resource has that schema URL.
    fn span(schema_url: &[u8]) -> Segment {
        let scope = field(2, &field(2, b""));
        let request = field(1, &[scope, field(3, schema_url)].concat());
        let mut builder = SegmentBuilder::new(Signal::Traces);
        builder.push_protobuf(&request).expect("a request");
        builder.finish()
    }

    #[test]
    fn a_resource_is_written_once_however_rows_alternate() {
        let (a, b, none) = (span(b"a"), span(b"b"), span(b""));
        let rows: Vec<_> = [&a, &b, &none].into_iter().cycle().take(9).map(|s| (s, 0..1)).collect();
        let segment = Segment::merge(Signal::Traces, &rows);
        let texts = Reader::default().resources(&segment, 0, Rows::First(9));
        let [a, b] = ["{\"schemaUrl\":\"a\"}", "{\"schemaUrl\":\"b\"}"];
        assert_eq!(texts.bytes(), [a, b].concat().as_bytes());
        let found: Vec<_> = texts.iter().collect();
        assert_eq!(found, [Some(a.as_bytes()), Some(b.as_bytes()), None].repeat(3));
    }
}
