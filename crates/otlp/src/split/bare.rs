//! Protobuf without framing: each field 1 at the top is a record.

use super::shape::{LOOK_AHEAD, begins_like_request, is_cut_request};
use super::{Block, Content, Record, RejectKind};
use crate::error::{Error, Result};
use crate::wire::CheckingReader;

#[derive(Debug, Default)]
pub(super) struct Bare {
    /// Bytes still to pass over: the rest of a field that is too large or of no interest.
    passing: u64,
}

/// What stands at the top of the message.
enum Top {
    /// A field 1 that ends there.
    Record(usize),
    /// A field 1 of so many bytes, which is too many.
    TooLarge(u64),
    /// Nothing to read, of so many bytes.
    Other(u64),
}

impl Bare {
    pub(super) fn cut(&mut self, block: &Block<'_>, records: &mut Vec<Record>) -> usize {
        let len = block.bytes.len();
        let mut at = self.pass(0, block);
        while at < len {
            match top(&block.bytes[at..], block) {
                Ok(Top::Record(bytes)) => {
                    records.push(Record { range: at..at + bytes, content: Content::Protobuf });
                    at += bytes;
                }
                Ok(Top::TooLarge(bytes)) => {
                    records.push(block.too_large(block.offset + at as u64, bytes, at));
                    self.passing = bytes;
                    at = self.pass(at, block);
                }
                Ok(Top::Other(bytes)) => {
                    self.passing = bytes;
                    at = self.pass(at, block);
                }
                Err(error) if error.is_truncated() && !block.at_end => break,
                Err(error) => {
                    records.push(self.fault(at, block, &error));
                    at = len;
                }
            }
        }
        at
    }

    fn fault(&mut self, at: usize, block: &Block<'_>, error: &Error) -> Record {
        let range = at..block.bytes.len();
        if error.is_truncated() && is_cut_request(&block.bytes[at..], u64::MAX) {
            return block.fault(RejectKind::Incomplete, range, "the last record is cut off");
        }
        // Without framing nothing tells where the next message starts.
        self.passing = u64::MAX;
        let reason = format!("{}; the rest of the file is skipped", error.reason());
        block.fault(RejectKind::Malformed, range, reason)
    }

    fn pass(&mut self, at: usize, block: &Block<'_>) -> usize {
        let passed = self.passing.min((block.bytes.len() - at) as u64);
        self.passing -= passed;
        at + passed as usize
    }
}

/// Looks at the field at the start of `rest`.
///
/// # Errors
/// If it is cut, or no field.
fn top(rest: &[u8], block: &Block<'_>) -> Result<Top> {
    if is_separator(rest, block.at_end)? {
        return Ok(Top::Other(1));
    }
    let mut reader = CheckingReader::new(rest);
    let (number, wire_type) = reader.tag()?;
    if number == 1 && wire_type != 2 {
        return Err(Error::new("field 1 is no message", 0));
    }
    if wire_type != 2 {
        // A group tells its length nowhere, so it is held; one that is too large has no end.
        let most = block.maximum.max(LOOK_AHEAD);
        let end = rest.len().min(most);
        let mut reader = CheckingReader::within(rest, reader.offset()..end);
        return match reader.skip(number, wire_type) {
            Err(error) if error.is_truncated() && rest.len() > most => {
                Err(Error::new("group without end", 0))
            }
            Err(error) => Err(error),
            Ok(()) => Ok(Top::Other(reader.offset() as u64)),
        };
    }
    let length = reader.varint()?;
    let bytes = length.saturating_add(reader.offset() as u64);
    match number {
        1 if length > block.maximum as u64 => Ok(Top::TooLarge(bytes)),
        // With its tag: alone it is a request, as protobuf joins messages that follow each other.
        1 if bytes <= rest.len() as u64 => Ok(Top::Record(bytes as usize)),
        1 => Err(Error::truncated("message ends inside a field", rest.len())),
        _ => Ok(Top::Other(bytes)),
    }
}

/// Whether a newline stands between two messages: blob stores that append put it there.
///
/// # Errors
/// If more bytes are needed to tell.
fn is_separator(rest: &[u8], at_end: bool) -> Result<bool> {
    match rest {
        [b'\n'] if at_end => Ok(true),
        [b'\n', b'\n', ..] if rest.len() < LOOK_AHEAD && !at_end => {
            Err(Error::truncated("message ends inside a field", rest.len()))
        }
        [b'\n', next @ ..] if next.starts_with(b"\n") => {
            Ok(!begins_like_request(rest, u64::MAX) && begins_like_request(next, u64::MAX))
        }
        _ => Ok(false),
    }
}
