//! Requests in JSON.

use std::cell::RefCell;

use duckspan_otlp::json::{Foreign, Outcome, Projection, Transcoder};
use duckspan_otlp::{Repairs, Segment, SegmentBuilder, Signal, SignalSet};

use super::{Decoded, index, misdirected, refused};
use crate::body::Payload;
use crate::budget::Charge;
use crate::limits::KEPT_ROOM;
use crate::refusal::Refusal;

thread_local! {
    /// Kept from request to request for its buffers.
    static TRANSCODER: RefCell<Option<Transcoder>> = const { RefCell::new(None) };
}

/// Decodes a request to `signal`.
pub(super) fn decode(signal: Signal, payload: Payload) -> Result<Decoded, Refusal> {
    let mut transcoder = TRANSCODER.take().unwrap_or_default();
    let decoded = transcode(&mut transcoder, signal, payload);
    // Large requests are rare, and their buffers large.
    let requests = Signal::ALL.into_iter().filter_map(|signal| transcoder.request(signal));
    if requests.map(|request| request.bytes().len()).sum::<usize>() <= 2 * KEPT_ROOM {
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
    index::reserve_protobuf(&bytes, &mut charge)?;
    let malformed = |error: duckspan_otlp::Error| Refusal::malformed(error.to_string());
    let outcome = transcoder.read(&bytes, SignalSet::ALL, Projection::ALL).map_err(malformed)?;
    charge.give_back(bytes.charged());
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
    mut charge: Charge,
) -> Result<Decoded, Refusal> {
    let others = Signal::ALL.into_iter().filter(|&other| other != signal);
    let (segment, repairs) = rows(transcoder, signal, outcome, &mut charge)?;
    let mut decoded = Decoded::new(segment, charge, repairs);
    for other in others {
        let (foreign, _) = rows(transcoder, other, outcome, &mut decoded.charge)?;
        if !foreign.is_empty() {
            decoded.accepted.rejected += foreign.len() as u64;
            decoded = decoded.with_message(misdirected(other, signal));
        }
    }
    Ok(decoded)
}

/// The rows of one signal that stood in a request, and what was repaired in them.
fn rows(
    transcoder: &Transcoder,
    signal: Signal,
    outcome: &Outcome,
    charge: &mut Charge,
) -> Result<(Segment, Repairs), Refusal> {
    let mut builder = SegmentBuilder::new(signal);
    let mut repairs = outcome.repairs.clone();
    if let Some(request) = transcoder.request(signal) {
        index::reserve(signal, request.bytes(), charge)?;
        charge.add(request.bytes().len())?;
        repairs.add(&builder.push_verified(&request).map_err(refused)?);
    }
    Ok((builder.finish(), repairs))
}
