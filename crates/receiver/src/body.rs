//! Reading bodies: into memory that is charged before it is taken, and that grows as bytes arrive.

use std::error::Error as _;
use std::io;
use std::ops::Deref;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use crate::budget::{Advance, Charge};
use crate::limits::{FIRST_STEP, LEAST_STEP, TRUSTED_GROWTH, TRUSTED_SIZE};
use crate::refusal::{Reason, Refusal};

#[cfg(test)]
mod tests;

/// A body, or what it expands to, and what it is charged with.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) bytes: Content,
    pub(crate) charge: Charge,
}

/// The bytes of a body.
#[derive(Debug)]
pub(crate) enum Content {
    /// In one piece, where it was received: memory that is used for the next soon. What is to stay is copied.
    Received(Bytes),
    Collected(Vec<u8>),
}

/// Memory that is charged before it is taken.
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) charge: Charge,
    /// What whoever writes it holds beside: as many bytes again, but no more than the second number.
    beside: (usize, usize),
}

/// Collects a body of at most `limit` bytes.
#[derive(Debug)]
pub(crate) struct Gather {
    /// The body, if all of it came at once.
    whole: Bytes,
    buffer: Buffer,
    /// What is charged for more than has arrived.
    advance: Advance,
    /// Bytes that the body should have, if it says so.
    declared: Option<usize>,
    limit: usize,
}

impl Gather {
    /// Nothing of a body yet.
    pub(crate) fn new(limit: usize, charge: Charge) -> Gather {
        let advance = charge.advance();
        Gather { whole: Bytes::new(), buffer: Buffer::new(charge), advance, declared: None, limit }
    }

    /// Takes note of the length that the body says it has. Of a large one, memory is taken as it arrives
    /// all the same.
    ///
    /// # Errors
    /// If it is too large.
    pub(crate) fn expect(&mut self, declared: u64) -> Result<(), Refusal> {
        if declared > self.limit as u64 {
            return Err(Refusal::too_large(self.limit));
        }
        self.declared = Some(declared as usize);
        Ok(())
    }

    /// Bytes collected so far.
    pub(crate) fn len(&self) -> usize {
        self.whole.len() + self.buffer.bytes.len()
    }

    /// Bytes that may come; of a body that says its length, those that have to.
    pub(crate) fn missing(&self) -> usize {
        self.declared.unwrap_or(self.limit).saturating_sub(self.len())
    }

    /// Adds what has arrived. What is first and last is left where it is, and charged for the copy it takes to
    /// keep it. Anything else is copied, as it may hold much more memory than its own for as long as the client
    /// likes.
    ///
    /// # Errors
    /// If the body is too large, or there is no memory for it.
    pub(crate) fn take(&mut self, bytes: Bytes, is_last: bool) -> Result<(), Refusal> {
        if !is_last || self.len() > 0 || bytes.len() > self.limit {
            return self.push(&bytes);
        }
        self.buffer.charge.add(bytes.len())?;
        self.whole = bytes;
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let needed = self.len() + bytes.len();
        if needed > self.limit {
            return Err(Refusal::too_large(self.limit));
        }
        if needed > self.buffer.bytes.capacity() {
            let room = self.next_room(needed);
            // Where there is no room for what is to be expected, there may be for what is here.
            self.buffer.reserve(room).or_else(|_| self.buffer.reserve(needed))?;
        }
        self.buffer.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The room to make next, for `needed` bytes at least: what is to be expected, unless others were charged for
    /// what they said of themselves already; else what has arrived, and as much again.
    fn next_room(&mut self, needed: usize) -> usize {
        let wanted = self.expected().max(needed);
        if self.advance.raise(wanted - needed) {
            return wanted;
        }
        let most = self.declared.unwrap_or(self.limit);
        (2 * needed).max(LEAST_STEP).min(most)
    }

    /// What is declared, unless that is much more than what is here.
    fn expected(&self) -> usize {
        match (self.declared, self.buffer.bytes.capacity()) {
            // Without a length nothing is known, so it doubles, as a vector does.
            (None, here) => FIRST_STEP.max(2 * here).min(self.limit),
            (Some(declared), 0) => TRUSTED_SIZE.min(declared),
            (Some(declared), here) => match TRUSTED_GROWTH * here {
                next if next < declared / 2 => next,
                _ => declared,
            },
        }
    }

    /// What was collected.
    pub(crate) fn finish(mut self) -> Payload {
        if self.whole.is_empty() {
            self.buffer.trim();
            return self.buffer.into();
        }
        Payload { bytes: Content::Received(self.whole), charge: self.buffer.charge }
    }
}

impl Content {
    /// Leaves what it was received in, which may be much larger.
    pub(crate) fn settle(&mut self) {
        if let Content::Received(bytes) = self {
            *self = Content::Collected(bytes.to_vec());
        }
    }

    /// Bytes that it is charged with.
    pub(crate) fn charged(&self) -> usize {
        match self {
            Content::Received(bytes) => bytes.len(),
            Content::Collected(bytes) => bytes.capacity(),
        }
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Content::Received(bytes) => bytes,
            Content::Collected(bytes) => bytes,
        }
    }
}

impl From<Buffer> for Payload {
    fn from(mut buffer: Buffer) -> Payload {
        buffer.charge.give_back(buffer.beside.0);
        Payload { bytes: Content::Collected(buffer.bytes), charge: buffer.charge }
    }
}

impl Buffer {
    /// No memory yet.
    pub(crate) fn new(charge: Charge) -> Buffer {
        Buffer::with_window(charge, 0)
    }

    /// The same for whoever keeps a copy of the last bytes that it wrote: no more than `window`.
    pub(crate) fn with_window(charge: Charge, window: usize) -> Buffer {
        Buffer { bytes: Vec::new(), charge, beside: (0, window) }
    }

    /// Makes room for so many bytes.
    pub(crate) fn reserve(&mut self, room: usize) -> Result<(), Refusal> {
        let (beside, window) = self.beside;
        let more = room.saturating_sub(self.bytes.capacity());
        let more_beside = room.min(window).saturating_sub(beside);
        // Charged first: whoever is refused has taken nothing. Exactly, as a vector that chooses its own capacity would
        // hold more than is charged.
        self.charge.add(more + more_beside)?;
        self.beside.0 += more_beside;
        if more > 0 {
            self.bytes
                .try_reserve_exact(room - self.bytes.len())
                .map_err(|_| Refusal::new(Reason::Overload, "out of memory, try again"))?;
        }
        Ok(())
    }

    /// Gives everything back.
    pub(crate) fn clear(&mut self) {
        self.charge.give_back(self.bytes.capacity() + self.beside.0);
        self.bytes = Vec::new();
        self.beside.0 = 0;
    }

    /// Gives back the room that is not used, if it is much.
    pub(crate) fn trim(&mut self) {
        let spare = self.bytes.capacity() - self.bytes.len();
        // It may mean to copy all of it, which a few bytes are not worth.
        if spare > self.bytes.len() / 8 {
            self.bytes.shrink_to_fit();
            self.charge.give_back(spare);
        }
    }
}

/// The body of a request as it arrives.
#[derive(Debug)]
pub(crate) struct Arriving {
    body: Incoming,
    ended: bool,
}

impl Arriving {
    /// A body of which nothing was read.
    pub(crate) fn new(body: Incoming) -> Arriving {
        Arriving { body, ended: false }
    }

    /// The length that the body says it has.
    pub(crate) fn declared(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// Whether nothing of the body is left to read. Where its length is unknown, only its end tells.
    pub(crate) fn is_read(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    /// The next bytes of the body; `None` at its end.
    ///
    /// # Errors
    /// If the body does not arrive as it should.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        while let Some(frame) = self.body.frame().await {
            // A frame that is no data has trailers, in which a request says nothing.
            if let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() {
                return Ok(Some(data));
            }
        }
        self.ended = true;
        Ok(None)
    }
}

/// The refusal of a body that ended in an error: mostly its client went away.
fn broken(error: &hyper::Error) -> Refusal {
    // hyper has no other way to tell chunks that are malformed from a connection that broke: both are errors of I/O
    // below its own, of these kinds.
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Refusal::malformed("the chunks of the body are malformed")
        }
        _ => Refusal::new(Reason::Cancelled, "the body ended before its time"),
    }
}
