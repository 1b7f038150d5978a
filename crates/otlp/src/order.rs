//! The order of the fields of a message: canonical messages have theirs by number.

use std::ops::Range;

use crate::schema::{Field, Rule, WireType};
use crate::trusted::Trusted;

#[cfg(test)]
mod tests;

/// What is known of the order of a message's fields, so far.
#[derive(Clone, Copy, Default)]
pub(crate) struct Order {
    last: u8,
    /// One bit for each number that occurred.
    seen: u32,
    oneof: bool,
}

/// How a field stands to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It may stand behind the last one in a canonical message.
    Canonical,
    /// It has to stand before the last one.
    Early,
    /// It has to be merged with others.
    Again,
}

impl Order {
    /// Adds a field that is in no oneof, if there was none of this number, and the last had a smaller one.
    #[inline(always)]
    pub(crate) fn add_next(&mut self, number: u8) -> bool {
        // A smaller one that comes after a larger is left to `add`, which tells why it is out of order; `seen` is
        // asked as well since the last one need not be the largest.
        let is_next = number > self.last && self.seen >> number & 1 == 0;
        if is_next {
            self.seen |= 1 << number;
            self.last = number;
        }
        is_next
    }

    /// Behind the field `last`, after these: one bit for each number.
    #[inline(always)]
    pub(crate) fn behind(last: u8, seen: u32) -> Order {
        Order { last, seen, oneof: false }
    }

    /// Adds a field.
    #[inline]
    pub(crate) fn add(&mut self, field: &Field) -> Place {
        let bit = 1 << field.number;
        let member = field.rule == Rule::Oneof;
        let may_repeat = field.rule == Rule::Repeated && field.kind.wire_type() == WireType::Len;
        if self.seen & bit != 0 && !may_repeat || member && self.oneof {
            return Place::Again;
        }
        self.seen |= bit;
        self.oneof |= member;
        // Compared with the last one, not the largest: where any is out of order, one is smaller than the one before
        // it.
        let early = field.number < self.last;
        self.last = field.number;
        if early { Place::Early } else { Place::Canonical }
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
pub(crate) fn sort_messages(bytes: &mut [u8], messages: &[Range<usize>]) {
    let (mut runs, mut scratch) = (Vec::new(), Vec::new());
    for message in messages {
        runs.clear();
        find_runs(bytes, message.clone(), &mut runs);
        // One field that stands too early is the Collector's habit, and to rotate bytes costs neither a copy nor a
        // sort.
        match (late_run(&runs), runs.last()) {
            (Some(late), Some(last)) => {
                bytes[late.start..last.end].rotate_left(late.end - late.start);
            }
            _ => sort_runs(bytes, &mut runs, &mut scratch),
        }
    }
}

/// The one run that stands too early, if all is well once it stands last: the Collector writes `flags` of a
/// span so.
fn late_run(runs: &[Run]) -> Option<Run> {
    let at = runs.windows(2).position(|pair| pair[0].number > pair[1].number)?;
    let (before, after) = (&runs[..at], &runs[at + 1..]);
    let rest = before.iter().chain(after).map(|run| run.number);
    (rest.is_sorted() && after.last()?.number < runs[at].number).then_some(runs[at])
}

/// Appends the fields of the message at `range`, as far as it is well formed.
fn find_runs(bytes: &[u8], range: Range<usize>, runs: &mut Vec<Run>) -> Option<()> {
    let mut part = Trusted::vouched(bytes, range);
    while !part.is_empty() {
        let start = part.start;
        let tag = part.varint()?;
        let (number, wire_type) = ((tag >> 3) as u32, tag as u8 & 7);
        part.skip(number, wire_type)?;
        // Elements of a repeated field stay together, so they move as one.
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
    // Stable: the elements of a repeated field have an order of their own.
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
    // What stands side by side in the new order as it did in the old is copied at once.
    for neighbours in misplaced.chunk_by(|a, b| a.end == b.start) {
        let (start, end) = (neighbours[0].start, neighbours[neighbours.len() - 1].end);
        let moved = &scratch[start - from..end - from];
        bytes[at..at + moved.len()].copy_from_slice(moved);
        at += moved.len();
    }
}
