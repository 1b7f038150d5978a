//! Names files that hold no OTLP, so that an error can say what was given.

use std::ops::Range;

use crate::compression::Compression;
use crate::split::framed::{self, Prefix};
use crate::wire::CheckingReader;

/// What is known by its first bytes.
const MAGIC: [(&[u8], &str); 23] = [
    (b"PAR1", "a Parquet file; use read_parquet"),
    (b"ARROW1", "an Arrow IPC file"),
    (b"FEA1", "a Feather file"),
    (b"\xff\xff\xff\xff", "an Arrow IPC stream"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ\0", "compressed with xz; unpack it first"),
    (b"\x04\x22\x4d\x18", "compressed with lz4; unpack it first"),
    (b"\xff\x06\0\0sNaPpY", "compressed with snappy; unpack it first"),
    (b"\x89PNG", "a PNG image"),
    (b"%PDF", "a PDF document"),
    (b"\xff\xfe", "text in UTF-16; convert it to UTF-8 first"),
    (b"\xfe\xff", "text in UTF-16; convert it to UTF-8 first"),
    (b"{\0\"\0", "text in UTF-16; convert it to UTF-8 first"),
    (b"\0{\0\"", "text in UTF-16; convert it to UTF-8 first"),
    (b"version https://git-lfs", "a Git LFS pointer; fetch the file itself with git lfs pull"),
    (b"<?xml", "XML"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
];

/// What is known by bytes at another place.
const MAGIC_AT: [(Range<usize>, &[u8], &str); 2] = [
    (8..12, b"DUCK", "a DuckDB database; attach it"),
    (257..262, b"ustar", "a tar archive; unpack it first"),
];

/// Whether the head is that of a file of a known kind that holds no OTLP.
pub(super) fn is_known(head: &[u8]) -> bool {
    magic(head).is_some()
}

/// Says what a file is that is no OTLP.
pub(super) fn name(head: &[u8]) -> &'static str {
    match (magic(head), Compression::detect(head)) {
        (Some(what), _) => what,
        (_, Compression::Gzip) => "gzip, compressed more often than DuckSpan unwraps or was told",
        (_, Compression::Zstd) => "zstd, compressed more often than DuckSpan unwraps or was told",
        _ if is_text(head) => "text, neither OTLP/JSON nor OTLP protobuf",
        _ => framed_protobuf(head).unwrap_or("neither JSON nor OTLP protobuf"),
    }
}

fn magic(head: &[u8]) -> Option<&'static str> {
    let first = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    first.or_else(|| {
        let mut others = MAGIC_AT.iter();
        others.find(|(at, magic, _)| head.get(at.clone()) == Some(*magic)).map(|(.., what)| *what)
    })
}

/// Names other protobuf, in any framing.
fn framed_protobuf(head: &[u8]) -> Option<&'static str> {
    let bare = |_: &[u8]| Prefix::Length(u64::MAX, 0);
    [bare, framed::big_endian, framed::varint].into_iter().find_map(|prefix| {
        let Prefix::Length(length, prefix) = prefix(head) else { return None };
        let record = &head[prefix..];
        protobuf(&record[..record.len().min(usize::try_from(length).unwrap_or(usize::MAX))])
    })
}

/// Names a message by a field that no request has at its top.
fn protobuf(message: &[u8]) -> Option<&'static str> {
    let mut reader = CheckingReader::new(message);
    let mut what = None;
    while !reader.is_empty() {
        let field = reader.tag().and_then(|(number, wire_type)| {
            what = what.or(match (number, wire_type) {
                (1, 0) => Some("OTAP (OpenTelemetry Arrow) or other protobuf, not OTLP"),
                (2, 2) => Some("OTLP profiles or other protobuf, which DuckSpan does not read"),
                _ => None,
            });
            reader.skip(number, wire_type)
        });
        if let Err(error) = field {
            // A field that only happened to look like one stands in bytes that go wrong soon.
            return what.filter(|_| error.is_truncated());
        }
    }
    what
}

/// Whether most of it is characters: text has few control characters but white space.
fn is_text(head: &[u8]) -> bool {
    let control = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    // One in twenty: escape codes of terminals are control characters as well.
    head.iter().filter(control).count() * 20 < head.len()
}
