//! One JSON value a line.

use std::ops::Range;

use memchr::memchr_iter;

use super::brackets::{Brackets, Scan};
use super::{Block, Content, Record, RejectKind};

#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Bytes of the unfinished line that hold no newline.
    searched: usize,
    /// Bytes of the unfinished line that were passed over, as it is too large.
    dropped: u64,
}

impl Lines {
    pub(super) fn cut(&mut self, block: &Block<'_>, records: &mut Vec<Record>) -> usize {
        let bytes = block.bytes;
        let searched = self.searched.min(bytes.len());
        let mut start = block.byte_order_mark();
        for at in memchr_iter(b'\n', &bytes[searched..]) {
            self.line(block, start..searched + at, records);
            start = searched + at + 1;
        }
        if block.at_end {
            self.last(block, start..bytes.len(), records);
            start = bytes.len();
        } else if self.dropped > 0 || bytes.len() - start > block.maximum {
            self.dropped += (bytes.len() - start) as u64;
            start = bytes.len();
        }
        self.searched = bytes.len() - start;
        start
    }

    fn line(&mut self, block: &Block<'_>, range: Range<usize>, records: &mut Vec<Record>) {
        if self.dropped > 0 || range.len() > block.maximum {
            let start = block.offset + range.start as u64 - self.dropped;
            records.push(block.too_large(start, self.dropped + range.len() as u64, range.end));
            self.dropped = 0;
            return;
        }
        let range = trimmed(block.bytes, range);
        if !range.is_empty() {
            records.push(Record { range, content: Content::Json });
        }
    }

    /// The last line lacks its newline: it is complete, or cut.
    fn last(&mut self, block: &Block<'_>, range: Range<usize>, records: &mut Vec<Record>) {
        let line = &block.bytes[range.clone()];
        let cut = self.dropped == 0
            && line.len() <= block.maximum
            && line.trim_ascii_start().starts_with(b"{")
            && Brackets::default().scan(line.trim_ascii_start()) == Scan::Open;
        if cut {
            let range = trimmed(block.bytes, range);
            let reason = "the last line is cut off";
            records.push(block.fault(RejectKind::Incomplete, range, reason));
        } else if self.dropped > 0 || !range.is_empty() {
            self.line(block, range, records);
        }
    }
}

/// The range without the white space around it.
fn trimmed(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let line = &bytes[range.clone()];
    if let [b'{', .., b'}'] = line {
        return range;
    }
    let start = range.end - line.trim_ascii_start().len();
    start..start + line.trim_ascii().len()
}
