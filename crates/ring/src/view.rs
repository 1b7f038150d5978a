//! One ring at one moment.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::coalesce;
use crate::content::Times;
use crate::part::{Body, Part};
use crate::size::{PartSize, Weight};
use crate::stats::Stats;
use crate::sync::Counted;

/// The parts of a ring, oldest first, and which of their rows are left.
///
/// Rows go by their ids: what is before `first_row_id` is gone, even if the part it lies in is not.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// Parts that stay as they are until they are evicted.
    settled: Arc<Vec<Counted<Body>>>,
    /// Newer parts, a few dozen at most, some of which will be joined.
    tail: Vec<Counted<Body>>,
    first_row_id: u64,
    next_row_id: u64,
    cleared_rows: u64,
    /// Bytes of all parts.
    memory: u64,
    /// For readers, made for the first of them.
    parts: OnceLock<Box<[Part]>>,
}

impl Clone for View {
    /// A view to be changed.
    fn clone(&self) -> View {
        View {
            settled: Arc::clone(&self.settled),
            tail: self.tail.clone(),
            parts: OnceLock::new(),
            ..*self
        }
    }
}

impl View {
    /// Of a ring that has let go of all its rows, so many of them removed and the others evicted.
    pub(crate) fn empty(next_row_id: u64, cleared_rows: u64) -> View {
        View { first_row_id: next_row_id, next_row_id, cleared_rows, ..View::default() }
    }

    pub(crate) fn rows(&self) -> u64 {
        self.next_row_id - self.first_row_id
    }

    pub(crate) fn first_row_id(&self) -> u64 {
        self.first_row_id
    }

    pub(crate) fn next_row_id(&self) -> u64 {
        self.next_row_id
    }

    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    pub(crate) fn parts(&self) -> &[Part] {
        self.parts.get_or_init(|| {
            self.bodies().map(|body| Part::since(Counted::clone(body), self.first_row_id)).collect()
        })
    }

    pub(crate) fn oldest(&self) -> Option<&Counted<Body>> {
        self.bodies().next()
    }

    pub(crate) fn tail(&self) -> &[Counted<Body>] {
        &self.tail
    }

    pub(crate) fn stats(&self, pinned_bytes: u64) -> Stats {
        let times = self.times();
        Stats {
            rows: self.rows(),
            parts: (self.settled.len() + self.tail.len()) as u64,
            bytes: self.memory,
            pinned_bytes,
            oldest_time: times.map(|(oldest, _)| oldest),
            newest_time: times.map(|(_, newest)| newest),
            received_rows: self.next_row_id,
            evicted_rows: self.first_row_id - self.cleared_rows,
            cleared_rows: self.cleared_rows,
        }
    }

    fn bodies(&self) -> impl Iterator<Item = &Counted<Body>> {
        self.settled.iter().chain(&self.tail)
    }

    /// The earliest and the latest time of the rows that are left.
    fn times(&self) -> Option<(i64, i64)> {
        let times =
            self.bodies().map(|body| body.content.times_of(body.rows_since(self.first_row_id)));
        times.fold(Times::default(), Times::and).range
    }

    /// The id of the first row that arrived at `arrival` or later.
    pub(crate) fn first_since(&self, arrival: u64) -> u64 {
        let body = self.bodies().find(|body| body.last_arrival() >= arrival);
        body.map_or(self.next_row_id, |body| body.first_since(arrival))
    }

    /// Adds the newest part.
    pub(crate) fn push(&mut self, body: Body, size: &PartSize) {
        debug_assert_eq!(body.first_row_id, self.next_row_id);
        self.next_row_id = body.next_row_id();
        self.memory += body.memory;
        self.tail.push(Counted::new(body));
        self.settle(size);
    }

    /// Counts rows that came and went at once, and with them everything older.
    pub(crate) fn skip(&mut self, rows: u64, released: &mut Vec<Counted<Body>>) {
        self.evict_before(self.next_row_id, released);
        self.next_row_id += rows;
        self.first_row_id = self.next_row_id;
    }

    /// Evicts the rows before this id, and the parts that have no other.
    pub(crate) fn evict_before(&mut self, row_id: u64, released: &mut Vec<Counted<Body>>) {
        // Never back: what was evicted stays so, whatever another limit would leave.
        self.first_row_id = row_id.clamp(self.first_row_id, self.next_row_id);
        let start = released.len();
        let gone = |bodies: &[Counted<Body>]| {
            bodies.partition_point(|body| body.next_row_id() <= self.first_row_id)
        };
        let settled = gone(&self.settled);
        if settled > 0 {
            // The list is shared with the views before, so it is copied: pointers only.
            released.extend(Arc::make_mut(&mut self.settled).drain(..settled));
        }
        let tail = gone(&self.tail);
        released.extend(self.tail.drain(..tail));
        self.memory -= released[start..].iter().map(|body| body.memory).sum::<u64>();
    }

    /// Removes the rows before this id; returns how many.
    pub(crate) fn clear_before(&mut self, row_id: u64, released: &mut Vec<Counted<Body>>) -> u64 {
        let rows = row_id.clamp(self.first_row_id, self.next_row_id) - self.first_row_id;
        self.evict_before(row_id, released);
        self.cleared_rows += rows;
        rows
    }

    /// Some of the rows, for readers.
    pub(crate) fn between(&self, first_row_id: u64, end_row_id: u64) -> View {
        let first_row_id = first_row_id.max(self.first_row_id);
        let next_row_id = end_row_id.clamp(first_row_id, self.next_row_id.max(first_row_id));
        let some = |part: &Part| part.between(first_row_id, next_row_id);
        let parts = OnceLock::from(self.parts().iter().filter_map(some).collect::<Box<[Part]>>());
        View { first_row_id, next_row_id, parts, ..View::default() }
    }

    /// The parts of the tail to join next.
    pub(crate) fn to_join(&self, size: &PartSize) -> Option<Range<usize>> {
        coalesce::plan(&self.weights(size))
    }

    /// Puts `body`, which has the rows left of these parts of the tail, in their place; returns them.
    pub(crate) fn join(
        &mut self,
        parts: Range<usize>,
        body: Body,
        size: &PartSize,
    ) -> Vec<Counted<Body>> {
        self.memory += body.memory;
        // They are returned instead of dropped: to free them is for when nobody can look at this draft any more.
        let replaced: Vec<_> = self.tail.splice(parts, [Counted::new(body)]).collect();
        self.memory -= replaced.iter().map(|body| body.memory).sum::<u64>();
        self.settle(size);
        replaced
    }

    /// Settles parts of the tail that are full and have no more than one, smaller, part before them.
    fn settle(&mut self, size: &PartSize) {
        let full = |weight: &Weight| *weight >= Weight::FULL;
        // One smaller part may go with it: behind a full one it has nothing left to be joined with.
        while let Some(index @ 0..=1) = self.weights(size).iter().position(full) {
            Arc::make_mut(&mut self.settled).extend(self.tail.drain(..=index));
        }
    }

    fn weights(&self, size: &PartSize) -> Vec<Weight> {
        let weight = |body: &Counted<Body>| size.weight(body.memory, body.content.rows as u64);
        self.tail.iter().map(weight).collect()
    }
}
