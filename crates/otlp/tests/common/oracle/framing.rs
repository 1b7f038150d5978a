//! What must hold of any stream that is cut into records.

use duckspan_otlp::split::{Content, Framing, Record, RejectKind, Splitter};

use crate::common::numbers::Numbers;

const FRAMINGS: [Framing; 5] =
    [Framing::Lines, Framing::Documents, Framing::Bare, Framing::LengthPrefixed, Framing::Varint];

/// Bytes of `data` that choose how the rest is cut.
pub const CHOICE: usize = 4;

const MAXIMA: [usize; 6] = [0, 1, 16, 300, 4096, 1 << 20];

/// Checks a stream; the first bytes of `data` say how it is cut, and in what blocks.
pub fn check(data: &[u8]) {
    let Some((choice, stream)) = data.split_first_chunk::<CHOICE>() else { return };
    let framing = FRAMINGS[usize::from(choice[0]) % FRAMINGS.len()];
    let maximum = MAXIMA[usize::from(choice[1]) % MAXIMA.len()];
    let mut numbers = Numbers::new(u64::from(u16::from_le_bytes([choice[2], choice[3]])));
    let largest = 1 << numbers.below(12);
    let whole = cut(framing, maximum, stream, || stream.len());
    let pieces = cut(framing, maximum, stream, || 1 + numbers.below(largest));
    assert_eq!(pieces, whole, "{framing:?}, at most {maximum} bytes: blocks make a difference");
    check_cover(&whole, stream.len());
}

/// A record with its place in the stream.
#[derive(Debug, PartialEq, Eq)]
struct Cut {
    start: u64,
    end: u64,
    content: Content,
}

/// Cuts `stream`, given in blocks of the sizes that `block` tells.
fn cut(
    framing: Framing,
    maximum: usize,
    stream: &[u8],
    mut block: impl FnMut() -> usize,
) -> Vec<Cut> {
    let mut splitter = Splitter::new(framing, maximum);
    let (mut done, mut given) = (0, 0);
    let mut cuts = Vec::new();
    loop {
        given = stream.len().min(given + block());
        let at_end = given == stream.len();
        let mut records = Vec::new();
        let used = splitter.split(&stream[done..given], at_end, &mut records);
        assert!(used <= given - done, "more bytes used than given");
        cuts.extend(records.into_iter().map(|record| place(record, done, given - done)));
        done += used;
        if at_end {
            assert_eq!(done, stream.len(), "bytes are left at the end");
            return cuts;
        }
        let left = given - done;
        assert!(left <= maximum + SLACK, "{left} bytes are held, at most {maximum} are allowed");
    }
}

/// Bytes that a splitter may keep beyond the maximum, to look ahead.
const SLACK: usize = (1 << 12) + 300;

fn place(record: Record, done: usize, given: usize) -> Cut {
    assert!(record.range.start <= record.range.end && record.range.end <= given);
    let (start, end) = match &record.content {
        Content::Fault(fault) => (fault.offset, fault.offset),
        _ => ((done + record.range.start) as u64, (done + record.range.end) as u64),
    };
    Cut { start, end, content: record.content }
}

/// Records stand in order, and do not overlap.
fn check_cover(cuts: &[Cut], len: usize) {
    let mut end = 0;
    for cut in cuts {
        let late = matches!(&cut.content, Content::Fault(f) if f.kind == RejectKind::Incomplete);
        assert!(cut.start >= end || late, "{cut:?} starts before {end}");
        assert!(cut.end <= len as u64);
        end = end.max(cut.end);
    }
}
