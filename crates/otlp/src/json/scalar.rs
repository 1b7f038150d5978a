//! JSON scalars to protobuf scalars.

use super::id::{self, Spelling, base64};
use super::number::Number;
use super::read::{Nest, Reader};
use super::scan::{Cursor, Step};
use super::write::{close, open};
use crate::error::Repair;
use crate::schema::Kind;
use crate::wire::zigzag;

impl Reader<'_> {
    /// Reads a number, bool or enum as the bits protobuf has for it; nothing if it is absent.
    #[inline(always)]
    pub(super) fn scalar(&mut self, kind: Kind, nest: Nest) -> Step<Option<u64>> {
        let token = self.cursor.token();
        let value = match (kind, token) {
            (Kind::Bool, b't' | b'f') => return self.boolean().map(Some),
            (Kind::Bool, _) => return self.mismatch(nest).map(|()| None),
            (Kind::Enum(names), b'"') => return self.enumeration(names),
            (_, b'-' | b'0'..=b'9') => {
                let start = self.cursor.at;
                let number = self.cursor.number()?;
                bits(kind, number, &self.cursor.bytes[start..self.cursor.at])
            }
            (_, b'"') => self.quoted(kind)?,
            _ => return self.mismatch(nest).map(|()| None),
        };
        if value.is_none() {
            self.repairs.count(Repair::WrongType);
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

    /// Reads an enum by name, or by number in quotes.
    #[inline(never)]
    fn enumeration(&mut self, names: &'static [&'static str]) -> Step<Option<u64>> {
        self.scratch_text()?;
        let text = self.scratch.as_slice();
        if let Some(number) = names.iter().position(|name| name.as_bytes() == text) {
            return Ok(Some(number as u64));
        }
        let mut cursor = Cursor::new(text);
        let number = cursor.number().ok().filter(|_| cursor.is_empty());
        let value = number.and_then(|number| quoted_bits(Kind::Enum(names), number, text));
        if value.is_none() {
            self.repairs.count(Repair::UnknownEnumName);
        }
        Ok(Some(value.unwrap_or(0)))
    }

    /// Reads a string into a field; the cursor stands at the quote. Returns the bytes of the text.
    #[inline(always)]
    pub(super) fn text(&mut self, number: u32) -> Step<usize> {
        self.cursor.at += 1;
        let start = open(&mut self.out, number, 1);
        self.cursor.text(&mut self.out, &mut self.repairs)?;
        let len = self.out.len() - start;
        close(&mut self.out, start, 1);
        Ok(len)
    }

    /// Reads a string into the scratch buffer; the cursor stands at the quote.
    fn scratch_text(&mut self) -> Step {
        self.cursor.at += 1;
        self.scratch.clear();
        self.cursor.text(self.scratch, &mut self.repairs)
    }

    /// Reads base64 into a field; returns the number of bytes, or nothing if it is not base64.
    #[inline(never)]
    pub(super) fn bytes(&mut self, number: u32) -> Step<Option<usize>> {
        self.scratch_text()?;
        let start = open(&mut self.out, number, 1);
        if !base64(self.scratch, &mut self.out) {
            self.repairs.count(Repair::InvalidBase64);
            return Ok(None);
        }
        let len = self.out.len() - start;
        close(&mut self.out, start, 1);
        Ok(Some(len))
    }

    /// Reads an id into a field; returns the number of bytes, or nothing if it is no id.
    #[inline(always)]
    pub(super) fn id(&mut self, number: u32) -> Step<Option<usize>> {
        if self.hex_id::<34, 32, 16>(number) {
            return Ok(Some(16));
        }
        if self.hex_id::<18, 16, 8>(number) {
            return Ok(Some(8));
        }
        self.odd_id(number)
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
        let start = self.out.len() - BYTES;
        close(&mut self.out, start, 1);
        true
    }

    /// Reads an id of another length or spelling.
    #[inline(never)]
    fn odd_id(&mut self, number: u32) -> Step<Option<usize>> {
        self.scratch_text()?;
        let start = open(&mut self.out, number, 1);
        match id::id(self.scratch, &mut self.out) {
            Some(Spelling::Hex) => {}
            Some(Spelling::Base64) => self.repairs.count(Repair::Base64Id),
            None => {
                self.repairs.count(Repair::InvalidId);
                return Ok(None);
            }
        }
        let len = self.out.len() - start;
        close(&mut self.out, start, 1);
        Ok(Some(len))
    }
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
