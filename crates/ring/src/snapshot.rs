//! What a reader sees.

use std::sync::Arc;

use crate::part::Part;
use crate::stats::Stats;
use crate::view::View;

/// The rows of one ring at one moment. Clones share it, and keep its rows in memory while they live.
#[derive(Debug, Clone)]
pub struct Snapshot {
    view: Arc<View>,
}

impl Snapshot {
    pub(crate) fn of(view: &Arc<View>) -> Snapshot {
        Snapshot { view: Arc::clone(view) }
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.view.rows()
    }

    /// The rows, oldest first. Row ids go on from part to part without a gap.
    pub fn parts(&self) -> &[Part] {
        self.view.parts()
    }

    /// What the ring held and had held at that moment; `pinned_bytes` is of no moment, and 0.
    pub fn stats(&self) -> Stats {
        self.view.stats(0)
    }

    /// The same without rows, after [`clear_before`](crate::Rings::clear_before) removed those that were left.
    pub fn cleared(&self, rows: u64) -> Snapshot {
        Snapshot::of(&Arc::new(self.view.emptied(rows)))
    }

    /// The sequence number of the oldest row; that of the next row to come where there is none.
    pub fn first_row_id(&self) -> u64 {
        self.view.first_row_id()
    }

    /// The sequence number of the next row to come.
    pub fn next_row_id(&self) -> u64 {
        self.view.next_row_id()
    }
}
