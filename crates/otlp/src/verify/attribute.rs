//! Recognises the attributes that telemetry mostly consists of at a glance.
//!
//! Such a `KeyValue` has lengths of one byte: an ASCII key, then an ASCII text, an integer, a bool or a
//! double, each in the one form that is canonical. Its few lengths and tags have to agree; that its bytes
//! are ASCII is found for many attributes at once.

use wide::u8x16;

#[cfg(test)]
mod tests;

// Tags of the fields of a `KeyValue`,
const KEY: u8 = 0x0a;
const VALUE: u8 = 0x12;
// and of an `AnyValue`.
const TEXT: u8 = 0x0a;
const BOOL: u8 = 0x10;
const INT: u8 = 0x18;
const DOUBLE: u8 = 0x21;

/// Attributes that stand back to back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Up to here all are recognised.
    pub(super) plain: usize,
    /// Up to here they would be, if all of their text were ASCII.
    pub(super) end: usize,
}

/// What is behind the tag and length of an attribute, if it is recognised but for its text.
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
    let (mut plain, mut at) = (start, start);
    while let Some(attribute) = next(message, at, tag)
        && let Some(glance) = glance(attribute)
    {
        at += 2 + attribute.len();
        let ascii = match glance {
            Glance::Ascii if at - plain < LONG => continue,
            Glance::Ascii => at,
            Glance::Number(width) => at - width,
        };
        if !is_ascii(&message[plain..ascii]) {
            return Run { plain, end: at };
        }
        plain = at;
    }
    let rest = is_ascii(&message[plain..at]);
    Run { plain: if rest { at } else { plain }, end: at }
}

/// Whether `attribute` is recognised: [`crate::normalize`] would leave it as it is.
pub(crate) fn is_plain(attribute: &[u8]) -> bool {
    let ascii = match glance(attribute) {
        Some(Glance::Ascii) => attribute,
        Some(Glance::Number(width)) => &attribute[..attribute.len() - width],
        None => return false,
    };
    is_ascii(ascii)
}

/// The attribute whose tag stands at `at`, if its length takes one byte.
#[inline(always)]
fn next(message: &[u8], at: usize, tag: u8) -> Option<&[u8]> {
    match message.get(at..)? {
        &[found, len @ ..0x80, ref rest @ ..] if found == tag => rest.get(..len.into()),
        _ => None,
    }
}

/// Looks at tags and lengths only.
#[inline(always)]
fn glance(attribute: &[u8]) -> Option<Glance> {
    let &[KEY, key_len, ref behind @ ..] = attribute else { return None };
    let value = behind.get(key_len.into()..)?;
    let &head = value.first_chunk()?;
    // A length that takes more than a byte is not ASCII.
    let len = u8::try_from(value.len()).ok()?;
    if u32::from_le_bytes(head) == u32::from_le_bytes([VALUE, len - 2, TEXT, len - 4]) {
        return Some(Glance::Ascii);
    }
    number(value)
}

/// Recognises an integer, a bool or a double, from the tag of the value on.
#[inline(never)]
fn number(value: &[u8]) -> Option<Glance> {
    let &[VALUE, len, kind, ref number @ ..] = value else { return None };
    match (kind, number) {
        _ if usize::from(len) != number.len() + 1 => None,
        (BOOL, [0 | 1]) | (INT, [..0x80]) => Some(Glance::Ascii),
        // Up to nine bytes fit into 64 bits whatever they are.
        (INT, [high @ .., 1..0x80]) if high.len() < 9 && high.iter().all(|&byte| byte >= 0x80) => {
            Some(Glance::Number(number.len()))
        }
        (DOUBLE, [_, _, _, _, _, _, _, _]) => Some(Glance::Number(number.len())),
        _ => None,
    }
}

/// As the method of slices, but in blocks to the end, where that takes bytes one by one.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks();
    let all = match bytes.last_chunk() {
        Some(last) => u8x16::new(*last),
        None => return rest.is_ascii(),
    };
    let all = blocks.iter().fold(all, |all, block| all | u8x16::new(*block));
    all.to_bitmask() == 0
}
