//! The memory that a request needs beside its bytes.
//!
//! An empty span is two bytes on the wire and many more in the index of a segment, and a number in JSON may
//! be shorter than it is in protobuf. So a large request is charged for what it grows to before it grows.
//! Small requests are not worth a walk.

use duckspan_otlp::segment::entries;
use duckspan_otlp::verify::Verified;
use duckspan_otlp::{Signal, utf8};

use crate::budget::Charge;
use crate::limits::COUNTED_SIZE;
use crate::refusal::Refusal;

#[cfg(test)]
mod tests;

/// Bytes that a resource, a scope, a metric or a row may take in an index that is growing.
const ENTRY: usize = 64;

/// Charges the index of a request.
pub(super) fn reserve(signal: Signal, request: &[u8], charge: &mut Charge) -> Result<(), Refusal> {
    if request.len() >= COUNTED_SIZE {
        charge.add(entries(signal, request).saturating_mul(ENTRY))?;
    }
    Ok(())
}

/// Charges what a request in JSON takes as protobuf.
pub(super) fn reserve_protobuf(text: &[u8], charge: &mut Charge) -> Result<(), Refusal> {
    let more = if text.len() < COUNTED_SIZE { 0 } else { growth(text) };
    charge.add(text.len().saturating_add(more))?;
    Ok(())
}

/// Charges what a request in protobuf takes in canonical form.
pub(super) fn reserve_canonical(
    request: &Verified<'_>,
    charge: &mut Charge,
) -> Result<(), Refusal> {
    let len = request.bytes().len();
    let more = if len >= COUNTED_SIZE { request.growth() } else { 0 };
    charge.add(len.saturating_add(more))?;
    Ok(())
}

/// How much more than its text JSON may take: the numbers of an array are eight bytes each in protobuf,
/// however short they are; and where text is not UTF-8, it is copied with U+FFFD, which is longer.
fn growth(text: &[u8]) -> usize {
    const NUMBER: usize = 8;
    let mut growth = 0;
    let mut start = 0;
    for (at, byte) in text.iter().enumerate() {
        if matches!(byte, b',' | b']') {
            let number = at > 0 && matches!(text[at - 1], b'0'..=b'9' | b'"');
            growth += if number { NUMBER.saturating_sub(at + 1 - start) } else { 0 };
            start = at + 1;
        }
    }
    let longer = utf8::growth(text);
    let copied = if str::from_utf8(text).is_ok() { 0 } else { text.len() + longer };
    growth + copied + longer
}
