//! Protobuf whose lengths are filled in when they are known.

use crate::schema::WireType;
use crate::wire::{put_tag, put_varint, varint_len};

/// Begins a field of bytes whose length is expected to take `width` bytes; returns where its content
/// starts.
#[inline(always)]
pub(crate) fn open(out: &mut Vec<u8>, number: u32, width: usize) -> usize {
    match width {
        // Tag and length in one write: the length is filled in by `close`.
        1 if number < 16 => out.extend_from_slice(&[(number << 3 | 2) as u8, 0]),
        _ => {
            put_tag(out, number, WireType::Len as u8);
            out.resize(out.len() + width, 0);
        }
    }
    out.len()
}

/// Ends a field that [`open`] began; returns the bytes that its length takes.
#[inline(always)]
pub(crate) fn close(out: &mut Vec<u8>, start: usize, width: usize) -> usize {
    let len = out.len() - start;
    if width == 1 && len < 0x80 {
        out[start - 1] = len as u8;
        return 1;
    }
    close_wide(out, start, width)
}

/// Writes the length; moves the content where the length takes more or less than expected.
#[inline(never)]
fn close_wide(out: &mut Vec<u8>, start: usize, width: usize) -> usize {
    let end = out.len();
    let needed = varint_len((end - start) as u64);
    if needed != width {
        let moved = start - width + needed;
        // Room first where the content moves up, cut afterwards where it moves down.
        out.resize(end.max(moved + end - start), 0);
        out.copy_within(start..end, moved);
        out.truncate(moved + end - start);
    }
    let mut rest = end - start;
    for byte in &mut out[start - width..][..needed] {
        *byte = rest as u8 | 0x80;
        rest >>= 7;
    }
    out[start - width + needed - 1] &= 0x7f;
    needed
}

/// Appends a scalar with its tag.
#[inline(always)]
pub(crate) fn put_tagged(out: &mut Vec<u8>, number: u32, wire_type: WireType, value: u64) {
    put_tag(out, number, wire_type as u8);
    put_scalar(out, wire_type, value);
}

/// Appends a scalar.
#[inline(always)]
pub(crate) fn put_scalar(out: &mut Vec<u8>, wire_type: WireType, value: u64) {
    match wire_type {
        WireType::Fixed64 => out.extend_from_slice(&value.to_le_bytes()),
        WireType::Fixed32 => out.extend_from_slice(&(value as u32).to_le_bytes()),
        WireType::Varint | WireType::Len => put_varint(out, value),
    }
}
