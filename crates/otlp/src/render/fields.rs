//! Messages as JSON objects, field by field as the schema says.

use super::{number, text};
use crate::any_value::{self, AnyValue};
use crate::limits::MAX_VALUE_DEPTH;
use crate::schema::role::tag;
use crate::schema::{self, Field, Key, Kind, Message, Role, Rule, WireType};
use crate::trusted::Trusted;

/// Messages inside of one another: a list of values takes up to three, what surrounds them fewer
/// than sixteen. Deeper ones show as `{}`.
const MAX_DEPTH: usize = 3 * MAX_VALUE_DEPTH + 16;

/// The numbers of the fields that are wanted, first and last.
pub(super) type Numbers = (u8, u8);

/// Every field.
pub(super) const ALL: Numbers = (0, u8::MAX);

/// Appends any message.
pub(super) fn nested(
    message: &'static Message,
    part: Trusted<'_>,
    depth: usize,
    out: &mut Vec<u8>,
) {
    // Verified bytes nest no deeper: this is for who renders bytes that nobody checked.
    if depth > MAX_DEPTH {
        out.extend_from_slice(b"{}");
    } else if message.role == Role::AnyValue {
        any_value(part, depth, out);
    } else {
        object(message, part, depth, out);
    }
}

/// Appends a message that is no `AnyValue`.
pub(super) fn object(
    message: &'static Message,
    part: Trusted<'_>,
    depth: usize,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    fields(message, part, ALL, depth, out);
    close(b'}', out);
}

/// Appends fields of a message, each with a comma behind it. Of bytes that are malformed, the part
/// before the fault is taken.
pub(super) fn fields(
    message: &'static Message,
    part: Trusted<'_>,
    wanted: Numbers,
    depth: usize,
    out: &mut Vec<u8>,
) {
    let mut list = None;
    walk(message, part, wanted, depth, &mut list, out);
    if list.is_some() {
        end_list(out);
    }
}

/// Appends fields; `list` is the repeated field whose array is open.
#[inline(always)]
fn walk(
    message: &'static Message,
    mut part: Trusted<'_>,
    (first, last): Numbers,
    depth: usize,
    list: &mut Option<u8>,
    out: &mut Vec<u8>,
) -> Option<()> {
    while let Some((number, wire_type)) = part.tag() {
        let Some(field) = message.field(number).filter(|field| {
            field.wire_type() as u8 == wire_type && first <= field.number && field.number <= last
        }) else {
            part.skip(number, wire_type)?;
            continue;
        };
        // Elements of a field stand together in canonical messages, so its array ends where another field begins.
        if list.is_some_and(|open| open != field.number) {
            end_list(out);
            *list = None;
        }
        if field.rule == Rule::Repeated {
            elements(field, &mut part, field.number << 3 | wire_type, depth, list, out)?;
        } else {
            singular(field, &mut part, depth, out)?;
        }
    }
    Some(())
}

/// Appends a field that does not repeat.
#[inline(always)]
fn singular(
    field: &'static Field,
    part: &mut Trusted<'_>,
    depth: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let implicit = field.rule == Rule::Singular;
    if field.kind.wire_type() == WireType::Len {
        let content = part.len()?;
        if implicit && content.is_empty() && !matches!(field.kind, Kind::Message(_)) {
            return Some(());
        }
        key(field, out);
        bytes(field.kind, content, depth, out);
    } else {
        let bits = part.bits(field.kind)?;
        // A sender may write a default that it could leave out: the same message has one text.
        if implicit && number::is_zero(field.kind, bits) {
            return Some(());
        }
        key(field, out);
        scalar(field.kind, bits, out);
    }
    out.push(b',');
    Some(())
}

/// Appends an element of a repeated field, and opens its array; of attributes, all that follow.
#[inline(always)]
fn elements(
    field: &'static Field,
    part: &mut Trusted<'_>,
    tag: u8,
    depth: usize,
    list: &mut Option<u8>,
    out: &mut Vec<u8>,
) -> Option<()> {
    let element = part.len()?;
    // Packed without values: an array that is empty is left out.
    if field.kind.wire_type() != WireType::Len && element.is_empty() {
        return Some(());
    }
    if list.is_none() {
        key(field, out);
        out.push(b'[');
        *list = Some(field.number);
    }
    if !matches!(field.kind, Kind::Message(message) if message.role == Role::KeyValue) {
        bytes(field.kind, element, depth, out);
        out.push(b',');
        return Some(());
    }
    part.start = attributes(*part, element, tag, depth + 1, out)?;
    Some(())
}

/// Appends an attribute and those that follow it, before each of which stands `tag`; returns where they
/// end.
#[inline(never)]
fn attributes<'a>(
    mut part: Trusted<'a>,
    mut attribute: Trusted<'a>,
    tag: u8,
    depth: usize,
    out: &mut Vec<u8>,
) -> Option<usize> {
    loop {
        key_value(attribute, depth, out);
        if !part.next_is(tag) {
            return Some(part.start);
        }
        attribute = part.len()?;
    }
}

/// Appends the value of a field that has a length.
#[inline]
fn bytes(kind: Kind, part: Trusted<'_>, depth: usize, out: &mut Vec<u8>) {
    match kind {
        Kind::Message(message) => nested(message, part, depth + 1, out),
        Kind::String => text::string(part, out),
        Kind::Id => text::hex(part.content(), out),
        Kind::Bytes => text::base64(part.content(), out),
        _ => packed(kind, part, out),
    }
}

/// Appends a number or a bool.
pub(crate) fn scalar(kind: Kind, bits: u64, out: &mut Vec<u8>) {
    match kind {
        Kind::Double => number::double(f64::from_bits(bits), out),
        Kind::Int64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
            out.push(b'"');
            number::integer(kind, bits, out);
            out.push(b'"');
        }
        _ => number::integer(kind, bits, out),
    }
}

/// Appends the elements with commas between them.
fn packed(kind: Kind, mut part: Trusted<'_>, out: &mut Vec<u8>) {
    while !part.is_empty() {
        let Some(bits) = part.bits(kind) else { break };
        scalar(kind, bits, out);
        out.push(b',');
    }
    if out.last() == Some(&b',') {
        // The comma behind the last number; an array without any has none.
        out.pop();
    }
}

/// Appends an attribute and a comma.
#[inline(always)]
fn key_value(attribute: Trusted<'_>, depth: usize, out: &mut Vec<u8>) {
    let mut part = attribute;
    if part.next_is(tag::KEY)
        && let Some(key) = part.len()
        && part.next_is(tag::VALUE)
        && let Some(value) = part.len()
        && !key.is_empty()
    {
        out.extend_from_slice(b"{\"key\":\"");
        text::escaped(key, out);
        value_of_key(value, depth + 1, out);
    } else {
        object(&schema::KEY_VALUE, attribute, depth, out);
        out.push(b',');
    }
}

/// Appends the rest of an attribute after the text of its key, and a comma.
#[inline(always)]
fn value_of_key(value: Trusted<'_>, depth: usize, out: &mut Vec<u8>) {
    if let Some(string) = any_value::string(value) {
        out.extend_from_slice(b"\",\"value\":{\"stringValue\":\"");
        text::escaped(string, out);
        out.extend_from_slice(b"\"}},");
    } else {
        out.extend_from_slice(b"\",\"value\":");
        any_value(value, depth, out);
        out.extend_from_slice(b"},");
    }
}

/// Appends an `AnyValue`.
fn any_value(value: Trusted<'_>, depth: usize, out: &mut Vec<u8>) {
    match AnyValue::of(value) {
        AnyValue::String(string) => {
            out.extend_from_slice(b"{\"stringValue\":\"");
            text::escaped(string, out);
            out.extend_from_slice(b"\"}");
        }
        AnyValue::Int(int) => {
            out.extend_from_slice(b"{\"intValue\":\"");
            number::signed(int, out);
            out.extend_from_slice(b"\"}");
        }
        _ => object(&schema::ANY_VALUE, value, depth, out),
    }
}

/// Appends `"name":`.
#[inline]
pub(super) fn key(field: &Field, out: &mut Vec<u8>) {
    out.extend_from_slice(&field.key.block);
    // A copy of constant length and a step back: cheaper than to copy by length.
    out.truncate(out.len() - (Key::SIZE - field.key.len));
}

/// Puts a bracket in the place of the last comma, or behind the bracket that it closes.
#[inline]
pub(super) fn close(bracket: u8, out: &mut Vec<u8>) {
    match out.last_mut() {
        Some(last) if *last == b',' => *last = bracket,
        _ => out.push(bracket),
    }
}

#[inline(always)]
fn end_list(out: &mut Vec<u8>) {
    close(b']', out);
    out.push(b',');
}
