//! Steps over JSON values that nobody wants, checking their grammar.

use super::scan::{Cursor, Fault, Step};
use crate::limits::MAX_JSON_DEPTH;

/// The arrays and objects that are open, one bit each: whether it is an object.
struct Open {
    bits: [u64; MAX_JSON_DEPTH.div_ceil(64)],
    len: usize,
    /// The most `len` can be.
    limit: usize,
    /// The most it has been.
    deepest: usize,
}

impl Open {
    fn within(depth: usize) -> Open {
        let limit = MAX_JSON_DEPTH.saturating_sub(depth);
        Open { bits: [0; MAX_JSON_DEPTH.div_ceil(64)], len: 0, limit, deepest: 0 }
    }

    #[inline(always)]
    fn push(&mut self, object: bool) -> Step {
        if self.len >= self.limit {
            return Err(Fault::JsonDepth);
        }
        // A bit for each level instead of a call: depth costs neither stack nor memory, and what is hostile is no
        // slower.
        let bit = 1 << (self.len % 64);
        let word = &mut self.bits[self.len / 64];
        *word = if object { *word | bit } else { *word & !bit };
        self.len += 1;
        self.deepest = self.deepest.max(self.len);
        Ok(())
    }

    /// Whether the innermost is an object; nothing if none is open.
    #[inline(always)]
    fn innermost(&self) -> Option<bool> {
        let last = self.len.checked_sub(1)?;
        Some(self.bits[last / 64] >> (last % 64) & 1 == 1)
    }
}

/// Where the JSON value at the start of `bytes` ends, after white space.
///
/// # Errors
/// The place of the first byte that no JSON text could have there: the end of `bytes`, if only more
/// bytes are missing.
pub(crate) fn value_end(bytes: &[u8]) -> Result<usize, usize> {
    let mut cursor = Cursor::new(bytes);
    match cursor.skip(0) {
        Ok(_) => Ok(cursor.at),
        Err(_) => Err(cursor.at),
    }
}

impl Cursor<'_> {
    /// Steps over a value inside of `depth` arrays and objects; returns how many of them it nests.
    pub(super) fn skip(&mut self, depth: usize) -> Step<usize> {
        let mut open = Open::within(depth);
        while self.skip_start(&mut open)? || self.skip_to_next(&mut open)? {}
        Ok(open.deepest)
    }

    /// Steps over a scalar, an empty array or object, or to the first value of another; says whether
    /// a value stands next.
    #[inline(always)]
    fn skip_start(&mut self, open: &mut Open) -> Step<bool> {
        match self.token() {
            b'"' => {
                self.at += 1;
                self.string()?;
            }
            b'{' => {
                open.push(true)?;
                if !self.opens_empty(b'}') {
                    self.name()?;
                    return Ok(true);
                }
                open.len -= 1;
            }
            b'[' => {
                open.push(false)?;
                if !self.opens_empty(b']') {
                    return Ok(true);
                }
                open.len -= 1;
            }
            b'-' | b'0'..=b'9' => drop(self.number()?),
            b't' => self.literal("true")?,
            b'f' => self.literal("false")?,
            b'n' => self.literal("null")?,
            _ => return Err(Fault::Value),
        }
        Ok(false)
    }

    /// After a value: closes what ends here and steps to the next value; says whether there is one.
    #[inline(always)]
    fn skip_to_next(&mut self, open: &mut Open) -> Step<bool> {
        while let Some(object) = open.innermost() {
            if object {
                if self.another_member()? {
                    self.name()?;
                    return Ok(true);
                }
            } else if self.another_element()? {
                return Ok(true);
            }
            open.len -= 1;
        }
        Ok(false)
    }
}
