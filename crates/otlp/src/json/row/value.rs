//! Values that differ from row to row: what may stand in their place, and what becomes of it.

use super::super::id::{Spelling, base64, id, is_lower_hex, spelling};
use super::super::noted::Noted;
use super::super::scalar::named;
use super::super::scan::Cursor;
use super::canonical::{is_canonical_double, is_whole};
use crate::render::{scalar, text};
use crate::schema::{Kind, WireType};
use crate::trusted::Trusted;
use crate::wire::{put_tag, put_varint, zigzag};
use crate::write::{close, open, put_tagged};

/// A value in the text of a row. Of a string the opening quote is no part.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Of numbers, bools and enums, what protobuf has for them.
    pub(super) bits: u64,
    /// Whether it is at the default of its kind.
    pub(super) default: bool,
    /// Whether canonical text has it in another way.
    pub(super) rewritten: bool,
    /// Whether a string has escapes.
    pub(super) escaped: bool,
    /// Whether it is an id in base64, which is told.
    pub(super) base64: bool,
}

/// How a value is stepped over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// A string, after its opening quote.
    Text,
    Id,
    /// An integer from minus `least` to `most`, which has quotes in canonical text or not.
    Integer {
        quotes: bool,
        most: u64,
        least: u64,
    },
    /// What seldom occurs.
    Other(Kind),
}

impl Content {
    pub(super) fn of(kind: Kind) -> Content {
        let (quotes, most, least) = match kind {
            Kind::String => return Content::Text,
            Kind::Id => return Content::Id,
            Kind::Fixed64 | Kind::Uint64 => (true, u64::MAX, 0),
            Kind::Int64 | Kind::Sfixed64 => {
                (true, i64::MAX.unsigned_abs(), i64::MIN.unsigned_abs())
            }
            Kind::Uint32 | Kind::Fixed32 => (false, u32::MAX.into(), 0),
            Kind::Enum(_) => {
                (false, i32::MAX.unsigned_abs().into(), i32::MIN.unsigned_abs().into())
            }
            _ => return Content::Other(kind),
        };
        Content::Integer { quotes, most, least }
    }
}

impl Cursor<'_> {
    /// Steps over a value, if it is one that can be taken as it is meant. Where it is wanted as `TEXT`, it is
    /// found out whether a double is canonical.
    #[inline(always)]
    pub(super) fn value<const TEXT: bool>(
        &mut self,
        content: Content,
        kind: Kind,
    ) -> Option<Value> {
        match content {
            Content::Text => self.string_value(),
            Content::Id => self.id_value(),
            Content::Integer { quotes, most, least } => match self.integer(quotes, most, least) {
                Some(value) => Some(value),
                None => self.enum_name(kind),
            },
            Content::Other(kind) => self.rare_value::<TEXT>(kind),
        }
    }

    #[inline(never)]
    fn rare_value<const TEXT: bool>(&mut self, kind: Kind) -> Option<Value> {
        match kind {
            Kind::Double => self.double_value::<TEXT>(),
            Kind::Bool => self.bool_value(),
            Kind::Bytes => self.bytes_value(),
            Kind::Sint32 => {
                let (most, least) = (i32::MAX.unsigned_abs(), i32::MIN.unsigned_abs());
                let value = self.integer(false, most.into(), least.into())?;
                Some(Value { bits: zigzag(value.bits as i64), ..value })
            }
            _ => None,
        }
    }

    /// Steps over the rest of a string after its opening quote.
    #[inline(always)]
    fn string_value(&mut self) -> Option<Value> {
        let start = self.at;
        self.plain();
        let (mut rewritten, mut escaped) = (false, false);
        if self.peek() != b'"' {
            (rewritten, escaped) = (self.escapes()?, true);
        }
        self.at += 1;
        // Nothing stands there but the closing quote.
        let default = self.at - start == 1;
        Some(Value { start, end: self.at, default, rewritten, escaped, ..Value::default() })
    }

    /// Steps over the rest of a string that has escapes, up to its closing quote; says whether canonical text
    /// has others.
    #[inline(never)]
    fn escapes(&mut self) -> Option<bool> {
        let mut rewritten = false;
        loop {
            match self.peek() {
                b'"' => return Some(rewritten),
                b'\\' => rewritten |= !self.value_escape()?,
                _ => return None,
            }
            self.plain();
        }
    }

    /// Steps over an escape that means a character; says whether no other form of it is canonical.
    fn value_escape(&mut self) -> Option<bool> {
        self.at += 2;
        // JSON has two ways to write most of these, of which canonical text has the shorter one.
        match self.bytes.get(self.at - 1)? {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => return Some(true),
            b'/' => return Some(false),
            b'u' => {}
            _ => return None,
        }
        match self.hex4().ok()? {
            0xd800..0xdc00 => {
                let low = self.eat(b"\\u").then(|| self.hex4())?.ok()?;
                (0xdc00..0xe000).contains(&low).then_some(false)
            }
            0xdc00..0xe000 => None,
            _ => Some(false),
        }
    }

    /// Steps over a trace or span id.
    #[inline(always)]
    fn id_value(&mut self) -> Option<Value> {
        let start = self.at;
        // Which of the two it is to be is not asked: an id of the wrong length is kept as it was sent.
        let len = match self.bytes.get(start..)? {
            [b'"', id @ ..] if is_lower_hex(id.first_chunk::<32>(), id.get(32)) => 32,
            [b'"', id @ ..] if is_lower_hex(id.first_chunk::<16>(), id.get(16)) => 16,
            _ => return self.odd_id_value(),
        };
        self.at += len + 2;
        Some(Value { start, end: self.at, ..Value::default() })
    }

    #[inline(never)]
    fn odd_id_value(&mut self) -> Option<Value> {
        let start = self.at;
        let text = self.without_escapes()?;
        let (default, base64) = (text.is_empty(), spelling(text)? == Spelling::Base64);
        // Capitals and base64 both become lowercase hex; an empty one is left out before that matters.
        let rewritten = !default;
        Some(Value { start, end: self.at, default, rewritten, base64, ..Value::default() })
    }

    fn bytes_value(&mut self) -> Option<Value> {
        let start = self.at;
        let text = self.without_escapes()?;
        let default = text.is_empty();
        // Decoded only to see that it can be: bytes are rare. They are always written anew, as there is more than one
        // way to pad them and two alphabets.
        base64(text, &mut Vec::with_capacity(text.len())).then_some(())?;
        Some(Value { start, end: self.at, default, rewritten: true, ..Value::default() })
    }

    fn bool_value(&mut self) -> Option<Value> {
        let start = self.at;
        let default = !self.eat(b"true");
        if default && !self.eat(b"false") {
            return None;
        }
        Some(Value { start, end: self.at, bits: u64::from(!default), default, ..Value::default() })
    }

    #[inline(never)]
    fn enum_name(&mut self, kind: Kind) -> Option<Value> {
        let Kind::Enum(names) = kind else { return None };
        let start = self.at;
        let text = self.without_escapes()?;
        let bits = named(names, text)? as u64;
        let default = bits == 0;
        Some(Value { start, end: self.at, bits, default, rewritten: true, ..Value::default() })
    }

    /// Steps over a string; returns what is between its quotes, if that is without escapes.
    #[inline(always)]
    fn without_escapes(&mut self) -> Option<&[u8]> {
        if !self.eat(b"\"") {
            return None;
        }
        let start = self.at;
        self.plain();
        let text = start..self.at;
        self.eat(b"\"").then(|| &self.bytes[text])
    }

    /// Steps over an integer from minus `least` to `most`, in quotes or not. If it is none, nothing happens.
    #[inline(always)]
    fn integer(&mut self, quotes: bool, most: u64, least: u64) -> Option<Value> {
        let mut cursor = self.clone();
        let quoted = cursor.peek() == b'"';
        cursor.at += usize::from(quoted);
        let negative = cursor.peek() == b'-';
        cursor.at += usize::from(negative);
        let magnitude = cursor.decimal()?;
        // Minus zero is no integer that canonical text has: how it is meant is for the slow reader.
        let fits = match negative {
            true => (1..=least).contains(&magnitude),
            false => magnitude <= most,
        };
        if !fits || quoted && cursor.peek() != b'"' {
            return None;
        }
        let (start, end) = (self.at, cursor.at + usize::from(quoted));
        self.at = end;
        let bits = if negative { magnitude.wrapping_neg() } else { magnitude };
        let (default, rewritten) = (bits == 0, quoted != quotes);
        Some(Value { start, end, bits, default, rewritten, ..Value::default() })
    }

    fn double_value<const TEXT: bool>(&mut self) -> Option<Value> {
        const NAMES: [(&[u8], f64); 3] = [
            (b"\"NaN\"", f64::NAN),
            (b"\"Infinity\"", f64::INFINITY),
            (b"\"-Infinity\"", f64::NEG_INFINITY),
        ];
        let start = self.at;
        let quoted = self.eat(b"\"");
        let from = self.at;
        if let Ok(number) = self.number() {
            let text = &self.bytes[from..self.at];
            let double = number.to_f64(text)?;
            // To tell whether a double is canonical may take to write it, which is worth it only where its text is
            // wanted.
            let rewritten = quoted || TEXT && !is_canonical_double(double, text);
            if quoted && !self.eat(b"\"") {
                return None;
            }
            let bits = double.to_bits();
            let default = bits == 0;
            return Some(Value {
                start,
                end: self.at,
                bits,
                default,
                rewritten,
                ..Value::default()
            });
        }
        let rest = &self.bytes[start..];
        let (name, double) = NAMES.into_iter().find(|(name, _)| rest.starts_with(name))?;
        self.at = start + name.len();
        Some(Value { start, end: self.at, bits: double.to_bits(), ..Value::default() })
    }
}

impl Value {
    /// Appends it as canonical text has it.
    #[inline(never)]
    pub(super) fn put_text(
        &self,
        kind: Kind,
        bytes: &[u8],
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) {
        scratch.clear();
        match kind {
            Kind::String => {
                self.unescape(bytes, scratch);
                text::escaped(Trusted::text(scratch), out);
                out.push(b'"');
            }
            Kind::Id => {
                id(self.quoted(bytes), scratch);
                text::hex(scratch, out);
            }
            Kind::Bytes => {
                base64(self.quoted(bytes), scratch);
                text::base64(scratch, out);
            }
            Kind::Double if is_whole(&bytes[self.start..self.end]) => {
                out.extend_from_slice(&bytes[self.start..self.end]);
                out.extend_from_slice(b".0");
            }
            _ => scalar(kind, self.bits, out),
        }
    }

    /// Appends it as a field of a message.
    #[inline(always)]
    pub(super) fn put_field(&self, kind: Kind, number: u32, bytes: &[u8], out: &mut Vec<u8>) {
        match kind {
            Kind::String if !self.escaped => {
                let text = &bytes[self.start..self.end - 1];
                put_tag(out, number, WireType::Len as u8);
                put_varint(out, text.len() as u64);
                out.extend_from_slice(text);
            }
            Kind::String | Kind::Id | Kind::Bytes => {
                let start = open(out, number, 1);
                match kind {
                    Kind::String => self.unescape(bytes, out),
                    // That it can be read was seen when it was stepped over.
                    Kind::Id => drop(id(self.quoted(bytes), out)),
                    _ => drop(base64(self.quoted(bytes), out)),
                }
                close(out, start, 1);
            }
            _ => put_tagged(out, number, kind.wire_type(), self.bits),
        }
    }

    /// Appends the text of a string.
    fn unescape(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut cursor = Cursor { bytes, at: self.start };
        let read = cursor.text(out, &mut Noted::default());
        debug_assert!(read.is_ok() && cursor.at == self.end);
    }

    fn quoted<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start + 1..self.end - 1]
    }
}
