//! Expanding compressed requests, into memory that is charged while it grows.

use std::cell::RefCell;

use duckspan_otlp::Error;
use duckspan_otlp::compression::{Compression, Decoder, Progress, REQUEST_WINDOW_LOG};

use crate::body::Payload;
use crate::limits::BLOCKING_SIZE;
use crate::refusal::{Reason, Refusal};

#[cfg(test)]
mod tests;

thread_local! {
    /// Kept from request to request: to make one takes longer than to expand a small request.
    static DECODERS: RefCell<Vec<Decoder>> = const { RefCell::new(Vec::new()) };
}

impl Payload {
    /// The same bytes, expanded to at most `limit`. Both are charged to one charge while both are held, so
    /// that what never fits is told from what does not fit now.
    ///
    /// # Errors
    /// If they are corrupt, or expand to more, or there is no memory for them.
    pub(crate) fn expand(self, compression: Compression, limit: usize) -> Result<Payload, Refusal> {
        let Payload { bytes: input, charge } = self;
        let mut expanded = Payload { bytes: Vec::new(), charge };
        let mut decoder = decoder(compression).map_err(malformed)?;
        let outcome = expanded.fill_from(&mut decoder, &input, limit);
        DECODERS.with_borrow_mut(|decoders| decoders.push(decoder));
        outcome?;
        expanded.charge.give_back(input.capacity());
        Ok(expanded)
    }

    /// Takes all that `input` expands to.
    fn fill_from(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        limit: usize,
    ) -> Result<(), Refusal> {
        // One byte beyond the limit tells a body that fits from one that does not.
        let most = limit.saturating_add(1);
        let mut room = size(decoder.compression(), input).min(most);
        if self.reserve(room).is_err_and(|refusal| refusal.reason == Reason::TooLarge) {
            // That a guess never fits is no reason to refuse; to count costs time, but no memory.
            room = room.min(rest(decoder, input, limit)?.saturating_add(1));
            decoder.reset();
        }
        let mut done = Progress::default();
        loop {
            self.fill(decoder, input, room, &mut done)?;
            if done.written > limit {
                return Err(Refusal::too_large(limit));
            } else if done.written < room {
                break;
            } else if room < BLOCKING_SIZE {
                room = (2 * room).min(most);
            } else {
                // To grow further would hold it twice; to look first costs time, but no memory.
                self.clear();
                let rest = rest(decoder, &input[done.read..], limit - room)?;
                if rest > limit - room {
                    return Err(Refusal::too_large(limit));
                }
                room += rest + 1;
                decoder.reset();
                done = Progress::default();
            }
        }
        decoder.finish().map_err(malformed)?;
        self.bytes.truncate(done.written);
        self.trim();
        Ok(())
    }

    /// Expands more of `input`, as far as there is `room`.
    fn fill(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        room: usize,
        done: &mut Progress,
    ) -> Result<(), Refusal> {
        self.reserve(room)?;
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
