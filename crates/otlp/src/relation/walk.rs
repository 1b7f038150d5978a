//! Finds fields of a message, in one walk over its top level.

use crate::render::Part;
use crate::schema::{MAX_NUMBER, Message};

/// No field that is wanted has this number.
const UNWANTED: u8 = u8::MAX;

/// Where to note the place of a field.
pub(super) type Slot = usize;

/// Stands for the place of a field that is absent: nothing inside of a message is at the start of a
/// segment.
pub(super) const ABSENT: u32 = 0;

/// The fields that are wanted of messages of one type.
#[derive(Debug)]
pub(super) struct Walk {
    /// The slot of each field, by number.
    slots: [u8; MAX_NUMBER + 1],
    /// Bit n: the message has a field n.
    known: u32,
    /// The largest number that is wanted.
    last: u32,
    width: usize,
}

impl Walk {
    /// A walk that finds nothing yet.
    pub(super) fn new(message: &Message) -> Walk {
        Walk { slots: [UNWANTED; MAX_NUMBER + 1], known: known(message), last: 0, width: 0 }
    }

    /// The slot of a field of the message, which is wanted from now on.
    pub(super) fn want(&mut self, number: u8) -> Slot {
        let slot = &mut self.slots[usize::from(number)];
        if *slot == UNWANTED {
            *slot = self.width as u8;
            self.width += 1;
            self.last = self.last.max(u32::from(number));
        }
        usize::from(*slot)
    }

    /// Slots handed out.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Bit n: field n is wanted.
    pub(super) fn wanted(&self) -> u32 {
        let numbers = (0..=MAX_NUMBER).filter(|&number| self.slots[number] != UNWANTED);
        numbers.fold(0, |mask, number| mask | 1 << number)
    }

    /// Notes where the values of the wanted fields stand, behind their tags; of repeated ones the first.
    ///
    /// Fields ascend by number, so the walk ends at the last one wanted. Numbers that the message does
    /// not know may stand anywhere.
    #[inline]
    pub(super) fn locate(&self, mut part: Part<'_>, places: &mut [u32]) {
        while let Some((number, wire_type)) = tag(&mut part) {
            if let Some(&slot) = self.slots.get(number as usize) {
                if let Some(place) = places.get_mut(usize::from(slot))
                    && *place == ABSENT
                {
                    *place = part.start as u32;
                }
                if number >= self.last && self.known >> number & 1 != 0 {
                    break;
                }
            }
            if step_over(&mut part, number, wire_type).is_none() {
                break;
            }
        }
    }
}

/// Bit n: the message has a field n.
pub(super) fn known(message: &Message) -> u32 {
    message.fields.iter().fold(0, |mask, field| mask | 1 << field.number)
}

/// Reads a tag: field number and wire type. `None` at the end.
#[inline(always)]
pub(super) fn tag(part: &mut Part<'_>) -> Option<(u32, u8)> {
    if part.is_empty() {
        return None;
    }
    let tag = part.varint()?;
    Some(((tag >> 3) as u32, tag as u8 & 7))
}

/// Steps over a value.
#[inline(always)]
pub(super) fn step_over(part: &mut Part<'_>, number: u32, wire_type: u8) -> Option<()> {
    match wire_type {
        0 => drop(part.varint()?),
        1 => part.start += 8,
        2 => drop(part.len()?),
        5 => part.start += 4,
        _ => part.skip(number, wire_type)?,
    }
    Some(())
}
