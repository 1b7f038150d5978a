//! Cuts a stream of bytes into records.
//!
//! The stream is given in pieces. What belongs to a record that is still to be completed is given
//! again, with more bytes after it; how far it was searched is remembered, so nothing is read twice.
//! A record larger than the maximum is passed over without being held.

use std::borrow::Cow;
use std::ops::Range;

use crate::compression::Compression;
use crate::json::value_end;

mod bare;
pub(crate) mod brackets;
pub(crate) mod documents;
pub(crate) mod framed;
pub(crate) mod indented;
mod lines;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod shape;
#[cfg(test)]
mod tests;

/// How records follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// JSON, one value a line.
    Lines,
    /// JSON values back to back over any number of lines; the elements of an array at the top are
    /// records of their own.
    Documents,
    /// Protobuf without any framing: one message, or several, which is the same. Each field 1 at the
    /// top is a record, with its tag.
    Bare,
    /// Before each record its length, as the Collector writes it: four bytes, big-endian. Each
    /// record is protobuf or JSON, compressed or not.
    LengthPrefixed,
    /// Before each protobuf message its length as a varint.
    Varint,
}

/// Where a record lies in the bytes given, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its bytes, without framing.
    pub range: Range<usize>,
    /// What they hold.
    pub content: Content,
}

/// What the bytes of a record hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A JSON value.
    Json,
    /// The same, at the end of the stream: if it is broken, it may be because it is cut.
    LastJson,
    /// A protobuf message.
    Protobuf,
    /// Either of them, compressed by itself.
    Compressed(Compression),
    /// Nothing to decode.
    Fault(Box<Fault>),
}

/// Why a stretch of the stream holds no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault.
    pub kind: RejectKind,
    /// Bytes from the start of the stream to the fault.
    pub offset: u64,
    /// What is wrong, for people.
    pub reason: Cow<'static, str>,
}

/// What is wrong with a record that gave no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectKind {
    /// It is damaged.
    Malformed,
    /// It is well formed but no OTLP.
    Foreign,
    /// It is larger than the maximum.
    TooLarge,
    /// It is the last one, and cut; what there is of it is sound.
    Incomplete,
}

/// Cuts one stream into records.
#[derive(Debug)]
pub struct Splitter {
    cutter: Cutter,
    maximum: usize,
    offset: u64,
}

#[derive(Debug)]
enum Cutter {
    Lines(lines::Lines),
    Documents(documents::Documents),
    Bare(bare::Bare),
    Framed(framed::Framed),
}

/// The bytes given to one call.
#[derive(Debug, Clone, Copy)]
struct Block<'a> {
    bytes: &'a [u8],
    /// No more bytes follow.
    at_end: bool,
    /// Where the bytes start in the stream.
    offset: u64,
    maximum: usize,
}

impl Splitter {
    /// A splitter at the start of a stream. Records of more than `maximum` bytes are faults.
    pub fn new(framing: Framing, maximum: usize) -> Splitter {
        let cutter = match framing {
            Framing::Lines => Cutter::Lines(lines::Lines::default()),
            Framing::Documents => Cutter::Documents(documents::Documents::default()),
            Framing::Bare => Cutter::Bare(bare::Bare::default()),
            Framing::LengthPrefixed => Cutter::Framed(framed::Framed::new(framed::big_endian)),
            Framing::Varint => Cutter::Framed(framed::Framed::new(framed::varint)),
        };
        Splitter { cutter, maximum, offset: 0 }
    }

    /// A splitter of JSON that is known to be broken, for what is whole in it.
    pub(crate) fn of_damaged_json(maximum: usize) -> Splitter {
        let cutter = Cutter::Documents(documents::Documents::damaged());
        Splitter { cutter, maximum, offset: 0 }
    }

    /// Appends the records of `bytes` and tells how many bytes are done with; the rest is to be
    /// given again, followed by more. At the end of the stream all bytes are done with. Where bytes
    /// are left, they are at most a few more than the maximum.
    pub fn split(&mut self, bytes: &[u8], at_end: bool, records: &mut Vec<Record>) -> usize {
        let block = Block { bytes, at_end, offset: self.offset, maximum: self.maximum };
        let done = match &mut self.cutter {
            Cutter::Lines(lines) => lines.cut(&block, records),
            Cutter::Documents(documents) => documents.cut(&block, records),
            Cutter::Bare(bare) => bare.cut(&block, records),
            Cutter::Framed(framed) => framed.cut(&block, records),
        };
        self.offset += done as u64;
        done
    }
}

impl Record {
    /// Whether it is cut by the end of the stream, of which it is in `bytes`.
    pub(crate) fn is_cut(&self, bytes: &[u8]) -> bool {
        match &self.content {
            Content::LastJson => is_cut_json(&bytes[self.range.clone()]),
            Content::Fault(fault) => fault.kind == RejectKind::Incomplete,
            _ => false,
        }
    }

    /// What kind of fault it is, if it is one.
    pub(crate) fn fault_kind(&self) -> Option<RejectKind> {
        match &self.content {
            Content::Fault(fault) => Some(fault.kind),
            _ => None,
        }
    }
}

impl Fault {
    pub(crate) fn new(
        kind: RejectKind,
        offset: u64,
        reason: impl Into<Cow<'static, str>>,
    ) -> Fault {
        Fault { kind, offset, reason: reason.into() }
    }

    /// A record that is this fault, with the bytes in which it shows.
    pub(crate) fn record(self, range: Range<usize>) -> Record {
        Record { range, content: Content::Fault(Box::new(self)) }
    }
}

impl Block<'_> {
    fn fault(
        &self,
        kind: RejectKind,
        range: Range<usize>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Record {
        Fault::new(kind, self.offset + range.start as u64, reason).record(range)
    }

    fn too_large(&self, start: u64, bytes: u64, end: usize) -> Record {
        let reason = format!(
            "record of {bytes} bytes is larger than maximum_object_size ({} bytes)",
            self.maximum
        );
        Fault::new(RejectKind::TooLarge, start, reason).record(end..end)
    }
}

/// What may stand before UTF-8 text.
pub(crate) const BYTE_ORDER_MARK: &[u8; 3] = b"\xef\xbb\xbf";

/// Bytes of protobuf that never follow the grammar of JSON by chance: where a length is a bracket, the
/// message is shorter than 128 bytes, and its tags are control characters.
pub(crate) const TELLING: usize = 1 << 10;

/// What a record is, by its first bytes; where nothing else shows, it is protobuf.
pub(crate) fn content(record: &[u8]) -> Content {
    // The first bytes of gzip and zstd begin neither JSON nor a request.
    match Compression::detect(record) {
        Compression::None if is_json(record) => Content::Json,
        Compression::None => Content::Protobuf,
        compression => Content::Compressed(compression),
    }
}

/// Whether a record is JSON. A newline, the first tag of OTLP, may stand before JSON as well, and the
/// length after it may be any byte.
fn is_json(record: &[u8]) -> bool {
    match record {
        // As tags these would be of field 15 or 11 at the top, which no request has.
        [b'{' | b'[', ..] => true,
        [b'\t' | b'\n' | b'\r' | b' ' | 0xef, ..] => {
            let text = text(record);
            matches!(text, [b'{' | b'[', ..])
                && (opens_json(text) || !shape::begins_like_request(record, u64::MAX))
        }
        _ => false,
    }
}

/// The bytes without what may stand before JSON.
pub(crate) fn text(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start()
}

/// Whether `text` begins with a JSON array or object, strictly, as far as [`TELLING`] bytes go.
pub(crate) fn opens_json(text: &[u8]) -> bool {
    let known = &text[..text.len().min(TELLING)];
    matches!(text, [b'{' | b'[', ..])
        && match value_end(known) {
            Ok(end) => {
                let mut after = known[end..].iter().filter(|byte| !b" \t\r".contains(byte));
                after.next().is_none_or(|byte| b"\n{[,".contains(byte))
            }
            // Cut by what is looked at, and sound up to there.
            Err(at) => at == known.len(),
        }
}

/// Whether nothing is wrong with a JSON value but that `bytes` end inside it.
pub(crate) fn is_cut_json(bytes: &[u8]) -> bool {
    value_end(bytes) == Err(bytes.len())
}
