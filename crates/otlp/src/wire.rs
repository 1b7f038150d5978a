//! The protobuf wire format: the only byte arithmetic of the crate.

use std::ops::Range;

use crate::error::{Error, Result};

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

/// Reads protobuf from a slice, keeping its place for error messages.
///
/// Every method fails, and never panics, on bytes that are not well formed.
#[derive(Debug, Clone)]
pub struct CheckingReader<'a> {
    /// Everything up to the end of what is read, so that places are those of the whole slice.
    bytes: &'a [u8],
    at: usize,
}

/// One field as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A varint.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Bytes with a length, and where they start in the reader's slice.
    Len(&'a [u8], usize),
    /// Four bytes.
    Fixed32(u32),
    /// A group, skipped.
    Group,
}

impl<'a> CheckingReader<'a> {
    /// A reader of all of `bytes`.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> CheckingReader<'a> {
        CheckingReader { bytes, at: 0 }
    }

    /// A reader of a part of `bytes`; offsets count from the start of `bytes`.
    ///
    /// # Panics
    /// If `range` is not inside `bytes`.
    #[inline]
    pub fn within(bytes: &'a [u8], range: Range<usize>) -> CheckingReader<'a> {
        assert!(range.start <= range.end && range.end <= bytes.len(), "range outside of the bytes");
        CheckingReader { bytes: &bytes[..range.end], at: range.start }
    }

    /// Where the next byte stands.
    #[inline]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Whether nothing is left.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The tag that stands next, and the bytes it takes; 0 if it is larger than a byte can hold.
    #[inline(always)]
    pub(crate) fn small_tag(&self) -> (u8, usize) {
        match self.bytes.get(self.at..) {
            Some(&[tag, ..]) if tag < 0x80 => (tag, 1),
            // The second byte stands for the high bit of the first.
            Some(&[tag, 1, ..]) => (tag, 2),
            _ => (0, 0),
        }
    }

    /// Whether a varint of one byte stands next.
    #[inline(always)]
    pub(crate) fn has_digit(&self) -> bool {
        self.bytes.get(self.at).is_some_and(|&byte| byte < 0x80)
    }

    /// Steps over so many bytes, which are known to be there.
    #[inline(always)]
    pub(crate) fn step(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Reads a varint.
    #[inline]
    pub fn varint(&mut self) -> Result<u64> {
        match self.bytes.get(self.at..) {
            Some(&[byte @ 0..0x80, ..]) => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            // The lengths of spans have two.
            Some(&[low, high @ 0..0x80, ..]) => {
                self.at += 2;
                Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
            }
            _ => {
                // Rare enough to be worth a call: it keeps what is inlined small.
                let (value, end) = long_varint(self.bytes, self.at)?;
                self.at = end;
                Ok(value)
            }
        }
    }

    /// Reads a tag: field number and wire type (0 to 7, of which not all exist).
    #[inline]
    pub fn tag(&mut self) -> Result<(u32, u8)> {
        #[cfg(test)]
        crate::work::count();
        match self.bytes.get(self.at) {
            // Below 8 the number is 0, which no field has.
            Some(&tag @ 8..0x80) => {
                self.at += 1;
                Ok((u32::from(tag >> 3), tag & 7))
            }
            _ => {
                let (number, wire_type, end) = long_tag(self.bytes, self.at)?;
                self.at = end;
                Ok((number, wire_type))
            }
        }
    }

    /// Steps over `byte` if it stands next, as the tag of the same field once more.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// Reads eight bytes.
    #[inline]
    pub fn fixed64(&mut self) -> Result<u64> {
        self.take().map(u64::from_le_bytes)
    }

    /// Reads four bytes.
    #[inline]
    pub fn fixed32(&mut self) -> Result<u32> {
        self.take().map(u32::from_le_bytes)
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            Some(chunk) => {
                self.at += N;
                Ok(*chunk)
            }
            None => {
                Err(Error::truncated("message ends inside a fixed-width field", self.bytes.len()))
            }
        }
    }

    /// Reads a length and steps over that many bytes; returns where they stand.
    #[inline]
    pub fn len_range(&mut self) -> Result<Range<usize>> {
        let start = self.at;
        let len = self.varint()?;
        let from = self.at;
        if len > (self.bytes.len() - from) as u64 {
            return Err(Error::truncated("length reaches beyond its parent", start));
        }
        self.at = from + len as usize;
        Ok(from..self.at)
    }

    /// Reads a length and returns a reader of that many bytes, after stepping over them.
    #[inline]
    pub fn nested(&mut self) -> Result<CheckingReader<'a>> {
        let range = self.len_range()?;
        Ok(CheckingReader { bytes: &self.bytes[..range.end], at: range.start })
    }

    /// What was read and is left to read, in which places count.
    #[inline(always)]
    pub(crate) fn all(&self) -> &'a [u8] {
        self.bytes
    }

    /// What is left to read.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Reads bytes with a length.
    #[inline]
    pub fn len_bytes(&mut self) -> Result<&'a [u8]> {
        self.len_range().map(|range| &self.bytes[range])
    }

    /// Reads one value of the given wire type; a group is stepped over.
    #[inline]
    pub fn value(&mut self, number: u32, wire_type: u8) -> Result<Value<'a>> {
        Ok(match wire_type {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.fixed64()?),
            2 => {
                let range = self.len_range()?;
                Value::Len(&self.bytes[range.clone()], range.start)
            }
            3 => {
                self.at = group_end(self.clone(), number)?;
                Value::Group
            }
            5 => Value::Fixed32(self.fixed32()?),
            _ => return Err(Error::new("unexpected wire type", self.at)),
        })
    }

    /// Steps over one value of the given wire type.
    #[inline(always)]
    pub fn skip(&mut self, number: u32, wire_type: u8) -> Result<()> {
        match wire_type {
            0 => self.varint().map(drop),
            1 => self.fixed64().map(drop),
            2 => self.len_range().map(drop),
            3 => {
                self.at = group_end(self.clone(), number)?;
                Ok(())
            }
            5 => self.fixed32().map(drop),
            _ => Err(Error::new("unexpected wire type", self.at)),
        }
    }
}

// Functions that are not inlined take no reference to a reader, so that its place stays in a register.

/// Reads a varint at `start`; returns it, and where it ends.
#[inline(never)]
fn long_varint(bytes: &[u8], start: usize) -> Result<(u64, usize)> {
    let mut value = 0;
    for (index, &byte) in bytes[start..].iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            // Nine bytes have 63 bits, so of the tenth one is left.
            if index == 9 && byte > 1 {
                return Err(Error::new("varint of more than 64 bits", start));
            }
            return Ok((value, start + index + 1));
        }
    }
    if bytes.len() - start < 10 {
        return Err(Error::truncated("message ends inside a varint", bytes.len()));
    }
    Err(Error::new("varint of more than 10 bytes", start))
}

/// Reads a tag at `start`; returns field number and wire type, and where it ends.
#[inline(never)]
fn long_tag(bytes: &[u8], start: usize) -> Result<(u32, u8, usize)> {
    let (tag, end) = long_varint(bytes, start)?;
    let number = tag >> 3;
    if number == 0 || number > 0x1fff_ffff {
        return Err(Error::new("field number out of range", start));
    }
    Ok((number as u32, (tag & 7) as u8, end))
}

/// Where the group ends that the reader stands in, without recursion: the open groups are counted by a
/// small stack.
#[cold]
fn group_end(mut reader: CheckingReader<'_>, number: u32) -> Result<usize> {
    const MAX_GROUPS: usize = 64;
    // What is sent says how deep groups nest, so they are not stepped over by recursion. OTLP has none.
    let mut open = vec![number];
    while let Some(&innermost) = open.last() {
        let start = reader.at;
        if reader.is_empty() {
            return Err(Error::truncated("message ends inside a group", start));
        }
        match reader.tag()? {
            (number, 3) if open.len() < MAX_GROUPS => open.push(number),
            (_, 3) => return Err(Error::new("groups nested too deep", start)),
            (number, 4) if number == innermost => drop(open.pop()),
            (_, 4) => return Err(Error::new("end of a group that is not open", start)),
            (number, wire_type) => reader.skip(number, wire_type)?,
        }
    }
    Ok(reader.at)
}

/// Appends a varint.
#[inline]
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a tag.
#[inline]
pub fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u8) {
    put_varint(out, u64::from(number << 3 | u32::from(wire_type)));
}

/// Appends a field of bytes with a length.
#[inline]
pub fn put_len(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_tag(out, number, 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The bytes a varint takes.
#[inline]
pub fn varint_len(value: u64) -> usize {
    // A bit is set even in zero, which takes a byte as well.
    ((63 - (value | 1).leading_zeros()) / 7 + 1) as usize
}

/// Maps a zigzag varint to its signed value.
#[inline]
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Maps a signed value to its zigzag varint.
#[inline]
pub fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}
