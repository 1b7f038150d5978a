//! What a writer does with segments: make room, put them in, join small parts.

use duckspan_otlp::{Segment, Signal};

use crate::admit::Incoming;
use crate::arrival::Arrivals;
use crate::part::Body;
use crate::rings::Shared;
use crate::state::{Draft, State};
use crate::sync::{Counted, Writer};

impl Shared {
    /// Makes room for segments, and publishes them together.
    pub(crate) fn admit(&self, mut incoming: Vec<Incoming>, writer: &mut Writer<'_, State>) {
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
    pub(crate) fn coalesce(&self, signal: Signal, writer: &mut Writer<'_, State>) {
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
    fn join(&self, bodies: &[Counted<Body>], first_row_id: u64) -> Body {
        let signal = bodies[0].segment.signal();
        let rows = |body: &Counted<Body>| body.rows_since(first_row_id);
        let runs: Vec<_> = bodies.iter().map(|body| (&body.segment, rows(body))).collect();
        let arrivals = Arrivals::join(bodies.iter().map(|body| (&body.arrivals, rows(body))));
        let first_row_id = first_row_id.max(bodies[0].first_row_id);
        let pinned = &self.pinned[signal as usize];
        Body::new(Segment::merge(signal, &runs), first_row_id, arrivals, pinned)
    }
}
