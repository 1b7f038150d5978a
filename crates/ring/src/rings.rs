//! The rings of an attached database.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use duckspan_otlp::{Segment, Signal};

use crate::admit::Incoming;
use crate::lease::Leases;
use crate::size::PartSize;
use crate::snapshot::Snapshot;
use crate::state::{Draft, State};
use crate::stats::Stats;
use crate::sync::{AtomicU64, Published};

/// What the rings may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of each signal.
    pub max_rows: u64,
    /// Bytes of memory of all signals together.
    pub memory_limit: u64,
    /// Bytes that all snapshots together may keep of what the rings let go of; [`u64::MAX`] for all.
    pub pinned_limit: u64,
}

/// The rings of one attached database: one per signal, under one limit of bytes.
#[derive(Debug)]
pub struct Rings {
    shared: Arc<Shared>,
    rings: [Ring; 3],
}

/// The ring of one signal.
#[derive(Debug)]
pub struct Ring {
    signal: Signal,
    shared: Arc<Shared>,
}

/// What the rings have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) size: PartSize,
    published: Published<State>,
    leases: Leases,
    /// By signal, bytes of parts that were let go of and live on in snapshots.
    pub(crate) pinned: [Arc<AtomicU64>; 3],
    /// By keeper and signal, the id of the first row that is to stay.
    kept_from: [[AtomicU64; 3]; Keeper::COUNT],
}

/// Who wants rows to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// Until they are archived.
    Archive,
    /// Until they are forwarded.
    Forward,
}

impl Keeper {
    const COUNT: usize = 2;
}

/// There is no room for rows, unless others are evicted that are to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Shared {
    fn append(&self, segments: Vec<Segment>, keeping: bool) -> Result<(), Full> {
        let Shared { limits, size, published, .. } = self;
        let segments = segments.into_iter().filter(|segment| !segment.is_empty());
        // Cut before the turn is taken: other writers need not wait for that.
        let incoming: Vec<_> =
            segments.map(|segment| Incoming::new(segment, *limits, size)).collect();
        let mut signals: Vec<_> = incoming.iter().map(|i| i.segment.signal()).collect();
        signals.sort_unstable();
        signals.dedup();
        let mut writer = published.write();
        self.admit(incoming, keeping, &mut writer)?;
        // In the same turn, so that no other writer finds the tail longer than it may be.
        signals.into_iter().for_each(|signal| self.coalesce(signal, keeping, &mut writer));
        self.take_back();
        Ok(())
    }

    /// Whether rows of a signal are to stay, as those that come do then.
    pub(crate) fn keeps_some(&self, signal: Signal) -> bool {
        self.kept_from(signal) < u64::MAX
    }

    /// The id of the first row of a signal that is to stay.
    fn kept_from(&self, signal: Signal) -> u64 {
        let wanted = self.kept_from.iter().map(|row_ids| row_ids[signal as usize].load(Relaxed));
        wanted.min().unwrap_or(u64::MAX)
    }

    /// Whether all rows that are to stay are in `new`, if those from these ids on were there before.
    pub(crate) fn keeps(&self, firsts: [u64; 3], new: &State) -> bool {
        let may_go = Signal::ALL.map(|signal| self.kept_from(signal));
        let all = new.firsts().into_iter().zip(firsts).zip(may_go);
        // What was gone before counts for no loss, as rows may be told to stay only once some of them are gone.
        all.into_iter().all(|((new, old), may_go)| new <= may_go.max(old))
    }

    fn snapshots<const N: usize>(&self, signals: [Signal; N]) -> [Snapshot; N] {
        self.leases.lend(signals, || self.published.load())
    }

    /// Takes rows back from the oldest snapshots until all of them keep no more than they may, beginning with the
    /// signal of which they keep most.
    fn take_back(&self) {
        if self.limits.pinned_limit == u64::MAX {
            // Nobody needs to look, which leaves loom fewer interleavings.
            return;
        }
        loop {
            let mut pinned = Signal::ALL.map(|signal| (self.ring_pinned(signal), signal));
            if pinned.iter().map(|(bytes, _)| bytes).sum::<u64>() <= self.limits.pinned_limit {
                return;
            }
            // The one that keeps most first, since to take rows back fails a query, and few are to fail.
            pinned.sort_unstable_by_key(|&(bytes, _)| std::cmp::Reverse(bytes));
            let mut keeping = pinned.iter().filter(|(bytes, _)| *bytes > 0);
            if !keeping.any(|&(_, signal)| self.leases.take_back_oldest(signal)) {
                return;
            }
        }
    }

    fn ring_pinned(&self, signal: Signal) -> u64 {
        self.pinned[signal as usize].load(Relaxed)
    }
}

impl Ring {
    /// The signal of every row.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The rows held now.
    pub fn snapshot(&self) -> Snapshot {
        let [snapshot] = self.shared.snapshots([self.signal]);
        snapshot
    }

    /// Removes all rows; returns how many. Row ids go on from where they were.
    pub fn clear(&self) -> u64 {
        self.clear_before(u64::MAX)
    }

    /// Removes the rows with smaller ids; returns how many.
    pub fn clear_before(&self, row_id: u64) -> u64 {
        let mut writer = self.shared.published.write();
        let mut draft = Draft::of(&writer.current());
        let (view, released) = draft.change(self.signal);
        let rows = view.clear_before(row_id, released);
        draft.publish(&mut writer);
        self.shared.take_back();
        rows
    }

    /// Bytes that the ring has let go of and that snapshots still keep.
    pub fn pinned_bytes(&self) -> u64 {
        self.shared.ring_pinned(self.signal)
    }

    /// What the ring has held and holds.
    pub fn stats(&self) -> Stats {
        self.shared.published.load().views[self.signal as usize].stats(self.pinned_bytes())
    }
}

impl Rings {
    /// Empty rings.
    pub fn new(limits: Limits) -> Rings {
        let shared = Arc::new(Shared {
            limits,
            size: PartSize::within(limits),
            published: Published::new(State::default()),
            leases: Leases::default(),
            pinned: std::array::from_fn(|_| Arc::new(AtomicU64::new(0))),
            kept_from: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(u64::MAX))),
        });
        let rings = Signal::ALL.map(|signal| Ring { signal, shared: Arc::clone(&shared) });
        Rings { shared, rings }
    }

    /// What the rings may hold.
    pub fn limits(&self) -> Limits {
        self.shared.limits
    }

    /// The ring of a signal.
    pub fn ring(&self, signal: Signal) -> &Ring {
        &self.rings[signal as usize]
    }

    /// Appends the rows of a segment to the ring of its signal.
    ///
    /// When this returns they are visible, all of them at once. The oldest rows make room: those of
    /// the signal for the limit of rows, those of all signals, in the order in which they arrived, for
    /// the limit of bytes. Of a segment that is larger than an empty ring the newest rows are kept.
    pub fn append(&self, segment: Segment) {
        self.append_all(vec![segment]);
    }

    /// Appends the segments of one request, oldest first, as [`append`](Rings::append) does. They
    /// become visible together.
    pub fn append_all(&self, segments: Vec<Segment>) {
        // Whatever has to go may go.
        let _ = self.shared.append(segments, false);
    }

    /// Rows of a signal from the one with this id on are to stay, until it is said again with a larger one:
    /// [`try_append`](Rings::try_append) evicts none of them. At first there are none such. What another keeper wants to
    /// stay is not touched by it.
    pub fn keep_from(&self, keeper: Keeper, signal: Signal, row_id: u64) {
        self.shared.kept_from[keeper as usize][signal as usize].store(row_id, Relaxed);
    }

    /// Appends the rows of a segment as [`append`](Rings::append) does, but evicts no row that is to stay; returns
    /// the id of the next row to come.
    ///
    /// # Errors
    /// If there is no room for all of them then; none of them was appended.
    pub fn try_append(&self, segment: Segment) -> Result<u64, Full> {
        let signal = segment.signal();
        self.shared.append(vec![segment], true)?;
        // Of others that came meanwhile as well: who waits for its own to be stored waits a little longer.
        Ok(self.shared.published.load().views[signal as usize].next_row_id())
    }

    /// Removes all rows of a signal; returns how many. Row ids go on from where they were.
    pub fn clear(&self, signal: Signal) -> u64 {
        self.ring(signal).clear()
    }

    /// Removes the rows of a signal with smaller ids; returns how many.
    pub fn clear_before(&self, signal: Signal, row_id: u64) -> u64 {
        self.ring(signal).clear_before(row_id)
    }

    /// The rows of a signal held now.
    pub fn snapshot(&self, signal: Signal) -> Snapshot {
        self.ring(signal).snapshot()
    }

    /// The rows of every signal, of one moment; indexed by signal.
    pub fn snapshot_all(&self) -> [Snapshot; 3] {
        self.shared.snapshots(Signal::ALL)
    }

    /// What the ring of a signal has held and holds.
    pub fn stats(&self, signal: Signal) -> Stats {
        self.ring(signal).stats()
    }

    /// Bytes of memory held for the rows of all signals; what only snapshots still keep is not in it.
    pub fn memory(&self) -> u64 {
        self.shared.published.load().memory()
    }
}
