//! What `read_otlp` skipped or repaired, kept to be queried.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::columns::{Column, Type};
use crate::fault::Result;
use crate::scan::{Rows, Scan};
use crate::vector::{Pool, Texts, Vector};

#[cfg(test)]
mod tests;

/// The newest so many entries are kept per database.
const KEPT: usize = 10_000;

/// One skipped record, or one kind of repair in a file.
#[derive(Debug, Clone)]
pub struct Entry {
    /// DuckDB's number of the query, as in `duckdb_logs`.
    pub query_id: u64,
    /// The path as DuckDB names it.
    pub filename: Arc<str>,
    /// Counted from 1; `None` where the entry is about the whole file.
    pub record: Option<u64>,
    /// Of the fault, in the uncompressed file.
    pub byte_offset: Option<u64>,
    /// What kind of fault it is.
    pub kind: &'static str,
    /// What is wrong.
    pub reason: String,
}

/// The newest entries of a database.
#[derive(Debug, Default)]
pub struct Rejects(Mutex<VecDeque<Entry>>);

impl Rejects {
    /// Adds entries, for which the oldest make room.
    pub fn add(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            if kept.len() == KEPT {
                // The newest count: who asks wants to know of the query that was just run.
                kept.pop_front();
            }
            kept.push_back(entry);
        }
    }

    fn snapshot(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// The columns of `read_otlp_rejects()`.
pub const COLUMNS: [Column; 6] = [
    Column { name: "query_id", kind: Type::UInt64 },
    Column { name: "filename", kind: Type::Varchar },
    Column { name: "record", kind: Type::UInt64 },
    Column { name: "byte_offset", kind: Type::UInt64 },
    Column { name: "kind", kind: Type::Varchar },
    Column { name: "reason", kind: Type::Varchar },
];

/// A scan of the entries as they stood when it began.
pub struct RejectsScan {
    entries: Vec<Entry>,
    columns: Vec<usize>,
    claimed: bool,
    window: std::ops::Range<usize>,
    pool: Pool,
}

impl RejectsScan {
    /// `columns` are positions in [`COLUMNS`].
    pub fn new(rejects: &Rejects, columns: Vec<usize>) -> RejectsScan {
        RejectsScan {
            // A copy: a query over it may read files, and add entries meanwhile.
            entries: rejects.snapshot(),
            columns,
            claimed: false,
            window: 0..0,
            pool: Pool::default(),
        }
    }

    fn numbers(
        &self,
        rows: Rows<'_>,
        vector: &mut Vector,
        of: impl Fn(&Entry) -> Option<u64>,
    ) -> Result<()> {
        let entry = |index| &self.entries[self.window.start + rows.get(index)];
        vector.write_numbers(rows.len(), |index| of(entry(index)))
    }

    fn texts(&self, rows: Rows<'_>, of: impl Fn(&Entry) -> &str) -> Texts {
        let mut texts = self.pool.texts(rows.len());
        for index in 0..rows.len() {
            texts.push(|out| {
                let entry = &self.entries[self.window.start + rows.get(index)];
                out.extend_from_slice(of(entry).as_bytes());
                true
            });
        }
        texts
    }
}

impl Scan for RejectsScan {
    fn claim(&mut self) -> Result<bool> {
        Ok(!std::mem::replace(&mut self.claimed, true))
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn next(&mut self, max_rows: usize) -> Result<usize> {
        let start = self.window.end;
        self.window = start..self.entries.len().min(start + max_rows);
        Ok(self.window.len())
    }

    fn fill(&mut self, column: usize, rows: Rows<'_>, vector: &mut Vector) -> Result<()> {
        match COLUMNS[self.columns[column]].name {
            "query_id" => self.numbers(rows, vector, |entry| Some(entry.query_id)),
            "record" => self.numbers(rows, vector, |entry| entry.record),
            "byte_offset" => self.numbers(rows, vector, |entry| entry.byte_offset),
            "filename" => vector.write(self.texts(rows, |entry| &entry.filename)),
            "kind" => vector.write(self.texts(rows, |entry| entry.kind)),
            _ => vector.write(self.texts(rows, |entry| &entry.reason)),
        }
    }
}
