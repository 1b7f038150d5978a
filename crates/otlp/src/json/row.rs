//! Rows, which make up most of a record. Those that are like one before are known by their text, whoever wrote
//! it (`pattern.rs`), and become canonical text or a message without being read.
//!
//! Others whose JSON is canonical keep their text, so that it need not be rendered again. Canonical is what
//! [`crate::render`] writes. The members of the row itself may stand in any order here,
//! and may be at their default; in the objects nested in it everything has its one form, but that whole
//! numbers may lack their `.0`. Whatever is written in another way, or seldom occurs, is read as any message is.

use super::plan::{Plan, START, Slot};
use super::read::{Nest, Reader};
use super::scan::{Cursor, Step};
use crate::kept::RowForm;
use crate::order::Run;
use crate::repair::Repair;
use crate::schema::Rule;
use crate::segment::text;

mod canonical;
mod pattern;
mod program;
mod shape;
mod value;

use crate::write::{close, open};
use canonical::{Canonical, Holds};
use pattern::Becomes;
pub(super) use pattern::Patterns;

/// A row that was stepped over.
struct Row {
    /// Nanoseconds since the epoch; 0 is unknown.
    time: u64,
    end: usize,
    /// Where doubles end that are whole numbers, and want a `.0`.
    wholes: Vec<usize>,
}

impl Reader<'_> {
    /// Reads a row; the cursor stands at its brace.
    pub(super) fn row(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        let becomes = match self.rows {
            RowForm::Messages => Becomes::Message(self.projection.row),
            RowForm::Text => Becomes::Text,
            RowForm::Times => Becomes::Nothing,
        };
        let patterns = &mut self.patterns[slot.child];
        // What was learnt says what rows become, so it is of no use where something else is wanted of them.
        patterns.make(becomes);
        let start = self.cursor.clone();
        let rests = patterns.rest();
        if !rests && self.known_row(slot).is_some() {
            return Ok(());
        }
        if self.rows == RowForm::Messages || self.canonical_row(slot).is_none() {
            self.plain(slot, nest)?;
        }
        if !rests {
            // It was read, so it is sound; but it is gone through a second time, which is why rows that are all
            // different must not be learnt for long.
            self.patterns[slot.child].learn(slot.child, start, self.plans);
        }
        Ok(())
    }

    /// Reads a row that is known but for its values. If it is not, nothing happens.
    #[inline(always)]
    fn known_row(&mut self, slot: &'static Slot) -> Option<()> {
        let patterns = &mut self.patterns[slot.child];
        let found = patterns.matching(self.cursor.clone())?;
        let width = usize::from(self.habits[slot.child].width);
        let start = open(&mut self.out, slot.number, width);
        if self.rows != RowForm::Messages {
            text::put_head(found.time, &mut self.out);
        }
        patterns.put(&found, self.cursor.bytes, &mut self.out);
        self.habits[slot.child].width = close(&mut self.out, start, width) as u8;
        self.cursor.at = found.end;
        for &(slot, member, at) in patterns.base64_ids() {
            // A repair in what a query leaves out is told only to those who refuse every repair.
            if self.reads_all || self.projection.row >> member & 1 == 1 {
                self.noted.note(Repair::Base64Id, Some(slot), at);
            }
        }
        Some(())
    }

    /// Reads a row whose text is canonical. If it is not, nothing happens.
    fn canonical_row(&mut self, slot: &'static Slot) -> Option<()> {
        let outer_runs = self.runs.len();
        let mut row = Canonical::new(self.cursor.clone(), self.plans, self.rows);
        let time = self.row_members(slot.child, &mut row);
        let read = time.map(|time| Row { time, end: row.cursor.at, wholes: row.wholes });
        if let Some(row) = &read {
            self.put_row(slot, row, outer_runs);
            self.cursor.at = row.end;
        }
        self.runs.truncate(outer_runs);
        read.map(drop)
    }

    /// Steps over the members of a row, and returns its time.
    fn row_members(&mut self, index: usize, row: &mut Canonical<'_>) -> Option<u64> {
        let plan: &'static Plan = &self.plans[index];
        let (mut times, mut seen, mut place) = ([0; 2], 0_u32, START);
        row.expect(b"{")?;
        if row.cursor.eat(b"}") {
            return Some(0);
        }
        loop {
            let start = row.cursor.at;
            place = self.row_member(index, place, &mut row.cursor)?;
            let slot = &plan.slots[place];
            // No field has number 0, so its bit stands for the oneof, of which a row has one at most.
            let bit = if slot.rule == Rule::Oneof { 1 } else { 1 << slot.number };
            if seen & bit != 0 {
                return None;
            }
            seen |= bit;
            let value = row.field(slot, 0)?;
            if let Some(nth) = plan.times.iter().position(|&number| number == slot.number) {
                times[nth] = row.magnitude;
            }
            if self.rows == RowForm::Text && value == Holds::Other {
                self.runs.push(Run { number: slot.number, start, end: row.cursor.at });
            }
            if !row.another_member()? {
                return Some(first_set(times));
            }
        }
    }

    /// Steps over the name of a member; returns the place of its slot. `last` is the one before it.
    #[inline(always)]
    fn row_member(&mut self, index: usize, last: usize, cursor: &mut Cursor<'_>) -> Option<usize> {
        let slots = &self.plans[index].slots;
        let guess = usize::from(self.habits[index].next[last]);
        if slots.get(guess).is_some_and(|slot| slot.eat_name(cursor)) {
            return Some(guess);
        }
        // A name that is none of them, or one with a space behind it, is left to who reads any JSON.
        let place = slots.iter().position(|slot| slot.eat_name(cursor))?;
        self.habits[index].next[last] = place as u8;
        Some(place)
    }

    /// Writes a row whose members are the last runs, by their number.
    fn put_row(&mut self, slot: &'static Slot, row: &Row, outer_runs: usize) {
        let width = usize::from(self.habits[slot.child].width);
        let start = open(&mut self.out, slot.number, width);
        text::put_head(row.time, &mut self.out);
        self.out.push(b'{');
        let runs = &mut self.runs[outer_runs..];
        // Members move as text: what stands in them is canonical already.
        runs.sort_by_key(|run| run.number);
        // Between neighbours stands a comma.
        for members in runs.chunk_by(|a, b| a.end + 1 == b.start) {
            let (mut from, end) = (members[0].start, members[members.len() - 1].end);
            let within = from..=end;
            for &whole in row.wholes.iter().filter(|whole| within.contains(whole)) {
                self.out.extend_from_slice(&self.cursor.bytes[from..whole]);
                self.out.extend_from_slice(b".0");
                from = whole;
            }
            self.out.extend_from_slice(&self.cursor.bytes[from..end]);
            self.out.push(b',');
        }
        self.habits[slot.child].width = close(&mut self.out, start, width) as u8;
    }
}

/// The better of two times that is there; 0 if none is.
fn first_set(times: [u64; 2]) -> u64 {
    if times[0] != 0 { times[0] } else { times[1] }
}
