//! What a transaction sees of a receiver: one moment of it.

use std::sync::Arc;

use duckspan_otlp::Signal;
use duckspan_receiver::Counters;
use duckspan_ring::{Part, Snapshot, Stats};
use duckspan_tables::columns::Unified;
use duckspan_tables::fault::Result;
use duckspan_tables::scan::Bounds;

use crate::archive::Outcome;
use crate::forward::Forwarded;
use crate::rows::{nano_bounds, taken_back, time_bounds};
use crate::table::{LiveColumn, LiveTable};

#[cfg(test)]
mod tests;

/// The rows of every signal at one moment, and what was counted until then; what a transaction sees.
#[derive(Clone)]
pub struct View {
    pub(crate) snapshots: [Snapshot; Signal::ALL.len()],
    pub(crate) pinned_bytes: [u64; Signal::ALL.len()],
    pub(crate) counters: Arc<Counters>,
    pub(crate) receiver: Arc<str>,
    /// What was archived before the rows were looked at.
    pub(crate) archived: Option<Arc<Outcome>>,
    /// The same of what was forwarded.
    pub(crate) forwarded: Option<Arc<Forwarded>>,
    /// Why files of TLS that changed are not used.
    pub(crate) tls_error: Option<Arc<str>>,
}

impl View {
    /// Rows, of which nothing is counted.
    pub(crate) fn of(snapshots: [Snapshot; Signal::ALL.len()]) -> View {
        View {
            snapshots,
            pinned_bytes: [0; Signal::ALL.len()],
            counters: Arc::default(),
            receiver: "".into(),
            archived: None,
            forwarded: None,
            tls_error: None,
        }
    }

    pub(crate) fn snapshot(&self, signal: Signal) -> &Snapshot {
        &self.snapshots[signal as usize]
    }

    pub(crate) fn ring_stats(&self, signal: Signal) -> Stats {
        let pinned_bytes = self.pinned_bytes[signal as usize];
        Stats { pinned_bytes, ..self.snapshot(signal).stats() }
    }

    /// The same with other rows of one signal: other tables stay as the transaction saw them.
    pub(crate) fn with(&self, signal: Signal, snapshot: Snapshot) -> View {
        let mut view = self.clone();
        view.snapshots[signal as usize] = snapshot;
        view
    }

    /// No fewer rows than a table has.
    pub fn rows_at_most(&self, table: LiveTable) -> u64 {
        match table.signal() {
            Some(signal) => self.snapshot(signal).rows(),
            None => Signal::ALL.len() as u64,
        }
    }

    /// The rows of a table.
    ///
    /// # Errors
    /// If they made room for newer ones.
    pub fn rows(&self, table: LiveTable) -> Result<u64> {
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

    /// Bounds of the values of the column at a position of a table, if they are known.
    pub fn bounds(&self, table: LiveTable, column: usize) -> Option<Bounds> {
        let snapshot = self.snapshot(table.signal()?);
        match table.at(column) {
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

/// Rows of a snapshot from an id on.
pub(crate) fn waiting(snapshot: &Snapshot, from: u64) -> u64 {
    snapshot.next_row_id().saturating_sub(from.max(snapshot.first_row_id()))
}
