//! Files: a stream of bytes to batches of records, and batches to segments.
//!
//! [`Batches`] reads, unwraps and splits, which is cheap; it is asked for one batch after the other.
//! [`Worker`] decodes a batch, which is the costly part and may run on any thread.

use std::io::{self, Read};
use std::ops::Range;

use crate::compression::Compression;
use crate::error::{Error, Repairs};
use crate::json::Projection;
use crate::segment::Segment;
use crate::signal::SignalSet;
use crate::sniff::{HEAD, Sniffed, sniff};
use crate::split::{Content, Fault, Record, Splitter};

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
    /// What is wanted of each row.
    pub projection: Projection,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            signals: SignalSet::ALL,
            format: None,
            compression: None,
            maximum_object_size: DEFAULT_MAXIMUM_OBJECT_SIZE,
            projection: Projection::ALL,
        }
    }
}

/// Some records of a file, in their order.
#[derive(Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<Record>,
    /// Records of the file before these.
    earlier: u64,
    /// Where `bytes` start in the unwrapped file.
    offset: u64,
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
    /// Bytes that belong to the next batch.
    carried: Vec<u8>,
    /// Where those start in the unwrapped file.
    offset: u64,
    records: u64,
    ended: bool,
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
            carried: Vec::new(),
            offset: 0,
            records: 0,
            ended: false,
            done: false,
        }
    }

    /// Bytes read of the file as it is stored.
    pub fn consumed(&self) -> u64 {
        self.source.consumed()
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// Those of the source. Damage of the file is reported as rejects of the last batch.
    pub fn next_batch(&mut self) -> io::Result<Option<Batch>> {
        let mut bytes = std::mem::take(&mut self.carried);
        let mut target = bytes.len().max(self.batch_bytes);
        while !self.done {
            let fault = self.fill(&mut bytes, target)?;
            let mut records = Vec::new();
            match self.split(&bytes, &mut records) {
                Some(used) => self.keep(&bytes[used..]),
                None if self.ended => {}
                None => {
                    target = (2 * bytes.len()).max(HEAD);
                    continue;
                }
            }
            self.done = self.ended;
            records.extend(fault);
            if !records.is_empty() {
                return Ok(Some(self.batch(bytes, records)));
            }
            self.offset += (bytes.len() - self.carried.len()) as u64;
            bytes = std::mem::take(&mut self.carried);
            target = (2 * bytes.len()).max(self.batch_bytes);
        }
        Ok(None)
    }

    /// Reads until there are `target` bytes; says what ended the file early.
    fn fill(&mut self, bytes: &mut Vec<u8>, target: usize) -> io::Result<Option<Record>> {
        let mut filled = bytes.len();
        bytes.resize(target.max(filled), 0);
        let mut fault = None;
        while filled < bytes.len() && !self.ended {
            match self.source.read(&mut bytes[filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => filled += count,
                Err(UnwrapError::Source(error)) => return Err(error),
                Err(UnwrapError::Damaged(error)) => {
                    self.ended = true;
                    let offset = self.offset + filled as u64;
                    fault = Some(damage(&error, filled, offset));
                }
            }
        }
        bytes.truncate(filled);
        Ok(fault)
    }

    /// Appends the records of `bytes` and tells how many bytes are done with; `None` if it takes more
    /// bytes to tell what the file is.
    fn split(&mut self, bytes: &[u8], records: &mut Vec<Record>) -> Option<usize> {
        let splitter = match &mut self.splitter {
            Some(splitter) => splitter,
            splitter => match sniff(bytes, self.ended, self.format) {
                Sniffed::Framing(framing) => splitter.insert(Splitter::new(framing, self.maximum)),
                Sniffed::NeedMore => return None,
                Sniffed::Empty => return Some(bytes.len()),
                Sniffed::Unknown(what) => {
                    self.ended = true;
                    let reason = format!("it is {what}");
                    records.push(fault_record(0..0, RejectKind::Foreign, 0, reason));
                    return Some(bytes.len());
                }
            },
        };
        Some(splitter.split(bytes, self.ended, records))
    }

    fn keep(&mut self, rest: &[u8]) {
        self.carried.clear();
        self.carried.extend_from_slice(rest);
    }

    fn batch(&mut self, bytes: Vec<u8>, records: Vec<Record>) -> Batch {
        let (earlier, offset) = (self.records, self.offset);
        self.records += records.len() as u64;
        self.offset += (bytes.len() - self.carried.len()) as u64;
        Batch { bytes, records, earlier, offset }
    }
}

/// A compressed stream that is damaged `offset` bytes into the unwrapped file.
fn damage(error: &Error, at: usize, offset: u64) -> Record {
    let (kind, what) = match offset {
        _ if error.is_truncated() => (RejectKind::Incomplete, "the file is cut off"),
        0 => (RejectKind::Foreign, "it cannot be unwrapped"),
        _ => (RejectKind::Malformed, "the rest of the file cannot be unwrapped"),
    };
    fault_record(at..at, kind, offset, format!("{what}: {error}"))
}

fn fault_record(range: Range<usize>, kind: RejectKind, offset: u64, reason: String) -> Record {
    let fault = Fault { kind, offset, reason: reason.into() };
    Record { range, content: Content::Fault(Box::new(fault)) }
}
