//! JSON values back to back, over any number of lines, or as the elements of arrays.
//!
//! After a value that is broken, reading goes on where the next OTLP document seems to start. What is
//! cut does not depend on the blocks in which the bytes come.

use memchr::memmem;

use super::brackets::{Brackets, Scan};
use super::indented::{self, End};
use super::{Block, Content, Fault, Record, RejectKind, is_cut_json};
use crate::signal::Signal;

#[derive(Debug)]
pub(super) struct Documents {
    in_array: bool,
    /// The value whose end is sought, and how many of the bytes to be given again were searched.
    open: Brackets,
    searched: usize,
    /// Bytes of a value in which its end is sought by its lines; then, or if that is 0, by its brackets.
    reach: usize,
    /// Lines are not to be trusted, of no value.
    is_damaged: bool,
    /// A value was not closed: those after it must end before the next document starts.
    wary: bool,
    /// Where that is, and up to where none starts, both in the stream: it is looked for once.
    next_document: Option<u64>,
    no_document: u64,
    passing: Option<Passing>,
}

/// Bytes that are passed over.
#[derive(Debug, Clone, Copy)]
struct Passing {
    /// Where they start in the stream.
    start: u64,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// A value that is too large, up to its end.
    TooLarge,
    /// What no value starts with, or one that is broken, up to the next document.
    Broken(RejectKind, &'static str),
}

/// What follows a step.
enum Next {
    /// The next step, from here.
    At(usize),
    /// The next call, which is given the bytes from here.
    More(usize),
}

/// How far lines are looked at, at least, before it is known that they tell where values end.
pub(super) const REACH: usize = 1 << 20;

/// How much larger than those before it a value may be, and still be told by its lines.
const GROWTH: usize = 8;

impl Default for Documents {
    fn default() -> Documents {
        Documents {
            in_array: false,
            open: Brackets::default(),
            searched: 0,
            reach: REACH,
            is_damaged: false,
            wary: false,
            next_document: None,
            no_document: 0,
            passing: None,
        }
    }
}

impl Documents {
    /// For bytes of which it is known that something is wrong with them.
    pub(super) fn damaged() -> Documents {
        Documents { reach: 0, is_damaged: true, ..Documents::default() }
    }

    pub(super) fn cut(&mut self, block: &Block<'_>, records: &mut Vec<Record>) -> usize {
        let mut next = Next::At(0);
        loop {
            next = match next {
                Next::At(at) => self.step(at, block, records),
                Next::More(start) => return start,
            }
        }
    }

    fn step(&mut self, at: usize, block: &Block<'_>, records: &mut Vec<Record>) -> Next {
        match self.passing {
            Some(Passing { start, what: What::TooLarge }) => {
                return self.pass_value(start, at, block, records);
            }
            Some(Passing { start, what: What::Broken(kind, reason) }) => {
                return self.pass_broken(Fault::new(kind, start, reason), at, block, records);
            }
            None => {}
        }
        if let Some(blank) = self.between(&block.bytes[at..]) {
            return self.value(at + blank, block, records);
        }
        let end = block.bytes.len();
        if block.at_end && self.in_array {
            let reason = "the array at the top is not closed";
            records.push(block.fault(RejectKind::Incomplete, end..end, reason));
        }
        Next::More(end)
    }

    /// Passes what stands between values, and tells how much that is if a value follows. Byte order
    /// marks are among it, since files are concatenated.
    fn between(&mut self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| match byte {
            // Commas at the top are no JSON, but tools that cut arrays leave them; nothing is lost by passing them.
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xef | 0xbb | 0xbf => false,
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
        match block.bytes[start] {
            b'{' | b'[' => {}
            byte => return self.stray(byte, start, block),
        }
        // Whether lines of a value in an array tell anything depends on how deep they are indented.
        let asks_lines = self.reach > 0 && !self.in_array;
        let by_lines = if asks_lines { self.by_lines(start, block, records) } else { None };
        by_lines.unwrap_or_else(|| self.by_brackets(start, block, records))
    }

    /// Cuts the value at `start` where its lines tell that it ends; nothing if they do not.
    fn by_lines(
        &mut self,
        start: usize,
        block: &Block<'_>,
        records: &mut Vec<Record>,
    ) -> Option<Next> {
        let rest = &block.bytes[start..];
        let most = self.reach.min(block.maximum);
        let known = &rest[..rest.len().min(most)];
        let at_end = block.at_end && known.len() == rest.len();
        let is_all = block.at_end || known.len() == most;
        match indented::end(known, self.searched, is_all, at_end) {
            End::At(bytes) => Some(self.found(start, start + bytes, block, records)),
            End::NotBefore(searched) => {
                self.searched = searched;
                Some(Next::More(start))
            }
            End::Unclear => {
                (self.reach, self.searched) = (0, 0);
                None
            }
        }
    }

    /// Cuts a value whose end is known, and says how that of the next one is sought.
    fn found(
        &mut self,
        start: usize,
        end: usize,
        block: &Block<'_>,
        records: &mut Vec<Record>,
    ) -> Next {
        // The next one is most likely written as this one. If it is not, no more is held to find that out than a few
        // times what this one has.
        let by_lines = block.bytes[start..end].ends_with(b"\n}") && !self.is_damaged;
        self.reach = if by_lines { REACH.max(GROWTH * (end - start)) } else { 0 };
        self.close();
        records.push(value(start, end, block));
        Next::At(end)
    }

    /// Cuts the value at `start` where its brackets are closed.
    fn by_brackets(&mut self, start: usize, block: &Block<'_>, records: &mut Vec<Record>) -> Next {
        // A value is not looked at beyond `most`, so that one that is never closed costs no more than the largest one that
        // is allowed; nor beyond what is known of where documents start, so that what is cut is the same whether the
        // bytes come in one block or in many.
        let horizon = self.horizon(start, block);
        let most = start.saturating_add(block.maximum).saturating_add(1);
        let from = start + self.searched;
        let end = horizon.unwrap_or(block.known(self.wary)).clamp(from, most.max(from));
        match self.open.scan(&block.bytes[from..end]) {
            Scan::End(bytes) => self.found(start, from + bytes, block, records),
            Scan::Broken(_) => self.broken_string(start, block),
            Scan::Open => {
                self.searched = end - start;
                // More bytes could not change what is known by now: the stream ends, a document starts, or no value
                // may be longer.
                let decided = block.at_end || horizon == Some(end) || block.known(true) >= most;
                if decided { self.unclosed(start, most, block, records) } else { Next::More(start) }
            }
        }
    }

    /// Where the value at `start` must end at the latest, if that is known.
    fn horizon(&mut self, start: usize, block: &Block<'_>) -> Option<usize> {
        if !self.wary {
            return None;
        }
        let from = block.offset + (start + self.searched.max(1)) as u64;
        if self.next_document.is_none_or(|next| next < from) {
            let known = self.no_document.max(from) - block.offset;
            let next = document(block.bytes, known as usize);
            self.next_document = next.map(|next| block.offset + next as u64);
            let clear = next.unwrap_or(block.known(true));
            self.no_document = self.no_document.max(block.offset + clear as u64);
        }
        self.next_document.map(|next| (next - block.offset) as usize)
    }

    /// The value at `start` ends neither before `most`, nor with the stream, nor before the next
    /// document.
    fn unclosed(
        &mut self,
        start: usize,
        most: usize,
        block: &Block<'_>,
        records: &mut Vec<Record>,
    ) -> Next {
        let len = block.bytes.len();
        if let Some(next) = document(block.bytes, start + 1).filter(|&next| next < most) {
            self.close();
            (self.wary, self.in_array) = (true, false);
            let reason = "the brackets of a JSON value are not closed";
            records.push(block.fault(RejectKind::Malformed, start..next, reason));
            return Next::At(next);
        }
        if len >= most {
            let start = block.offset + start as u64;
            self.passing = Some(Passing { start, what: What::TooLarge });
            self.searched = 0;
            return Next::At(most);
        }
        self.close();
        self.in_array = false;
        records.push(if is_cut_json(&block.bytes[start..]) {
            block.fault(RejectKind::Incomplete, start..len, "the last JSON value is cut off")
        } else {
            let reason = "the brackets of a JSON value are not closed";
            block.fault(RejectKind::Malformed, start..len, reason)
        });
        Next::At(len)
    }

    fn close(&mut self) {
        self.open = Brackets::default();
        self.searched = 0;
    }

    fn stray(&mut self, byte: u8, start: usize, block: &Block<'_>) -> Next {
        let kind = match byte {
            b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => RejectKind::Foreign,
            _ => RejectKind::Malformed,
        };
        let what = What::Broken(kind, "neither a JSON object nor an array");
        self.passing = Some(Passing { start: block.offset + start as u64, what });
        Next::At(start)
    }

    fn broken_string(&mut self, start: usize, block: &Block<'_>) -> Next {
        self.close();
        // The string may be of a later document, and the value at `start` one that was not closed.
        self.wary = true;
        let what = What::Broken(RejectKind::Malformed, "line break inside a JSON string");
        self.passing = Some(Passing { start: block.offset + start as u64, what });
        Next::At(start + 1)
    }

    /// Passes over a value that started at `start` in the stream and is too large, from `at` on.
    fn pass_value(
        &mut self,
        start: u64,
        at: usize,
        block: &Block<'_>,
        records: &mut Vec<Record>,
    ) -> Next {
        let next = document(block.bytes, at);
        let end = next.unwrap_or(block.known(true)).max(at);
        let scan = self.open.scan(&block.bytes[at..end]);
        let end = match scan {
            Scan::End(bytes) => at + bytes,
            Scan::Broken(newline) => {
                self.close();
                let what = What::Broken(RejectKind::Malformed, "line break inside a JSON string");
                self.passing = Some(Passing { start, what });
                return Next::At(at + newline);
            }
            Scan::Open if next.is_none() && !block.at_end => return Next::More(end),
            Scan::Open => {
                (self.wary, self.in_array) = (true, false);
                end
            }
        };
        self.close();
        self.passing = None;
        records.push(block.too_large(start, block.offset + end as u64 - start, end));
        Next::At(end)
    }

    fn pass_broken(
        &mut self,
        fault: Fault,
        at: usize,
        block: &Block<'_>,
        records: &mut Vec<Record>,
    ) -> Next {
        let next = match document(block.bytes, at) {
            Some(next) => next,
            None if block.at_end => block.bytes.len(),
            None => return Next::More(block.known(true).max(at)),
        };
        (self.passing, self.in_array) = (None, false);
        records.push(fault.record(next..next));
        Next::At(next)
    }
}

impl Block<'_> {
    /// Up to where it is known whether a document starts, if that matters.
    fn known(&self, matters: bool) -> usize {
        // A key that the next block completes is not to be missed: what may be the beginning of one is held back.
        let unknown = if matters && !self.at_end { MARKER } else { 0 };
        self.bytes.len().saturating_sub(unknown)
    }
}

fn value(start: usize, end: usize, block: &Block<'_>) -> Record {
    if end - start > block.maximum {
        return block.too_large(block.offset + start as u64, (end - start) as u64, end);
    }
    Record { range: start..end, content: Content::Json }
}

/// Bytes from the brace of an OTLP document to the colon after its first key, at most.
pub(super) const MARKER: usize = 256;

/// Where the first OTLP document at or after `from` seems to start: at an object whose first key is
/// one of OTLP's. No JSON string holds these bytes, as its quotes are escaped.
pub(crate) fn document(bytes: &[u8], from: usize) -> Option<usize> {
    /// White space before and after the key.
    const SPACE: usize = 100;
    let finder = memmem::Finder::new(b"\"resource");
    finder.find_iter(bytes.get(from..)?).find_map(|key| {
        let key = from + key;
        let lowest = from.max(key.saturating_sub(SPACE));
        // The key may stand on a line of its own, indented; but not by more than is looked at, so blocks need overlap
        // by that alone.
        let before = bytes[lowest..key].trim_ascii_end();
        let after = &bytes[key..bytes.len().min(key + SPACE)];
        (before.ends_with(b"{") && is_top_key(after)).then(|| lowest + before.len() - 1)
    })
}

/// Whether `bytes` start with a key of the top of OTLP/JSON, and a colon.
fn is_top_key(bytes: &[u8]) -> bool {
    Signal::ALL.into_iter().any(|signal| {
        let key = signal.groups().name.as_bytes();
        bytes
            .strip_prefix(b"\"")
            .and_then(|bytes| bytes.strip_prefix(key))
            .and_then(|bytes| bytes.strip_prefix(b"\""))
            .is_some_and(|bytes| bytes.trim_ascii_start().starts_with(b":"))
    })
}
