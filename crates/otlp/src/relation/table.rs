//! Messages that columns are read from, each with the places of its wanted fields.

use std::ops::Range;

use super::walk::{ABSENT, Slot, Walk};
use crate::schema::{Kind, WireType};
use crate::trusted::{CheckedBytes, Trusted};

/// Messages of a few types, in the order of the rows or elements that they stand for.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Places per message.
    width: usize,
    /// Where each message ends.
    ends: Vec<u32>,
    places: Vec<u32>,
    runs: Vec<Run>,
}

/// Messages in a row that are of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// Which of the types; `None` for messages that are absent.
    variant: Option<usize>,
    len: usize,
}

impl Table {
    /// An empty table with `width` places per message.
    pub(super) fn new(width: usize) -> Table {
        let mut table = Table::default();
        table.reset(width);
        table
    }

    /// Empties the table.
    pub(super) fn reset(&mut self, width: usize) {
        // A table without wanted fields has messages all the same, and they go by chunks of places.
        self.width = width.max(1);
        self.ends.clear();
        self.places.clear();
        self.runs.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds messages of segment `bytes`, of which the type and place are given, and finds what is wanted
    /// of them.
    #[inline]
    pub(super) fn extend(
        &mut self,
        walks: &[Walk],
        bytes: CheckedBytes<'_>,
        messages: impl ExactSizeIterator<Item = Option<(usize, Range<usize>)>>,
    ) {
        let first = self.places.len();
        self.places.resize(first + messages.len() * self.width, ABSENT);
        self.ends.reserve(messages.len());
        // Grown once for all rows of a call, and handed out in pieces: a check for each would stand in the innermost
        // loop.
        let places = self.places[first..].chunks_exact_mut(self.width);
        for (message, places) in messages.zip(places) {
            let known = message.filter(|&(variant, _)| variant < walks.len());
            let end = known.as_ref().map_or(0, |(_, range)| range.end as u32);
            self.ends.push(end);
            extend_run(&mut self.runs, known.as_ref().map(|&(variant, _)| variant));
            if let Some((variant, range)) = known {
                walks[variant].locate(bytes.at(range), places);
            }
        }
    }

    /// Adds a message and finds what is wanted of it.
    #[inline]
    pub(super) fn push(&mut self, walk: &Walk, variant: usize, message: Trusted<'_>) {
        let first = self.places.len();
        self.places.resize(first + self.width, ABSENT);
        walk.locate(message, &mut self.places[first..]);
        self.ends.push(message.end as u32);
        extend_run(&mut self.runs, Some(variant));
    }

    /// Adds a message that is not there.
    pub(super) fn push_absent(&mut self) {
        self.places.resize(self.places.len() + self.width, ABSENT);
        self.ends.push(0);
        extend_run(&mut self.runs, None);
    }

    /// Calls `each` with all messages, those in a row that are of one type at once.
    pub(super) fn runs<'a>(
        &'a self,
        bytes: CheckedBytes<'a>,
        mut each: impl FnMut(Option<usize>, Rows<'a>),
    ) {
        let mut start = 0;
        for run in &self.runs {
            let range = start..start + run.len;
            start = range.end;
            each(run.variant, Rows { bytes, table: self, range });
        }
    }
}

#[inline]
fn extend_run(runs: &mut Vec<Run>, variant: Option<usize>) {
    match runs.last_mut() {
        // Rows of one type mostly stand together, so a column is read by few loops, each without a question which
        // type it is of.
        Some(run) if run.variant == variant => run.len += 1,
        _ => runs.push(Run { variant, len: 1 }),
    }
}

/// Messages of one type in a table.
#[derive(Debug, Clone)]
pub(super) struct Rows<'a> {
    bytes: CheckedBytes<'a>,
    table: &'a Table,
    range: Range<usize>,
}

impl<'a> Rows<'a> {
    pub(super) fn len(&self) -> usize {
        self.range.len()
    }

    pub(super) fn bytes(&self) -> CheckedBytes<'a> {
        self.bytes
    }

    /// The messages.
    #[inline]
    pub(super) fn each(self) -> impl Iterator<Item = Fields<'a>> {
        let Rows { bytes, table, range } = self;
        // Cut once, so that the loop over rows has no index to check.
        let places = &table.places[range.start * table.width..range.end * table.width];
        let ends = table.ends[range].iter();
        let fields = places.chunks_exact(table.width).zip(ends);
        fields.map(move |(places, &end)| Fields { bytes, places, end })
    }
}

/// The wanted fields of one message.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    bytes: CheckedBytes<'a>,
    places: &'a [u32],
    end: u32,
}

impl<'a> Fields<'a> {
    /// The fields of a message of which these are the places, in a segment of these bytes.
    #[inline]
    pub(super) fn new(bytes: CheckedBytes<'a>, places: &'a [u32], end: usize) -> Fields<'a> {
        Fields { bytes, places, end: end as u32 }
    }

    /// The fields of a message in this one.
    #[inline]
    pub(super) fn within<'b>(self, places: &'b [u32], end: usize) -> Fields<'b>
    where
        'a: 'b,
    {
        Fields::new(self.bytes, places, end)
    }

    /// What follows the tag of a field, to the end of the message; `None` if the field is absent.
    #[inline]
    pub(super) fn at(self, slot: Slot) -> Option<Trusted<'a>> {
        let place = self.places[slot];
        (place != ABSENT).then(|| self.bytes.at(place as usize..self.end as usize))
    }

    /// The content of a field that has a length.
    #[inline]
    pub(super) fn content(self, slot: Slot) -> Option<Trusted<'a>> {
        self.at(slot)?.len()
    }

    /// The bits of a scalar.
    #[inline]
    pub(super) fn bits(self, slot: Slot, kind: Kind) -> Option<u64> {
        let mut part = self.at(slot)?;
        match kind.wire_type() {
            WireType::Varint => part.varint(),
            WireType::Fixed64 => part.array().map(u64::from_le_bytes),
            _ => part.array().map(|bytes| u32::from_le_bytes(bytes).into()),
        }
    }

    /// Eight bytes.
    #[inline]
    pub(super) fn fixed64(self, slot: Slot) -> Option<u64> {
        self.at(slot)?.array().map(u64::from_le_bytes)
    }
}
