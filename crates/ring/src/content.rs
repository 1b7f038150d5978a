//! The rows of a part: one segment, or pieces that are joined for the first who reads them.
//!
//! Rows that nobody reads before they are evicted are not copied for the sake of readers.

use std::ops::Range;
use std::sync::{OnceLock, PoisonError};

use duckspan_otlp::{Segment, Signal};

use crate::part::Body;
use crate::sync::{Counted, Mutex, MutexGuard};

/// Rows of a signal.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) signal: Signal,
    /// How many.
    pub(crate) rows: usize,
    pub(crate) times: Times,
    /// Bytes of memory; of pieces that were joined since, what they were.
    pub(crate) memory: u64,
    segment: OnceLock<Segment>,
    /// What to make the segment of; none once there is one.
    pieces: Mutex<Vec<Piece>>,
}

/// Rows of a part that another takes the place of.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) body: Counted<Body>,
    pub(crate) rows: Range<usize>,
}

impl Piece {
    /// Whether it has all rows of its part.
    pub(crate) fn is_whole(&self) -> bool {
        self.rows == (0..self.body.content.rows)
    }
}

impl Content {
    pub(crate) fn of(segment: Segment) -> Content {
        Content {
            signal: segment.signal(),
            rows: segment.len(),
            times: Times::of(&segment, 0..segment.len()),
            memory: segment.memory() as u64,
            segment: segment.into(),
            pieces: Mutex::new(Vec::new()),
        }
    }

    /// The rows of these pieces behind each other.
    pub(crate) fn of_pieces(signal: Signal, pieces: Vec<Piece>) -> Content {
        let times = pieces.iter().map(|piece| piece.body.content.times_of(piece.rows.clone()));
        Content {
            signal,
            rows: rows_of(&pieces),
            times: times.fold(Times::default(), Times::and),
            // The segment will take less, but until there is one these are what is held.
            memory: memory_of(&pieces),
            segment: OnceLock::new(),
            pieces: Mutex::new(pieces),
        }
    }

    /// The rows in one segment, made now if need be. Who wants it meanwhile waits.
    pub(crate) fn segment(&self) -> &Segment {
        if let Some(segment) = self.segment.get() {
            return segment;
        }
        let mut pieces = self.pieces();
        // With the lock: who waits for it finds the segment made, and the pieces are there until it is.
        let segment = self.segment.get_or_init(|| join(self.signal, &pieces));
        release(&mut pieces);
        segment
    }

    /// What some of the rows are to be copied from; nothing if they lie in one segment already.
    pub(crate) fn pieces_of(&self, rows: Range<usize>) -> Vec<Piece> {
        some_of(&self.pieces(), rows)
    }

    /// The times of some of the rows; makes no segment.
    pub(crate) fn times_of(&self, rows: Range<usize>) -> Times {
        if rows == (0..self.rows) {
            return self.times;
        }
        let pieces = self.pieces();
        if let Some(segment) = self.segment.get() {
            return Times::of(segment, rows);
        }
        let some = some_of(&pieces, rows);
        let times = some.iter().map(|piece| piece.body.content.times_of(piece.rows.clone()));
        times.fold(Times::default(), Times::and)
    }

    fn pieces(&self) -> MutexGuard<'_, Vec<Piece>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        release(&mut self.pieces());
    }
}

pub(crate) fn rows_of(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.rows.len()).sum()
}

/// Bytes of memory of the parts that the pieces are of.
pub(crate) fn memory_of(pieces: &[Piece]) -> u64 {
    pieces.iter().map(|piece| piece.body.memory).sum()
}

/// Some of the rows of pieces that stand behind each other.
fn some_of(pieces: &[Piece], rows: Range<usize>) -> Vec<Piece> {
    let mut start = 0;
    let wanted = pieces.iter().filter_map(|piece| {
        let Range { start: at, end } = piece.rows;
        let from = at + rows.start.saturating_sub(start).min(end - at);
        let to = at + rows.end.saturating_sub(start).min(end - at);
        start += end - at;
        (from < to).then(|| Piece { body: Counted::clone(&piece.body), rows: from..to })
    });
    wanted.collect()
}

/// Lets go of pieces, some of which snapshots may have.
fn release(pieces: &mut Vec<Piece>) {
    pieces.drain(..).for_each(|piece| piece.body.release());
}

/// The rows of pieces in a segment of their own.
pub(crate) fn join(signal: Signal, pieces: &[Piece]) -> Segment {
    let runs = pieces.iter().map(|piece| (piece.body.content.segment(), piece.rows.clone()));
    Segment::merge(signal, &runs.collect::<Vec<_>>())
}

/// The times of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Times {
    /// The earliest and the latest, in nanoseconds since the epoch.
    pub(crate) range: Option<(i64, i64)>,
    /// Whether a row has none.
    pub(crate) untimed: bool,
}

impl Times {
    fn of(segment: &Segment, rows: Range<usize>) -> Times {
        let mut times = Times::default();
        let (mut oldest, mut newest) = (i64::MAX, i64::MIN);
        for row in rows {
            match segment.time(row) {
                Some(time) => (oldest, newest) = (oldest.min(time), newest.max(time)),
                None => times.untimed = true,
            }
        }
        times.range = (oldest <= newest).then_some((oldest, newest));
        times
    }

    /// Those of these rows and of others.
    pub(crate) fn and(self, other: Times) -> Times {
        let ranges = self.range.into_iter().chain(other.range);
        Times {
            range: ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
            untimed: self.untimed || other.untimed,
        }
    }
}
