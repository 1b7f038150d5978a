//! JSON values back to back, over any number of lines, or as the elements of arrays.
//!
//! After a value that is broken, reading goes on where the next OTLP document seems to start.

use memchr::memmem;

use super::brackets::{Brackets, Scan};
use super::{Block, Content, Fault, Record, RejectKind};
use crate::signal::Signal;

#[derive(Debug, Default)]
pub(super) struct Documents {
    in_array: bool,
    /// The value whose end is sought, and how many of its bytes were searched.
    open: Brackets,
    searched: usize,
    passing: Option<Passing>,
    /// Where a document seems to start inside a value that may never end.
    boundary: Option<usize>,
}

/// Bytes that are passed over until a document starts.
#[derive(Debug, Clone, Copy)]
struct Passing {
    /// Where they start in the stream.
    start: u64,
    /// Nothing if they are a value that is too large.
    reason: Option<&'static str>,
}

/// What follows a step.
enum Next {
    /// The next step, from here.
    At(usize),
    /// The next call, which is given the bytes from here.
    More(usize),
}

impl Documents {
    pub(super) fn cut(&mut self, block: &Block<'_>, records: &mut Vec<Record>) -> usize {
        let mut next = Next::At(block.byte_order_mark());
        loop {
            next = match next {
                Next::At(at) => self.step(at, block, records),
                Next::More(start) => return start,
            }
        }
    }

    fn step(&mut self, at: usize, block: &Block<'_>, records: &mut Vec<Record>) -> Next {
        if let Some(passing) = self.passing {
            return self.pass(passing, at, block, records);
        }
        match self.between(&block.bytes[at..]) {
            Some(blank) => self.value(at + blank, block, records),
            None => {
                let end = block.bytes.len();
                if block.at_end && self.in_array {
                    let reason = "the array at the top is not closed";
                    records.push(block.fault(RejectKind::Incomplete, end..end, reason));
                }
                Next::More(end)
            }
        }
    }

    /// Passes what stands between values, and tells how much that is if a value follows.
    fn between(&mut self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => false,
            b']' => {
                self.in_array = false;
                false
            }
            b'[' if !self.in_array => {
                self.in_array = true;
                false
            }
            _ => true,
        })
    }

    fn value(&mut self, start: usize, block: &Block<'_>, records: &mut Vec<Record>) -> Next {
        if !matches!(block.bytes[start], b'{' | b'[') {
            return self.broken(start, start, block, "neither a JSON object nor an array");
        }
        let end = self.horizon(start, block.bytes);
        let from = start + self.searched;
        match self.open.scan(&block.bytes[from..end]) {
            Scan::End(bytes) => {
                self.close();
                records.push(value(start, from + bytes, block));
                Next::At(from + bytes)
            }
            Scan::Broken(newline) => {
                self.close();
                self.broken(start, from + newline, block, "line break inside a JSON string")
            }
            Scan::Open => self.unfinished(start, end, block, records),
        }
    }

    /// Where the value at `start` must end at the latest.
    fn horizon(&mut self, start: usize, bytes: &[u8]) -> usize {
        if self.boundary.is_some_and(|boundary| boundary <= start) {
            self.boundary = document(bytes, start + 1);
        }
        self.boundary.unwrap_or(bytes.len())
    }

    /// The value at `start` does not end before `end`.
    fn unfinished(
        &mut self,
        start: usize,
        end: usize,
        block: &Block<'_>,
        records: &mut Vec<Record>,
    ) -> Next {
        let len = block.bytes.len();
        let too_large = end - start > block.maximum;
        if end == len && !block.at_end && !too_large {
            self.searched = end - start;
            return Next::More(start);
        }
        self.close();
        if end == len {
            self.boundary = document(block.bytes, start + 1);
        }
        if let Some(boundary) = self.boundary {
            let reason = "the brackets of a JSON value are not closed";
            records.push(block.fault(RejectKind::Malformed, start..boundary, reason));
            return Next::At(boundary);
        }
        self.in_array = false;
        if too_large {
            self.passing = Some(Passing { start: block.offset + start as u64, reason: None });
            return Next::At((start + 1).max(len.saturating_sub(MARKER)));
        }
        records.push(block.fault(
            RejectKind::Incomplete,
            start..len,
            "the last JSON value is cut off",
        ));
        Next::At(len)
    }

    fn close(&mut self) {
        self.open = Brackets::default();
        self.searched = 0;
    }

    /// Passes over what starts at `start`, from `at` on.
    fn broken(&mut self, start: usize, at: usize, block: &Block<'_>, reason: &'static str) -> Next {
        self.in_array = false;
        let start = block.offset + start as u64;
        self.passing = Some(Passing { start, reason: Some(reason) });
        Next::At(at)
    }

    fn pass(
        &mut self,
        passing: Passing,
        at: usize,
        block: &Block<'_>,
        records: &mut Vec<Record>,
    ) -> Next {
        let len = block.bytes.len();
        let next = match document(block.bytes, at) {
            Some(next) => next,
            None if block.at_end => len,
            None => return Next::More(at.max(len.saturating_sub(MARKER))),
        };
        self.passing = None;
        let bytes = block.offset + next as u64 - passing.start;
        records.push(match passing.reason {
            None => block.too_large(passing.start, bytes, next),
            Some(reason) => {
                let fault = Fault {
                    kind: RejectKind::Malformed,
                    offset: passing.start,
                    reason: reason.into(),
                };
                Record { range: next..next, content: Content::Fault(Box::new(fault)) }
            }
        });
        Next::At(next)
    }
}

fn value(start: usize, end: usize, block: &Block<'_>) -> Record {
    if end - start > block.maximum {
        return block.too_large(block.offset + start as u64, (end - start) as u64, end);
    }
    Record { range: start..end, content: Content::Json }
}

/// Bytes kept back because the start of a document may be cut by their end.
const MARKER: usize = 256;

/// Where the first OTLP document at or after `from` seems to start: at an object whose first key is
/// one of OTLP's. No JSON string holds these bytes, as its quotes are escaped.
pub(crate) fn document(bytes: &[u8], from: usize) -> Option<usize> {
    let finder = memmem::Finder::new(b"\"resource");
    finder.find_iter(bytes.get(from..)?).find_map(|key| {
        let key = from + key;
        let before = bytes[from..key].trim_ascii_end();
        (before.ends_with(b"{") && is_top_key(&bytes[key..])).then(|| from + before.len() - 1)
    })
}

/// Whether `bytes` start with a key of the top of OTLP/JSON, and a colon.
fn is_top_key(bytes: &[u8]) -> bool {
    Signal::ALL.into_iter().any(|signal| {
        let key = signal.data().fields[0].name.as_bytes();
        bytes
            .strip_prefix(b"\"")
            .and_then(|bytes| bytes.strip_prefix(key))
            .and_then(|bytes| bytes.strip_prefix(b"\""))
            .is_some_and(|bytes| bytes.trim_ascii_start().starts_with(b":"))
    })
}
