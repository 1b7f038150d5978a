//! Rows of one kind have the same text but for a few values. What was read once is known again by comparing
//! text, so that only the values are left to be checked; and what becomes of it is known as well.

use std::ops::Range;

use wide::u8x16;

use super::super::plan::{Plan, Slot};
use super::super::scan::Cursor;
use super::first_set;
use super::program::{self, Known, Piece, Put};
use super::shape::{Filling, Outline};
use super::value::Value;
use crate::schema::Kind;

#[cfg(test)]
mod tests;

/// Rows of so many values, and no more, are remembered.
const MAX_GAPS: usize = 128;

/// Where more is to be remembered, everything is forgotten. Longer rows are not remembered at all.
const MAX_ALTERNATIVES: usize = 16;
const MAX_STEPS: usize = 4 << 10;
const MAX_TEXT: usize = 256 << 10;

/// Rows that may fail to match, beyond those that do, until matching is given up for some time.
// Where no row is like another, 64 of each 1,088 are compared in vain: one in 17, which is what all of this may cost.
const PATIENCE: u32 = 64;
const PAUSE: u32 = 1 << 10;

/// Bytes that are compared at once.
const BLOCK: usize = 32;

/// What becomes of rows that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Becomes {
    /// Nothing.
    Nothing,
    /// Canonical text.
    Text,
    /// The fields of a message that are kept, one bit for each number.
    Message(u32),
}

/// The rows of one message that are known, as a tree: what they have in common at their start is there once.
#[derive(Debug)]
pub(in super::super) struct Patterns {
    becomes: Becomes,
    steps: Vec<Step>,
    /// The texts of all steps, and those of what becomes of rows.
    text: Vec<u8>,
    pieces: Vec<Piece>,
    puts: Vec<Put>,
    /// The values of the last row, and what they are.
    values: Vec<Value>,
    kinds: Vec<Kind>,
    opened: Vec<usize>,
    scratch: Vec<u8>,
    /// The ids in base64 of the last row: their fields, the numbers of the members that they are part of, and
    /// where they stand.
    ids: Vec<(&'static Slot, u32, usize)>,
    /// Whether more steps than are soon compared may stand in one place.
    crowded: bool,
    patience: u32,
    /// Rows that are still not to be matched.
    pause: u32,
}

/// Text that is always the same, and a gap after it.
#[derive(Debug)]
struct Step {
    start: usize,
    len: usize,
    after: After,
    /// Another step that may stand in place of this; 0 if there is none.
    other: usize,
}

/// What follows the text of a step.
#[derive(Debug)]
enum After {
    /// A value, and the first of the steps that may follow it, if it is not at its default, and if it is; 0 if there
    /// is none yet.
    Gap(Filling, [usize; 2]),
    /// The end of the row: the steps to what becomes of it.
    End(Range<usize>),
}

/// A row that was found to be known.
pub(super) struct Match {
    pub(super) time: u64,
    pub(super) end: usize,
    becomes: Range<usize>,
    values: usize,
    /// Whether canonical text has a value in another way.
    rewritten: bool,
}

impl Patterns {
    pub(in super::super) fn new() -> Patterns {
        let mut patterns = Patterns {
            becomes: Becomes::Nothing,
            steps: Vec::new(),
            text: Vec::new(),
            pieces: Vec::new(),
            puts: Vec::new(),
            values: Vec::new(),
            kinds: Vec::new(),
            opened: Vec::new(),
            scratch: Vec::new(),
            ids: Vec::new(),
            crowded: false,
            patience: PATIENCE,
            pause: 0,
        };
        patterns.forget();
        patterns
    }

    fn forget(&mut self) {
        // Links go to places, of which this one is none.
        let nowhere = Step { start: 0, len: 0, after: After::End(0..0), other: 0 };
        self.steps.clear();
        self.steps.push(nowhere);
        self.text.clear();
        self.pieces.clear();
        self.puts.clear();
        self.crowded = false;
    }

    /// Says what is to become of rows.
    #[inline(always)]
    pub(super) fn make(&mut self, becomes: Becomes) {
        if self.becomes != becomes {
            self.forget();
            self.becomes = becomes;
            (self.patience, self.pause) = (PATIENCE, 0);
        }
    }

    /// Whether the next row is not to be matched, as too few matched of late.
    #[inline(always)]
    pub(super) fn rest(&mut self) -> bool {
        let rests = self.pause > 0;
        self.pause -= u32::from(rests);
        rests
    }

    /// Steps over a row that is known but for its values.
    pub(super) fn matching(&mut self, cursor: Cursor<'_>) -> Option<Match> {
        let found = match self.becomes {
            Becomes::Nothing => self.steps_over::<false, false>(cursor),
            Becomes::Text => self.steps_over::<true, true>(cursor),
            Becomes::Message(_) => self.steps_over::<false, true>(cursor),
        };
        // A row that matches pays for one that does not: to compare in vain costs about what a match saves.
        self.patience = match found {
            Some(_) => PATIENCE.min(self.patience + 1),
            None => self.patience - 1,
        };
        if self.patience == 0 {
            (self.patience, self.pause) = (PATIENCE, PAUSE);
        }
        found
    }

    /// As [`Patterns::matching`]; the values are wanted as `TEXT`, and it `KEEPS` them.
    #[inline(always)]
    fn steps_over<const TEXT: bool, const KEEPS: bool>(
        &mut self,
        mut cursor: Cursor<'_>,
    ) -> Option<Match> {
        let Patterns { steps, text, values, kinds, ids, .. } = self;
        ids.clear();
        let (mut times, mut place, mut nth, mut rewritten) = ([0; 2], 1, 0, false);
        loop {
            // Place 0 is that of no step: links that lead nowhere have it, and so a row ends there that is not known.
            let step = steps.get(place).filter(|_| place != 0)?;
            let start = cursor.at;
            if !starts_with(cursor.bytes.get(start..)?, &text[step.start..], step.len) {
                place = step.other;
                continue;
            }
            cursor.at += step.len;
            let (filling, next) = match &step.after {
                After::Gap(filling, next) => (filling, next),
                After::End(becomes) => {
                    let (time, end, becomes) = (first_set(times), cursor.at, becomes.clone());
                    return Some(Match { time, end, becomes, values: nth, rewritten });
                }
            };
            // The text before a gap was compared, so all that is left to find out is what its value is.
            let Some(value) = cursor.value::<TEXT>(filling.content, filling.kind) else {
                // A step whose text goes on where this one has its gap may fit instead: `null` is text, a number is a
                // value. There is no going back further than one step, so time grows with the row and not with what
                // is known.
                (cursor.at, place) = (start, step.other);
                continue;
            };
            if let Some(time) = filling.time {
                times[usize::from(time)] = value.bits;
            }
            if value.base64 {
                ids.push((filling.slot, filling.member, value.start));
            }
            // Canonical text leaves a member out that is at its default, so the rows after such a value are others,
            // made by other steps.
            place = next[usize::from(value.default & filling.tells_default)];
            if KEEPS {
                rewritten |= value.rewritten;
                // No path has more gaps than `learn` lets through, and there is room for so many: this never fails.
                *values.get_mut(nth)? = value;
                kinds[nth] = filling.kind;
                nth += 1;
            }
        }
    }

    /// Appends what becomes of the last row, which matched.
    #[inline(always)]
    pub(super) fn put(&mut self, found: &Match, bytes: &[u8], out: &mut Vec<u8>) {
        let Patterns { values, kinds, text, opened, scratch, pieces, puts, .. } = self;
        let values = &values[..found.values];
        let known = Known { bytes, values, kinds, rewritten: found.rewritten, texts: text };
        match self.becomes {
            Becomes::Nothing => {}
            Becomes::Text => known.put_text(&pieces[found.becomes.clone()], scratch, out),
            Becomes::Message(_) => known.put_message(&puts[found.becomes.clone()], opened, out),
        }
    }

    /// The ids in base64 of the last row that matched: their fields, the numbers of the members that they are
    /// part of, and where they stand.
    pub(super) fn base64_ids(&self) -> &[(&'static Slot, u32, usize)] {
        &self.ids
    }

    /// Remembers the row at the cursor, which did not match, though it can be read.
    #[cold]
    pub(super) fn learn(&mut self, index: usize, cursor: Cursor<'_>, plans: &'static [Plan]) {
        let (bytes, start) = (cursor.bytes, cursor.at);
        let mut outline = Outline::new(cursor, plans);
        let Some(fields) = outline.row(index) else { return };
        let (gaps, row) = (outline.gaps, start..outline.cursor.at);
        // Matching was given up with this very row, or it is too large to be worth its memory.
        if self.pause > 0 || gaps.len() > MAX_GAPS || row.len() > MAX_TEXT {
            return;
        }
        // What is known cannot be told apart by its use without counting on the fast path. Rows of today are learnt again
        // within a few, so it is cheaper to forget all.
        if self.crowded || self.steps.len() > MAX_STEPS || self.text.len() > MAX_TEXT {
            self.forget();
        }
        self.values.resize(MAX_GAPS, Value::default());
        self.kinds.resize(MAX_GAPS, Kind::Bool);
        // A path of steps, one for each gap: the row shares those of rows that begin as it does.
        let (mut from, mut last) = (row.start, None);
        for gap in &gaps {
            let text = &bytes[from..gap.value.start];
            let place = self.add(last, text, || After::Gap(gap.filling, [0; 2]));
            let is_default = gap.value.default & gap.filling.tells_default;
            last = Some((place, usize::from(is_default)));
            from = gap.value.end;
        }
        let known = self.steps.len();
        let place = self.add(last, &bytes[from..row.end], || After::End(0..0));
        // All of it is there already. It did not match since another step of the same beginning stands before one of
        // its own.
        if place < known {
            return;
        }
        let becomes = match self.becomes {
            Becomes::Nothing => 0..0,
            Becomes::Text => {
                let first = self.pieces.len();
                program::text(&fields, &gaps, bytes, row, &mut self.text, &mut self.pieces);
                first..self.pieces.len()
            }
            Becomes::Message(keep) => {
                let first = self.puts.len();
                program::message(&fields, keep, bytes, &mut self.text, &mut self.puts);
                first..self.puts.len()
            }
        };
        self.steps[place].after = After::End(becomes);
    }

    /// The step of that text after the value of another one; a new one where there is none. What follows it is
    /// told by all the text before it.
    fn add(
        &mut self,
        last: Option<(usize, usize)>,
        text: &[u8],
        after: impl FnOnce() -> After,
    ) -> usize {
        let new = self.steps.len();
        let mut place = match last.map(|(place, way)| (&mut self.steps[place].after, way)) {
            Some((After::Gap(_, next), way)) => {
                if next[way] == 0 {
                    next[way] = new;
                }
                next[way]
            }
            // The steps that rows begin with are linked from the first of all.
            _ => 1,
        };
        let mut alternatives = 0;
        while place < new {
            let step = &mut self.steps[place];
            if &self.text[step.start..][..step.len] == text {
                return place;
            }
            alternatives += 1;
            if step.other == 0 {
                step.other = new;
            }
            place = step.other;
        }
        self.crowded |= alternatives > MAX_ALTERNATIVES;
        let (start, len) = (self.text.len(), text.len());
        self.text.extend_from_slice(text);
        self.steps.push(Step { start, len, after: after(), other: 0 });
        new
    }
}

/// Whether both begin with the same bytes, so many of them. Compares whole blocks: cheaper than to compare by length.
#[inline(always)]
fn starts_with(a: &[u8], b: &[u8], len: usize) -> bool {
    if len < BLOCK {
        return match (a.first_chunk(), b.first_chunk()) {
            // What is behind does not count.
            (Some(block), Some(other)) => common_prefix(block, other) >= len,
            // Near the end of either there is no whole block: seldom enough to compare by length.
            _ => a.starts_with(&b[..len]),
        };
    }
    let (Some(a), b) = (a.get(..len), &b[..len]) else { return false };
    let (blocks, others) = (a.as_chunks::<BLOCK>().0, b.as_chunks::<BLOCK>().0);
    // The last block overlaps the one before it, so that it is whole, too.
    blocks.iter().zip(others).all(|(block, other)| block == other)
        && a.last_chunk::<BLOCK>() == b.last_chunk::<BLOCK>()
}

/// How many bytes both begin with.
#[inline(always)]
fn common_prefix(a: &[u8; BLOCK], b: &[u8; BLOCK]) -> usize {
    let (a, _) = a.as_chunks::<16>();
    let (b, _) = b.as_chunks::<16>();
    let equal = |half: usize| u8x16::new(a[half]).simd_eq(u8x16::new(b[half])).to_bitmask();
    (equal(0) | equal(1) << 16).trailing_ones() as usize
}
