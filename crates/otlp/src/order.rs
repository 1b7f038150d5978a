//! The order of the fields of a message: canonical messages have theirs by number.

use std::ops::Range;

use crate::part::Part;
use crate::schema::{Field, Rule, WireType};

#[cfg(test)]
mod tests;

/// What is known of the order of a message's fields, so far.
#[derive(Default)]
pub(crate) struct Order {
    last: u8,
    /// One bit for each number that occurred.
    seen: u32,
    oneof: bool,
}

/// How a field stands to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It may stand there in a canonical message.
    Canonical,
    /// It has to stand before others.
    Early,
    /// It has to be merged with others.
    Again,
}

impl Order {
    /// Adds a field.
    #[inline]
    pub(crate) fn add(&mut self, field: &Field) -> Place {
        let bit = 1 << field.number;
        let member = field.rule == Rule::Oneof;
        if field.number > self.last && !member {
            self.seen |= bit;
            self.last = field.number;
            return Place::Canonical;
        }
        let seen = self.seen & bit != 0;
        let may_repeat = field.rule == Rule::Repeated && field.kind.wire_type() == WireType::Len;
        if seen && !may_repeat || member && self.oneof {
            return Place::Again;
        }
        self.seen |= bit;
        self.oneof |= member;
        if field.number < self.last {
            return Place::Early;
        }
        self.last = field.number;
        Place::Canonical
    }
}

/// A message whose fields have to be sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsorted {
    pub(crate) message: Range<usize>,
    /// The one field that stands too early, if all is well once it stands last: the Collector writes
    /// `flags` of a span so.
    pub(crate) late: Option<Range<usize>>,
}

/// Looks for a single field that belongs to the end of a message.
#[derive(Default)]
pub(crate) struct LateField {
    /// The number of the field before `last`.
    before: u32,
    last: u32,
    start: usize,
    field: Option<Range<usize>>,
    /// The number of the last field that stands behind it and belongs before it.
    follower: u32,
    others: bool,
}

impl LateField {
    /// Adds a field that may stand where it does.
    #[inline]
    pub(crate) fn add(&mut self, number: u32, start: usize) {
        if number != self.last {
            (self.before, self.last, self.start) = (self.last, number, start);
        }
        self.others |= self.field.is_some();
    }

    /// Adds a field that has to stand before others.
    pub(crate) fn add_early(&mut self, number: u32, start: usize) {
        let least = if self.field.is_some() { self.follower } else { self.before };
        self.others |= number < least || self.field.is_none() && number == least;
        self.field.get_or_insert(self.start..start);
        self.follower = number;
    }

    /// Where it is, if there is one, and nothing else is amiss.
    pub(crate) fn find(self) -> Option<Range<usize>> {
        self.field.filter(|_| !self.others)
    }
}

/// Neighbouring fields of one number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) number: u32,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Sorts the fields of messages by number; those of the same number keep their order. Messages come
/// after those that are nested in them.
pub(crate) fn sort_messages(bytes: &mut [u8], messages: &[Unsorted]) {
    let (mut runs, mut scratch) = (Vec::new(), Vec::new());
    for Unsorted { message, late } in messages {
        if let Some(field) = late {
            bytes[field.start..message.end].rotate_left(field.len());
            continue;
        }
        runs.clear();
        find_runs(bytes, message.clone(), &mut runs);
        sort_runs(bytes, &mut runs, &mut scratch);
    }
}

/// Appends the fields of the message at `range`, as far as it is well formed.
fn find_runs(bytes: &[u8], range: Range<usize>, runs: &mut Vec<Run>) -> Option<()> {
    let mut part = Part::within(bytes, range);
    while !part.is_empty() {
        let start = part.start;
        let tag = part.varint()?;
        let (number, wire_type) = ((tag >> 3) as u32, tag as u8 & 7);
        part.skip(number, wire_type)?;
        while tag < 0x80 && part.next_is(tag as u8) {
            part.skip(number, wire_type)?;
        }
        runs.push(Run { number, start, end: part.start });
    }
    Some(())
}

/// Sorts fields that stand back to back in `bytes` by number; those of the same number keep their order.
/// None of them is empty.
pub(crate) fn sort_runs(bytes: &mut [u8], runs: &mut [Run], scratch: &mut Vec<u8>) {
    let Some(mut at) = runs.first().map(|run| run.start) else { return };
    runs.sort_by_key(|run| run.number);
    let mut misplaced = &*runs;
    while let [first, rest @ ..] = misplaced
        && first.start == at
    {
        (at, misplaced) = (first.end, rest);
    }
    let Some(end) = misplaced.iter().map(|run| run.end).max() else { return };
    let from = at;
    scratch.clear();
    scratch.extend_from_slice(&bytes[from..end]);
    for neighbours in misplaced.chunk_by(|a, b| a.end == b.start) {
        let (start, end) = (neighbours[0].start, neighbours[neighbours.len() - 1].end);
        let moved = &scratch[start - from..end - from];
        bytes[at..at + moved.len()].copy_from_slice(moved);
        at += moved.len();
    }
}
