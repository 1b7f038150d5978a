//! Walks the elements of a repeated field, and the fields of an attribute.

use super::walk::known;
use crate::schema::role::{alike, len_tag, tag};
use crate::schema::{ARRAY_VALUE, KEY_VALUE_LIST, Message, WireType};
use crate::trusted::Trusted;

/// The numbers of the fields of a `KeyValue`.
const KEY: u32 = tag::number(tag::KEY);
const VALUE: u32 = tag::number(tag::VALUE);

/// The tag of the only field of an `ArrayValue` or `KeyValueList`.
const VALUES: u8 = len_tag(alike(&[ARRAY_VALUE.number("values"), KEY_VALUE_LIST.number("values")]));

const LEN: u8 = WireType::Len as u8;

/// A repeated field of strings or messages. Its tag takes one byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeated {
    tag: u8,
    /// Bit n: field n of the message comes after this one.
    later: u32,
}

impl Repeated {
    /// The field of that number of a message.
    pub(super) fn new(message: &Message, number: u8) -> Repeated {
        // Bits up to and with that number.
        let upto = u32::MAX >> (31 - u32::from(number));
        Repeated { tag: number << 3 | WireType::Len as u8, later: known(message) & !upto }
    }

    /// The elements, of which the first stands at the start of `rest`, behind its tag.
    #[inline(always)]
    pub(super) fn elements(self, rest: Trusted<'_>) -> Elements<'_> {
        Elements { field: self, rest, is_first: true }
    }
}

/// The elements of a repeated field.
#[derive(Clone, Copy)]
pub(super) struct Elements<'a> {
    field: Repeated,
    rest: Trusted<'a>,
    /// Whether the tag is behind.
    is_first: bool,
}

impl<'a> Elements<'a> {
    /// All of `values`, the only field of an `ArrayValue` or `KeyValueList`.
    #[inline(always)]
    pub(super) fn of_list(list: Trusted<'a>) -> Elements<'a> {
        let field = Repeated { tag: VALUES, later: 0 };
        Elements { field, rest: list, is_first: false }
    }

    /// Steps over the tag of the next element, and over what stands before it.
    #[inline(never)]
    fn seek(&mut self) -> Option<()> {
        while let Some((number, wire_type)) = self.rest.tag() {
            if number << 3 | u32::from(wire_type) == u32::from(self.field.tag) {
                return Some(());
            }
            // Fields ascend, so none follows behind a later one; unknown numbers say nothing, since they may stand
            // anywhere.
            if number < u32::BITS && self.field.later >> number & 1 != 0 {
                break;
            }
            self.rest.skip(number, wire_type)?;
        }
        // So that it stays at its end however often it is asked.
        self.rest.start = self.rest.end;
        None
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Trusted<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Trusted<'a>> {
        // Elements mostly stand back to back, so the next one is found by one byte.
        if !self.is_first && !self.rest.next_is(self.field.tag) {
            self.seek()?;
        }
        self.is_first = false;
        self.rest.len()
    }
}

/// The key and the value of a `KeyValue`; empty where absent.
#[inline(always)]
pub(super) fn key_value(attribute: Trusted<'_>) -> (Trusted<'_>, Trusted<'_>) {
    if let [tag::KEY, key_len @ ..0x80, rest @ ..] = attribute.content()
        && let Some([tag::VALUE, value_len @ ..0x80, value @ ..]) =
            rest.get(usize::from(*key_len)..)
        && value.len() == usize::from(*value_len)
    {
        let (key, value) = (attribute.start + 2, attribute.end - value.len());
        // Slices would do, but places are wanted, since values may be kept as places in the segment.
        return (
            attribute.at(key..key + usize::from(*key_len)),
            attribute.at(value..attribute.end),
        );
    }
    odd_key_value(attribute)
}

/// The same, of an attribute that is long, lacks one of them, or has fields besides.
#[inline(never)]
fn odd_key_value(mut part: Trusted<'_>) -> (Trusted<'_>, Trusted<'_>) {
    let nothing = part.at(part.end..part.end);
    let (mut key, mut value) = (nothing, nothing);
    while let Some((number, wire_type)) = part.tag() {
        let field = match (number, wire_type) {
            (KEY, LEN) => &mut key,
            (VALUE, LEN) => &mut value,
            // A field that nobody knows, or one of the two in another wire type: neither says anything.
            _ => match part.skip(number, wire_type) {
                Some(()) => continue,
                None => break,
            },
        };
        match part.len() {
            Some(content) => *field = content,
            None => break,
        }
    }
    (key, value)
}
