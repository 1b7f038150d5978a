//! Recognises the attributes that telemetry mostly consists of at a glance.
//!
//! Such a `KeyValue` has lengths of one byte: an ASCII key, then an ASCII text, an array of them, an
//! integer, a bool or a double, each in the one form that is canonical. Its few lengths and tags have to
//! agree; that its bytes are ASCII is found for many attributes at once.

use wide::u8x16;

#[cfg(test)]
mod tests;

// Tags of the fields of a `KeyValue`,
pub(super) const KEY: u8 = 0x0a;
pub(super) const VALUE: u8 = 0x12;
// and of an `AnyValue`.
const TEXT: u8 = 0x0a;
const BOOL: u8 = 0x10;
const INT: u8 = 0x18;
const DOUBLE: u8 = 0x21;
const ARRAY: u8 = 0x2a;

/// Attributes that stand back to back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Up to here all are recognised.
    pub(super) plain: usize,
    /// Up to here they would be, if all of their text were ASCII.
    pub(super) end: usize,
}

/// What is left to be looked at in the value of an attribute that is recognised but for its text.
enum Glance {
    /// All of it has to be ASCII.
    Ascii,
    /// What is before its last bytes, so many, has to be ASCII.
    Number(usize),
}

/// The attributes of a message that stand from `start` on, each behind `tag`.
pub(super) fn plain_run(message: &[u8], start: usize, tag: u8) -> Run {
    /// After so many bytes it is time to look whether they are ASCII.
    const LONG: usize = 1 << 10;
    let (mut plain, mut end) = (start, start);
    while let Some((from, to)) = value_of_next(message, end, tag)
        && let Some(value) = message.get(from..to)
        && let Some(glance) = glance(value)
    {
        end = to;
        let ascii = match glance {
            Glance::Ascii if end - plain < LONG => continue,
            Glance::Ascii => end,
            Glance::Number(width) => end - width,
        };
        if !is_ascii(&message[plain..ascii]) {
            return Run { plain, end };
        }
        plain = end;
    }
    if is_ascii(&message[plain..end]) {
        plain = end;
    }
    Run { plain, end }
}

/// Where the value of the attribute stands whose tag is at `at`, if its length and that of its key take one
/// byte: from the tag of the value on. It may reach beyond the message, or end before it begins.
#[inline(always)]
fn value_of_next(message: &[u8], at: usize, tag: u8) -> Option<(usize, usize)> {
    let head = u32::from_le_bytes(*message.get(at..)?.first_chunk()?);
    const FIXED: u32 = u32::from_le_bytes([0xff, 0x80, 0xff, 0x80]);
    if head & FIXED != u32::from_le_bytes([tag, 0, KEY, 0]) {
        return None;
    }
    let [_, len, _, key_len] = head.to_le_bytes().map(usize::from);
    Some((at + 4 + key_len, at + 2 + len))
}

/// Whether `attribute` is recognised: [`crate::normalize`] would leave it as it is.
pub(crate) fn is_plain(attribute: &[u8]) -> bool {
    let &[KEY, key_len @ ..0x80, ref behind @ ..] = attribute else { return false };
    let value = behind.get(key_len.into()..).filter(|_| attribute.len() < 0x80);
    let ascii = match value.and_then(glance) {
        Some(Glance::Ascii) => attribute,
        Some(Glance::Number(width)) => &attribute[..attribute.len() - width],
        None => return false,
    };
    is_ascii(ascii)
}

/// Looks at the tags and lengths of a value; it is shorter than 128 bytes.
#[inline(always)]
fn glance(value: &[u8]) -> Option<Glance> {
    const EMPTY_TEXT: u32 = u32::from_le_bytes([VALUE, 2, TEXT, 0]);
    const LENGTHS: u32 = u32::from_le_bytes([0, 1, 0, 1]);
    let head = u32::from_le_bytes(*value.first_chunk()?);
    if head == EMPTY_TEXT + LENGTHS * (value.len() as u32 - 4) {
        return Some(Glance::Ascii);
    }
    other(value)
}

/// Recognises an integer, a bool, a double or an array of texts, from the tag of the value on.
#[inline(never)]
fn other(value: &[u8]) -> Option<Glance> {
    let &[VALUE, len, kind, ref content @ ..] = value else { return None };
    match (kind, content) {
        _ if usize::from(len) != content.len() + 1 => None,
        (BOOL, [0 | 1]) | (INT, [..0x80]) => Some(Glance::Ascii),
        (INT, [0x80..=0xff, 1..0x80]) => Some(Glance::Number(2)),
        // Up to nine bytes fit into 64 bits whatever they are.
        (INT, [high @ .., 1..0x80]) if high.len() < 9 && high.iter().all(|&byte| byte >= 0x80) => {
            Some(Glance::Number(content.len()))
        }
        (DOUBLE, [_, _, _, _, _, _, _, _]) => Some(Glance::Number(content.len())),
        (ARRAY, [len, texts @ ..]) if usize::from(*len) == texts.len() => {
            are_texts(texts).then_some(Glance::Ascii)
        }
        _ => None,
    }
}

/// Whether the elements of an array are texts, but for what is in them.
fn are_texts(mut elements: &[u8]) -> bool {
    while let [TEXT, len, TEXT, text_len, rest @ ..] = elements
        && *len == text_len.wrapping_add(2)
        && let Some(rest) = rest.get(usize::from(*text_len)..)
    {
        elements = rest;
    }
    elements.is_empty()
}

/// As the method of slices, but in blocks to the end, where that takes bytes one by one.
#[inline(always)]
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks();
    let all = match bytes.last_chunk() {
        Some(last) => u8x16::new(*last),
        None => return rest.is_ascii(),
    };
    let all = blocks.iter().fold(all, |all, block| all | u8x16::new(*block));
    all.to_bitmask() == 0
}
