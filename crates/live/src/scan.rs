//! Scans of the tables of an attached receiver.

use std::sync::Arc;

use duckspan_tables::conditions::Conditions;
use duckspan_tables::fault::Result;
use duckspan_tables::scan::Scan;

use crate::rows::{RowColumns, RowScan, ScanOrder};
use crate::stats::{StatScan, rows_of};
use crate::table::LiveTable;
use crate::view::View;

#[cfg(test)]
mod tests;

/// A scan of a table, shared by its threads. It holds rows, but nothing of the catalog.
pub struct LiveScan(Of);

/// What it is of.
enum Of {
    /// Rows of a ring.
    Rows(Arc<RowScan>),
    /// Rows of `stats`.
    Stats(StatScan),
}

impl LiveScan {
    /// The columns at these positions are to be read, or of those that have a key that member.
    ///
    /// # Errors
    /// If the rows made room for newer ones.
    pub fn open(
        view: &View,
        table: LiveTable,
        order: ScanOrder,
        columns: impl IntoIterator<Item = (usize, Option<String>)>,
        conditions: &Conditions,
    ) -> Result<LiveScan> {
        let columns = columns.into_iter().map(|(position, key)| (table.at(position), key));
        Ok(LiveScan(match table.signal() {
            Some(signal) => {
                let snapshot = view.snapshot(signal).clone();
                let columns = RowColumns::new(table, signal, columns, conditions);
                Of::Rows(Arc::new(RowScan::new(snapshot, columns, order)?))
            }
            None => {
                let columns = columns.map(|(column, _)| column).collect();
                Of::Stats(StatScan::new(rows_of(view), columns))
            }
        }))
    }

    /// Pieces that threads can scan at a time.
    pub fn units(&self) -> usize {
        match &self.0 {
            Of::Rows(scan) => scan.units(),
            Of::Stats(_) => 1,
        }
    }

    /// How much was claimed, in percent.
    pub fn progress(&self) -> f64 {
        match &self.0 {
            Of::Rows(scan) => scan.progress(),
            Of::Stats(_) => 100.0,
        }
    }

    /// A thread's place in it.
    pub fn cursor(&self) -> Box<dyn Scan> {
        match &self.0 {
            Of::Rows(scan) => Box::new(scan.cursor()),
            Of::Stats(scan) => Box::new(scan.clone()),
        }
    }
}
