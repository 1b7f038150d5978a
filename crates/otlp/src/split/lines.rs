//! One JSON value a line.

use std::ops::Range;

use memchr::memchr_iter;

use super::{BYTE_ORDER_MARK, Block, Content, Record};

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
        // Only a stream has it at its start; between lines it would be damage.
        let Some(mut start) = byte_order_mark(block) else { return 0 };
        let searched = self.searched.min(bytes.len());
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
        // What is left has no newline, so the next call goes on behind it.
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

    /// The last line lacks its newline: it is complete, or cut. Which of them shows when it is read.
    fn last(&mut self, block: &Block<'_>, range: Range<usize>, records: &mut Vec<Record>) {
        let line = &block.bytes[range.clone()];
        if self.dropped == 0 && line.is_empty() {
            return;
        }
        let opens = matches!(line.trim_ascii_start(), [b'{' | b'[', ..]);
        self.line(block, range, records);
        if let Some(Record { content: content @ Content::Json, .. }) = records.last_mut()
            && opens
        {
            *content = Content::LastJson;
        }
    }
}

/// The bytes of the mark that the stream starts with; nothing if more bytes are needed to tell.
fn byte_order_mark(block: &Block<'_>) -> Option<usize> {
    let first = &block.bytes[..block.bytes.len().min(BYTE_ORDER_MARK.len())];
    match BYTE_ORDER_MARK.starts_with(first) && block.offset == 0 {
        true if first.len() == BYTE_ORDER_MARK.len() => Some(first.len()),
        true if !block.at_end => None,
        _ => Some(0),
    }
}

/// The range without the white space around it, and without NULs before it: a log that is emptied while it
/// is written to goes on after a hole.
fn trimmed(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let line = &bytes[range.clone()];
    // Nearly all lines are, and need no look at what is around them.
    if let [b'{', .., b'}'] = line {
        return range;
    }
    let text = line.trim_ascii();
    let holes = text.iter().take_while(|&&byte| byte == 0).count();
    let text = if holes < text.len() { text[holes..].trim_ascii_start() } else { text };
    let start = range.start + (line.trim_ascii_end().len() - text.len());
    start..start + text.len()
}
