//! Walks the elements of a repeated field, and the members of an `AnyValue`.

use super::walk::{known, step_over, tag};
use crate::render::Part;
use crate::schema::{self, Message, WireType};

/// A repeated field of strings or messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeated {
    number: u32,
    /// Bit n: field n of the message comes after this one.
    later: u32,
}

impl Repeated {
    /// The field of that number of a message.
    pub(super) fn new(message: &Message, number: u8) -> Repeated {
        let upto = u32::MAX >> (31 - u32::from(number));
        Repeated { number: number.into(), later: known(message) & !upto }
    }

    /// The elements, of which the first stands at the start of `rest`, behind its tag.
    #[inline]
    pub(super) fn elements(self, rest: Part<'_>) -> Elements<'_> {
        Elements { field: self, rest, tagged: false }
    }
}

/// The elements of a repeated field.
#[derive(Clone, Copy)]
pub(super) struct Elements<'a> {
    field: Repeated,
    rest: Part<'a>,
    /// Whether a tag comes next.
    tagged: bool,
}

impl<'a> Elements<'a> {
    /// All of `values`, the only field of an `ArrayValue` or `KeyValueList`.
    pub(super) fn of_list(list: Part<'a>) -> Elements<'a> {
        Elements { field: Repeated { number: 1, later: 0 }, rest: list, tagged: true }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Part<'a>;

    #[inline]
    fn next(&mut self) -> Option<Part<'a>> {
        while self.tagged {
            let (number, wire_type) = tag(&mut self.rest)?;
            if number == self.field.number && wire_type == WireType::Len as u8 {
                break;
            }
            let is_later = number < u32::BITS && self.field.later >> number & 1 != 0;
            if is_later || step_over(&mut self.rest, number, wire_type).is_none() {
                self.rest.start = self.rest.end;
            }
        }
        self.tagged = true;
        self.rest.len()
    }
}

/// The key and the value of a `KeyValue`; empty where absent.
#[inline]
pub(super) fn key_value(attribute: Part<'_>) -> (Part<'_>, Part<'_>) {
    let mut part = attribute;
    if part.next_is(0x0a)
        && let Some(key) = part.len()
        && part.next_is(0x12)
        && let Some(value) = part.len()
    {
        return (key, value);
    }
    odd_key_value(attribute)
}

/// The same, of an attribute that lacks one of them or has fields besides.
#[cold]
fn odd_key_value(mut part: Part<'_>) -> (Part<'_>, Part<'_>) {
    let nothing = Part { start: part.end, ..part };
    let (mut key, mut value) = (nothing, nothing);
    while let Some((number, wire_type)) = tag(&mut part) {
        let field = match (number, wire_type) {
            (1, 2) => &mut key,
            (2, 2) => &mut value,
            _ => match step_over(&mut part, number, wire_type) {
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

/// What an `AnyValue` holds.
#[derive(Clone, Copy)]
pub(super) enum Any<'a> {
    Empty,
    String(Part<'a>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Array(Part<'a>),
    Map(Part<'a>),
    Bytes(Part<'a>),
}

/// Reads an `AnyValue`.
#[inline]
pub(super) fn any(mut value: Part<'_>) -> Any<'_> {
    while let Some((number, wire_type)) = tag(&mut value) {
        let is_known = schema::ANY_VALUE
            .field(number)
            .is_some_and(|field| field.wire_type() as u8 == wire_type);
        if is_known {
            return member(number, value).unwrap_or(Any::Empty);
        }
        if step_over(&mut value, number, wire_type).is_none() {
            break;
        }
    }
    Any::Empty
}

#[inline]
fn member(number: u32, mut value: Part<'_>) -> Option<Any<'_>> {
    Some(match number {
        1 => Any::String(value.len()?),
        2 => Any::Bool(value.varint()? != 0),
        3 => Any::Int(value.varint()? as i64),
        4 => Any::Double(f64::from_le_bytes(value.array()?)),
        5 => Any::Array(value.len()?),
        6 => Any::Map(value.len()?),
        _ => Any::Bytes(value.len()?),
    })
}
