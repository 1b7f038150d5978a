//! What becomes of a row whose shape is known: canonical text, or the fields of a message.

use std::ops::Range;

use super::super::plan::Slot;
use super::shape::{Field, Gap, Node};
use super::value::Value;
use crate::schema::{Kind, Rule, WireType};
use crate::wire::put_tag;
use crate::write::{close, open, put_scalar};

/// Bytes that are copied at once.
const BLOCK: usize = 32;

/// A step towards canonical text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    /// A text that is the same in all rows.
    Text { start: usize, len: usize },
    /// What stands in the row from so many bytes before one value up to so many behind another, and
    /// between them.
    Copy { first: usize, before: usize, last: usize, behind: usize },
}

/// A step towards a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Put {
    /// Begins a field that has a length.
    Open(u32),
    /// Ends the last one that was begun.
    Close,
    /// Fields that are the same in all rows.
    Bytes { start: usize, len: usize },
    /// A field with that value.
    Field { gap: usize, number: u32 },
    /// The value alone.
    Packed { gap: usize },
}

/// Canonical text of a row: before each value what stands there, and at last what is behind them all.
#[derive(Default)]
struct Canonical {
    values: Vec<(Vec<u8>, usize)>,
    text: Vec<u8>,
}

impl Canonical {
    fn field(&mut self, field: &Field, bytes: &[u8]) {
        let Field { slot, nodes } = field;
        if nodes.is_empty() {
            return;
        }
        self.text.extend_from_slice(format!("\"{}\":", slot.name).as_bytes());
        if slot.rule == Rule::Repeated {
            self.text.push(b'[');
            for node in nodes {
                self.node(slot, node, bytes);
                self.text.push(b',');
            }
            self.close(b']');
        } else {
            self.node(slot, &nodes[0], bytes);
        }
        self.text.push(b',');
    }

    fn node(&mut self, slot: &Slot, node: &Node, bytes: &[u8]) {
        match node {
            Node::Gap(gap) => {
                if matches!(slot.kind, Kind::String) {
                    self.text.push(b'"');
                }
                self.values.push((std::mem::take(&mut self.text), *gap));
            }
            Node::Text(text) => {
                self.text.push(b'"');
                self.text.extend_from_slice(&bytes[text.clone()]);
                self.text.push(b'"');
            }
            Node::Message(fields) => {
                self.text.push(b'{');
                fields.iter().for_each(|field| self.field(field, bytes));
                self.close(b'}');
            }
        }
    }

    /// Puts a bracket in the place of the last comma, or behind the bracket that it closes.
    fn close(&mut self, bracket: u8) {
        match self.text.last_mut() {
            Some(last) if *last == b',' => *last = bracket,
            _ => self.text.push(bracket),
        }
    }
}

/// The steps to the canonical text of a row, each member with a comma behind it; what is the same in all rows
/// goes to `texts`.
pub(super) fn text(
    fields: &[Field],
    gaps: &[Gap],
    bytes: &[u8],
    row: Range<usize>,
    texts: &mut Vec<u8>,
    pieces: &mut Vec<Piece>,
) {
    let mut canonical = Canonical { text: vec![b'{'], ..Canonical::default() };
    fields.iter().for_each(|field| canonical.field(field, bytes));
    // Where the row stands as it is to be, it is copied in as few pieces as can be.
    let after = |gap: usize| {
        let end = gaps.get(gap + 1).map_or(row.end, |next| next.value.start);
        &bytes[gaps[gap].value.end..end]
    };
    // The piece that is still growing: its first value, the bytes copied before that, and its last value.
    let mut open: Option<(usize, usize, usize)> = None;
    let mut put_text = |text: &[u8], pieces: &mut Vec<Piece>| {
        if !text.is_empty() {
            pieces.push(Piece::Text { start: texts.len(), len: text.len() });
            texts.extend_from_slice(text);
        }
    };
    for (text, gap) in &canonical.values {
        let gap = *gap;
        let from = match gap {
            0 => row.start,
            _ => gaps[gap - 1].value.end,
        };
        let before = &bytes[from..gaps[gap].value.start];
        let mut rest = text.as_slice();
        if let Some((first, before_first, last)) = open {
            // The values follow each other in the row as they are to, with the right text between them.
            if last + 1 == gap && before == rest {
                open = Some((first, before_first, gap));
                continue;
            }
            let behind = common(rest.iter(), after(last).iter());
            pieces.push(Piece::Copy { first, before: before_first, last, behind });
            rest = &rest[behind..];
        }
        // As much of the text as the row itself has before its value comes with the copy of that: a name and a quote,
        // mostly.
        let copied = common(rest.iter().rev(), before.iter().rev());
        put_text(&rest[..rest.len() - copied], pieces);
        open = Some((gap, copied, gap));
    }
    let mut rest = canonical.text.as_slice();
    if let Some((first, before, last)) = open {
        let behind = common(rest.iter(), after(last).iter());
        pieces.push(Piece::Copy { first, before, last, behind });
        rest = &rest[behind..];
    }
    put_text(rest, pieces);
}

/// How many bytes both begin with.
fn common<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

/// The steps to the fields of a message that are kept, one bit for each number; what is the same in all rows
/// goes to `texts`.
pub(super) fn message(
    fields: &[Field],
    keep: u32,
    bytes: &[u8],
    texts: &mut Vec<u8>,
    puts: &mut Vec<Put>,
) {
    for field in fields.iter().filter(|field| keep >> field.slot.number & 1 == 1) {
        let Field { slot, nodes } = field;
        let is_packed = slot.rule == Rule::Repeated && slot.kind.wire_type() != WireType::Len;
        // A list without elements is no field: an empty message has one form.
        if is_packed && !nodes.is_empty() {
            puts.push(Put::Open(slot.number));
            puts.extend(nodes.iter().filter_map(|node| match node {
                Node::Gap(gap) => Some(Put::Packed { gap: *gap }),
                _ => None,
            }));
            puts.push(Put::Close);
            continue;
        }
        for node in nodes {
            match node {
                Node::Gap(gap) => puts.push(Put::Field { gap: *gap, number: slot.number }),
                Node::Text(text) => {
                    let start = texts.len();
                    // The key of an attribute is the same in all rows of a kind: its tag, length and text are made
                    // once, for one copy.
                    let content = &bytes[text.clone()];
                    put_tag(texts, slot.number, WireType::Len as u8);
                    put_scalar(texts, WireType::Varint, content.len() as u64);
                    texts.extend_from_slice(content);
                    puts.push(Put::Bytes { start, len: texts.len() - start });
                }
                Node::Message(fields) => {
                    puts.push(Put::Open(slot.number));
                    // Only fields of the row itself are left out: what is kept of it is kept whole.
                    message(fields, u32::MAX, bytes, texts, puts);
                    puts.push(Put::Close);
                }
            }
        }
    }
}

/// A row that was compared, and what is known of its kind.
pub(super) struct Known<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) values: &'a [Value],
    pub(super) kinds: &'a [Kind],
    /// Whether canonical text has a value in another way.
    pub(super) rewritten: bool,
    pub(super) texts: &'a [u8],
}

impl Known<'_> {
    /// Appends its canonical text.
    pub(super) fn put_text(&self, pieces: &[Piece], scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
        for piece in pieces {
            match *piece {
                Piece::Text { start, len } => copy(self.texts, start..start + len, out),
                Piece::Copy { first, before, last, behind } => {
                    // The row has the text that the piece was made from, or it would not have matched: so what is
                    // said relative to values holds in it, too, however long they are.
                    let mut from = self.values[first].start - before;
                    // Mostly no value is written anew; then a piece is one copy, however many values it has.
                    if self.rewritten {
                        for gap in first..=last {
                            let value = &self.values[gap];
                            if value.rewritten {
                                copy(self.bytes, from..value.start, out);
                                value.put_text(self.kinds[gap], self.bytes, scratch, out);
                                from = value.end;
                            }
                        }
                    }
                    copy(self.bytes, from..self.values[last].end + behind, out);
                }
            }
        }
    }

    /// Appends the fields of its message.
    pub(super) fn put_message(&self, puts: &[Put], opened: &mut Vec<usize>, out: &mut Vec<u8>) {
        for put in puts {
            match *put {
                // Most messages in a row are shorter than 128 bytes; longer ones are moved by a byte when they are
                // closed.
                Put::Open(number) => opened.push(open(out, number, 1)),
                Put::Close => {
                    // Every one was opened: steps are made in pairs.
                    if let Some(start) = opened.pop() {
                        close(out, start, 1);
                    }
                }
                Put::Bytes { start, len } => copy(self.texts, start..start + len, out),
                Put::Field { gap, number } => {
                    self.values[gap].put_field(self.kinds[gap], number, self.bytes, out);
                }
                Put::Packed { gap } => {
                    put_scalar(out, self.kinds[gap].wire_type(), self.values[gap].bits);
                }
            }
        }
    }
}

/// Appends a part of `bytes`. Copies a whole block and takes back what was too much, where it is short:
/// cheaper than to copy by length.
#[inline(always)]
fn copy(bytes: &[u8], range: Range<usize>, out: &mut Vec<u8>) {
    let len = range.len();
    match bytes.get(range.start..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        Some(block) if len <= BLOCK => {
            out.extend_from_slice(block);
            out.truncate(out.len() - (BLOCK - len));
        }
        _ => out.extend_from_slice(&bytes[range]),
    }
}
