//! Requests in protobuf.

use duckspan_otlp::detect::{Detection, detect, is_plainly};
use duckspan_otlp::verify::{Form, verify};
use duckspan_otlp::{Error, SegmentBuilder, Signal};

use super::{Decoded, index, misdirected, refused};
use crate::body::Payload;
use crate::refusal::Refusal;

/// Decodes a request to `signal`.
pub(super) fn decode(signal: Signal, payload: Payload) -> Result<Decoded, Refusal> {
    match verify(signal.data(), &payload.bytes) {
        Ok(form) if is_plainly(signal, &payload.bytes) => build(signal, payload, form),
        Ok(form) => match detect(&payload.bytes, Some(signal)) {
            Detection::Signal(other) if other != signal => reject(other, signal, payload),
            _ => build(signal, payload, form),
        },
        Err(error) => match detect(&payload.bytes, Some(signal)) {
            Detection::Signal(other) if other != signal => reject(other, signal, payload),
            Detection::Foreign(what) => Err(foreign(what, &error)),
            _ => Err(Refusal::malformed(error.to_string())),
        },
    }
}

fn foreign(what: &'static str, error: &Error) -> Refusal {
    Refusal::malformed(format!("{error}; this looks like {what}"))
}

fn build(signal: Signal, payload: Payload, form: Form) -> Result<Decoded, Refusal> {
    let Payload { bytes, mut charge } = payload;
    index::reserve(signal, &bytes, &mut charge)?;
    if form == Form::Loose {
        index::reserve_canonical(signal, &bytes, &mut charge)?;
    }
    let mut builder = SegmentBuilder::new(signal);
    let repairs = builder.push_owned(bytes, form).map_err(refused)?;
    Ok(Decoded::new(builder.finish(), charge, repairs))
}

/// Refuses the rows of a request that was sent to `signal` but is of another.
fn reject(other: Signal, signal: Signal, payload: Payload) -> Result<Decoded, Refusal> {
    let form = verify(other.data(), &payload.bytes)
        .map_err(|error| Refusal::malformed(error.to_string()))?;
    let Decoded { segment, charge, accepted } = build(other, payload, form)?;
    drop(segment);
    Ok(Decoded::nothing(charge, accepted.rows, misdirected(other, signal)))
}
