//! Files: a stream of bytes to batches of records, and batches to segments.
//!
//! [`Batches`] reads, unwraps and splits, which is cheap; it is asked for one batch after the other.
//! [`Worker`] decodes a batch, which is the costly part and may run on any thread.

use std::io::{self, Read};

use crate::compression::Compression;
use crate::error::Error;
use crate::kept::Kept;
use crate::repair::Repairs;
use crate::segment::Segment;
use crate::signal::SignalSet;
use crate::sniff::{Sniffed, sniff};
use crate::split::{Fault, Record, Splitter};

pub use crate::sniff::Format;
pub use crate::split::RejectKind;

#[cfg(test)]
mod tests;
mod unwrap;
mod worker;

use unwrap::{Unwrap, UnwrapError};
pub use worker::Worker;

/// Bytes of the largest record that is read where the caller names no other.
pub const DEFAULT_MAXIMUM_OBJECT_SIZE: usize = 128 << 20;

/// Bytes that the source is asked for at once: so few that they are in a cache still when they are cut.
const READ_BYTES: usize = 256 << 10;

/// Buffers of batches that are kept for reuse.
const SPARE_BUFFERS: usize = 8;

/// How a file is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The signals whose rows are wanted.
    pub signals: SignalSet,
    /// The format; told by content where `None`.
    pub format: Option<Format>,
    /// The compression; told by content where `None`.
    pub compression: Option<Compression>,
    /// Bytes of the largest record that is read.
    pub maximum_object_size: usize,
    /// What has to be read of requests. Where rows need not be messages, canonical JSON need not become protobuf.
    pub needed: Kept,
    /// Whether repairs are told in parts too that are not needed.
    pub tells_all_repairs: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            signals: SignalSet::ALL,
            format: None,
            compression: None,
            maximum_object_size: DEFAULT_MAXIMUM_OBJECT_SIZE,
            needed: Kept::ALL,
            tells_all_repairs: false,
        }
    }
}

/// Some records of a file, in their order.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<Record>,
    /// Records of the file before these.
    earlier: u64,
    /// Where `bytes` start in the unwrapped file.
    offset: u64,
}

impl Batch {
    /// Bytes of memory it holds.
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.records.capacity() * size_of::<Record>()
    }
}

/// What a batch holds.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The rows in their order; a new segment wherever the signal changes.
    pub segments: Vec<Segment>,
    /// The records that gave no rows because something is wrong with them.
    pub rejects: Vec<Reject>,
    /// What was repaired in the others.
    pub repairs: Repairs,
    /// Records, those rejected included.
    pub records: u64,
}

/// A record that gave no rows, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Its number in the file, from 1.
    pub record: u64,
    /// Where the fault stands in the unwrapped file, in bytes.
    pub offset: u64,
    /// What is wrong, for people.
    pub reason: String,
    /// The kind of fault.
    pub kind: RejectKind,
}

/// Reads a file as batches of records.
pub struct Batches<R> {
    source: Unwrap<R>,
    format: Option<Format>,
    maximum: usize,
    batch_bytes: usize,
    splitter: Option<Splitter>,
    /// Bytes that are still to be cut, and room for more.
    bytes: Vec<u8>,
    /// How many of them were read.
    filled: usize,
    /// Where those start in the unwrapped file.
    offset: u64,
    /// Buffers of batches that are done with.
    spare: Vec<Vec<u8>>,
    /// Records of earlier batches.
    records: u64,
    /// No more bytes follow.
    ended: bool,
    /// All bytes are cut.
    done: bool,
}

impl<R: Read> Batches<R> {
    /// A reader of the file that `source` gives, with batches of about `batch_bytes`.
    pub fn new(source: R, options: &Options, batch_bytes: usize) -> Batches<R> {
        Batches {
            source: Unwrap::new(source, options.compression),
            format: options.format,
            maximum: options.maximum_object_size,
            batch_bytes: batch_bytes.max(1),
            splitter: None,
            bytes: Vec::new(),
            filled: 0,
            offset: 0,
            spare: Vec::new(),
            records: 0,
            ended: false,
            done: false,
        }
    }

    /// Bytes read of the file as it is stored.
    pub fn consumed(&self) -> u64 {
        self.source.consumed()
    }

    /// Whether the file is compressed, so far as it was read.
    pub fn is_compressed(&self) -> bool {
        self.source.is_compressed()
    }

    /// Bytes of memory that are held for the next batch, but for what was recycled.
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// Whether there is no batch left.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The next batch; `None` at the end. Before its memory grows `hold` is told to how many bytes, which
    /// the batch takes with it.
    ///
    /// # Errors
    /// Those of the source and of `hold`; the call after one goes on where the source stood. Damage of the
    /// file is reported as rejects of the last batch.
    pub fn next_batch(
        &mut self,
        mut hold: impl FnMut(usize) -> io::Result<()>,
    ) -> io::Result<Option<Batch>> {
        let mut target = self.filled.max(self.batch_bytes);
        if self.bytes.capacity() == 0 {
            self.bytes = self.spare.pop().unwrap_or_default();
        }
        while !self.done {
            hold(target)?;
            let damage = self.fill(target)?;
            let mut records = Vec::new();
            let used = self.split(&mut records);
            self.done = self.ended;
            self.report(damage, &mut records);
            if !records.is_empty() {
                return Ok(Some(self.batch(used, records)));
            }
            self.offset += used as u64;
            // No record is complete yet: what there is stays, and more is read behind it.
            self.bytes.copy_within(used..self.filled, 0);
            self.filled -= used;
            // Doubled, so that a record is searched and moved a number of times that does not grow with its length.
            target = (2 * self.filled).max(self.batch_bytes);
        }
        Ok(None)
    }

    /// Takes a batch back that is done with, so that its memory serves another one.
    pub fn recycle(&mut self, batch: Batch) {
        if self.spare.len() < SPARE_BUFFERS && batch.bytes.capacity() <= 4 * self.batch_bytes {
            // A buffer that one huge record made large is not kept for all that follow.
            self.spare.push(batch.bytes);
        }
    }

    /// Reads until there are `target` bytes; tells what ended the file early.
    fn fill(&mut self, target: usize) -> io::Result<Option<Fault>> {
        while self.filled < target && !self.ended {
            if self.filled == self.bytes.len() {
                // No more than `target` is to be held, and all of it only if the file has as much.
                self.bytes.reserve_exact(target - self.filled);
                self.bytes.resize(target.min(self.filled + READ_BYTES), 0);
            }
            let end = target.min(self.bytes.len());
            match self.source.read(&mut self.bytes[self.filled..end]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.filled += count,
                Err(UnwrapError::Source(error)) => return Err(error),
                Err(UnwrapError::Damaged(error)) => {
                    self.ended = true;
                    return Ok(Some(damage(&error, self.offset + self.filled as u64)));
                }
            }
        }
        Ok(None)
    }

    /// Appends the records of the bytes and tells how many bytes are done with: none, if it takes more
    /// of them to tell what the file is.
    fn split(&mut self, records: &mut Vec<Record>) -> usize {
        let bytes = &self.bytes[..self.filled];
        let splitter = match &mut self.splitter {
            Some(splitter) => splitter,
            splitter => match sniff(bytes, self.ended, self.format) {
                Sniffed::Framing(framing) => splitter.insert(Splitter::new(framing, self.maximum)),
                Sniffed::NeedMore => return 0,
                Sniffed::Empty => return bytes.len(),
                Sniffed::Unknown(what) => {
                    self.ended = true;
                    let fault = Fault::new(RejectKind::Foreign, 0, format!("it is {what}"));
                    records.push(fault.record(0..0));
                    return bytes.len();
                }
            },
        };
        splitter.split(bytes, self.ended, records)
    }

    /// Reports damage of the file at its end. A record that is cut there is cut by it, so this is one
    /// reject; and what is no OTLP is no less so for it.
    fn report(&self, damage: Option<Fault>, records: &mut Vec<Record>) {
        let Some(damage) = damage else { return };
        match records.last() {
            Some(last) if last.is_cut(&self.bytes) => drop(records.pop()),
            Some(last) if self.splitter.is_none() && last.fault_kind().is_some() => return,
            _ => {}
        }
        let end = self.filled;
        records.push(damage.record(end..end));
    }

    /// A batch of the bytes that are done with; the others are for the next one.
    fn batch(&mut self, used: usize, records: Vec<Record>) -> Batch {
        let left = self.filled - used;
        let mut rest = Vec::new();
        if !self.done {
            rest = self.spare.pop().unwrap_or_default();
            // Of the size that the next batch will have, so that it grows but once.
            rest.reserve_exact(self.batch_bytes.max(left).saturating_sub(rest.len()));
            rest.resize(rest.len().max(left), 0);
            rest[..left].copy_from_slice(&self.bytes[used..self.filled]);
        }
        self.filled = left;
        let bytes = std::mem::replace(&mut self.bytes, rest);
        let (earlier, offset) = (self.records, self.offset);
        self.records += records.len() as u64;
        self.offset += used as u64;
        Batch { bytes, records, earlier, offset }
    }
}

/// What is wrong with a compressed stream that can be unwrapped only so far.
fn damage(error: &Error, offset: u64) -> Fault {
    let (kind, what) = match offset {
        _ if error.is_truncated() => (RejectKind::Incomplete, "the file is cut off"),
        0 => (RejectKind::Foreign, "it cannot be unwrapped"),
        _ => (RejectKind::Malformed, "the rest of the file cannot be unwrapped"),
    };
    Fault::new(kind, offset, format!("{what}: {error}"))
}
