//! Repairs of a record, with the places that they were made in.

use std::fmt::Write;
use std::ops::Range;

use super::plan::Slot;
use super::scan::{Cursor, Step};
use crate::repair::{Repair, Repaired, Repairs, shortened};
use crate::split::BYTE_ORDER_MARK;

/// Places that are noted of one record.
const PLACES: usize = 32;

/// Repairs of a record that is being read. What stands where is found out once all is read, and only for
/// the first repair of a field.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    counts: Repairs,
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    repair: Repair,
    /// The field, where it is known.
    slot: Option<&'static Slot>,
    /// Where in the text: in the value, or at its start if it is an object or an array.
    at: usize,
}

impl Place {
    fn field(&self) -> &'static str {
        self.slot.map_or("", |slot| &slot.field)
    }
}

impl Noted {
    /// Counts a repair of the value at `at`.
    #[cold]
    pub(super) fn note(&mut self, repair: Repair, slot: Option<&'static Slot>, at: usize) {
        self.counts.count(repair);
        let place = Place { repair, slot, at };
        // Most often the very same slot: rows of one kind need the same repairs.
        let same = |a: &str, b: &str| std::ptr::eq(a, b) || a == b;
        let known = |one: &Place| one.repair == repair && same(one.field(), place.field());
        if self.places.len() < PLACES && !self.places.iter().any(known) {
            self.places.push(place);
        }
    }

    /// Adds what was noted of `record`, which was read to its end.
    pub(super) fn settle(mut self, record: &[u8], repairs: &mut Repairs) {
        if self.counts.is_empty() {
            return;
        }
        repairs.add(&self.counts);
        self.places.retain(|place| repairs.wants(place.repair, place.field()));
        // Rows that are known note their ids once they are at their end, so places do not come in order.
        self.places.sort_by_key(|place| place.at);
        if !self.places.is_empty() {
            // It was read before, so that no fault is left to be found.
            let _ = Locator { cursor: Cursor::new(record), path: Vec::new() }
                .locate(&self.places, repairs);
        }
    }
}

/// Walks a record to the values that were repaired.
struct Locator<'a> {
    cursor: Cursor<'a>,
    path: Vec<Frame>,
}

/// An array or object that is open.
enum Frame {
    /// Its member of this name.
    Member(Range<usize>),
    /// Its element of this index.
    Element(usize),
}

impl Locator<'_> {
    /// Adds the values at `places`, which ascend, as examples.
    fn locate(&mut self, mut places: &[Place], repairs: &mut Repairs) -> Step {
        while let [place, rest @ ..] = places {
            let nests = self.next_value();
            let start = self.cursor.at;
            let mut after = self.cursor.clone();
            // The end is looked for of what is the value itself, or nests none: others are entered.
            if place.at <= start || !nests {
                after.skip(0)?;
            }
            if place.at <= start || place.at < after.at {
                repairs.examples.push(self.example(place, start..after.at));
                places = rest;
            } else if nests {
                self.enter()?;
            } else {
                self.cursor = after;
                self.leave()?;
            }
        }
        Ok(())
    }

    /// Moves to the start of a value; says whether it is an object or an array.
    fn next_value(&mut self) -> bool {
        // Byte order marks stand between documents.
        while self.cursor.token() == 0xef && self.cursor.eat(BYTE_ORDER_MARK) {}
        matches!(self.cursor.peek(), b'{' | b'[')
    }

    /// Moves to the first value in an object or array, or behind it.
    fn enter(&mut self) -> Step {
        let is_object = self.cursor.peek() == b'{';
        if self.cursor.opens_empty(if is_object { b'}' } else { b']' }) {
            return self.leave();
        }
        let frame = match is_object {
            true => Frame::Member(self.cursor.name()?.0),
            false => Frame::Element(0),
        };
        self.path.push(frame);
        Ok(())
    }

    /// Moves from the end of a value to the next one.
    fn leave(&mut self) -> Step {
        while let Some(frame) = self.path.last_mut() {
            match frame {
                Frame::Member(name) => {
                    if self.cursor.another_member()? {
                        *name = self.cursor.name()?.0;
                        return Ok(());
                    }
                }
                Frame::Element(index) => {
                    if self.cursor.another_element()? {
                        *index += 1;
                        return Ok(());
                    }
                }
            }
            self.path.pop();
        }
        Ok(())
    }

    fn example(&self, place: &Place, value: Range<usize>) -> Repaired {
        Repaired {
            repair: place.repair,
            field: place.field(),
            member: self.member(),
            offset: value.start as u64,
            value: shortened(&self.cursor.bytes[value]),
            record: 0,
        }
    }

    /// Where the cursor stands: `resourceSpans[0].scopeSpans[1]`.
    fn member(&self) -> String {
        let mut text = String::new();
        for frame in &self.path {
            let written = match frame {
                Frame::Element(index) => write!(text, "[{index}]"),
                Frame::Member(name) => {
                    let dot = if text.is_empty() { "" } else { "." };
                    let name = String::from_utf8_lossy(&self.cursor.bytes[name.clone()]);
                    write!(text, "{dot}{name}")
                }
            };
            written.expect("a string takes what is written");
        }
        text
    }
}
