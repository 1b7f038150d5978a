//! Parts of a buffer of protobuf.

use std::ops::Range;

use crate::schema::{Kind, WireType};
use crate::wire::Reader;

/// A message, or a value in one, among the bytes around it: blocks may be read beyond its end.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'a> Part<'a> {
    /// All of `bytes`.
    pub(crate) fn of(bytes: &'a [u8]) -> Part<'a> {
        Part { bytes, start: 0, end: bytes.len() }
    }

    /// The bytes of that range, which is inside of `bytes`.
    #[inline(always)]
    pub(crate) fn within(bytes: &'a [u8], range: Range<usize>) -> Part<'a> {
        Part { bytes, start: range.start, end: range.end }
    }

    /// Whether nothing is left.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// The bytes themselves.
    #[inline(always)]
    pub(crate) fn content(self) -> &'a [u8] {
        &self.bytes[self.start..self.end]
    }

    /// Steps over `byte` if it stands next.
    #[inline(always)]
    pub(crate) fn next_is(&mut self, byte: u8) -> bool {
        let found = self.start < self.end && self.bytes[self.start] == byte;
        self.start += usize::from(found);
        found
    }

    /// Reads a varint.
    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Option<u64> {
        let byte = *self.bytes.get(self.start)?;
        if byte < 0x80 {
            self.start += 1;
            return Some(byte.into());
        }
        let (value, start) = long_varint(self.bytes, self.start)?;
        self.start = start;
        Some(value)
    }

    /// Reads a length and steps over that many bytes, which it returns.
    #[inline(always)]
    pub(crate) fn len(&mut self) -> Option<Part<'a>> {
        let len = self.varint()?;
        // A length that reaches beyond its message is stopped here: what `content` slices is always in bounds.
        if len > self.end.checked_sub(self.start)? as u64 {
            return None;
        }
        let start = self.start;
        self.start += len as usize;
        Some(Part { bytes: self.bytes, start, end: self.start })
    }

    /// Reads `N` bytes.
    #[inline(always)]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        // It may reach beyond the part, of bytes that nobody checked: then it reads what stands there, and the walk
        // ends at the next step.
        let array = self.bytes.get(self.start..)?.first_chunk()?;
        self.start += N;
        Some(*array)
    }

    /// Reads the bits of a scalar, as they stand on the wire.
    #[inline(always)]
    pub(crate) fn bits(&mut self, kind: Kind) -> Option<u64> {
        match kind.wire_type() {
            WireType::Varint => self.varint(),
            WireType::Fixed64 => self.array().map(u64::from_le_bytes),
            _ => self.array().map(|b| u32::from_le_bytes(b).into()),
        }
    }

    /// Steps over the value of a field.
    #[inline(always)]
    pub(crate) fn skip(&mut self, number: u32, wire_type: u8) -> Option<()> {
        #[cfg(test)]
        crate::work::count();
        match wire_type {
            0 => drop(self.varint()?),
            1 => self.start += 8,
            2 => self.start = self.len()?.end,
            5 => self.start += 4,
            _ => self.start = group_end(*self, number, wire_type)?,
        }
        // Fixed widths are added without a look, so this one look at the end is for all of them.
        (self.start <= self.end).then_some(())
    }
}

// Functions that are not inlined take no reference to a part, so that its places stay in registers.

/// Reads a varint at `start`; returns it, and where it ends.
#[inline(never)]
fn long_varint(bytes: &[u8], mut start: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.get(start)?;
        start += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((value, start));
        }
    }
    None
}

/// Where a group ends that stands at the start of `part`.
#[cold]
fn group_end(part: Part<'_>, number: u32, wire_type: u8) -> Option<usize> {
    // `Reader::within` panics on such a range, which only bytes that nobody checked can lead to.
    if part.start > part.end {
        return None;
    }
    let mut reader = Reader::within(part.bytes, part.start..part.end);
    reader.skip(number, wire_type).ok()?;
    Some(reader.offset())
}
