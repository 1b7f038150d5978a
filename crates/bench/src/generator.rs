//! A stream of requests, one after the other, in any file format.

use duckspan_otlp::Signal;

use crate::rng::Rng;
use crate::writer::{Json, Layout, Protobuf, Writer};
use crate::{logs, metrics, spans};

/// How requests follow each other in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One request a line, in JSON.
    JsonLines,
    /// Requests back to back, in protobuf: one long message.
    Protobuf,
    /// Each request in protobuf after its length, four bytes, big-endian.
    LengthPrefixed,
}

/// The signals of a mixed file, request by request.
const MIXED: [Signal; 5] =
    [Signal::Traces, Signal::Logs, Signal::Traces, Signal::Metrics, Signal::Logs];
/// The first request is of 2026-03-01, 00:00:00 UTC, and each next one a tenth of a second later.
const EPOCH: u64 = 1_772_323_200_000_000_000;
const PERIOD: u64 = 100_000_000;

/// Makes requests, the same ones for the same seed, in whatever format they are written.
#[derive(Debug, Clone)]
pub struct Generator {
    signal: Option<Signal>,
    rng: Rng,
    requests: u64,
}

impl Generator {
    /// Requests of one signal, or of all of them in turn for `None`.
    pub fn new(signal: Option<Signal>, seed: u64) -> Generator {
        Generator { signal, rng: Rng::new(seed), requests: 0 }
    }

    /// Writes the fields of the next request, with `rows` rows, and says what they are.
    pub fn request<W: Writer>(&mut self, w: &mut W, rows: usize) -> Signal {
        let time = EPOCH + self.requests * PERIOD;
        let signal = self.signal.unwrap_or(MIXED[self.requests as usize % MIXED.len()]);
        self.requests += 1;
        match signal {
            Signal::Traces => spans::request(w, &mut self.rng, rows, time),
            Signal::Logs => logs::request(w, &mut self.rng, rows, time),
            Signal::Metrics => metrics::request(w, &mut self.rng, rows, time),
        }
        signal
    }

    /// Appends the next request to a file of this format.
    pub fn append(&mut self, format: Format, layout: Layout, rows: usize, out: &mut Vec<u8>) {
        match format {
            Format::JsonLines => {
                Json::new(out).object(|w| {
                    self.request(w, rows);
                });
                out.push(b'\n');
            }
            Format::Protobuf => {
                self.request(&mut Protobuf::new(out, layout), rows);
            }
            Format::LengthPrefixed => {
                let prefix = out.len();
                out.extend_from_slice(&[0; 4]);
                self.request(&mut Protobuf::new(out, layout), rows);
                let len = (out.len() - prefix - 4) as u32;
                out[prefix..prefix + 4].copy_from_slice(&len.to_be_bytes());
            }
        }
    }
}
