//! Tells by its beginning how a file is written.

use crate::json::value_end;
use crate::split::brackets::{Brackets, Scan};
use crate::split::documents::document;
use crate::split::framed::{self, Prefix};
use crate::split::indented::begins_indented;
use crate::split::shape::begins_like_request;
use crate::split::{Content, Framing, Splitter, TELLING, content, opens_json, text};

mod name;
#[cfg(test)]
mod tests;

/// Bytes that suffice to tell; no more are looked at.
pub const HEAD: usize = 1 << 20;

/// Bytes of JSON by which lines are told from other layouts.
const LAYOUT: usize = 1 << 16;

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

/// The first bytes of a file.
#[derive(Clone, Copy)]
struct Head<'a> {
    bytes: &'a [u8],
    /// From where JSON would begin.
    text: &'a [u8],
    /// They are all of the file.
    at_end: bool,
    /// No more of them are to be had.
    is_full: bool,
}

/// Tells how a file is written from its first bytes, up to [`HEAD`]; `at_end` if they are all of it.
/// Where the format is given only its framings are considered.
pub fn sniff(bytes: &[u8], at_end: bool, format: Option<Format>) -> Sniffed {
    let at_end = at_end && bytes.len() <= HEAD;
    let bytes = &bytes[..bytes.len().min(HEAD)];
    let head = Head { bytes, text: text(bytes), at_end, is_full: at_end || bytes.len() == HEAD };
    if head.text.is_empty() && at_end {
        return Sniffed::Empty;
    }
    if head.text.len() < TELLING && !head.is_full {
        return Sniffed::NeedMore;
    }
    match head.framing(format) {
        Some(framing) => Sniffed::Framing(framing),
        None if !head.is_full => Sniffed::NeedMore,
        None => Sniffed::Unknown(head.name(format)),
    }
}

impl Head<'_> {
    /// The framing; nothing if it does not show, or not yet.
    fn framing(&self, format: Option<Format>) -> Option<Framing> {
        match format {
            // So much white space is none of protobuf.
            _ if self.text.is_empty() => Some(Framing::Documents),
            Some(Format::Protobuf) => self.protobuf(format),
            _ if opens_json(self.text) => self.json(),
            None => self.protobuf(format).or_else(|| self.damaged_json()),
            Some(Format::Json) => self.framed_json().or_else(|| self.damaged_json()),
        }
    }

    fn name(&self, format: Option<Format>) -> &'static str {
        match format {
            Some(Format::Json) if self.protobuf(None).is_some() => {
                "OTLP protobuf, not JSON as the option format says"
            }
            Some(Format::Protobuf) if opens_json(self.text) => {
                "JSON, not protobuf as the option format says"
            }
            _ => name::name(self.bytes),
        }
    }

    /// The framing of JSON: lines, if that is how the first values stand.
    fn json(&self) -> Option<Framing> {
        if self.text[0] == b'[' || begins_indented(self.text) {
            return Some(Framing::Documents);
        }
        let mut rest = self.text;
        let is_first = |rest: &[u8]| rest.len() == self.text.len();
        while self.text.len() - rest.len() < LAYOUT {
            if let Some(next) = self.after_otlp_line(rest) {
                rest = next;
                continue;
            }
            // Of what follows a value that is sound it is enough to know where it ends.
            let end = if is_first(rest) { value_end } else { brackets_end };
            match layout(rest, end) {
                Layout::Line(next) => rest = next,
                Layout::Lines => return Some(Framing::Documents),
                // The last line of a file need not end; and one that is longer than the head is a line if those
                // before it were.
                Layout::Cut if self.at_end || !is_first(rest) && self.is_full => {
                    return Some(Framing::Lines);
                }
                Layout::Cut | Layout::CutLines => {
                    return self.is_full.then_some(Framing::Documents);
                }
                Layout::Damaged if is_first(rest) => return self.damaged_lines(),
                Layout::Damaged => break,
            }
        }
        Some(Framing::Lines)
    }

    /// What follows an OTLP document that has a line of its own, as most do. A file may be little more than its first
    /// line, so that is not read twice: after a brace, JSON that is not at its end goes on with a comma or a closing
    /// bracket, never with a brace.
    fn after_otlp_line<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let (line, _) = line(text);
        let after = text[line.len()..].trim_ascii_start();
        let is_next = if after.is_empty() { self.at_end } else { after[0] == b'{' };
        let ends = is_next && line.trim_ascii_end().ends_with(b"}");
        let is_alone = || document(line, 0) == Some(0) && document(line, 1).is_none();
        (ends && is_alone()).then_some(after)
    }

    fn damaged_lines(&self) -> Option<Framing> {
        match self.has_otlp_line() {
            true => Some(Framing::Lines),
            false => self.is_full.then_some(Framing::Documents),
        }
    }

    /// The framing of what begins with no JSON, but has OTLP/JSON after that.
    fn damaged_json(&self) -> Option<Framing> {
        let is_otlp = !name::is_known(self.bytes) && document(self.text, 0).is_some();
        if is_otlp { self.damaged_lines() } else { None }
    }

    /// Whether some line is a whole OTLP document, so that the first may just be a damaged one.
    fn has_otlp_line(&self) -> bool {
        let mut from = 0;
        while let Some(start) = document(self.text, from) {
            let (line, ended) = line(&self.text[start..]);
            let whole = match value_end(line) {
                Ok(end) => line[end..].trim_ascii().is_empty(),
                Err(at) => at == line.len() && !ended && self.is_full,
            };
            if whole && (start == 0 || matches!(self.text[start - 1], b'\n' | 0)) {
                return true;
            }
            from = start + 1;
        }
        false
    }

    fn framed_json(&self) -> Option<Framing> {
        self.length_prefixed(Some(Format::Json)).then_some(Framing::LengthPrefixed)
    }

    /// The framing of protobuf: the first one that explains the head to its end, else the first one
    /// that explains its beginning.
    fn protobuf(&self, format: Option<Format>) -> Option<Framing> {
        let mut possible = [
            (Framing::LengthPrefixed, self.length_prefixed(format)),
            (Framing::Bare, begins_like_request(self.bytes, u64::MAX)),
            (Framing::Varint, self.varint_prefixed()),
        ]
        .into_iter()
        .filter_map(|(framing, begins)| begins.then_some(framing));
        // To explain all of the head is more than to explain its beginning, which more than one framing may by
        // chance.
        possible.clone().find(|&framing| self.is_cut_by(framing)).or_else(|| possible.next())
    }

    fn length_prefixed(&self, format: Option<Format>) -> bool {
        let Some((record, length)) = first_record(self.bytes, framed::big_endian) else {
            return false;
        };
        // A first byte of 8 or more may be a protobuf tag; records this large are not framed in practice.
        self.bytes[0] < 8
            && match content(record) {
                Content::Protobuf => {
                    format != Some(Format::Json) && begins_like_request(record, length)
                }
                Content::Json => format != Some(Format::Protobuf),
                _ => true,
            }
    }

    fn varint_prefixed(&self) -> bool {
        first_record(self.bytes, framed::varint)
            .is_some_and(|(record, length)| begins_like_request(record, length))
    }

    /// Whether the head is records in this framing from its start to its end.
    fn is_cut_by(&self, framing: Framing) -> bool {
        let mut records = Vec::new();
        Splitter::new(framing, usize::MAX).split(self.bytes, self.at_end, &mut records);
        records.iter().all(|record| record.fault_kind().is_none())
    }
}

/// The first line of a text, and whether it ends there.
fn line(text: &[u8]) -> (&[u8], bool) {
    match memchr::memchr(b'\n', text) {
        Some(end) => (&text[..end], true),
        None => (text, false),
    }
}

/// Where a JSON array or object stands that begins a text.
enum Layout<'a> {
    /// On a line of its own; this follows it.
    Line(&'a [u8]),
    /// Over several lines, or on one with others.
    Lines,
    /// On one line, as far as it is there.
    Cut,
    /// Over several lines, as far as it is there.
    CutLines,
    /// It is none, or something else stands behind it.
    Damaged,
}

/// How the value that begins a text stands, given where it ends, or from where on it is none.
fn layout(text: &[u8], end: fn(&[u8]) -> Result<usize, usize>) -> Layout<'_> {
    let (value, rest) = match end(text) {
        Ok(end) => text.split_at(end),
        Err(at) if at < text.len() => return Layout::Damaged,
        Err(_) if line(text).1 => return Layout::CutLines,
        Err(_) => return Layout::Cut,
    };
    let after = rest.trim_ascii_start();
    let ended = line(&rest[..rest.len() - after.len()]).1;
    match after {
        _ if line(value).1 => Layout::Lines,
        [] if !ended => Layout::Cut,
        _ if ended => Layout::Line(after),
        [b'{' | b'[', ..] => Layout::Lines,
        _ => Layout::Damaged,
    }
}

/// As [`value_end`], of a value of which nothing but the brackets is looked at, several times as fast, if it ends on
/// its line: the brackets of a damaged one may be closed by the lines after it, or never.
fn brackets_end(text: &[u8]) -> Result<usize, usize> {
    if !matches!(text, [b'{' | b'[', ..]) {
        return value_end(text);
    }
    match Brackets::default().scan(line(text).0) {
        Scan::End(end) => Ok(end),
        Scan::Broken(_) | Scan::Open => value_end(text),
    }
}

/// What is there of the first record that is not empty, and its whole length.
fn first_record(mut bytes: &[u8], prefix: fn(&[u8]) -> Prefix) -> Option<(&[u8], u64)> {
    loop {
        let Prefix::Length(length, prefix) = prefix(bytes) else { return None };
        bytes = &bytes[prefix..];
        if length > 0 && !bytes.is_empty() {
            let known = bytes.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            return Some((&bytes[..known], length));
        }
    }
}
