//! JSON strings to UTF-8 text.

use super::noted::Noted;
use super::scan::{Cursor, Fault, Step};
use crate::escape::{BLOCK, plain_prefix};
use crate::repair::Repair;

impl Cursor<'_> {
    /// Appends the rest of a string after its opening quote to `out`, without its escapes.
    #[inline(always)]
    pub(super) fn text(&mut self, out: &mut Vec<u8>, noted: &mut Noted) -> Step {
        loop {
            self.plain_text(out);
            if self.peek() == b'"' {
                self.at += 1;
                return Ok(());
            }
            self.unescape(out, noted)?;
        }
    }

    /// Appends what comes before the next quote, backslash or control character.
    ///
    /// Copies whole chunks and takes back what was too much: cheaper than to copy by length.
    #[inline(always)]
    pub(super) fn plain_text(&mut self, out: &mut Vec<u8>) {
        while let Some(chunk) = self.chunk::<BLOCK>() {
            let plain = plain_prefix(chunk);
            out.extend_from_slice(chunk);
            self.at += plain;
            if plain < chunk.len() {
                out.truncate(out.len() - chunk.len() + plain);
                return;
            }
        }
        self.plain_text_tail(out);
    }

    /// [`Cursor::plain_text`] for the last bytes of the text.
    #[inline(never)]
    fn plain_text_tail(&mut self, out: &mut Vec<u8>) {
        let start = self.at;
        self.plain();
        out.extend_from_slice(&self.bytes[start..self.at]);
    }

    /// Appends what an escape stands for; fails if none stands here.
    #[inline(never)]
    fn unescape(&mut self, out: &mut Vec<u8>, noted: &mut Noted) -> Step {
        if self.peek() != b'\\' {
            return Err(Fault::Control);
        }
        self.at += 1;
        let byte = match self.peek() {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            // Its four digits may be the first half of a pair.
            b'u' => return self.unescape_unicode(out, noted),
            _ => return Err(Fault::Escape),
        };
        self.at += 1;
        out.push(byte);
        Ok(())
    }

    fn unescape_unicode(&mut self, out: &mut Vec<u8>, noted: &mut Noted) -> Step {
        self.at += 1;
        let unit = self.hex4()?;
        let code = match unit {
            0xd800..0xdc00 => {
                // UTF-16 has characters beyond its 16 bits in two halves, of ten bits each.
                self.low_surrogate()?.map(|low| 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00)))
            }
            _ => Some(unit),
        };
        let char = code.and_then(char::from_u32).unwrap_or_else(|| {
            noted.note(Repair::LoneSurrogate, None, self.at - 1);
            char::REPLACEMENT_CHARACTER
        });
        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    /// Reads the second half of a surrogate pair, if it stands here.
    fn low_surrogate(&mut self) -> Step<Option<u32>> {
        let start = self.at;
        if self.eat(b"\\u") {
            let unit = self.hex4()?;
            if (0xdc00..0xe000).contains(&unit) {
                return Ok(Some(unit));
            }
            self.at = start;
        }
        Ok(None)
    }
}
