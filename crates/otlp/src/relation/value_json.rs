//! `AnyValue`s as JSON of their own types, and as text.

use std::borrow::Cow;

use super::attributes;
use super::elements::Elements;
use super::values::Texts;
use crate::any_value::AnyValue;
use crate::limits::MAX_VALUE_DEPTH;
use crate::render::{number, text};
use crate::trusted::Trusted;

/// Appends a value that is nested in `depth` lists: text as a string, numbers as numbers, bytes as a
/// string of base64, lists as arrays, maps as objects, nothing as null. Doubles that JSON cannot write are
/// the strings `NaN`, `Infinity` and `-Infinity`.
pub(super) fn json(value: Trusted<'_>, depth: usize, out: &mut Vec<u8>) {
    any_json(AnyValue::of(value), depth, out);
}

pub(super) fn any_json(value: AnyValue<'_>, depth: usize, out: &mut Vec<u8>) {
    match value {
        AnyValue::String(string) => text::string(string, out),
        AnyValue::Int(int) => number::signed(int, out),
        AnyValue::Bool(true) => out.extend_from_slice(b"true"),
        AnyValue::Bool(false) => out.extend_from_slice(b"false"),
        AnyValue::Double(double) => number::double(double, out),
        AnyValue::Bytes(bytes) => text::base64(bytes.content(), out),
        // Verified values nest no deeper, so what is beyond shows as null only of other bytes.
        AnyValue::Array(list) if depth < MAX_VALUE_DEPTH => array(list, depth + 1, out),
        AnyValue::Map(list) if depth < MAX_VALUE_DEPTH => {
            attributes::object(Elements::of_list(list), depth + 1, out);
        }
        _ => out.extend_from_slice(b"null"),
    }
}

fn array(list: Trusted<'_>, depth: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for value in Elements::of_list(list) {
        json(value, depth, out);
        out.push(b',');
    }
    close(b']', out);
}

/// Puts a bracket in the place of the last comma, or behind the bracket that it closes.
#[inline]
pub(super) fn close(bracket: u8, out: &mut Vec<u8>) {
    match out.last_mut() {
        Some(last) if *last == b',' => *last = bracket,
        _ => out.push(bracket),
    }
}

/// Adds a value as text: a string as it is, bytes as base64, lists and maps as JSON, and what else there is as
/// JSON writes it, without quotes. `None` if the value is none, or there is no room.
pub(super) fn push_text(value: Trusted<'_>, texts: &mut Texts) -> Option<()> {
    match AnyValue::of(value) {
        AnyValue::Empty => None,
        AnyValue::String(string) => {
            texts.push_place(string.start..string.end);
            Some(())
        }
        other => texts.write(|out| plain(other, out)).map(drop),
    }
}

/// The same text, borrowed where it stands in the message; `None` where the value is empty.
pub(super) fn text_of(value: Trusted<'_>) -> Option<Cow<'_, [u8]>> {
    match AnyValue::of(value) {
        AnyValue::Empty => None,
        AnyValue::String(string) => Some(Cow::Borrowed(string.content())),
        other => {
            let mut text = Vec::new();
            plain(other, &mut text);
            Some(Cow::Owned(text))
        }
    }
}

fn plain(value: AnyValue<'_>, out: &mut Vec<u8>) {
    match value {
        AnyValue::Empty => {}
        AnyValue::Bytes(bytes) => text::base64_digits(bytes.content(), out),
        AnyValue::Int(int) => number::signed(int, out),
        // Without quotes, as it is text already.
        AnyValue::Double(double) if double.is_nan() => out.extend_from_slice(b"NaN"),
        AnyValue::Double(f64::INFINITY) => out.extend_from_slice(b"Infinity"),
        AnyValue::Double(f64::NEG_INFINITY) => out.extend_from_slice(b"-Infinity"),
        other => any_json(other, 0, out),
    }
}
