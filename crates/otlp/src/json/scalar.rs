//! JSON scalars to protobuf scalars.

use super::id::{self, Spelling, base64};
use super::number::Number;
use super::plan::Slot;
use super::read::{Nest, Reader};
use super::scan::{Cursor, Step};
use crate::repair::Repair;
use crate::schema::{DEPRECATED_STATUS_CODES, Kind};
use crate::wire::zigzag;
use crate::write::{close, open};

impl Reader<'_> {
    /// Reads a number, bool or enum as the bits protobuf has for it; nothing if it is absent.
    #[inline(always)]
    pub(super) fn scalar(&mut self, slot: &'static Slot, nest: Nest) -> Step<Option<u64>> {
        let (token, kind) = (self.cursor.token(), slot.kind);
        let start = self.cursor.at;
        let value = match (kind, token) {
            (Kind::Bool, b't' | b'f') => return self.boolean().map(Some),
            (Kind::Bool, _) => return self.mismatch(slot, nest).map(|()| None),
            (Kind::Enum(names), b'"') => return self.enumeration(slot, names),
            (_, b'-' | b'0'..=b'9') => {
                let number = self.cursor.number()?;
                bits(kind, number, &self.cursor.bytes[start..self.cursor.at])
            }
            (_, b'"') => self.quoted(kind)?,
            (Kind::Fixed64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Int64, b'{') => {
                self.halves(nest)?
            }
            _ => return self.mismatch(slot, nest).map(|()| None),
        };
        if value.is_none() {
            self.noted.note(Repair::WrongType, Some(slot), start);
        }
        Ok(value)
    }

    /// Reads `true` or `false`.
    pub(super) fn boolean(&mut self) -> Step<u64> {
        let value = self.cursor.peek() == b't';
        self.cursor.literal(if value { "true" } else { "false" })?;
        Ok(u64::from(value))
    }

    /// Reads a number in quotes; the cursor stands at the quote.
    #[inline(always)]
    fn quoted(&mut self, kind: Kind) -> Step<Option<u64>> {
        let quote = self.cursor.at;
        self.cursor.at += 1;
        if let Ok(number) = self.cursor.number()
            && self.cursor.peek() == b'"'
        {
            let text = &self.cursor.bytes[quote + 1..self.cursor.at];
            self.cursor.at += 1;
            return Ok(quoted_bits(kind, number, text));
        }
        self.cursor.at = quote;
        self.spelt(kind)
    }

    /// Reads a string that is not plainly a number: one with escapes, or the name of a double.
    #[inline(never)]
    fn spelt(&mut self, kind: Kind) -> Step<Option<u64>> {
        self.scratch_text()?;
        let named = match (kind, self.scratch.as_slice()) {
            (Kind::Double, b"NaN") => f64::NAN,
            (Kind::Double, b"Infinity") => f64::INFINITY,
            (Kind::Double, b"-Infinity") => f64::NEG_INFINITY,
            (_, text) => {
                let mut cursor = Cursor::new(text);
                let number = cursor.number().ok().filter(|_| cursor.is_empty());
                return Ok(number.and_then(|number| quoted_bits(kind, number, text)));
            }
        };
        Ok(Some(named.to_bits()))
    }

    /// Reads an integer whose halves of 32 bits, signed or not, are the members `low` and `high` of an object:
    /// exporters in JavaScript wrote times so, before there was BigInt.
    #[inline(never)]
    fn halves(&mut self, nest: Nest) -> Step<Option<u64>> {
        let [mut low, mut high] = [None; 2];
        let mut more = !self.cursor.opens_empty(b'}');
        while more {
            let half = match self.name()? {
                b"low" => Some(&mut low),
                b"high" => Some(&mut high),
                _ => None,
            };
            self.cursor.token();
            let start = self.cursor.at;
            self.cursor.skip(nest.json + 1)?;
            if let Some(half) = half {
                *half = number_of_32_bits(&self.cursor.bytes[start..self.cursor.at]);
            }
            more = self.cursor.another_member()?;
        }
        // Both or nothing: half of a time is none.
        Ok(low.zip(high).map(|(low, high)| high << 32 | low))
    }

    /// Reads an enum by name, or by number in quotes.
    #[inline(never)]
    fn enumeration(
        &mut self,
        slot: &'static Slot,
        names: &'static [&'static str],
    ) -> Step<Option<u64>> {
        let start = self.cursor.at;
        self.scratch_text()?;
        let text = self.scratch.as_slice();
        if let Some(number) = named(names, text).or_else(|| older_code(slot, text)) {
            return Ok(Some(number as u64));
        }
        let mut cursor = Cursor::new(text);
        let number = cursor.number().ok().filter(|_| cursor.is_empty());
        let value = number.and_then(|number| quoted_bits(Kind::Enum(names), number, text));
        if value.is_none() {
            self.noted.note(Repair::UnknownEnumName, Some(slot), start);
        }
        Ok(Some(value.unwrap_or(0)))
    }

    /// Reads a string into a field; the cursor stands at the quote. Returns the bytes of the text.
    #[inline(always)]
    pub(super) fn text(&mut self, number: u32) -> Step<usize> {
        self.cursor.at += 1;
        let start = open(&mut self.out, number, 1);
        self.cursor.text(&mut self.out, &mut self.noted)?;
        let len = self.out.len() - start;
        close(&mut self.out, start, 1);
        Ok(len)
    }

    /// Reads a string into the scratch buffer; the cursor stands at the quote.
    fn scratch_text(&mut self) -> Step {
        self.cursor.at += 1;
        self.scratch.clear();
        self.cursor.text(self.scratch, &mut self.noted)
    }

    /// Reads base64 into a field; returns the number of bytes, or nothing if it is not base64.
    #[inline(never)]
    pub(super) fn bytes(&mut self, slot: &'static Slot) -> Step<Option<usize>> {
        let quote = self.cursor.at;
        self.scratch_text()?;
        let start = open(&mut self.out, slot.number, 1);
        if !base64(self.scratch, &mut self.out) {
            self.noted.note(Repair::InvalidBase64, Some(slot), quote);
            return Ok(None);
        }
        let len = self.out.len() - start;
        close(&mut self.out, start, 1);
        Ok(Some(len))
    }

    /// Reads an id into a field; returns the number of bytes, or nothing if it is no id.
    #[inline(always)]
    pub(super) fn id(&mut self, slot: &'static Slot) -> Step<Option<usize>> {
        if self.hex_id::<34, 32, 16>(slot.number) {
            return Ok(Some(16));
        }
        if self.hex_id::<18, 16, 8>(slot.number) {
            return Ok(Some(8));
        }
        self.odd_id(slot)
    }

    /// Reads an id of `BYTES` bytes in plain hex, if it stands here.
    #[inline(always)]
    fn hex_id<const QUOTED: usize, const HEX: usize, const BYTES: usize>(
        &mut self,
        number: u32,
    ) -> bool {
        let Some(chunk) = self.cursor.chunk::<QUOTED>() else { return false };
        if chunk[QUOTED - 1] != b'"' {
            return false;
        }
        let Some(bytes) = chunk[1..].first_chunk().and_then(id::hex::<HEX, BYTES>) else {
            return false;
        };
        self.cursor.at += QUOTED;
        open(&mut self.out, number, 1);
        self.out.extend_from_slice(&bytes);
        // Ids are shorter than 128 bytes, so what was opened need not be moved.
        let start = self.out.len() - BYTES;
        close(&mut self.out, start, 1);
        true
    }

    /// Reads an id of another length or spelling.
    #[inline(never)]
    fn odd_id(&mut self, slot: &'static Slot) -> Step<Option<usize>> {
        let quote = self.cursor.at;
        self.scratch_text()?;
        let start = open(&mut self.out, slot.number, 1);
        match id::id(self.scratch, &mut self.out) {
            Some(Spelling::Hex) => {}
            Some(Spelling::Base64) => self.noted.note(Repair::Base64Id, Some(slot), quote),
            None => {
                self.noted.note(Repair::InvalidId, Some(slot), quote);
                return Ok(None);
            }
        }
        let len = self.out.len() - start;
        close(&mut self.out, start, 1);
        Ok(Some(len))
    }
}

/// The number of an enum value: by its name, or by what is behind the part that all names begin with, in
/// any case: `SPAN_KIND_SERVER`, `SERVER`, `server`.
pub(super) fn named(names: &[&str], text: &[u8]) -> Option<usize> {
    // That of number 0 ends in a word of its own, behind what all begin with: `SPAN_KIND_UNSPECIFIED`.
    let common = names.first().and_then(|first| first.rfind('_')).map_or(0, |at| at + 1);
    names.iter().position(|name| {
        let is = |name: &str| name.as_bytes().eq_ignore_ascii_case(text);
        is(name) || is(&name[common..])
    })
}

/// A name that a status code had in OTLP 0.5, if that is what a field holds: all but the first are errors.
fn older_code(slot: &Slot, text: &[u8]) -> Option<usize> {
    const PREFIX: &[u8] = b"STATUS_CODE_";
    const ERROR: usize = 2;
    let (prefix, rest) = text.split_at_checked(PREFIX.len())?;
    // Their names are those of gRPC behind the prefix of today. `STATUS_CODE_OK` was found before, as one of today's.
    let is_old = slot.field == "Status.code" && prefix.eq_ignore_ascii_case(PREFIX);
    (is_old && named(DEPRECATED_STATUS_CODES, rest)? > 0).then_some(ERROR)
}

/// The 32 bits of a number, in quotes or not.
fn number_of_32_bits(text: &[u8]) -> Option<u64> {
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let mut cursor = Cursor::new(text);
    let number = cursor.number().ok().filter(|_| cursor.is_empty())?.to_i64()?;
    let fits = (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&number);
    fits.then_some(u64::from(number as u32))
}

/// [`bits`] of a number in quotes, where integers have no decimal point.
#[inline(always)]
fn quoted_bits(kind: Kind, number: Number, text: &[u8]) -> Option<u64> {
    match kind {
        Kind::Double => bits(kind, number, text),
        _ if number.fraction => None,
        _ => bits(kind, number, text),
    }
}

/// What protobuf has for a number, if it is one that a field of this kind can hold.
#[inline(always)]
fn bits(kind: Kind, number: Number, text: &[u8]) -> Option<u64> {
    match kind {
        Kind::Fixed64 | Kind::Uint64 => number.to_u64(),
        Kind::Int64 | Kind::Sfixed64 => number.to_i64().map(|value| value as u64),
        Kind::Double => number.to_f64(text).map(f64::to_bits),
        Kind::Uint32 | Kind::Fixed32 => number.to_u64().filter(|&value| value <= u32::MAX.into()),
        Kind::Enum(_) => to_i32(number).map(|value| i64::from(value) as u64),
        Kind::Sint32 => to_i32(number).map(|value| zigzag(value.into())),
        Kind::Bool | Kind::String | Kind::Bytes | Kind::Id | Kind::Message(_) => None,
    }
}

fn to_i32(number: Number) -> Option<i32> {
    number.to_i64().and_then(|value| value.try_into().ok())
}
