//! Recognises the attributes that telemetry mostly consists of at a glance.
//!
//! Such a `KeyValue` is a key and then a text; or it has lengths of one byte, and its value may be an array
//! of texts, an integer, a bool or a double, each in the one form that is canonical. Its few lengths and
//! tags have to agree. That its text is UTF-8 is found for many attributes at once: what stands between
//! two texts is ASCII, so together they are UTF-8 if each of them is.

use crate::schema::role::tag::{ARRAY, BOOL, DOUBLE, INT, KEY, STRING, VALUE};
use crate::utf8::is_utf8;
use crate::wire::CheckingReader;

#[cfg(test)]
mod tests;

/// Attributes that stand back to back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Up to here all are recognised.
    pub(super) plain: usize,
    /// Up to here they would be, if all of their text were UTF-8.
    pub(super) end: usize,
}

/// What is left to be looked at in an attribute whose tags and lengths agree.
enum Glance {
    /// All of it has to be UTF-8.
    Text,
    /// All but its last bytes, so many, has to be UTF-8.
    ButLast(usize),
}

/// The attributes of a message that stand from `start` on, each behind `tag`.
pub(super) fn plain_run(message: &[u8], start: usize, tag: u8) -> Run {
    /// After so many bytes it is time to look whether they are UTF-8.
    const LONG: usize = 1 << 10;
    let (mut plain, mut end) = (start, start);
    while let Some((to, glance)) = next(message, end, tag) {
        end = to;
        let text = match glance {
            // One look at many attributes costs less than a look at each, as their texts are short.
            Glance::Text if end - plain < LONG => continue,
            Glance::Text => end,
            Glance::ButLast(width) => end - width,
        };
        if !is_utf8(&message[plain..text]) {
            return Run { plain, end };
        }
        plain = end;
    }
    if is_utf8(&message[plain..end]) {
        plain = end;
    }
    Run { plain, end }
}

/// The attribute whose tag is at `at`, if it is recognised: where it ends, and what is left to be looked at.
#[inline(always)]
fn next(message: &[u8], at: usize, tag: u8) -> Option<(usize, Glance)> {
    if let Some((from, to)) = value_of_next(message, at, tag)
        && let Some(value) = message.get(from..to)
        && let Some(glance) = glance(value)
    {
        return Some((to, glance));
    }
    if message.get(at) != Some(&tag) {
        return None;
    }
    let end = end_of_long_text(message, at, tag)?;
    Some((end, Glance::ButLast(end - at)))
}

/// Where the attribute ends whose tag is at `at`, if it is a key and a text of any length, both UTF-8.
#[inline(never)]
fn end_of_long_text(message: &[u8], at: usize, tag: u8) -> Option<usize> {
    let mut reader = CheckingReader::within(message, at..message.len());
    let mut attribute = reader.eat(tag).then(|| reader.nested())?.ok()?;
    let key = attribute.eat(KEY).then(|| attribute.nested())?.ok()?;
    let mut value = attribute.eat(VALUE).then(|| attribute.nested())?.ok()?;
    let text = value.eat(STRING).then(|| value.nested())?.ok()?;
    let is_whole = attribute.is_empty() && value.is_empty();
    (is_whole && is_utf8(key.rest()) && is_utf8(text.rest())).then_some(reader.offset())
}

/// Where the value of the attribute stands whose tag is at `at`, if its length and that of its key take one
/// byte: from the tag of the value on. It may reach beyond the message, or end before it begins.
#[inline(always)]
fn value_of_next(message: &[u8], at: usize, tag: u8) -> Option<(usize, usize)> {
    // Tag, length, tag of the key and its length are one number: a mask leaves of the lengths whether they take one
    // byte, and one comparison tells all.
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
    let text = match value.and_then(glance) {
        Some(Glance::Text) => attribute,
        Some(Glance::ButLast(width)) => &attribute[..attribute.len() - width],
        None => return false,
    };
    is_utf8(text)
}

/// Looks at the tags and lengths of a value; it is shorter than 128 bytes.
#[inline(always)]
fn glance(value: &[u8]) -> Option<Glance> {
    const EMPTY_TEXT: u32 = u32::from_le_bytes([VALUE, 2, STRING, 0]);
    const LENGTHS: u32 = u32::from_le_bytes([0, 1, 0, 1]);
    let head = u32::from_le_bytes(*value.first_chunk()?);
    // Both lengths of a value that is text grow with it by the same, so that they are right is one multiplication.
    if head == EMPTY_TEXT + LENGTHS * (value.len() as u32 - 4) {
        return Some(Glance::Text);
    }
    other(value)
}

/// Recognises an integer, a bool, a double or an array of texts, from the tag of the value on.
#[inline(never)]
fn other(value: &[u8]) -> Option<Glance> {
    let &[VALUE, len, kind, ref content @ ..] = value else { return None };
    match (kind, content) {
        // The value has to fill its length: what is left over would be another field of it.
        _ if usize::from(len) != content.len() + 1 => None,
        (BOOL, [0 | 1]) | (INT, [..0x80]) => Some(Glance::Text),
        (INT, [0x80..=0xff, 1..0x80]) => Some(Glance::ButLast(2)),
        // Up to nine bytes fit into 64 bits whatever they are.
        (INT, [high @ .., 1..0x80]) if high.len() < 9 && high.iter().all(|&byte| byte >= 0x80) => {
            Some(Glance::ButLast(content.len()))
        }
        (DOUBLE, [_, _, _, _, _, _, _, _]) => Some(Glance::ButLast(content.len())),
        (ARRAY, [len, texts @ ..]) if usize::from(*len) == texts.len() => {
            are_texts(texts).then_some(Glance::Text)
        }
        _ => None,
    }
}

/// Whether the elements of an array are texts, but for what is in them.
fn are_texts(mut elements: &[u8]) -> bool {
    while let [STRING, len, STRING, text_len, rest @ ..] = elements
        // An element is a value with a text, so it is longer by a tag and a length. A length that wraps around is
        // more than is there, for all of this is shorter than 128 bytes.
        && *len == text_len.wrapping_add(2)
        && let Some(rest) = rest.get(usize::from(*text_len)..)
    {
        elements = rest;
    }
    elements.is_empty()
}
