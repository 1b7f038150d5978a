//! The rings of an attached database.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use duckspan_otlp::{Segment, Signal};

use crate::admit::Incoming;
use crate::arrival::Arrivals;
use crate::part::Body;
use crate::size::PartSize;
use crate::snapshot::Snapshot;
use crate::state::{Draft, State};
use crate::stats::Stats;
use crate::sync::{AtomicU64, Published, Writer};

/// What the rings may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of each signal.
    pub max_rows: u64,
    /// Bytes of memory of all signals together.
    pub memory_limit: u64,
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

#[derive(Debug)]
struct Shared {
    limits: Limits,
    size: PartSize,
    published: Published<State>,
    /// By signal, bytes of parts that were let go of and live on in snapshots.
    pinned: [Arc<AtomicU64>; 3],
}

impl Ring {
    /// The signal of every row.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The rows held now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.shared.published.load().views[self.signal as usize])
    }

    /// Removes all rows; returns how many. Row ids go on from where they were.
    pub fn clear(&self) -> u64 {
        let mut writer = self.shared.published.write();
        let mut draft = Draft::of(&writer.current());
        let (view, released) = draft.change(self.signal);
        let rows = view.clear(released);
        draft.publish(&mut writer);
        rows
    }

    /// What the ring has held and holds.
    pub fn stats(&self) -> Stats {
        let pinned = self.shared.pinned[self.signal as usize].load(Relaxed);
        self.shared.published.load().views[self.signal as usize].stats(pinned)
    }
}

impl Rings {
    /// Empty rings.
    pub fn new(limits: Limits) -> Rings {
        let shared = Arc::new(Shared {
            limits,
            size: PartSize::within(limits),
            published: Published::new(State::default()),
            pinned: std::array::from_fn(|_| Arc::new(AtomicU64::new(0))),
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
        let Shared { limits, size, published, .. } = &*self.shared;
        let segments = segments.into_iter().filter(|segment| !segment.is_empty());
        let incoming: Vec<_> =
            segments.map(|segment| Incoming::new(segment, *limits, size)).collect();
        let mut signals: Vec<_> = incoming.iter().map(|i| i.segment.signal()).collect();
        signals.sort_unstable();
        signals.dedup();
        let mut writer = published.write();
        self.shared.admit(incoming, &mut writer);
        signals.into_iter().for_each(|signal| self.shared.coalesce(signal, &mut writer));
    }

    /// Removes all rows of a signal; returns how many. Row ids go on from where they were.
    pub fn clear(&self, signal: Signal) -> u64 {
        self.ring(signal).clear()
    }

    /// The rows of a signal held now.
    pub fn snapshot(&self, signal: Signal) -> Snapshot {
        self.ring(signal).snapshot()
    }

    /// The rows of every signal, of one moment; indexed by signal.
    pub fn snapshot_all(&self) -> [Snapshot; 3] {
        self.shared.published.load().views.each_ref().map(Snapshot::of)
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

impl Shared {
    /// Makes room for segments, and publishes them together.
    fn admit(&self, mut incoming: Vec<Incoming>, writer: &mut Writer<'_, State>) {
        let mut draft = Draft::of(&writer.current());
        for signal in Signal::ALL {
            let same = incoming.iter().filter(|incoming| incoming.segment.signal() == signal);
            let rows: usize = same.map(|incoming| incoming.segment.len()).sum();
            self.make_rows(&mut draft, signal, rows as u64);
        }
        let mut room = self.limits.memory_limit;
        let mut all = true;
        for segment in incoming.iter_mut().rev() {
            room = if all { room } else { 0 };
            all &= segment.keep_newest(&mut room);
        }
        if !all {
            draft.evict_arrived_before(u64::MAX);
        }
        draft.make_room(self.limits.memory_limit - room, self.limits.memory_limit);
        if incoming.iter().any(|segment| segment.cut) {
            // Copies are to be made: free the memory for them first.
            draft.publish(writer);
            draft = Draft::of(&writer.current());
        }
        incoming.into_iter().for_each(|segment| self.push(&mut draft, segment));
        draft.publish(writer);
    }

    fn push(&self, draft: &mut Draft, incoming: Incoming) {
        let signal = incoming.segment.signal();
        let lost = incoming.lost as u64;
        if lost > 0 {
            let (view, released) = draft.change(signal);
            view.skip(lost, released);
            draft.state.next_arrival += lost;
        }
        for segment in incoming.into_segments() {
            let rows = segment.len() as u64;
            let arrivals = Arrivals::together(draft.state.next_arrival);
            let row_id = draft.view(signal).next_row_id();
            let body = Body::new(segment, row_id, arrivals, &self.pinned[signal as usize]);
            draft.change(signal).0.push(body, &self.size);
            draft.state.next_arrival += rows;
        }
        self.make_rows(draft, signal, 0);
    }

    /// Evicts rows of a signal until there is room for `more`.
    fn make_rows(&self, draft: &mut Draft, signal: Signal, more: u64) {
        let next = draft.view(signal).next_row_id() + more;
        draft.evict_before(signal, next.saturating_sub(self.limits.max_rows));
    }

    /// Joins small parts of a signal, one group after the other.
    fn coalesce(&self, signal: Signal, writer: &mut Writer<'_, State>) {
        loop {
            let mut draft = Draft::of(&writer.current());
            let Some(parts) = draft.view(signal).to_join(&self.size) else { return };
            let bodies = draft.view(signal).tail()[parts.clone()].to_vec();
            let memory = bodies.iter().map(|body| body.memory).sum();
            if draft.make_room(memory, self.limits.memory_limit) {
                // The copy needs room while there are both. Free it, then look again.
                draft.publish(writer);
                continue;
            }
            let joined = self.join(&bodies, draft.view(signal).first_row_id());
            let (view, released) = draft.change(signal);
            view.join(parts, joined, &self.size, released);
            draft.publish(writer);
        }
    }

    /// The rows that are left of these parts, in one.
    fn join(&self, bodies: &[Arc<Body>], first_row_id: u64) -> Body {
        let signal = bodies[0].segment.signal();
        let rows = |body: &Arc<Body>| body.rows_since(first_row_id);
        let runs: Vec<_> = bodies.iter().map(|body| (&body.segment, rows(body))).collect();
        let arrivals = Arrivals::join(bodies.iter().map(|body| (&body.arrivals, rows(body))));
        let first_row_id = first_row_id.max(bodies[0].first_row_id);
        let pinned = &self.pinned[signal as usize];
        Body::new(Segment::merge(signal, &runs), first_row_id, arrivals, pinned)
    }
}
