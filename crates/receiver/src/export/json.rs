//! Requests in JSON.

use std::cell::RefCell;

use duckspan_otlp::json::{Foreign, Outcome, Projection, Transcoder};
use duckspan_otlp::{SegmentBuilder, Signal, SignalSet};

use super::{Decoded, index, misdirected, refused};
use crate::body::Payload;
use crate::budget::Charge;
use crate::limits::BLOCKING_SIZE;
use crate::refusal::Refusal;

thread_local! {
    /// Kept from request to request for its buffers.
    static TRANSCODER: RefCell<Option<Transcoder>> = const { RefCell::new(None) };
}

/// Decodes a request to `signal`.
pub(super) fn decode(signal: Signal, payload: Payload) -> Result<Decoded, Refusal> {
    let size = payload.bytes.len();
    let mut transcoder = TRANSCODER.take().unwrap_or_default();
    let decoded = transcode(&mut transcoder, signal, payload);
    // Large requests are rare, and their buffers large.
    if size < BLOCKING_SIZE {
        TRANSCODER.set(Some(transcoder));
    }
    decoded
}

fn transcode(
    transcoder: &mut Transcoder,
    signal: Signal,
    payload: Payload,
) -> Result<Decoded, Refusal> {
    let Payload { bytes, mut charge } = payload;
    charge.add(bytes.len())?;
    let malformed = |error: duckspan_otlp::Error| Refusal::malformed(error.to_string());
    let outcome = transcoder.read(&bytes, SignalSet::ALL, Projection::ALL).map_err(malformed)?;
    charge.give_back(bytes.capacity());
    drop(bytes);
    if let Some(foreign) = &outcome.foreign {
        return match foreign {
            Foreign::SnakeCase(_) | Foreign::Object(_) => {
                Ok(Decoded::nothing(charge, 0, foreign.to_string()))
            }
            Foreign::Profiles | Foreign::NotAnObject(_) => {
                Err(Refusal::malformed(foreign.to_string()))
            }
        };
    }
    build(transcoder, signal, &outcome, charge)
}

fn build(
    transcoder: &Transcoder,
    signal: Signal,
    outcome: &Outcome,
    charge: Charge,
) -> Result<Decoded, Refusal> {
    let others = Signal::ALL.into_iter().filter(|&other| other != signal);
    let mut decoded = rows(transcoder, signal, outcome, charge)?;
    for other in others {
        let foreign = rows(transcoder, other, outcome, Charge::like(&decoded.charge))?;
        decoded.accepted.rejected += foreign.accepted.rows;
        if foreign.accepted.rows > 0 {
            decoded = decoded.with_message(misdirected(other, signal));
        }
    }
    Ok(decoded)
}

/// The rows of one signal that stood in a request.
fn rows(
    transcoder: &Transcoder,
    signal: Signal,
    outcome: &Outcome,
    mut charge: Charge,
) -> Result<Decoded, Refusal> {
    let mut builder = SegmentBuilder::new(signal);
    let mut repairs = outcome.repairs;
    if let Some((request, form)) = transcoder.request(signal) {
        index::reserve(signal, request, &mut charge)?;
        charge.add(request.len())?;
        repairs.add(&builder.push_verified(request, form).map_err(refused)?);
    }
    Ok(Decoded::new(builder.finish(), charge, repairs))
}
