//! A run of rows in a ring.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use duckspan_otlp::relation::Summary;
use duckspan_otlp::{Segment, Signal};

use crate::arrival::Arrivals;
use crate::content::{Content, Piece};
use crate::sync::{AtomicBool, AtomicU64, Counted};

/// A run of rows of a snapshot: a segment, or what is left of it. Clones share it.
#[derive(Debug, Clone)]
pub struct Part {
    body: Counted<Body>,
    rows: Range<usize>,
}

/// Rows that lie in one segment, which is there. It stays in memory while the caller has this.
#[derive(Debug)]
pub struct Run(Piece);

impl Run {
    /// The segment.
    pub fn segment(&self) -> &Segment {
        self.0.body.content.segment()
    }

    /// Those of its rows that are meant; never empty.
    pub fn rows(&self) -> Range<usize> {
        self.0.rows.clone()
    }
}

impl Part {
    /// The rows of `body` from the one with this id on.
    pub(crate) fn since(body: Counted<Body>, row_id: u64) -> Part {
        let rows = body.rows_since(row_id);
        Part { body, rows }
    }

    /// Those of the rows with an id from one up to another; `None` if there are none.
    pub fn between(&self, first_row_id: u64, end_row_id: u64) -> Option<Part> {
        let rows = self.body.rows_since(first_row_id).start.max(self.rows.start)
            ..self.body.rows_since(end_row_id).start.min(self.rows.end);
        (!rows.is_empty()).then(|| Part { body: Counted::clone(&self.body), rows })
    }

    /// The segment the rows lie in. The first who asks for it may have to wait until it is made.
    pub fn segment(&self) -> &Segment {
        self.body.content.segment()
    }

    /// The same rows without waiting for that segment, and without having it made: by those that it is to be made of, if
    /// it is not there yet.
    pub fn runs(&self) -> Vec<Run> {
        let pieces = self.body.content.pieces_of(self.rows.clone());
        if pieces.is_empty() {
            return vec![Run(Piece { body: Counted::clone(&self.body), rows: self.rows.clone() })];
        }
        pieces.into_iter().map(Run).collect()
    }

    /// The rows of the segment that are in the snapshot; never empty.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The sequence number of the row at `rows().start`; each next row has the next number.
    pub fn first_row_id(&self) -> u64 {
        self.body.first_row_id + self.rows.start as u64
    }

    /// The earliest and the latest time in the segment, in nanoseconds since the epoch; `None` where no
    /// row has one. Rows before `rows().start` may widen the range.
    pub fn time_range(&self) -> Option<(i64, i64)> {
        self.body.content.times.range
    }

    /// What is in the segment, in brief; made for the first who asks. `None` where it is not worth its
    /// memory. Rows before `rows().start` count too.
    pub fn summary(&self) -> Option<&Summary> {
        let summary = || Box::new(Summary::new(self.segment()));
        has_summary(self.body.content.rows).then(|| &**self.body.summary.get_or_init(summary))
    }

    /// Whether a row of the segment has no time. Rows before `rows().start` count too.
    pub fn untimed(&self) -> bool {
        self.body.content.times.untimed
    }
}

/// Whether a part with so many rows may have a summary. Smaller ones are read as fast as they are
/// summarized, and soon joined.
fn has_summary(rows: usize) -> bool {
    rows >= 1024
}

/// Rows in a ring, with their place in it.
pub(crate) struct Body {
    pub(crate) content: Content,
    /// The id of the first row.
    pub(crate) first_row_id: u64,
    pub(crate) arrivals: Arrivals,
    summary: OnceLock<Box<Summary>>,
    /// Bytes of memory of all this.
    pub(crate) memory: u64,
    /// Bytes that the ring has let go of, but snapshots have not.
    pinned: Arc<AtomicU64>,
    released: AtomicBool,
}

impl Body {
    /// Bytes of memory that a part takes besides its segment: itself, its place in lists, and what
    /// the allocator adds to each of its allocations.
    const OVERHEAD: usize = {
        let lists = size_of::<Counted<Body>>() + size_of::<Part>();
        let arc = 2 * size_of::<usize>();
        let allocations = 10;
        size_of::<Body>() + arc + lists + allocations * size_of::<usize>()
    };

    /// Bytes of memory of a part with so many rows, in a segment of so many bytes or in pieces that take
    /// as many. The summary counts from the start, so that a query does not take a ring beyond its limit.
    pub(crate) fn memory_of(signal: Signal, rows: usize, content: u64, arrivals: usize) -> u64 {
        let summary = if has_summary(rows) { Summary::max_memory(signal, rows) } else { 0 };
        content + (Body::OVERHEAD + arrivals + summary) as u64
    }

    pub(crate) fn new(
        content: Content,
        first_row_id: u64,
        arrivals: Arrivals,
        pinned: &Arc<AtomicU64>,
    ) -> Body {
        let Content { signal, rows, memory, .. } = content;
        Body {
            memory: Body::memory_of(signal, rows, memory, arrivals.memory()),
            content,
            summary: OnceLock::new(),
            first_row_id,
            arrivals,
            pinned: Arc::clone(pinned),
            released: AtomicBool::new(false),
        }
    }

    /// The id of the row after the last one.
    pub(crate) fn next_row_id(&self) -> u64 {
        self.first_row_id + self.content.rows as u64
    }

    /// The rows from the one with this id on.
    pub(crate) fn rows_since(&self, row_id: u64) -> Range<usize> {
        // Rows before the part are gone long since; those behind it leave none.
        let gone = row_id.saturating_sub(self.first_row_id) as usize;
        gone.min(self.content.rows)..self.content.rows
    }

    /// The arrival number of the last row.
    pub(crate) fn last_arrival(&self) -> u64 {
        self.arrivals.of(self.content.rows - 1)
    }

    /// The id of the first row that arrived at `arrival` or later.
    pub(crate) fn first_since(&self, arrival: u64) -> u64 {
        self.first_row_id + self.arrivals.first_since(arrival, self.content.rows) as u64
    }

    /// Counts the part as pinned from now until it is dropped. Its ring no longer holds it.
    pub(crate) fn release(&self) {
        // A part may be let go of twice, by the ring and by the part that it was joined to, but counts once.
        if !self.released.swap(true, Relaxed) {
            self.pinned.fetch_add(self.memory, Relaxed);
        }
    }
}

impl fmt::Debug for Body {
    /// Leaves out the rows, which may be megabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.first_row_id..self.next_row_id();
        f.debug_struct("Body").field("rows", &rows).field("memory", &self.memory).finish()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        // The last owner drops it, so whoever released it did so before.
        if self.released.load(Relaxed) {
            self.pinned.fetch_sub(self.memory, Relaxed);
        }
    }
}
