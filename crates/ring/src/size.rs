//! How large a part should be.

use crate::rings::Limits;

/// A part is never larger than a 64th of all memory, so that letting go of one frees little more than
/// is needed, nor than this: joining takes as long as copying it.
const MAX_PART_BYTES: u64 = 4 << 20;
const PARTS_IN_MEMORY: u64 = 64;

/// Nor has it more rows than a 32nd of the ring, or than this.
const MAX_PART_ROWS: u64 = 16 << 10;
const PARTS_IN_RING: u64 = 32;
/// In a small ring a part is larger than that: it takes little memory, however many rows are gone.
const MIN_PART_ROWS: u64 = 256;

/// The size a part should have. What is larger by half is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartSize {
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
}

impl PartSize {
    pub(crate) fn within(limits: Limits) -> PartSize {
        PartSize {
            bytes: (limits.memory_limit / PARTS_IN_MEMORY).clamp(1, MAX_PART_BYTES),
            rows: (limits.max_rows / PARTS_IN_RING).clamp(MIN_PART_ROWS, MAX_PART_ROWS),
        }
    }

    /// How much of this size so many bytes and rows are, in [`Weight::WHOLE`]ths.
    pub(crate) fn weight(&self, bytes: u64, rows: u64) -> Weight {
        let share = |part: u64, whole: u64| part.saturating_mul(Weight::WHOLE.0) / whole;
        // Whichever limit is nearer decides: many tiny rows make a part as full as a few large ones.
        Weight(share(bytes, self.bytes).max(share(rows, self.rows)).max(1))
    }
}

/// The size of a part, relative to what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Weight(pub(crate) u64);

impl Weight {
    /// Of a part of the right size.
    pub(crate) const WHOLE: Weight = Weight(1 << 20);
    /// From here on a part is left as it is.
    pub(crate) const FULL: Weight = Weight(Weight::WHOLE.0 / 2);
    /// Beyond this it is cut.
    pub(crate) const TOO_LARGE: Weight = Weight(Weight::WHOLE.0 * 3 / 2);
}
