//! OTLP that stands in columns of other tables: rows of the unified relation as typed columns, and whole
//! requests, as JSON or protobuf, as rows.

use std::io;

use duckspan_otlp::file::{Batches, DEFAULT_MAXIMUM_OBJECT_SIZE, Options, RejectKind, Worker};
use duckspan_otlp::json::replay::{BadRow, Replay, Row, signal_of};
use duckspan_otlp::kept::{Kept, RowForm};
use duckspan_otlp::relation::{Entry, Relation};
use duckspan_otlp::render::{self, Renderer};
use duckspan_otlp::{Repair, Segment};

use crate::fault::{Fault, FaultKind, Result};
use crate::typed;
use crate::vector::{Pool, Texts, Vector};

#[cfg(test)]
mod tests;

/// Characters of a bad value that an error shows.
const SHOWN: usize = 80;

/// A row of the unified relation; `None` where its data is NULL.
pub type Stored<'a> = Option<(Option<&'a str>, &'a str)>;

/// Writes rows as structs of the typed columns; NULL are those that the relation does not have.
pub fn write_typed<'a>(
    relation: &'static Relation,
    rows: impl Iterator<Item = Stored<'a>>,
    vector: &mut Vector,
) -> Result<()> {
    let rows = rows.map(|row| of(relation, row)).collect::<Result<Vec<_>>>()?;
    let mut replay = Replay::new(relation.signal);
    for &row in &rows {
        // Something holds the place of a row that is NULL.
        let (resource, data) = row.unwrap_or((None, "{}"));
        let pushed = replay.push(Row { timestamp: None, resource, data });
        pushed.map_err(|bad| bad_row(relation, &bad, &rows))?;
    }
    let Some(segment) = replay.take().map_err(|bad| bad_row(relation, &bad, &rows))? else {
        return Ok(());
    };
    let is_null = |&row: &usize| rows[row].is_none() || !relation.has(&segment, row);
    let nulls: Vec<_> = (0..rows.len()).filter(is_null).collect();
    typed::write_structs(relation, segment, &nulls, vector)
}

/// The row, unless it is of another signal than the relation.
fn of<'a>(relation: &Relation, row: Stored<'a>) -> Result<Stored<'a>> {
    let Some((_, data)) = row else { return Ok(None) };
    match signal_of(data) {
        // What is in it that no signal has is for the replay to tell.
        Ok(signal) if signal.is_none_or(|signal| signal == relation.signal) => Ok(row),
        Ok(_) => Ok(None),
        Err(error) => Err(wrong(&error.to_string(), data.as_bytes())),
    }
}

fn bad_row(relation: &Relation, bad: &BadRow, rows: &[Stored<'_>]) -> Fault {
    let data = rows.get(bad.row).and_then(|row| row.map(|(_, data)| data)).unwrap_or_default();
    wrong(&format!("no row of {}: {}", relation.name, bad.reason), data.as_bytes())
}

/// Writes each value, whole OTLP in any form that files have, as a list of its rows.
pub fn write_rows<'a>(
    values: impl Iterator<Item = Option<&'a [u8]>>,
    vector: &mut Vector,
) -> Result<()> {
    let mut rows = Unified::new();
    let mut lists = Vec::new();
    for (row, value) in values.enumerate() {
        let start = rows.times.len() as u64;
        match value {
            Some(value) => rows.read(value)?,
            None => vector.set_null(row)?,
        }
        lists.push(Entry { start, len: rows.times.len() as u64 - start });
    }
    vector.write_plain(&lists, None)?;
    let count = lists.last().map_or(0, |last| last.start + last.len) as usize;
    rows.write(&mut *vector.elements(count)?)
}

/// Rows of the unified relation.
struct Unified {
    worker: Worker,
    signals: Texts,
    times: Vec<Option<i64>>,
    resources: Texts,
    data: Texts,
}

impl Unified {
    fn new() -> Unified {
        let texts = || Pool::default().texts(0);
        Unified {
            worker: Worker::new(),
            signals: texts(),
            times: Vec::new(),
            resources: texts(),
            data: texts(),
        }
    }

    /// Adds the rows of a value, through the code that reads files.
    fn read(&mut self, value: &[u8]) -> Result<()> {
        let needed = Kept { rows: RowForm::Text, ..Kept::ALL };
        let options = Options { needed, tells_all_repairs: true, ..Options::default() };
        let mut batches = Batches::new(value, &options, value.len() + 1);
        let hold = |bytes| match bytes > 2 * DEFAULT_MAXIMUM_OBJECT_SIZE.max(value.len()) {
            true => Err(io::Error::other("it expands to more than is read of a value")),
            false => Ok(()),
        };
        while let Some(batch) =
            batches.next_batch(hold).map_err(|error| wrong(&error.to_string(), value))?
        {
            let decoded = self.worker.decode(&batch, &options);
            if let Some(reject) = decoded.rejects.first() {
                let cut = if reject.kind == RejectKind::Incomplete { "cut off: " } else { "" };
                let place = format!("{cut}{}, at byte {}", reject.reason, reject.offset);
                return Err(wrong(&place, value));
            }
            if let Some(dropped) = decoded.repairs.first(Repair::drops_value) {
                return Err(wrong(&dropped.to_string(), value));
            }
            decoded.segments.iter().for_each(|segment| self.add(segment));
        }
        Ok(())
    }

    fn add(&mut self, segment: &Segment) {
        let mut renderer = Renderer::new(segment);
        for row in 0..segment.len() {
            self.times.push(segment.time(row).map(|nanos| nanos / 1000));
            self.signals.push(|out| {
                out.extend_from_slice(segment.signal().name().as_bytes());
                true
            });
            self.resources.push(|out| render::resource(segment, segment.resource_of(row), out));
            self.data.push(|out| {
                renderer.data(row, out);
                true
            });
        }
    }

    /// Writes them to a vector of structs.
    fn write(self, vector: &mut Vector) -> Result<()> {
        vector.member(0)?.write(self.signals)?;
        let times = self.times;
        vector.member(1)?.write_numbers(times.len(), |row| times[row])?;
        vector.member(2)?.write(self.resources)?;
        vector.member(3)?.write(self.data)
    }
}

/// An error that shows how the value begins.
fn wrong(reason: &str, value: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(&value[..value.len().min(4 * SHOWN)]);
    let shown: String =
        text.chars().take(SHOWN).map(|c| if c.is_control() { '.' } else { c }).collect();
    let more = if text.chars().count() > SHOWN || value.len() > 4 * SHOWN { "…" } else { "" };
    let message = format!(
        "A value is no OTLP: {reason}. It begins {shown:?}{more}; TRY(…) would make it NULL."
    );
    Fault::new(FaultKind::InvalidInput, message)
}
