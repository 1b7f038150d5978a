//! Rows of one kind have the same text but for a few values. What was found to be canonical once is known
//! again by comparing text, so that only the values are left to be checked.

use std::ops::Range;

use super::super::scan::Cursor;
use super::canonical::Canonical;
use super::first_set;
use crate::order::Run;
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
const PATIENCE: u32 = 64;
const PAUSE: u32 = 1 << 10;

/// A value that may be another in each row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) filling: Filling,
}

/// What may stand in a gap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filling {
    pub(super) content: Content,
    /// Whether that includes the default of the field.
    pub(super) default: bool,
    /// Whether it is a member of the row, which is left out at its default.
    pub(super) member: bool,
    /// Which of the two times of the row it is.
    pub(super) time: Option<usize>,
}

/// A member of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    /// Where it stands; or if it is remembered, how far behind the start of a step.
    pub(super) start: usize,
    /// The number of its field, or [`LEFT_OUT`].
    pub(super) number: u32,
}

/// In place of the number of a field that canonical text leaves out.
pub(super) const LEFT_OUT: u32 = 0;

#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// A string, after its opening quote.
    Text,
    Id,
    Scalar(Kind),
}

/// The rows of one message that are known, as a tree: what they have in common at their start is there once.
#[derive(Debug)]
pub(in super::super) struct Patterns {
    steps: Vec<Step>,
    /// The texts of all steps.
    text: Vec<u8>,
    /// The members of all steps.
    members: Vec<Member>,
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
    /// The members of the row that begin in it.
    members: Range<usize>,
    /// Nothing at the end of the row.
    filling: Option<Filling>,
    /// The first of the steps that may follow; 0 if there is none yet.
    next: usize,
    /// Another step that may stand in place of this; 0 if there is none.
    other: usize,
}

/// What the first steps follow.
const ROOT: Step = Step { start: 0, len: 0, members: 0..0, filling: None, next: 0, other: 0 };

impl Patterns {
    pub(in super::super) fn new() -> Patterns {
        Patterns {
            steps: vec![ROOT],
            text: Vec::new(),
            members: Vec::new(),
            crowded: false,
            patience: PATIENCE,
            pause: 0,
        }
    }

    /// Whether the next row is not to be matched, as too few matched of late.
    #[inline(always)]
    pub(super) fn rest(&mut self) -> bool {
        let rests = self.pause > 0;
        self.pause -= u32::from(rests);
        rests
    }

    /// Steps over a row that is known but for its values; returns its time, and adds its members to `runs` if
    /// they are wanted as `TEXT`.
    pub(super) fn matching<const TEXT: bool>(
        &mut self,
        row: &mut Canonical<'_, true>,
        runs: &mut Vec<Run>,
    ) -> Option<u64> {
        let time = self.steps_over::<TEXT>(row, runs);
        // A row that matches pays for one that does not: to compare in vain costs about what a match saves.
        self.patience = match time {
            Some(_) => PATIENCE.min(self.patience + 1),
            None => self.patience - 1,
        };
        if self.patience == 0 {
            (self.patience, self.pause) = (PATIENCE, PAUSE);
        }
        time
    }

    #[inline(always)]
    fn steps_over<const TEXT: bool>(
        &self,
        row: &mut Canonical<'_, true>,
        runs: &mut Vec<Run>,
    ) -> Option<u64> {
        let outer_runs = runs.len();
        let (mut times, mut step) = ([0; 2], &self.steps[0]);
        loop {
            let start = row.cursor.at;
            step = self.step(step.next, &mut row.cursor)?;
            if TEXT {
                for member in &self.members[step.members.clone()] {
                    let start = start + member.start;
                    end_member(runs, outer_runs, start);
                    runs.push(Run { number: member.number, start, end: start });
                }
            }
            let Some(filling) = step.filling else { break };
            // The text before a gap was compared, so all that is left to find out is whether its value is canonical. A
            // default may be: a member of the row is then left out, one of a nested object should not be there at all.
            if row.content(filling.content)? {
                if !filling.default {
                    return None;
                }
                if TEXT
                    && filling.member
                    && let Some(member) = runs.last_mut()
                {
                    member.number = LEFT_OUT;
                }
            }
            if let Some(nth) = filling.time {
                times[nth] = row.magnitude;
            }
        }
        if TEXT {
            end_member(runs, outer_runs, row.cursor.at);
        }
        Some(first_set(times))
    }

    /// Steps over the text of the step at `place`, or of one that may stand instead of it.
    #[inline(always)]
    fn step(&self, mut place: usize, cursor: &mut Cursor<'_>) -> Option<&Step> {
        let rest = cursor.bytes.get(cursor.at..)?;
        while place != 0 {
            let step = &self.steps[place];
            if rest.starts_with(&self.text[step.start..][..step.len]) {
                cursor.at += step.len;
                return Some(step);
            }
            place = step.other;
        }
        None
    }

    /// Remembers a row that did not match.
    #[cold]
    pub(super) fn learn(&mut self, row: Range<usize>, read: &Canonical<'_, true>) {
        let (bytes, gaps) = (read.cursor.bytes, &read.gaps);
        if self.pause > 0 || gaps.len() > MAX_GAPS || row.len() > MAX_TEXT {
            return;
        }
        // What is known cannot be told apart by its use without counting on the fast path. Rows of today are learnt again
        // within a few, so it is cheaper to forget all.
        if self.crowded || self.steps.len() > MAX_STEPS || self.text.len() > MAX_TEXT {
            self.steps = vec![ROOT];
            self.text.clear();
            self.members.clear();
            self.crowded = false;
        }
        let (mut from, mut last, mut members) = (row.start, 0, read.members.as_slice());
        // A path of steps from the root, one for each gap: the row shares those of rows that begin as it does.
        for gap in gaps {
            let begun = members.partition_point(|member| member.start < gap.start);
            let (of_step, rest) = members.split_at(begun);
            last = self.add(last, bytes, from..gap.start, of_step, Some(gap.filling));
            (from, members) = (gap.end, rest);
        }
        self.add(last, bytes, from..row.end, members, None);
    }

    /// The step of that text after the step at `last`; a new one where there is none. What fills the gap, and
    /// what members begin in it, follows from all the text before it.
    fn add(
        &mut self,
        last: usize,
        bytes: &[u8],
        range: Range<usize>,
        members: &[Member],
        filling: Option<Filling>,
    ) -> usize {
        let text = &bytes[range.clone()];
        let new = self.steps.len();
        let mut alternatives = 0;
        let mut link = &mut self.steps[last].next;
        while *link != 0 {
            let place = *link;
            let step = &self.steps[place];
            if &self.text[step.start..][..step.len] == text {
                return place;
            }
            alternatives += 1;
            link = &mut self.steps[place].other;
        }
        *link = new;
        self.crowded |= alternatives > MAX_ALTERNATIVES;
        let (start, len) = (self.text.len(), text.len());
        self.text.extend_from_slice(text);
        let first_member = self.members.len();
        let in_step = |&Member { start, number }| Member { start: start - range.start, number };
        self.members.extend(members.iter().map(in_step));
        let members = first_member..self.members.len();
        self.steps.push(Step { start, len, members, filling, ..ROOT });
        new
    }
}

/// Ends the last member of a row before the comma or brace that stands before `next`; if it is to be left
/// out, it is.
#[inline(always)]
fn end_member(runs: &mut Vec<Run>, outer_runs: usize, next: usize) {
    if let Some(member) = runs[outer_runs..].last_mut() {
        // Canonical text has one byte between members, and `next` is the start of one or the end of the row.
        member.end = next - 1;
        if member.number == LEFT_OUT {
            runs.pop();
        }
    }
}
