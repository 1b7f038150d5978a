//! Tells by its beginning how a file is written.

use crate::compression::Compression;
use crate::split::brackets::{Brackets, Scan};
use crate::split::documents::document;
use crate::split::shape::begins_like_request;
use crate::split::{BYTE_ORDER_MARK, Content, Framing, content};
use crate::wire::Reader;

#[cfg(test)]
mod tests;

/// Bytes that suffice to tell.
pub const HEAD: usize = 1 << 20;

/// How records are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OTLP/JSON.
    Json,
    /// OTLP protobuf.
    Protobuf,
}

/// What a file looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sniffed {
    /// OTLP in this framing.
    Framing(Framing),
    /// It holds nothing but white space.
    Empty,
    /// No OTLP: what it is instead, for people.
    Unknown(&'static str),
    /// More bytes are needed to tell.
    NeedMore,
}

/// Tells how a file is written from its first bytes, up to [`HEAD`]; `at_end` if they are all of it.
/// Where the format is given only its framings are considered.
pub fn sniff(head: &[u8], at_end: bool, format: Option<Format>) -> Sniffed {
    let decided = at_end || head.len() >= HEAD;
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    let sniffed = match (text.first(), format) {
        (None, _) if at_end => return Sniffed::Empty,
        (None, _) => return Sniffed::NeedMore,
        (Some(b'{' | b'['), None) | (_, Some(Format::Json)) => json(text, at_end),
        (_, Some(Format::Protobuf)) => protobuf(head, at_end),
        _ => protobuf(head, at_end).or_else(|| damaged_json(text)),
    };
    match sniffed {
        Some(framing) => Sniffed::Framing(framing),
        None if !decided => Sniffed::NeedMore,
        None if format != Some(Format::Protobuf) && matches!(text[0], b'{' | b'[') => {
            Sniffed::Framing(Framing::Documents)
        }
        None => Sniffed::Unknown(name(head)),
    }
}

/// The framing of JSON; nothing while it looks like documents over several lines but might not be.
fn json(text: &[u8], at_end: bool) -> Option<Framing> {
    if text[0] == b'[' {
        return Some(Framing::Documents);
    }
    let newline = memchr::memchr(b'\n', text);
    let line = &text[..newline.unwrap_or(text.len())];
    match values(line) {
        Some(1) if at_end || newline.is_some() => Some(Framing::Lines),
        Some(2..) => Some(Framing::Documents),
        _ if newline.is_none() => at_end.then_some(Framing::Lines),
        _ => has_otlp_line(text).then_some(Framing::Lines),
    }
}

/// JSON lines whose first line is no JSON.
fn damaged_json(text: &[u8]) -> Option<Framing> {
    has_otlp_line(text).then_some(Framing::Lines)
}

/// How many JSON values a line is from its start to its end, as far as brackets show.
fn values(line: &[u8]) -> Option<usize> {
    let mut rest = line.trim_ascii();
    let mut count = 0;
    while let Some(b'{' | b'[') = rest.first() {
        let Scan::End(end) = Brackets::default().scan(rest) else { return None };
        rest = rest[end..].trim_ascii_start();
        count += 1;
    }
    rest.is_empty().then_some(count)
}

/// Whether some line is a whole OTLP document, so that the first may just be a damaged one.
fn has_otlp_line(text: &[u8]) -> bool {
    let mut from = 0;
    while let Some(start) = document(text, from) {
        let line = &text[start..];
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        if (start == 0 || text[start - 1] == b'\n') && values(line) == Some(1) {
            return true;
        }
        from = start + 1;
    }
    false
}

fn protobuf(head: &[u8], at_end: bool) -> Option<Framing> {
    let len = if at_end { head.len() as u64 } else { u64::MAX };
    if is_length_prefixed(head) {
        Some(Framing::LengthPrefixed)
    } else if begins_like_request(head, len) && tiles(head) {
        Some(Framing::Bare)
    } else if is_varint_prefixed(head) {
        Some(Framing::Varint)
    } else {
        None
    }
}

fn is_length_prefixed(head: &[u8]) -> bool {
    let Some((length, record)) = head.split_first_chunk() else { return false };
    let length = u64::from(u32::from_be_bytes(*length));
    let known = record.len().min(length as usize);
    // A first byte of 8 or more may be a protobuf tag; records this large are not framed in practice.
    length > 0
        && length < 8 << 24
        && known > 0
        && match content(&record[..known]) {
            Content::Protobuf => begins_like_request(&record[..known], length),
            _ => true,
        }
}

fn is_varint_prefixed(head: &[u8]) -> bool {
    let mut reader = Reader::new(head);
    let Ok(length) = reader.varint() else { return false };
    let record = &head[reader.offset()..];
    let known = record.len().min(usize::try_from(length).unwrap_or(usize::MAX));
    known > 0 && begins_like_request(&record[..known], length)
}

/// Whether the top of a message is fields to the end of the head.
fn tiles(head: &[u8]) -> bool {
    let mut reader = Reader::new(head);
    while !reader.is_empty() {
        let field = reader.tag().and_then(|(number, wire_type)| reader.skip(number, wire_type));
        if let Err(error) = field {
            return error.is_truncated();
        }
    }
    true
}

fn is_text(head: &[u8]) -> bool {
    let valid = match str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.len() + 4 > head.len()
        || head.iter().filter(|&&byte| byte < b' ').count() * 20 < head.len()
}

/// Says what a file is that is no OTLP.
fn name(head: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 8] = [
        (b"PAR1", "a Parquet file; use read_parquet"),
        (b"ARROW1", "an Arrow IPC file"),
        (b"\xff\xff\xff\xff", "an Arrow IPC stream"),
        (b"SQLite format 3", "a SQLite database"),
        (b"PK\x03\x04", "a zip archive; unpack it first"),
        (b"ORC", "an ORC file"),
        (b"Obj\x01", "an Avro file"),
        (b"\x08", "OTAP (OpenTelemetry Arrow) or other protobuf, not OTLP"),
    ];
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return what;
    }
    match Compression::detect(head) {
        Compression::None if is_text(head) => "text, neither OTLP/JSON nor OTLP protobuf",
        Compression::None => "neither JSON nor OTLP protobuf",
        _ => "compressed more often than DuckSpan unwraps",
    }
}
