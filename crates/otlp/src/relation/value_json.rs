//! `AnyValue`s as JSON of their own types, and as text.

use std::borrow::Cow;

use super::attributes;
use super::elements::{Any, Elements, any};
use super::values::Texts;
use crate::limits::MAX_VALUE_DEPTH;
use crate::render::{Part, number, text};

/// Appends a value that is nested in `depth` lists: text as a string, numbers as numbers, bytes as a
/// string of base64, lists as arrays, maps as objects, nothing as null. Doubles that JSON cannot write are
/// the strings `NaN`, `Infinity` and `-Infinity`.
pub(super) fn json(value: Part<'_>, depth: usize, out: &mut Vec<u8>) {
    any_json(any(value), depth, out);
}

fn any_json(value: Any<'_>, depth: usize, out: &mut Vec<u8>) {
    match value {
        Any::String(string) => text::string(string, out),
        Any::Int(int) => number::signed(int, out),
        Any::Bool(true) => out.extend_from_slice(b"true"),
        Any::Bool(false) => out.extend_from_slice(b"false"),
        Any::Double(double) => number::double(double, out),
        Any::Bytes(bytes) => text::base64(bytes.content(), out),
        // Verified values nest no deeper, so what is beyond shows as null only of other bytes.
        Any::Array(list) if depth < MAX_VALUE_DEPTH => array(list, depth + 1, out),
        Any::Map(list) if depth < MAX_VALUE_DEPTH => {
            attributes::object(Elements::of_list(list), depth + 1, out);
        }
        _ => out.extend_from_slice(b"null"),
    }
}

fn array(list: Part<'_>, depth: usize, out: &mut Vec<u8>) {
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
pub(super) fn push_text(value: Part<'_>, texts: &mut Texts) -> Option<()> {
    match any(value) {
        Any::Empty => None,
        Any::String(string) => {
            texts.push_place(string.start..string.end);
            Some(())
        }
        other => texts.write(|out| plain(other, out)).map(drop),
    }
}

/// The same text, borrowed where it stands in the message; `None` where the value is empty.
pub(super) fn text_of(value: Part<'_>) -> Option<Cow<'_, [u8]>> {
    match any(value) {
        Any::Empty => None,
        Any::String(string) => Some(Cow::Borrowed(string.content())),
        other => {
            let mut text = Vec::new();
            plain(other, &mut text);
            Some(Cow::Owned(text))
        }
    }
}

fn plain(value: Any<'_>, out: &mut Vec<u8>) {
    match value {
        Any::Empty => {}
        Any::Bytes(bytes) => text::base64_digits(bytes.content(), out),
        Any::Int(int) => number::signed(int, out),
        // Without quotes, as it is text already.
        Any::Double(double) if double.is_nan() => out.extend_from_slice(b"NaN"),
        Any::Double(f64::INFINITY) => out.extend_from_slice(b"Infinity"),
        Any::Double(f64::NEG_INFINITY) => out.extend_from_slice(b"-Infinity"),
        other => any_json(other, 0, out),
    }
}
