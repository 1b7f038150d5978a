//! Attributes as a JSON object, and single ones by their key.

use std::collections::HashSet;

use super::elements::{Elements, key_value};
use super::value_json;
use crate::any_value::AnyValue;
use crate::render::text;
use crate::trusted::Trusted;

/// Appends attributes, or the members of a map, as a JSON object; of equal keys the first counts.
pub(super) fn object(all: Elements<'_>, depth: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut seen = Seen::default();
    for (index, attribute) in all.enumerate() {
        let (key, value) = key_value(attribute);
        if seen.repeats(key.content(), index, all) {
            continue;
        }
        member(key, value, depth, out);
    }
    value_json::close(b'}', out);
}

/// Appends a member of an object, and a comma.
#[inline(always)]
fn member(key: Trusted<'_>, value: Trusted<'_>, depth: usize, out: &mut Vec<u8>) {
    out.push(b'"');
    text::escaped(key, out);
    match AnyValue::of(value) {
        AnyValue::String(string) => {
            out.extend_from_slice(b"\":\"");
            text::escaped(string, out);
            out.extend_from_slice(b"\",");
        }
        other => {
            out.extend_from_slice(b"\":");
            value_json::any_json(other, depth, out);
            out.push(b',');
        }
    }
}

/// The value of the first attribute with this key.
pub(super) fn find<'a>(mut all: Elements<'a>, key: &[u8]) -> Option<Trusted<'a>> {
    all.find_map(|attribute| {
        let (name, value) = key_value(attribute);
        (name.content() == key).then_some(value)
    })
}

/// The keys met so far. A few keys are known by a bit each, and looked for when that bit was set before;
/// many are kept in a set, so that the time never grows with the square of their number.
#[derive(Default)]
struct Seen<'a> {
    bits: [u64; 4],
    set: Option<HashSet<&'a [u8]>>,
}

impl<'a> Seen<'a> {
    /// From this many keys on they are kept in a set.
    const MANY: usize = 32;

    /// Whether the key of the attribute at `index` was met before.
    #[inline]
    fn repeats(&mut self, key: &'a [u8], index: usize, all: Elements<'a>) -> bool {
        // A set is made of what was met before, once, and asked from then on.
        if index >= Self::MANY {
            let earlier = || all.take(index).map(|attribute| key_value(attribute).0.content());
            return !self.set.get_or_insert_with(|| earlier().collect()).insert(key);
        }
        // Eight bits of it choose one of 256: with so few keys two seldom meet.
        let hash = hash(key);
        let (word, bit) = (&mut self.bits[usize::from(hash) / 64], 1 << (hash % 64));
        let may_repeat = *word & bit != 0;
        *word |= bit;
        // Two keys may share a bit, so it is looked up; that walks over attributes again, of which there are few.
        may_repeat && all.take(index).any(|attribute| key_value(attribute).0.content() == key)
    }
}

/// Eight bits of the length and the end of a key: keys often start alike.
#[inline]
fn hash(key: &[u8]) -> u8 {
    let end = match key.last_chunk() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => key.iter().fold(0, |end, &byte| end << 8 | u64::from(byte)),
    };
    ((end ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
}
