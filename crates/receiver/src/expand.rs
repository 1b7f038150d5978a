//! Expanding compressed requests, into memory that is charged while it grows.
//!
//! What expands to little is expanded at once, where connections are served; the rest is long work, and begun anew
//! when its turn comes, so that it holds nothing until then.

use std::cell::RefCell;

use duckspan_otlp::Error;
use duckspan_otlp::compression::{Compression, Decoder, Progress, REQUEST_WINDOW_LOG};

use crate::body::{Buffer, Payload};
use crate::limits::{KEPT_ROOM, LONG_SIZE};
use crate::refusal::{Reason, Refusal};

#[cfg(test)]
mod tests;

thread_local! {
    /// Kept from request to request: to make one takes longer than to expand a small request.
    static DECODERS: RefCell<Vec<Decoder>> = const { RefCell::new(Vec::new()) };

    /// Kept as well: what does not say how large it gets is expanded in here, as far as it fits, before memory
    /// is taken for it.
    static ROOM: RefCell<Box<[u8]>> = RefCell::new(vec![0; KEPT_ROOM].into_boxed_slice());
}

/// What came of a body that may expand to little.
#[derive(Debug)]
pub(crate) enum Short {
    Expanded(Payload),
    /// It expands to more than [`KEPT_ROOM`]: as it was.
    Long(Payload),
}

impl Payload {
    /// The same bytes, expanded to at most `limit`, if that is soon done. What they are is not told by how many
    /// they are while they are compressed.
    ///
    /// # Errors
    /// As [`Payload::expand`].
    pub(crate) fn expand_short(
        self,
        compression: Compression,
        limit: usize,
    ) -> Result<Short, Refusal> {
        // Who says that it is long is believed: to be wrong about it costs a turn in the queue, not memory.
        if stated_size(compression, &self.bytes).is_some_and(|size| size > KEPT_ROOM) {
            return Ok(Short::Long(self));
        }
        ROOM.with_borrow_mut(|kept| {
            let mut decoder = decoder(compression).map_err(malformed)?;
            // The decoder goes back whatever came of it: it is reset before it is used again.
            let done = decoder.decode(&self.bytes, kept);
            let finished = decoder.finish();
            DECODERS.with_borrow_mut(|decoders| decoders.push(decoder));
            let Progress { written, .. } = done.map_err(malformed)?;
            if written > limit {
                return Err(Refusal::too_large(limit));
            }
            // A room that is full to its last byte may be too small by any number.
            if written == kept.len() {
                return Ok(Short::Long(self));
            }
            finished.map_err(malformed)?;
            let Payload { bytes: input, charge } = self;
            let mut expanded = Buffer::new(charge);
            expanded.reserve(written)?;
            expanded.bytes.extend_from_slice(&kept[..written]);
            expanded.charge.give_back(input.charged());
            Ok(Short::Expanded(expanded.into()))
        })
    }

    /// The same bytes, expanded to at most `limit`. Both are charged to one charge while both are held, so
    /// that what never fits is told from what does not fit now.
    ///
    /// # Errors
    /// If they are corrupt, or expand to more, or there is no memory for them.
    pub(crate) fn expand(self, compression: Compression, limit: usize) -> Result<Payload, Refusal> {
        let Payload { bytes: input, charge } = self;
        // zstd keeps a window of its own beside what it writes; gzip's 32 KiB are not worth counting.
        let window = match compression {
            Compression::Zstd => 1 << REQUEST_WINDOW_LOG,
            _ => 0,
        };
        let mut expanded = Buffer::with_window(charge, window);
        // It is not kept, for its window grows to what it expands.
        let mut decoder = Decoder::new(compression, REQUEST_WINDOW_LOG).map_err(malformed)?;
        expanded.fill_from(&mut decoder, &input, limit)?;
        expanded.charge.give_back(input.charged());
        Ok(expanded.into())
    }
}

impl Buffer {
    /// Takes all that `input` expands to.
    fn fill_from(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        limit: usize,
    ) -> Result<(), Refusal> {
        match stated_size(decoder.compression(), input) {
            // One more than is stated, as a buffer that is not full shows that nothing is left.
            Some(size) => {
                self.go_on(decoder, input, limit, (Progress::default(), &[]), size + 1)?
            }
            None => ROOM.with_borrow_mut(|kept| self.begin(decoder, input, limit, kept))?,
        }
        decoder.finish().map_err(malformed)
    }

    /// Takes all that `input` expands to; if it fits into what is `kept`, with no more memory than it needs.
    fn begin(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        limit: usize,
        kept: &mut [u8],
    ) -> Result<(), Refusal> {
        // Many requests end here, and get memory of just their size.
        let done = decoder.decode(input, kept).map_err(malformed)?;
        if done.written > limit {
            return Err(Refusal::too_large(limit));
        }
        if done.written < kept.len() {
            self.reserve(done.written)?;
            self.bytes.extend_from_slice(&kept[..done.written]);
            return Ok(());
        }
        // The rest mostly expands as much as this did.
        let likely = input.len().saturating_mul(done.written) / done.read.max(1);
        let room = (likely + likely / 16).min(believable(input)).max(2 * kept.len());
        self.go_on(decoder, input, limit, (done, kept), room)
    }

    /// Takes all that `input` expands to, which is likely to fit into so much room, and of which some may be
    /// expanded already.
    fn go_on(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        limit: usize,
        (mut done, begun): (Progress, &[u8]),
        room: usize,
    ) -> Result<(), Refusal> {
        // One byte beyond the limit tells a body that fits from one that does not.
        let most = limit.saturating_add(1);
        let mut room = room.min(most);
        match self.reserve(room) {
            Err(refusal) if refusal.reason == Reason::TooLarge => {
                // That a guess never fits is no reason to refuse; to count costs time, but no memory.
                let rest = rest(decoder, &input[done.read..], limit - done.written)?;
                room = room.min((done.written + rest).saturating_add(1));
                decoder.reset();
                done = Progress::default();
            }
            reserved => {
                reserved?;
                self.bytes.extend_from_slice(begun);
            }
        }
        loop {
            self.fill(decoder, input, room, &mut done)?;
            if done.written > limit {
                return Err(Refusal::too_large(limit));
            } else if done.written < room {
                break;
            } else if room < LONG_SIZE {
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
    // What is only counted is written over and over; the decoder keeps what it looks back at.
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

/// The size that a gzip member says it expands to.
fn stated_size(compression: Compression, bytes: &[u8]) -> Option<usize> {
    const MIN_SIZE: usize = 1 << 10;
    // The last four bytes of a member, modulo 4 GiB, and of the last member only: a hint, which anybody may forge.
    let size = bytes.last_chunk().filter(|_| compression == Compression::Gzip)?;
    Some((u32::from_le_bytes(*size) as usize).min(believable(bytes)).max(MIN_SIZE))
}

/// Bytes that compressed ones may be thought to expand to before they do.
fn believable(bytes: &[u8]) -> usize {
    // Deflate could claim a thousand times as much: a lie of a few bytes is to reserve little.
    bytes.len().saturating_mul(32)
}

fn malformed(error: Error) -> Refusal {
    Refusal::malformed(error.to_string())
}
