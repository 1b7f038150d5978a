//! What a ring has held, holds and keeps from being freed.

/// Counts of one ring, all of one moment but for `pinned_bytes`.
///
/// `received_rows == rows + evicted_rows + cleared_rows`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Rows held.
    pub rows: u64,
    /// Parts they lie in.
    pub parts: u64,
    /// Bytes of memory held for them, with index, unused capacity and bookkeeping.
    pub bytes: u64,
    /// Bytes that the ring has let go of and that snapshots still keep.
    pub pinned_bytes: u64,
    /// The earliest time of a row held, in nanoseconds since the epoch; `None` where no row has one.
    pub oldest_time: Option<i64>,
    /// The latest time of a row held, in nanoseconds since the epoch; `None` where no row has one.
    pub newest_time: Option<i64>,
    /// Rows ever appended.
    pub received_rows: u64,
    /// Rows that made room for newer ones, or found no room themselves.
    pub evicted_rows: u64,
    /// Rows removed by [`clear`](crate::Rings::clear).
    pub cleared_rows: u64,
}
