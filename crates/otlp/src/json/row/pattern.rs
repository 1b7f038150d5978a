//! Rows of one kind have the same text but for a few values. What was found to be canonical once is known
//! again by comparing text, so that only the values are left to be checked.

use std::ops::Range;

use super::super::scan::Cursor;
use super::canonical::Canonical;
use super::first_set;
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
    /// Which of the two times of the row it is.
    pub(super) time: Option<usize>,
}

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
    /// Nothing at the end of the row.
    filling: Option<Filling>,
    /// The first of the steps that may follow; 0 if there is none yet.
    next: usize,
    /// Another step that may stand in place of this; 0 if there is none.
    other: usize,
}

/// What the first steps follow.
const ROOT: Step = Step { start: 0, len: 0, filling: None, next: 0, other: 0 };

impl Patterns {
    pub(in super::super) fn new() -> Patterns {
        Patterns {
            steps: vec![ROOT],
            text: Vec::new(),
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

    /// Steps over a row that is known but for its values; returns its time.
    pub(super) fn matching(&mut self, row: &mut Canonical<'_, true>) -> Option<u64> {
        let time = self.steps_over(row);
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
    fn steps_over(&self, row: &mut Canonical<'_, true>) -> Option<u64> {
        let (mut times, mut step) = ([0; 2], &self.steps[0]);
        loop {
            step = self.step(step.next, &mut row.cursor)?;
            let Some(filling) = step.filling else { break };
            if row.content(filling.content)? && !filling.default {
                return None;
            }
            if let Some(nth) = filling.time {
                times[nth] = row.magnitude;
            }
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
    pub(super) fn learn(&mut self, bytes: &[u8], row: Range<usize>, gaps: &[Gap]) {
        if self.pause > 0 || gaps.len() > MAX_GAPS || row.len() > MAX_TEXT {
            return;
        }
        if self.crowded || self.steps.len() > MAX_STEPS || self.text.len() > MAX_TEXT {
            self.steps = vec![ROOT];
            self.text.clear();
            self.crowded = false;
        }
        let (mut from, mut last) = (row.start, 0);
        for gap in gaps {
            last = self.add(last, &bytes[from..gap.start], Some(gap.filling));
            from = gap.end;
        }
        self.add(last, &bytes[from..row.end], None);
    }

    /// The step of that text after the step at `last`; a new one where there is none. What fills the gap
    /// follows from all the text before it.
    fn add(&mut self, last: usize, text: &[u8], filling: Option<Filling>) -> usize {
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
        self.steps.push(Step { start, len, filling, ..ROOT });
        new
    }
}
