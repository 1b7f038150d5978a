//! The memory that the rows of a request need beside its bytes.
//!
//! An empty span is two bytes on the wire and many more in the index of a segment, so the index of a large
//! request is charged before it is made. Small requests are not worth a walk.

use duckspan_otlp::Signal;
use duckspan_otlp::wire::{Reader, Value};

use crate::budget::Charge;
use crate::limits::COUNTED_SIZE;
use crate::refusal::Refusal;

/// Bytes that a resource, a scope, a metric or a row may take in an index that is growing.
const ENTRY: usize = 64;

/// Charges the index of a request.
pub(super) fn reserve(signal: Signal, request: &[u8], charge: &mut Charge) -> Result<(), Refusal> {
    if request.len() >= COUNTED_SIZE {
        charge.add(entries(levels(signal), request).saturating_mul(ENTRY))?;
    }
    Ok(())
}

/// The fields to go down by.
fn levels(signal: Signal) -> &'static [&'static [u32]] {
    match signal {
        Signal::Traces | Signal::Logs => &[&[1], &[2], &[2]],
        Signal::Metrics => &[&[1], &[2], &[2], &[5, 7, 9, 10, 11], &[1]],
    }
}

/// The messages of a request that an index has entries for; of one that is cut, those before the cut.
fn entries(levels: &[&[u32]], message: &[u8]) -> usize {
    let Some((fields, below)) = levels.split_first() else { return 0 };
    let mut reader = Reader::new(message);
    let mut count = 0;
    while let Ok((number, wire_type)) = reader.tag() {
        match reader.value(number, wire_type) {
            Ok(Value::Len(bytes, _)) if fields.contains(&number) => {
                count += 1 + entries(below, bytes);
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    count
}
