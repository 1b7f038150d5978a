//! Rows whose JSON is canonical: their text is kept, so that it need not be rendered again.
//!
//! Canonical is what [`crate::render`] writes. The members of the row itself may stand in any order here,
//! and may be at their default; in the objects nested in it everything has its one form, but that whole
//! numbers may lack their `.0`. Whatever is written in another way, or seldom occurs, is none of this
//! module's business: such a row is read as any message is.

use super::Projection;
use super::plan::{Plan, START, Slot};
use super::read::Reader;
use super::scan::Cursor;
use crate::order::Run;
use crate::schema::Rule;
use crate::segment::text;

mod canonical;
mod pattern;

use crate::write::{close, open};
use canonical::{Canonical, Value};
pub(super) use pattern::Patterns;

/// What rows become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Messages.
    Messages,
    /// Text, where it is canonical.
    Text,
    /// No more than their time, where their text is canonical, but for how doubles are written.
    Times,
}

impl Rows {
    /// What rows may become where no message is wanted, but what the projection keeps.
    pub(super) fn of(projection: Projection) -> Rows {
        if projection.row & projection.metric == u32::MAX {
            return Rows::Text;
        }
        if projection.keeps_times_only() { Rows::Times } else { Rows::Messages }
    }
}

/// A row that was stepped over.
struct Row {
    /// Nanoseconds since the epoch; 0 is unknown.
    time: u64,
    end: usize,
    /// Where doubles end that are whole numbers, and want a `.0`.
    wholes: Vec<usize>,
}

impl Reader<'_> {
    /// Reads a row as text; the cursor stands at its brace. Where the text is not canonical, it stays
    /// there, nothing is written, and nothing is returned.
    pub(super) fn row_text(&mut self, slot: &'static Slot) -> Option<()> {
        let outer_runs = self.runs.len();
        let read = match self.patterns[slot.child].rest() {
            true => self.unlike_others(slot),
            false => self.like_others(slot),
        };
        if let Some(row) = &read {
            self.put_row(slot, row, outer_runs);
            self.cursor.at = row.end;
        }
        self.runs.truncate(outer_runs);
        read.map(drop)
    }

    /// Steps over a row, and adds the members that are kept to the runs.
    fn unlike_others(&mut self, slot: &'static Slot) -> Option<Row> {
        let mut row = Canonical::<false>::new(self.cursor.clone(), self.plans, self.rows);
        let time = self.row_members(slot.child, &mut row)?;
        Some(Row { time, end: row.cursor.at, wholes: row.wholes })
    }

    /// As [`Reader::unlike_others`], but compares the row with those before it.
    fn like_others(&mut self, slot: &'static Slot) -> Option<Row> {
        let mut row = Canonical::<true>::new(self.cursor.clone(), self.plans, self.rows);
        let (patterns, outer_runs) = (&mut self.patterns[slot.child], self.runs.len());
        let time = match self.rows {
            Rows::Text => patterns.matching::<true>(&mut row, &mut self.runs),
            Rows::Times | Rows::Messages => patterns.matching::<false>(&mut row, &mut self.runs),
        };
        let time = match time {
            Some(time) => time,
            None => {
                self.runs.truncate(outer_runs);
                row.wholes.clear();
                self.first_of_its_kind(slot, &mut row)?
            }
        };
        Some(Row { time, end: row.cursor.at, wholes: row.wholes })
    }

    #[inline(never)]
    fn first_of_its_kind(
        &mut self,
        slot: &'static Slot,
        row: &mut Canonical<'_, true>,
    ) -> Option<u64> {
        let start = self.cursor.at;
        row.cursor.at = start;
        let time = self.row_members(slot.child, row)?;
        self.patterns[slot.child].learn(start..row.cursor.at, row);
        Some(time)
    }

    /// Steps over the members of a row, and returns its time.
    fn row_members<const NOTES: bool>(
        &mut self,
        index: usize,
        row: &mut Canonical<'_, NOTES>,
    ) -> Option<u64> {
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
            let bit = if slot.rule == Rule::Oneof { 1 } else { 1 << slot.number };
            if seen & bit != 0 {
                return None;
            }
            seen |= bit;
            let value = row.field(slot, 0)?;
            if let Some(nth) = plan.times.iter().position(|&number| number == slot.number) {
                times[nth] = row.magnitude;
                row.last_filling(|filling| filling.time = Some(nth));
            }
            if NOTES {
                row.note_member(slot, start, value);
            }
            if self.rows == Rows::Text && value == Value::Other {
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
