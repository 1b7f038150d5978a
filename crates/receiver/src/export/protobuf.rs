//! Requests in protobuf.

use duckspan_otlp::detect::{Detection, detect, is_plainly};
use duckspan_otlp::verify::{Verified, verify};
use duckspan_otlp::{Error, Repairs, SegmentBuilder, Signal};

use super::{Decoded, index, misdirected, refused};
use crate::body::{Content, Payload};
use crate::budget::Charge;
use crate::refusal::Refusal;

/// Decodes a request to `signal`.
pub(super) fn decode(signal: Signal, mut payload: Payload) -> Result<Decoded, Refusal> {
    index::reserve(signal, &payload.bytes, &mut payload.charge)?;
    let Payload { bytes, charge } = payload;
    if !is_plainly(signal, &bytes) {
        return look_closely(signal, Payload { bytes, charge });
    }
    let mut builder = SegmentBuilder::new(signal);
    let pushed = match bytes {
        Content::Received(bytes) => match builder.push_plain(&bytes) {
            true => Ok(()),
            false => Err(Content::Received(bytes)),
        },
        Content::Collected(bytes) => builder.push_owned(bytes).map_err(Content::Collected),
    };
    match pushed {
        Ok(()) => Ok(Decoded::new(builder.finish(), charge, Repairs::default())),
        Err(bytes) => look_closely(signal, Payload { bytes, charge }),
    }
}

/// Decodes a request that is malformed, of another signal, or laid out in an unusual way.
fn look_closely(signal: Signal, payload: Payload) -> Result<Decoded, Refusal> {
    let Payload { bytes, charge } = payload;
    match (verify(signal.data(), &bytes), detect(&bytes, Some(signal))) {
        (_, Detection::Signal(other)) if other != signal => {
            reject(other, signal, Payload { bytes, charge })
        }
        (Ok(request), _) => build(signal, &request, bytes.charged(), charge),
        (Err(error), Detection::Foreign(what)) => Err(foreign(what, &error)),
        (Err(error), _) => Err(Refusal::malformed(error.to_string())),
    }
}

fn foreign(what: &'static str, error: &Error) -> Refusal {
    Refusal::malformed(format!("{error}; this looks like {what}"))
}

/// The rows of a request whose bytes are charged with so many, until there is a copy.
fn build(
    signal: Signal,
    request: &Verified<'_>,
    charged: usize,
    mut charge: Charge,
) -> Result<Decoded, Refusal> {
    index::reserve_canonical(request, &mut charge)?;
    let mut builder = SegmentBuilder::new(signal);
    let repairs = builder.push_verified(request).map_err(refused)?;
    charge.give_back(charged);
    Ok(Decoded::new(builder.finish(), charge, repairs))
}

/// Refuses the rows of a request that was sent to `signal` but is of another.
fn reject(other: Signal, signal: Signal, payload: Payload) -> Result<Decoded, Refusal> {
    let Payload { bytes, mut charge } = payload;
    index::reserve(other, &bytes, &mut charge)?;
    let request =
        verify(other.data(), &bytes).map_err(|error| Refusal::malformed(error.to_string()))?;
    let Decoded { segment, charge, accepted } = build(other, &request, bytes.charged(), charge)?;
    drop(segment);
    Ok(Decoded::nothing(charge, accepted.rows, misdirected(other, signal)))
}
