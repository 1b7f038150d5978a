//! Finds fields of a message, in one walk over its top level.

use crate::schema::{MAX_NUMBER, Message};
use crate::trusted::Trusted;

/// Where to note the place of a field.
pub(super) type Slot = usize;

/// Stands for the place of a field that is absent: nothing inside of a message is at the start of a
/// segment.
pub(super) const ABSENT: u32 = 0;

/// The fields that are wanted of messages of one type.
#[derive(Debug)]
pub(super) struct Walk {
    /// What to do at each field, by number.
    steps: [Step; MAX_NUMBER + 1],
    /// The same by tag, for tags of one byte.
    tags: [Step; 128],
    wanted: u32,
    width: usize,
}

/// What to do at a field: nothing, or to note its place, or to end the walk, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step(u8);

impl Step {
    const NOTHING: Step = Step(0);
    /// Added to one more than the slot to note the place in.
    const END: u8 = 1 << 7;

    #[inline(always)]
    fn slot(self) -> Option<Slot> {
        usize::from(self.0 & !Self::END).checked_sub(1)
    }

    #[inline(always)]
    fn ends(self) -> bool {
        self.0 & Self::END != 0
    }
}

impl Walk {
    /// A walk that finds nothing yet.
    pub(super) fn new(message: &Message) -> Walk {
        let mut steps = [Step::NOTHING; MAX_NUMBER + 1];
        message.fields.iter().for_each(|field| steps[usize::from(field.number)] = Step(Step::END));
        let mut walk = Walk { steps, tags: [Step::NOTHING; 128], wanted: 0, width: 0 };
        walk.index_tags();
        walk
    }

    /// The slot of a field of the message, which is wanted from now on.
    pub(super) fn want(&mut self, number: u8) -> Slot {
        let number = usize::from(number);
        if let Some(slot) = self.steps[number].slot() {
            return slot;
        }
        self.width += 1;
        self.wanted |= 1 << number;
        // The walk ends at the last field that is wanted, so it goes on at all before it.
        // Only the largest wanted number ends a walk, so a smaller one that did no longer does.
        for step in &mut self.steps[..number] {
            step.0 &= !Step::END;
        }
        self.steps[number].0 |= self.width as u8;
        self.index_tags();
        self.width - 1
    }

    fn index_tags(&mut self) {
        for (tag, step) in self.tags.iter_mut().enumerate() {
            // Whatever its wire type: in canonical bytes a known number has the one of its field.
            *step = self.steps[tag >> 3];
        }
    }

    /// Slots handed out.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Bit n: field n is wanted.
    pub(super) fn wanted(&self) -> u32 {
        self.wanted
    }

    /// Notes where the values of the wanted fields stand, behind their tags; of repeated ones the first.
    ///
    /// Fields ascend by number, so the walk ends at the last one wanted. Numbers that the message does
    /// not know may stand anywhere.
    #[inline]
    pub(super) fn locate(&self, message: Trusted<'_>, places: &mut [u32]) {
        let Some(bytes) = message.around().get(..message.end) else { return };
        let mut at = message.start;
        while let Some(&tag) = bytes.get(at) {
            #[cfg(test)]
            crate::work::count();
            let value = at + 1;
            // The mask spares the check of the index; whether the tag has one byte is asked behind it.
            let step = self.tags[usize::from(tag & 0x7f)];
            if tag < 0x80 && step != Step::NOTHING && take(step, value, places) {
                return;
            }
            // What is not there reads as a length of more bytes, which leads to the careful step.
            let len = bytes.get(value).map_or(0x80, |&byte| usize::from(byte));
            // One match says for every short field where the next one stands; 0, where no field can stand behind
            // another, asks for a careful step.
            at = match tag {
                // A field of number 16, or one that nobody knows.
                _ if tag >= 0x80 => 0,
                _ if tag & 7 == 1 => value + 8,
                _ if tag & 7 == 5 => value + 4,
                _ if len >= 0x80 => 0,
                _ if tag & 7 == 2 => value + 1 + len,
                _ if tag & 7 == 0 => value + 1,
                _ => 0,
            };
            if at == 0 {
                let field = message.at(value - 1..message.end);
                match self.odd_field(field, places) {
                    Some(next) => at = next,
                    None => return,
                }
            }
        }
    }

    /// A step of the walk over a field whose tag or length takes more than a byte, or that is a group.
    /// Returns where the next field is; `None` to end the walk.
    #[inline(never)]
    fn odd_field(&self, mut part: Trusted<'_>, places: &mut [u32]) -> Option<usize> {
        let (number, wire_type) = part.tag()?;
        let step = self.steps.get(number as usize).copied().unwrap_or(Step::NOTHING);
        if take(step, part.start, places) {
            return None;
        }
        part.skip(number, wire_type)?;
        Some(part.start)
    }
}

/// Does what is to be done at a field; says whether to end the walk there.
#[inline(always)]
fn take(step: Step, at: usize, places: &mut [u32]) -> bool {
    if let Some(place) = step.slot().and_then(|slot| places.get_mut(slot))
        // The first of a repeated field: those behind it are found from there.
        && *place == ABSENT
    {
        *place = at as u32;
    }
    step.ends()
}

/// Bit n: the message has a field n.
pub(super) fn known(message: &Message) -> u32 {
    message.fields.iter().fold(0, |mask, field| mask | 1 << field.number)
}
