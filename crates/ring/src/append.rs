//! What a writer does with segments: make room, put them in, join small parts.

use duckspan_otlp::Signal;

use crate::admit::Incoming;
use crate::arrival::Arrivals;
use crate::content::{Content, Piece, join, memory_of, rows_of};
use crate::part::Body;
use crate::rings::{Full, Shared};
use crate::size::{PartSize, Weight};
use crate::state::{Draft, State};
use crate::sync::{Counted, Writer};

impl Shared {
    /// Makes room for segments, and publishes them together; or nothing at all, if there is none.
    pub(crate) fn admit(
        &self,
        mut incoming: Vec<Incoming>,
        keeping: bool,
        writer: &mut Writer<'_, State>,
    ) -> Result<(), Full> {
        let mut draft = Draft::of(&writer.current());
        // No more than that, for what a draft lets go of is freed while copies are made.
        let firsts = draft.state.firsts();
        for signal in Signal::ALL {
            let same = incoming.iter().filter(|incoming| incoming.segment.signal() == signal);
            let rows: usize = same.map(|incoming| incoming.segment.len()).sum();
            // Rows first, bytes after: what goes for the one limit makes room for the other as well.
            self.make_rows(&mut draft, signal, rows as u64);
        }
        let mut room = self.limits.memory_limit;
        let mut all = true;
        // The newest rows stay: once one did not fit, nothing older than it is kept, so that what is kept has no gap.
        for segment in incoming.iter_mut().rev() {
            room = if all { room } else { 0 };
            all &= segment.keep_newest(&mut room);
        }
        if !all {
            // A request that does not fit by itself takes the place of everything.
            draft.evict_arrived_before(u64::MAX);
        }
        draft.make_room(self.limits.memory_limit - room, self.limits.memory_limit);
        let loses =
            |incoming: &Incoming| incoming.lost > 0 && self.keeps_some(incoming.segment.signal());
        if keeping && (incoming.iter().any(loses) || !self.keeps(firsts, &draft.state)) {
            return Err(Full);
        }
        if incoming.iter().any(|segment| segment.cut) {
            // Copies are to be made: free the memory for them first.
            draft.publish(writer);
            draft = Draft::of(&writer.current());
        }
        // Only now do rows get their ids and numbers, in the order in which they came.
        incoming.into_iter().for_each(|segment| self.push(&mut draft, segment));
        if keeping && !self.keeps(firsts, &draft.state) {
            return Err(Full);
        }
        draft.publish(writer);
        Ok(())
    }

    fn push(&self, draft: &mut Draft, incoming: Incoming) {
        let signal = incoming.segment.signal();
        let lost = incoming.lost as u64;
        if lost > 0 {
            let (view, released) = draft.change(signal);
            view.skip(lost, released);
            // Lost rows count as rows that came and went, so that ids tell how many there were.
            draft.state.next_arrival += lost;
        }
        for segment in incoming.into_segments() {
            let rows = segment.len() as u64;
            let arrivals = Arrivals::together(draft.state.next_arrival);
            let row_id = draft.view(signal).next_row_id();
            let pinned = &self.pinned[signal as usize];
            let body = Body::new(Content::of(segment), row_id, arrivals, pinned);
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
    pub(crate) fn coalesce(&self, signal: Signal, keeping: bool, writer: &mut Writer<'_, State>) {
        loop {
            let mut draft = Draft::of(&writer.current());
            let firsts = draft.state.firsts();
            let view = draft.view(signal);
            let Some(parts) = view.to_join(&self.size) else { return };
            let group = Group::of(&view.tail()[parts.clone()], view.first_row_id());
            let lazily = group.is_for_readers(&self.size);
            // A part that is joined for its readers takes no copy now, but its pieces stay in memory until it is
            // made.
            let more = if lazily { group.memory_around(signal) } else { memory_of(&group.pieces) };
            if draft.make_room(more, self.limits.memory_limit) {
                if keeping && !self.keeps(firsts, &draft.state) {
                    return;
                }
                // Room for what there is while there are both. Free it, then look again.
                draft.publish(writer);
                continue;
            }
            let content = match lazily {
                true => Content::of_pieces(signal, group.pieces),
                false => Content::of(join(signal, &group.pieces)),
            };
            let pinned = &self.pinned[signal as usize];
            let body = Body::new(content, group.first_row_id, group.arrivals, pinned);
            let (view, released) = draft.change(signal);
            let replaced = view.join(parts, body, &self.size);
            // Pieces that are still to be joined are not let go of: the new part has them, and releases them itself.
            if !lazily {
                released.extend(replaced);
            }
            draft.publish(writer);
        }
    }
}

/// Parts that become one, or what is left of them.
struct Group {
    pieces: Vec<Piece>,
    first_row_id: u64,
    arrivals: Arrivals,
}

impl Group {
    fn of(bodies: &[Counted<Body>], first_row_id: u64) -> Group {
        let piece = |body: &Counted<Body>| Piece {
            body: Counted::clone(body),
            rows: body.rows_since(first_row_id),
        };
        let pieces: Vec<_> = bodies.iter().map(piece).collect();
        let arrivals = pieces.iter().map(|piece| (&piece.body.arrivals, piece.rows.clone()));
        Group {
            arrivals: Arrivals::join(arrivals),
            first_row_id: first_row_id.max(bodies[0].first_row_id),
            pieces,
        }
    }

    /// Whether the copying is left to the first reader: no writer would copy the rows again, and little
    /// memory is won by it, as the pieces are large and have no rows that are gone.
    fn is_for_readers(&self, size: &PartSize) -> bool {
        const LARGE_PIECE: u64 = 8 << 10;
        let memory = memory_of(&self.pieces);
        size.weight(memory, rows_of(&self.pieces) as u64) >= Weight::FULL
            && memory >= LARGE_PIECE * self.pieces.len() as u64
            // Rows that are gone take memory in their part for as long as it is kept, so a group with such is copied.
            && self.pieces.iter().all(Piece::is_whole)
    }

    /// Bytes that a part takes for it besides those of the pieces.
    fn memory_around(&self, signal: Signal) -> u64 {
        Body::memory_of(signal, rows_of(&self.pieces), 0, self.arrivals.memory())
    }
}
