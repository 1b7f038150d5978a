//! What a reader sees.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::lease::Lease;
use crate::part::Part;
use crate::stats::Stats;
use crate::view::View;

/// The rows of one ring at one moment. Clones share it, and keep its rows in memory while they live; but the
/// rings take rows back from the oldest snapshots when they all keep too much beyond what the rings hold.
#[derive(Debug, Clone)]
pub struct Snapshot {
    lease: Arc<Lease>,
    first_row_id: u64,
    next_row_id: u64,
}

/// The rows of a snapshot were taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBack;

/// The parts of a snapshot, which stay in memory while the caller has this.
#[derive(Debug)]
pub struct Parts(Arc<View>);

impl Deref for Parts {
    type Target = [Part];

    fn deref(&self) -> &[Part] {
        self.0.parts()
    }
}

impl fmt::Display for TakenBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rows of a snapshot had to make room for others")
    }
}

impl std::error::Error for TakenBack {}

impl Snapshot {
    pub(crate) fn of(lease: Arc<Lease>, view: &View) -> Snapshot {
        let (first_row_id, next_row_id) = (view.first_row_id(), view.next_row_id());
        Snapshot { lease, first_row_id, next_row_id }
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.next_row_id - self.first_row_id
    }

    /// The rows, oldest first. Row ids go on from part to part without a gap.
    ///
    /// # Errors
    /// If they were taken back.
    pub fn parts(&self) -> Result<Parts, TakenBack> {
        self.lease.view().map(Parts).ok_or(TakenBack)
    }

    /// One of [`parts`](Snapshot::parts), which stays in memory though the others be taken back.
    ///
    /// # Errors
    /// If they were.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn part(&self, index: usize) -> Result<Part, TakenBack> {
        // A part holds its own rows, so the view with all the others is let go of again.
        Ok(self.lease.view().ok_or(TakenBack)?.parts()[index].clone())
    }

    /// What the ring held and had held at that moment; `pinned_bytes` is of no moment, and 0.
    pub fn stats(&self) -> Stats {
        self.lease.stats()
    }

    /// The same without rows, after [`clear_before`](crate::Rings::clear_before) removed those that were left.
    pub fn cleared(&self, rows: u64) -> Snapshot {
        let view = Arc::new(View::empty(self.next_row_id, self.stats().cleared_rows + rows));
        Snapshot::of(Arc::new(Lease::of(Arc::clone(&view))), &view)
    }

    /// Its rows from one id up to another, of which nothing is counted. They are not taken back.
    ///
    /// # Errors
    /// If they were.
    pub fn between(&self, first_row_id: u64, end_row_id: u64) -> Result<Snapshot, TakenBack> {
        let view = self.lease.view().ok_or(TakenBack)?.between(first_row_id, end_row_id);
        let view = Arc::new(view);
        Ok(Snapshot::of(Arc::new(Lease::of(Arc::clone(&view))), &view))
    }

    /// The sequence number of the oldest row; that of the next row to come where there is none.
    pub fn first_row_id(&self) -> u64 {
        self.first_row_id
    }

    /// The sequence number of the next row to come.
    pub fn next_row_id(&self) -> u64 {
        self.next_row_id
    }
}
