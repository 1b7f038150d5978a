//! Recognises the attributes that telemetry mostly consists of at a glance.
//!
//! Such a `KeyValue` has less than [`SHORT`] bytes: an ASCII key, then an ASCII text, an integer, a bool or
//! a double, each in the one form that is canonical. Its few lengths and tags have to agree, and which of
//! its bytes are ASCII is found for all of them at once.

use wide::u8x16;

#[cfg(test)]
mod tests;

/// Bytes of an attribute that is looked at, at most: one bit each in a `u64`.
const SHORT: usize = 64;

// Tags of the fields of a `KeyValue`,
const KEY: u8 = 0x0a;
const VALUE: u8 = 0x12;
// and of an `AnyValue`.
const TEXT: u8 = 0x0a;
const BOOL: u8 = 0x10;
const INT: u8 = 0x18;
const DOUBLE: u8 = 0x21;

/// An attribute, and bytes behind it.
type Window = [u8; SHORT + 8];

/// Where the attribute ends whose length stands at `at`, if it is recognised; perhaps behind the message
/// that should hold it.
#[inline(always)]
pub(super) fn plain_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (&len, rest) = bytes.get(at..)?.split_first()?;
    let is_plain = match rest.first_chunk() {
        Some(window) => is_plain_within(window, len.into()),
        None => is_plain(rest.get(..len.into())?),
    };
    is_plain.then_some(at + 1 + usize::from(len))
}

/// Whether `attribute` is recognised: [`crate::normalize`] would leave it as it is.
pub(crate) fn is_plain(attribute: &[u8]) -> bool {
    let mut window: Window = [0; SHORT + 8];
    match window.get_mut(..attribute.len()) {
        Some(start) => start.copy_from_slice(attribute),
        None => return false,
    }
    is_plain_within(&window, attribute.len())
}

/// Whether the first `len` bytes are recognised.
#[inline(always)]
fn is_plain_within(window: &Window, len: usize) -> bool {
    let value = 2 + usize::from(window[1]);
    // The tags and lengths of key and value, and what a value has at least.
    if len >= SHORT || value + 4 > len || window[0] != KEY {
        return false;
    }
    let high = high_bits(window) & ((1 << len) - 1);
    let [tag, value_len, kind, first] =
        [window[value], window[value + 1], window[value + 2], window[value + 3]];
    // What is left for the value, and for a text in it.
    let [rest, text] = [len - value - 2, len - value - 4];
    if [tag, value_len, kind, first] == [VALUE, rest as u8, TEXT, text as u8] {
        return high == 0;
    }
    let framed = tag == VALUE && usize::from(value_len) == rest;
    framed && is_plain_number(window, len, value + 2, high)
}

/// Whether the value from `start` on is an integer, a bool or a double.
#[inline(never)]
fn is_plain_number(window: &Window, len: usize, start: usize, high: u64) -> bool {
    match (window[start], len - start) {
        (BOOL, 2) => high == 0 && window[start + 1] <= 1,
        (INT, 2) => high == 0,
        // All bytes but the last have the high bit, and they fit into 64 bits whatever they are.
        (INT, 3..=10) => high == (1 << (len - 1)) - (1 << (start + 1)) && window[len - 1] != 0,
        (DOUBLE, 9) => high & ((1 << (start + 1)) - 1) == 0,
        _ => false,
    }
}

/// One bit for each of the first [`SHORT`] bytes: whether it is not ASCII.
#[inline(always)]
fn high_bits(window: &Window) -> u64 {
    let (blocks, _) = window.as_chunks();
    let bits = |block: usize| u64::from(u8x16::new(blocks[block]).to_bitmask()) << (16 * block);
    bits(0) | bits(1) | bits(2) | bits(3)
}
