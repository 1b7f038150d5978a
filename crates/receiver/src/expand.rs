//! Expanding compressed requests, into memory that is charged while it grows.

use std::cell::RefCell;

use duckspan_otlp::Error;
use duckspan_otlp::compression::{Compression, Decoder, Progress, REQUEST_WINDOW_LOG};

use crate::body::Payload;
use crate::budget::Charge;
use crate::limits::BLOCKING_SIZE;
use crate::refusal::Refusal;

#[cfg(test)]
mod tests;

thread_local! {
    /// Kept from request to request: to make one takes longer than to expand a small request.
    static DECODERS: RefCell<Vec<Decoder>> = const { RefCell::new(Vec::new()) };
}

impl Payload {
    /// The same bytes, expanded to at most `limit`.
    ///
    /// # Errors
    /// If they are corrupt, or expand to more, or there is no memory for them.
    pub(crate) fn expand(
        self,
        compression: Compression,
        limit: usize,
        charge: Charge,
    ) -> Result<Payload, Refusal> {
        let mut decoder = decoder(compression).map_err(malformed)?;
        let expanded = self.expand_by(&mut decoder, limit, charge);
        DECODERS.with_borrow_mut(|decoders| decoders.push(decoder));
        expanded
    }

    fn expand_by(
        self,
        decoder: &mut Decoder,
        limit: usize,
        charge: Charge,
    ) -> Result<Payload, Refusal> {
        let mut expanded = Payload { bytes: Vec::new(), charge };
        // One byte beyond the limit tells a body that fits from one that does not.
        let most = limit.saturating_add(1);
        let mut room = size(decoder.compression(), &self.bytes).min(most);
        let mut done = Progress::default();
        loop {
            expanded.fill(decoder, &self.bytes, room, &mut done)?;
            if done.written > limit {
                return Err(Refusal::too_large(limit));
            } else if done.written < room {
                break;
            } else if room < BLOCKING_SIZE {
                room = (2 * room).min(most);
            } else {
                // To grow further would hold it twice; to look first costs time, but no memory.
                expanded.clear();
                let rest = rest(decoder, &self.bytes[done.read..], limit - room)?;
                if rest > limit - room {
                    return Err(Refusal::too_large(limit));
                }
                room += rest + 1;
                decoder.reset();
                done = Progress::default();
            }
        }
        decoder.finish().map_err(malformed)?;
        expanded.bytes.truncate(done.written);
        expanded.trim();
        Ok(expanded)
    }

    /// Expands more of `input`, as far as there is `room`.
    fn fill(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        room: usize,
        done: &mut Progress,
    ) -> Result<(), Refusal> {
        self.reserve(room, room)?;
        self.bytes.resize(room, 0);
        let step = decoder.decode(&input[done.read..], &mut self.bytes[done.written..]);
        let Progress { read, written } = step.map_err(malformed)?;
        *done = Progress { read: done.read + read, written: done.written + written };
        Ok(())
    }
}

/// How many bytes the rest of a stream expands to; if more than `limit`, some number beyond it.
fn rest(decoder: &mut Decoder, input: &[u8], limit: usize) -> Result<usize, Refusal> {
    let mut scratch = [0; 16 << 10];
    let (mut read, mut written) = (0, 0);
    loop {
        let step = decoder.decode(&input[read..], &mut scratch).map_err(malformed)?;
        (read, written) = (read + step.read, written + step.written);
        if step.written < scratch.len() || written > limit {
            return Ok(written);
        }
    }
}

/// A decoder at the start of a stream.
fn decoder(compression: Compression) -> Result<Decoder, Error> {
    let kept = DECODERS.with_borrow_mut(|decoders| {
        let kept = decoders.iter().position(|kept| kept.compression() == compression)?;
        Some(decoders.swap_remove(kept))
    });
    match kept {
        Some(mut decoder) => {
            decoder.reset();
            Ok(decoder)
        }
        None => Decoder::new(compression, REQUEST_WINDOW_LOG),
    }
}

/// How much room to begin with: one byte more than a gzip member says it needs, if that can be believed.
fn size(compression: Compression, bytes: &[u8]) -> usize {
    const MIN_SIZE: usize = 1 << 10;
    const USUAL: usize = 8;
    const BELIEVABLE: usize = 32;
    let size = match (compression, bytes.last_chunk()) {
        (Compression::Gzip, Some(size)) => {
            let believable = bytes.len().saturating_mul(BELIEVABLE);
            (u32::from_le_bytes(*size) as usize).saturating_add(1).min(believable)
        }
        _ => bytes.len().saturating_mul(USUAL),
    };
    size.max(MIN_SIZE)
}

fn malformed(error: Error) -> Refusal {
    Refusal::malformed(error.to_string())
}
