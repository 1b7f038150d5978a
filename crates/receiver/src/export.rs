//! Requests to rows: the bytes of a message become a segment, all of them or none.

use std::borrow::Cow;

use duckspan_otlp::compression::Compression;
use duckspan_otlp::{Repair, Repairs, Segment, Signal};

use crate::body::Payload;
use crate::budget::Charge;
use crate::encoding::Encoding;
use crate::expand::Short;
use crate::limits::LONG_SIZE;
use crate::refusal::{Reason, Refusal, shorten};

mod index;
mod json;
mod protobuf;
mod response;
#[cfg(test)]
mod tests;

/// What became of a request that could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Rows that were stored.
    pub(crate) rows: u64,
    /// Rows that were not, and never will be.
    pub(crate) rejected: u64,
    /// What the client should know.
    pub(crate) message: Option<Cow<'static, str>>,
    /// What was repaired in the rows that were stored.
    pub(crate) repairs: Repairs,
}

/// The rows of a request.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// `None` if there is no row to store.
    pub(crate) segment: Option<Segment>,
    /// What the segment is charged with until it is stored.
    pub(crate) charge: Charge,
    pub(crate) accepted: Accepted,
}

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) signal: Signal,
    pub(crate) encoding: Encoding,
    pub(crate) compression: Compression,
    pub(crate) payload: Payload,
}

impl Request {
    /// Expands the request to `limit` bytes at most, if it is compressed and that is soon done. Tells whether what
    /// is left to do would hold up others.
    ///
    /// # Errors
    /// If it is malformed or too large, or there is no memory for it.
    pub(crate) fn begin(self, limit: usize) -> Result<(Request, bool), Refusal> {
        let Request { signal, encoding, mut compression, mut payload } = self;
        if compression != Compression::None {
            payload = match payload.expand_short(compression, limit)? {
                Short::Expanded(payload) => {
                    compression = Compression::None;
                    payload
                }
                Short::Long(mut payload) => {
                    payload.bytes.settle();
                    payload
                }
            };
        }
        let is_long = compression != Compression::None || payload.bytes.len() >= LONG_SIZE;
        Ok((Request { signal, encoding, compression, payload }, is_long))
    }

    /// Decodes the request, which may expand to `limit` bytes.
    ///
    /// # Errors
    /// If it is malformed or too large, or there is no memory for it.
    pub(crate) fn decode(self, limit: usize) -> Result<Decoded, Refusal> {
        let Request { signal, encoding, compression, mut payload } = self;
        if compression != Compression::None {
            payload = payload.expand(compression, limit)?;
        }
        match encoding {
            Encoding::Protobuf => protobuf::decode(signal, payload),
            Encoding::Json => json::decode(signal, payload),
        }
    }
}

impl Decoded {
    fn new(segment: Segment, charge: Charge, repairs: Repairs) -> Decoded {
        let rows = segment.len() as u64;
        let segment = Some(segment).filter(|segment| !segment.is_empty());
        let message = repaired(&repairs).map(|message| shorten(message.into()));
        Decoded { segment, charge, accepted: Accepted { rows, repairs, message, rejected: 0 } }
    }

    /// Nothing to store, but a word to the client.
    fn nothing(charge: Charge, rejected: u64, message: String) -> Decoded {
        let message = Some(shorten(message.into()));
        let accepted = Accepted { rejected, message, ..Accepted::default() };
        Decoded { segment: None, charge, accepted }
    }

    /// Tells the client of what was left out.
    fn with_message(mut self, message: String) -> Decoded {
        self.accepted.message = Some(shorten(message.into()));
        self
    }
}

/// The rows of a signal, for people.
fn rows_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "spans",
        Signal::Metrics => "metrics",
        Signal::Logs => "log records",
    }
}

/// Tells a client that it sent to the wrong place.
fn misdirected(sent: Signal, to: Signal) -> String {
    let (rows, right, wrong) = (rows_of(sent), sent.name(), to.name());
    format!("the request to {wrong} holds {rows}: send {rows} to {right} (/v1/{right})")
}

/// Tells a client that something of what it sent is lost, though all of its rows are stored.
fn repaired(repairs: &Repairs) -> Option<String> {
    let lossy = |&repair: &Repair| !repair.is_lossless();
    let values: u64 =
        Repair::ALL.iter().filter(|repair| lossy(repair)).map(|&one| repairs.of(one)).sum();
    let first = repairs.first(|repair| lossy(&repair))?;
    Some(match values {
        1 => format!("stored, but {first}"),
        _ => format!("stored, but {values} values were repaired; the first: {first}"),
    })
}

/// A request that the segment would not take.
fn refused(error: duckspan_otlp::Error) -> Refusal {
    Refusal::new(Reason::Malformed, error.to_string())
}
