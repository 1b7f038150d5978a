//! What is cut, and that the blocks in which bytes come make no difference.

use super::sample::{big_endian, json, protobuf, varint};
use super::{Content, Framing, Record, RejectKind, Splitter, is_cut_json};
use crate::signal::Signal;

mod bare;
mod brackets;
mod documents;
mod framed;
mod indented;
mod lines;
mod shape;

const ALL: [Framing; 5] =
    [Framing::Lines, Framing::Documents, Framing::Bare, Framing::LengthPrefixed, Framing::Varint];

/// A maximum that no record of these tests reaches.
const LARGE: usize = 1 << 20;

/// Bytes that a splitter may hold beyond the maximum, to look ahead.
const SLACK: usize = 300;

/// The largest block in which streams are given.
const LARGEST_BLOCK: usize = 300;

/// What a record is, to compare and to read: `json "…"`, or `malformed at 7: …`.
fn show(content: &Content, bytes: &[u8]) -> String {
    let text = bytes.escape_ascii();
    match content {
        Content::LastJson if is_cut_json(bytes) => format!("cut json {text}"),
        Content::Json | Content::LastJson => format!("json {text}"),
        Content::Protobuf => format!("protobuf {text}"),
        Content::Compressed(compression) => format!("{} {text}", compression.name()),
        Content::Fault(fault) => {
            let kind = match fault.kind {
                RejectKind::Malformed => "malformed",
                RejectKind::Foreign => "foreign",
                RejectKind::TooLarge => "too large",
                RejectKind::Incomplete => "incomplete",
            };
            format!("{kind} at {}: {}", fault.offset, fault.reason)
        }
    }
}

/// The records of a stream that is given in blocks of `block` bytes, and where they stand in it; that
/// of a fault is part of it.
fn cut_in(block: usize, framing: Framing, maximum: usize, stream: &[u8]) -> Vec<Record> {
    let mut splitter = Splitter::new(framing, maximum);
    let (mut done, mut given, mut cuts) = (0, 0, Vec::new());
    loop {
        given = stream.len().min(given + block);
        let at_end = given == stream.len();
        let mut records = Vec::new();
        let used = splitter.split(&stream[done..given], at_end, &mut records);
        cuts.extend(records.into_iter().map(|Record { range, content }| match content {
            Content::Fault(_) => Record { range: 0..0, content },
            _ => Record { range: done + range.start..done + range.end, content },
        }));
        done += used;
        if at_end {
            assert_eq!(done, given, "bytes are left at the end");
            return cuts;
        }
        assert!(given - done <= maximum.saturating_add(SLACK), "too many bytes are held");
    }
}

/// The records of a stream, which are the same for blocks of every size.
fn cut_up_to(maximum: usize, framing: Framing, stream: &[u8]) -> Vec<String> {
    let whole = cut_in(stream.len().max(1), framing, maximum, stream);
    for block in 1..=LARGEST_BLOCK.min(stream.len()) {
        let pieces = cut_in(block, framing, maximum, stream);
        assert_eq!(pieces, whole, "in blocks of {block} bytes: {}", stream.escape_ascii());
    }
    shown(&whole, stream)
}

fn shown(records: &[Record], stream: &[u8]) -> Vec<String> {
    records.iter().map(|one| show(&one.content, &stream[one.range.clone()])).collect()
}

fn cut(framing: Framing, stream: &[u8]) -> Vec<String> {
    cut_up_to(LARGE, framing, stream)
}

/// A stream and the records in it.
type Case<'a> = (&'a [u8], &'a [&'a str]);

fn check(framing: Framing, cases: &[Case<'_>]) {
    for (stream, expected) in cases {
        assert_eq!(cut(framing, stream), *expected, "{}", stream.escape_ascii());
    }
}

/// Records of every signal, some of them larger than a block.
fn records(render: impl Fn(Signal, usize) -> Vec<u8>) -> Vec<Vec<u8>> {
    let sizes = [0, 128, 400];
    sizes.iter().flat_map(|&size| Signal::ALL.map(|signal| render(signal, size))).collect()
}

#[test]
fn every_framing_gives_the_records_in_it() {
    let compact = records(|signal, size| json(signal, size, false).into_bytes());
    let pretty = records(|signal, size| json(signal, size, true).into_bytes());
    let binary = records(protobuf);
    let array = |records: &[Vec<u8>]| [b"[", &*records.join(&b", "[..]), b"]"].concat();
    let cases = [
        ("lines", Framing::Lines, compact.join(&b'\n'), &compact),
        ("CRLF", Framing::Lines, [compact.join(&b"\r\n"[..]), b"\r\n".to_vec()].concat(), &compact),
        ("documents, compact", Framing::Documents, compact.concat(), &compact),
        ("documents, by line", Framing::Documents, compact.join(&b'\n'), &compact),
        ("documents, pretty", Framing::Documents, pretty.join(&b'\n'), &pretty),
        ("array", Framing::Documents, array(&compact), &compact),
        ("array, pretty", Framing::Documents, array(&pretty), &pretty),
        ("bare", Framing::Bare, binary.concat(), &binary),
        ("bare, by line", Framing::Bare, binary.join(&b'\n'), &binary),
        ("big-endian", Framing::LengthPrefixed, big_endian(&binary), &binary),
        ("big-endian JSON", Framing::LengthPrefixed, big_endian(&compact), &compact),
        ("varint", Framing::Varint, varint(&binary), &binary),
    ];
    for (name, framing, stream, records) in cases {
        let content = if records[0][0] == b'{' { Content::Json } else { Content::Protobuf };
        let expected: Vec<_> = records.iter().map(|record| show(&content, record)).collect();
        assert_eq!(cut(framing, &stream), expected, "{name}");
    }
}

/// Every cut gives the records before it, and at most one fault: that the last record is cut.
#[test]
fn a_stream_may_be_cut_anywhere() {
    let compact = [0, 40].map(|size| json(Signal::Logs, size, false).into_bytes());
    let pretty = [0, 40].map(|size| json(Signal::Metrics, size, true).into_bytes());
    let binary = [0, 40, 200].map(|size| protobuf(Signal::Traces, size));
    let cases = [
        (Framing::Lines, compact.join(&b'\n')),
        (Framing::Documents, compact.concat()),
        (Framing::Documents, pretty.join(&b'\n')),
        (Framing::Documents, [b"[", &*compact.join(&b','), b"]"].concat()),
        (Framing::Bare, binary.concat()),
        (Framing::LengthPrefixed, big_endian(&binary)),
        (Framing::LengthPrefixed, big_endian(&compact)),
        (Framing::Varint, varint(&binary)),
    ];
    for (framing, stream) in cases {
        let places = |cuts: &[Record]| cuts.iter().map(|one| one.range.clone()).collect::<Vec<_>>();
        let whole = places(&cut_in(stream.len(), framing, LARGE, &stream));
        for end in 0..stream.len() {
            let mut cuts = cut_in(end.max(1), framing, LARGE, &stream[..end]);
            cuts.pop_if(|last| last.is_cut(&stream[..end]));
            let is_sound = cuts.iter().all(|one| one.fault_kind().is_none());
            let fits = is_sound && whole.starts_with(&places(&cuts));
            assert!(fits, "{framing:?} cut at {end}: {cuts:?}");
        }
    }
}

#[test]
fn nothing_is_in_nothing() {
    for framing in ALL {
        assert_eq!(cut_in(1, framing, LARGE, b""), []);
    }
}

/// Whatever is at fault, records before and after it are the same in blocks of every size.
#[test]
fn damage_is_the_same_in_blocks_of_every_size() {
    let compact = [0, 300].map(|size| json(Signal::Traces, size, false).into_bytes());
    let pretty = [0, 90].map(|size| json(Signal::Logs, size, true).into_bytes());
    let binary = [0, 300].map(|size| protobuf(Signal::Metrics, size));
    let mut damages = (0..).flat_map(|at| b"\0\n\"\\{}[],\x0b\x80\xff".map(|byte| (29 * at, byte)));
    for (framing, stream) in [
        (Framing::Lines, compact.join(&b'\n')),
        (Framing::Documents, compact.concat()),
        (Framing::Documents, [b"[", &*pretty.join(&b','), b"]"].concat()),
        (Framing::Documents, pretty.join(&b'\n')),
        (Framing::Bare, binary.concat()),
        (Framing::Bare, binary.join(&b'\n')),
        (Framing::LengthPrefixed, big_endian(&binary)),
        (Framing::LengthPrefixed, big_endian(&compact)),
        (Framing::Varint, varint(&binary)),
    ] {
        for maximum in [0, 20, 500, LARGE] {
            for (at, byte) in damages.by_ref().take(150) {
                let mut damaged = stream.clone();
                damaged[at % stream.len()] = byte;
                let whole = cut_in(stream.len(), framing, maximum, &damaged);
                let block = 1 + at % 97;
                let pieces = cut_in(block, framing, maximum, &damaged);
                let case = (framing, maximum, block);
                assert_eq!(pieces, whole, "{case:?}: {}", damaged.escape_ascii());
            }
        }
    }
}
