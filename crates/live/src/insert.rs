//! `INSERT INTO` a table of an attached receiver: rows become requests again.

use std::sync::Arc;

use duckspan_otlp::json::replay::{BadRow, Replay, Row, signal_of};
use duckspan_tables::fault::{Fault, FaultKind, Result};

use crate::live::{Live, read_only};
use crate::table::LiveTable;

#[cfg(test)]
mod tests;

/// JSON of rows that are appended together.
const BATCH_BYTES: usize = 4 << 20;

/// Rows on their way into a ring. Each batch is visible when it is appended; what comes after a bad row
/// is not.
pub struct LiveInsert {
    live: Arc<Live>,
    table: LiveTable,
    replay: Replay,
    /// Rows that are in the ring.
    appended: u64,
}

impl LiveInsert {
    /// Rows for a table.
    ///
    /// # Errors
    /// If it takes none.
    pub fn new(live: Arc<Live>, table: LiveTable) -> Result<LiveInsert> {
        let signal = table.writable().ok_or_else(|| read_only(table))?;
        Ok(LiveInsert { live, table, replay: Replay::new(signal), appended: 0 })
    }

    /// Adds a row; `data` is `None` where it is NULL.
    ///
    /// # Errors
    /// If it is no row of the table, or there is no room for it.
    pub fn push(
        &mut self,
        timestamp: Option<i64>,
        resource: Option<&str>,
        data: Option<&str>,
    ) -> Result<()> {
        let Some(data) = data else {
            let row = self.replay.len();
            return Err(self.fault(&BadRow {
                row,
                reason: "data is NULL".to_owned(),
                begins: String::new(),
            }));
        };
        let row = Row { timestamp, resource, data };
        self.replay.push(row).map_err(|bad| self.fault(&self.cured(bad, data)))?;
        // Appended as a sender would: one batch of all rows would have to fit into memory twice.
        if self.replay.bytes() >= BATCH_BYTES {
            self.append()?;
        }
        Ok(())
    }

    /// Appends what is left; returns how many rows were inserted.
    ///
    /// # Errors
    /// As [`LiveInsert::push`].
    pub fn finish(&mut self) -> Result<u64> {
        self.append()?;
        Ok(self.appended)
    }

    fn append(&mut self) -> Result<()> {
        if let Some(segment) = self.replay.take().map_err(|bad| self.fault(&bad))? {
            let rows = segment.len() as u64;
            self.live.append(segment)?;
            self.appended += rows;
        }
        Ok(())
    }

    /// The same with what to do about it, where the row is of another signal.
    fn cured(&self, bad: BadRow, data: &str) -> BadRow {
        let name = self.table.name();
        match signal_of(data) {
            Ok(Some(other)) if self.table.signal() != Some(other) => BadRow {
                reason: format!(
                    "{}. It is one of {}: insert each signal into the table of its name, with {name} alone here, as \
                     read_otlp(…, signal := '{name}') or WHERE signal = '{name}' does",
                    bad.reason,
                    other.name(),
                ),
                ..bad
            },
            _ => bad,
        }
    }

    fn fault(&self, bad: &BadRow) -> Fault {
        // Rows of a batch count from its start, people count all of them, from 1.
        let row = self.appended + bad.row as u64 + 1;
        let before = match self.appended {
            0 => "nothing was inserted".to_owned(),
            rows => format!("the {rows} rows before its batch were inserted"),
        };
        let name = self.table.name();
        let message = format!("Row {row} is no row of \"{name}\": {} ({before}).", bad.reason);
        Fault::new(FaultKind::InvalidInput, message)
    }
}
