//! A cursor over JSON text: white space, punctuation, literals and strings.
//!
//! The text is UTF-8 throughout. Whenever a method fails, the cursor stands at the first byte that no
//! JSON text could have there, so a fault at the end means that the text ends too early.

use std::ops::Range;

use crate::escape::long_plain_prefix;
use crate::limits::VALUES_TOO_DEEP;

/// Why reading stopped; the cursor says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Value,
    Literal,
    Number,
    Control,
    Escape,
    Name,
    Colon,
    ObjectEnd,
    ArrayEnd,
    JsonDepth,
    ValueDepth,
}

/// The result of a step over JSON text.
pub(super) type Step<T = ()> = Result<T, Fault>;

impl Fault {
    /// What is wrong, for people.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Fault::Value => "expected a JSON value",
            Fault::Literal => "misspelt JSON literal",
            Fault::Number => "malformed JSON number",
            Fault::Control => "control character in a JSON string",
            Fault::Escape => "malformed escape in a JSON string",
            Fault::Name => "expected a member name",
            Fault::Colon => "expected ':' after a member name",
            Fault::ObjectEnd => "expected ',' or '}' after a member",
            Fault::ArrayEnd => "expected ',' or ']' after an element",
            Fault::JsonDepth => "JSON nested too deep",
            Fault::ValueDepth => VALUES_TOO_DEEP,
        }
    }
}

/// A place in JSON text.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0 }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next byte; at the end 0, which JSON text has nowhere.
    #[inline(always)]
    pub(super) fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// The next `N` bytes.
    #[inline(always)]
    pub(super) fn chunk<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.bytes.get(self.at..)?.first_chunk()
    }

    /// Steps over `text` if it stands next.
    #[inline(always)]
    pub(super) fn eat<const N: usize>(&mut self, text: &[u8; N]) -> bool {
        let eaten = self.chunk::<N>() == Some(text);
        self.at += if eaten { N } else { 0 };
        eaten
    }

    /// The next byte that is not white space.
    #[inline(always)]
    pub(super) fn token(&mut self) -> u8 {
        match self.peek() {
            // Always in compact JSON: so white space is out of line, and this inlined everywhere.
            byte if byte > b' ' => byte,
            _ => self.token_after_space(),
        }
    }

    #[inline(never)]
    fn token_after_space(&mut self) -> u8 {
        loop {
            // Indented JSON has long runs of spaces.
            while self.chunk() == Some(b"        ") {
                self.at += 8;
            }
            match self.peek() {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// Steps over the literal `text`.
    pub(super) fn literal(&mut self, text: &str) -> Step {
        for expected in text.bytes() {
            if self.peek() != expected {
                return Err(Fault::Literal);
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Steps over a `,` and says yes, or over a `}` and says no.
    #[inline(always)]
    pub(super) fn another_member(&mut self) -> Step<bool> {
        match self.token() {
            b',' => self.at += 1,
            b'}' => {
                self.at += 1;
                return Ok(false);
            }
            _ => return Err(Fault::ObjectEnd),
        }
        Ok(true)
    }

    /// Steps over a `,` and says yes, or over a `]` and says no.
    #[inline(always)]
    pub(super) fn another_element(&mut self) -> Step<bool> {
        match self.token() {
            b',' => self.at += 1,
            b']' => {
                self.at += 1;
                return Ok(false);
            }
            _ => return Err(Fault::ArrayEnd),
        }
        Ok(true)
    }

    /// Steps over the bracket that opens an array or object, and over `end` if it is empty.
    #[inline(always)]
    pub(super) fn opens_empty(&mut self, end: u8) -> bool {
        self.at += 1;
        let empty = self.token() == end;
        self.at += usize::from(empty);
        empty
    }

    /// Steps over a member name and its colon; returns where the name stands between its quotes, and
    /// whether it has escapes.
    #[inline]
    pub(super) fn name(&mut self) -> Step<(Range<usize>, bool)> {
        if self.token() != b'"' {
            return Err(Fault::Name);
        }
        self.at += 1;
        let start = self.at;
        let escaped = self.string()?;
        let name = start..self.at - 1;
        if self.token() != b':' {
            return Err(Fault::Colon);
        }
        self.at += 1;
        Ok((name, escaped))
    }

    /// Steps over the rest of a string after its opening quote; says whether it has escapes.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Step<bool> {
        let mut escaped = false;
        loop {
            // Text without escapes takes one turn.
            self.plain();
            if self.peek() == b'"' {
                self.at += 1;
                return Ok(escaped);
            }
            self.escape()?;
            escaped = true;
        }
    }

    /// Steps up to the next quote, backslash or control character, or to the end.
    #[inline(always)]
    pub(super) fn plain(&mut self) {
        while let Some(chunk) = self.chunk() {
            let plain = long_plain_prefix(chunk);
            self.at += plain;
            if plain < chunk.len() {
                return;
            }
        }
        self.plain_tail();
    }

    /// [`Cursor::plain`] for the last bytes of the text.
    #[inline(never)]
    fn plain_tail(&mut self) {
        while self.peek() >= b' ' && !matches!(self.peek(), b'"' | b'\\') {
            self.at += 1;
        }
    }

    /// Steps over an escape, from its backslash.
    #[inline(never)]
    fn escape(&mut self) -> Step {
        if self.peek() != b'\\' {
            return Err(Fault::Control);
        }
        self.at += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                self.at += 1;
                self.hex4()?;
            }
            _ => return Err(Fault::Escape),
        }
        Ok(())
    }

    /// Reads the four hex digits of a `\u` escape.
    pub(super) fn hex4(&mut self) -> Step<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()).to_digit(16).ok_or(Fault::Escape)?;
            unit = unit << 4 | digit;
            self.at += 1;
        }
        Ok(unit)
    }
}
