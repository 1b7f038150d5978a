//! The reader that trusts its input: protobuf that was checked before.

use std::ops::Range;

use crate::schema::{Kind, WireType};
use crate::segment::Segment;
use crate::verify::Verified;
use crate::wire::CheckingReader;

/// A message, or a value in one, that was checked, among the bytes around it: blocks may be read beyond its end.
///
/// It is made of what holds such bytes, a segment or a message that was verified, or of another. It tells no fault
/// from an end, and of bytes that are not what they were said to be it reads something, without a panic; what is to
/// be checked is read by a [`CheckingReader`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trusted<'a> {
    bytes: &'a [u8],
    /// Where what is left begins.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Bytes that hold messages which were checked: those of a segment. Places count from their start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckedBytes<'a>(&'a [u8]);

impl<'a> CheckedBytes<'a> {
    /// The message, or the value in one, that lies there.
    #[inline(always)]
    pub(crate) fn at(self, range: Range<usize>) -> Trusted<'a> {
        Trusted { bytes: self.0, start: range.start, end: range.end }
    }
}

impl Segment {
    /// Its buffer, for those who trust it.
    #[inline(always)]
    pub(crate) fn checked(&self) -> CheckedBytes<'_> {
        CheckedBytes(self.buffer())
    }

    /// The resource of that number and its schema URL, which is absent where it is empty.
    pub(crate) fn resource_parts(&self, number: usize) -> [Option<Trusted<'_>>; 2] {
        self.parts(self.resource_ranges(number))
    }

    /// The scope of that number and its schema URL, which is absent where it is empty.
    pub(crate) fn scope_parts(&self, number: usize) -> [Option<Trusted<'_>>; 2] {
        self.parts(self.scope_ranges(number))
    }

    fn parts(&self, [message, url]: [Option<Range<usize>>; 2]) -> [Option<Trusted<'_>>; 2] {
        [message, url.filter(|url| !url.is_empty())].map(|range| Some(self.checked().at(range?)))
    }
}

impl<'a> Verified<'a> {
    /// The message.
    pub(crate) fn trusted(&self) -> Trusted<'a> {
        Trusted::all(self.bytes())
    }
}

impl<'a> Trusted<'a> {
    #[inline(always)]
    fn all(bytes: &'a [u8]) -> Trusted<'a> {
        Trusted { bytes, start: 0, end: bytes.len() }
    }

    /// A text, which has no structure that could be wrong.
    #[inline(always)]
    pub(crate) fn text(text: &'a [u8]) -> Trusted<'a> {
        Trusted::all(text)
    }

    /// The message in that range of `bytes`, of which the caller knows that it was checked, though the type of its
    /// bytes does not say so.
    #[inline(always)]
    pub(crate) fn vouched(bytes: &'a [u8], range: Range<usize>) -> Trusted<'a> {
        Trusted { bytes, start: range.start, end: range.end }
    }

    /// What lies in that range of the bytes around it.
    #[inline(always)]
    pub(crate) fn at(self, range: Range<usize>) -> Trusted<'a> {
        Trusted { bytes: self.bytes, start: range.start, end: range.end }
    }

    /// The bytes around it, in which places count.
    #[inline(always)]
    pub(crate) fn around(self) -> &'a [u8] {
        self.bytes
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

    /// Reads a tag: field number and wire type; `None` at the end.
    #[inline(always)]
    pub(crate) fn tag(&mut self) -> Option<(u32, u8)> {
        if self.is_empty() {
            return None;
        }
        let tag = self.varint()?;
        Some(((tag >> 3) as u32, tag as u8 & 7))
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
    pub(crate) fn len(&mut self) -> Option<Trusted<'a>> {
        let len = self.varint()?;
        // A length that reaches beyond its message is stopped here: what `content` slices is always in bounds.
        if len > self.end.checked_sub(self.start)? as u64 {
            return None;
        }
        let start = self.start;
        self.start += len as usize;
        Some(Trusted { bytes: self.bytes, start, end: self.start })
    }

    /// Reads `N` bytes.
    #[inline(always)]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        // It may reach beyond its end, of bytes that nobody checked: then it reads what stands there, and the walk
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

// Functions that are not inlined take no reference to a reader, so that its places stay in registers.

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

/// Where a group ends that stands at the start of `trusted`.
#[cold]
fn group_end(trusted: Trusted<'_>, number: u32, wire_type: u8) -> Option<usize> {
    // `CheckingReader::within` panics on such a range, which only bytes that nobody checked can lead to.
    if trusted.start > trusted.end {
        return None;
    }
    let mut reader = CheckingReader::within(trusted.bytes, trusted.start..trusted.end);
    reader.skip(number, wire_type).ok()?;
    Some(reader.offset())
}
