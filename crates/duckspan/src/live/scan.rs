//! Scans of the tables of an attached receiver.

use std::sync::Arc;

use duckspan_otlp::Signal;
use duckspan_ring::Part;

use super::View;
use super::rows::{RowColumns, RowScan, ScanOrder, nano_bounds, taken_back, time_bounds};
use super::stats::{StatScan, rows_of};
use super::table::{LiveColumn, LiveTable};
use crate::boundary::Result;
use crate::columns::Unified;
use crate::conditions::Conditions;
use crate::scan::{Bounds, Scan};

/// A scan of a table, shared by its threads. It holds rows, but nothing of the catalog.
pub enum LiveScan {
    /// Rows of a ring.
    #[doc(hidden)]
    Rows(Arc<RowScan>),
    /// Rows of `stats`.
    #[doc(hidden)]
    Stats(StatScan),
}

impl LiveScan {
    /// `columns` are to be read, or of those that have a key that member.
    pub(crate) fn open(
        view: &View,
        table: LiveTable,
        order: ScanOrder,
        columns: Vec<(LiveColumn, Option<String>)>,
        conditions: &Conditions,
    ) -> Result<LiveScan> {
        Ok(match table.signal() {
            Some(signal) => {
                let snapshot = view.snapshot(signal).clone();
                let columns = RowColumns::new(table, signal, columns, conditions);
                LiveScan::Rows(Arc::new(RowScan::new(snapshot, columns, order)?))
            }
            None => {
                let columns = columns.into_iter().map(|(column, _)| column).collect();
                LiveScan::Stats(StatScan::new(rows_of(view), columns))
            }
        })
    }

    /// Pieces that threads can scan at a time.
    pub(crate) fn units(&self) -> usize {
        match self {
            LiveScan::Rows(scan) => scan.units(),
            LiveScan::Stats(_) => 1,
        }
    }

    pub(crate) fn progress(&self) -> f64 {
        match self {
            LiveScan::Rows(scan) => scan.progress(),
            LiveScan::Stats(_) => 100.0,
        }
    }

    pub(crate) fn cursor(&self) -> Box<dyn Scan> {
        match self {
            LiveScan::Rows(scan) => Box::new(scan.cursor()),
            LiveScan::Stats(scan) => Box::new(scan.clone()),
        }
    }
}

impl View {
    /// No fewer rows than a table has.
    pub(crate) fn rows_at_most(&self, table: LiveTable) -> u64 {
        match table.signal() {
            Some(signal) => self.snapshot(signal).rows(),
            None => Signal::ALL.len() as u64,
        }
    }

    /// The rows of a table.
    pub(crate) fn rows(&self, table: LiveTable) -> Result<u64> {
        // Only a metric without points is a row of the ring and not of the relation.
        let has_fewer = table.signal() == Some(Signal::Metrics);
        let Some(relation) = table.relation().filter(|_| has_fewer) else {
            return Ok(self.rows_at_most(table));
        };
        let parts = self.snapshot(relation.signal).parts().map_err(taken_back)?;
        let rows = |part: &Part| {
            let segment = part.segment();
            part.rows().filter(|&row| relation.has(segment, row)).count() as u64
        };
        Ok(parts.iter().map(rows).sum())
    }

    /// Bounds of the values of a column of a table, if they are known.
    pub(crate) fn bounds(&self, table: LiveTable, column: LiveColumn) -> Option<Bounds> {
        let snapshot = self.snapshot(table.signal()?);
        match column {
            LiveColumn::RowId if snapshot.rows() > 0 => {
                let max = snapshot.next_row_id() - 1;
                let values = Some((snapshot.first_row_id() as i64, max as i64));
                Some(Bounds { values, nulls: false })
            }
            LiveColumn::Unified(Unified::Timestamp) => {
                snapshot.parts().ok()?.iter().map(time_bounds).reduce(Bounds::or)
            }
            LiveColumn::Typed(position) if table.relation()?.columns[position].is_time() => {
                snapshot.parts().ok()?.iter().map(nano_bounds).reduce(Bounds::or)
            }
            _ => None,
        }
    }
}
