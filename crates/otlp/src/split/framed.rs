//! Records with their length before them.

use super::shape::is_cut_request;
use super::{Block, Content, Record, RejectKind, content, is_cut_json};

#[derive(Debug)]
pub(super) struct Framed {
    prefix: fn(&[u8]) -> Prefix,
    /// Bytes still to pass over: the rest of a record that is too large.
    passing: u64,
}

/// The length before a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// The bytes of the record, and of the prefix.
    Length(u64, usize),
    /// The bytes end inside the prefix.
    Cut,
    /// No length is written like this.
    Malformed,
}

/// Four bytes, the most significant first.
pub(crate) fn big_endian(bytes: &[u8]) -> Prefix {
    match bytes.first_chunk() {
        Some(length) => Prefix::Length(u64::from(u32::from_be_bytes(*length)), 4),
        None => Prefix::Cut,
    }
}

/// A varint of at most five bytes.
pub(crate) fn varint(bytes: &[u8]) -> Prefix {
    let mut length = 0;
    for (index, &byte) in bytes.iter().take(5).enumerate() {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Prefix::Length(length, index + 1);
        }
    }
    if bytes.len() < 5 { Prefix::Cut } else { Prefix::Malformed }
}

impl Framed {
    pub(super) fn new(prefix: fn(&[u8]) -> Prefix) -> Framed {
        Framed { prefix, passing: 0 }
    }

    pub(super) fn cut(&mut self, block: &Block<'_>, records: &mut Vec<Record>) -> usize {
        let mut at = self.pass(0, block);
        while at < block.bytes.len() {
            match self.record(at, block, records) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// Cuts the record at `at` and tells where the next one starts; nothing if bytes are missing.
    fn record(&mut self, at: usize, block: &Block<'_>, records: &mut Vec<Record>) -> Option<usize> {
        let rest = &block.bytes[at..];
        let all = at..block.bytes.len();
        match (self.prefix)(rest) {
            Prefix::Length(length, prefix) if length > block.maximum as u64 => {
                let start = at + prefix;
                records.push(block.too_large(block.offset + at as u64, length, start));
                self.passing = length;
                Some(self.pass(start, block))
            }
            Prefix::Length(length, prefix) if length <= (rest.len() - prefix) as u64 => {
                let range = at + prefix..at + prefix + length as usize;
                // A record without bytes is a request without groups, which says nothing and is no fault.
                if !range.is_empty() {
                    let content = content(&block.bytes[range.clone()]);
                    records.push(Record { range: range.clone(), content });
                }
                Some(range.end)
            }
            Prefix::Malformed => {
                let reason = "no record length; the rest of the file is skipped";
                records.push(block.fault(RejectKind::Malformed, all.clone(), reason));
                self.passing = u64::MAX;
                Some(all.end)
            }
            prefix if block.at_end => {
                records.push(last(prefix, at, block));
                Some(all.end)
            }
            // Its bytes are to come: all of them are given again with more behind them.
            Prefix::Length(..) | Prefix::Cut => None,
        }
    }

    fn pass(&mut self, at: usize, block: &Block<'_>) -> usize {
        let passed = self.passing.min((block.bytes.len() - at) as u64);
        self.passing -= passed;
        at + passed as usize
    }
}

/// The last record, which ends beyond the stream: it is cut, or its length is damaged.
fn last(prefix: Prefix, at: usize, block: &Block<'_>) -> Record {
    let all = at..block.bytes.len();
    if let Prefix::Length(length, prefix) = prefix {
        let there = &block.bytes[at + prefix..];
        let is_cut = match content(there) {
            Content::Json => is_cut_json(there),
            Content::Protobuf => is_cut_request(there, length),
            _ => true,
        };
        if !is_cut {
            let reason = format!(
                "a record of {length} bytes is announced; the {} that follow are none",
                there.len()
            );
            return block.fault(RejectKind::Malformed, all, reason);
        }
    }
    block.fault(RejectKind::Incomplete, all, "the last record is cut off")
}
