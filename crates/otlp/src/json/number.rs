//! JSON numbers, exactly: integers never pass through a double.

use super::scan::{Cursor, Fault, Step};

/// Decimal digits that fit a `u64` whatever they are.
const SAFE_DIGITS: usize = 19;

/// A number as it is written: `digits * 10^exponent`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    negative: bool,
    digits: u64,
    exponent: i64,
    /// Whether nonzero digits were left out of `digits`.
    inexact: bool,
    /// Whether it was written with a decimal point.
    pub(super) fraction: bool,
}

impl Cursor<'_> {
    /// Reads a number.
    #[inline(always)]
    pub(super) fn number(&mut self) -> Step<Number> {
        let negative = self.peek() == b'-';
        self.at += usize::from(negative);
        let from = self.at;
        let digits = self.digits(0)?;
        if self.bytes[from] == b'0' && self.at - from > 1 {
            self.at = from + 1;
            return Err(Fault::Number);
        }
        let plain = !matches!(self.peek(), b'.' | b'e' | b'E') && self.at - from <= SAFE_DIGITS;
        let mut number = Number { negative, digits, exponent: 0, inexact: false, fraction: false };
        if !plain {
            self.rest_of_number(&mut number, from)?;
        }
        Ok(number)
    }

    /// Reads an integer in the one way to write it, if it is that; at most 19 digits.
    #[inline(always)]
    pub(super) fn decimal(&mut self) -> Option<u64> {
        let start = self.at;
        let value = self.digits(0).ok()?;
        let padded = self.bytes[start] == b'0' && self.at - start > 1;
        (!padded && self.at - start <= SAFE_DIGITS).then_some(value)
    }

    /// Reads at least one digit, on top of `digits`; more than 19 digits wrap around.
    #[inline(always)]
    fn digits(&mut self, mut digits: u64) -> Step<u64> {
        let start = self.at;
        while let Some(eight) = self.chunk().and_then(eight_digits) {
            digits = digits.wrapping_mul(100_000_000).wrapping_add(eight);
            self.at += 8;
        }
        loop {
            let digit = self.peek().wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            digits = digits.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.at += 1;
        }
        if self.at == start { Err(Fault::Number) } else { Ok(digits) }
    }

    /// Reads fraction and exponent.
    #[inline(never)]
    fn rest_of_number(&mut self, number: &mut Number, from: usize) -> Step {
        let mut count = self.at - from;
        let mut end = self.at;
        if self.peek() == b'.' {
            self.at += 1;
            let point = self.at;
            number.digits = self.digits(number.digits)?;
            number.fraction = true;
            // The point is moved behind the last digit: 1.25 is 125 times 10^-2.
            number.exponent = -((self.at - point) as i64);
            count += self.at - point;
            end = self.at;
        }
        // So many may have wrapped around on the way: they are read once more, with care.
        if count > SAFE_DIGITS {
            number.set_many_digits(&self.bytes[from..end]);
        }
        if matches!(self.peek(), b'e' | b'E') {
            let exponent = self.exponent()?;
            number.exponent = number.exponent.saturating_add(exponent);
        }
        Ok(())
    }

    fn exponent(&mut self) -> Step<i64> {
        self.at += 1;
        let negative = self.peek() == b'-';
        self.at += usize::from(matches!(self.peek(), b'-' | b'+'));
        let start = self.at;
        self.digits(0)?;
        // JSON has exponents of any length. One that saturates is far beyond any type, and so as good as its true
        // value.
        let size = self.bytes[start..self.at].iter().fold(0i64, |size, byte| {
            size.saturating_mul(10).saturating_add(i64::from(byte - b'0'))
        });
        Ok(if negative { -size } else { size })
    }
}

impl Number {
    /// Takes the digits in `text` that fit, and counts those that do not.
    fn set_many_digits(&mut self, text: &[u8]) {
        self.digits = 0;
        let mut full = false;
        for digit in text.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0') {
            let longer = self.digits.checked_mul(10).and_then(|d| d.checked_add(u64::from(digit)));
            match longer.filter(|_| !full) {
                Some(longer) => self.digits = longer,
                None => {
                    full = true;
                    self.inexact |= digit != 0;
                    self.exponent += 1;
                }
            }
        }
    }

    /// The number as a magnitude below a sign, if it is integral and the magnitude fits.
    #[inline(always)]
    fn magnitude(&self) -> Option<u64> {
        if self.exponent == 0 && !self.inexact { Some(self.digits) } else { self.scaled() }
    }

    #[inline(never)]
    fn scaled(&self) -> Option<u64> {
        if self.inexact {
            return None;
        }
        // Zero is zero, whatever its exponent: the power of ten that it takes might not even fit.
        if self.digits == 0 {
            return Some(0);
        }
        let power = 10u64.checked_pow(u32::try_from(self.exponent.unsigned_abs()).ok()?)?;
        match self.exponent {
            0.. => self.digits.checked_mul(power),
            _ => self.digits.is_multiple_of(power).then_some(self.digits / power),
        }
    }

    /// The number, if it is one of 0 to 2^64 - 1.
    #[inline(always)]
    pub(super) fn to_u64(self) -> Option<u64> {
        self.magnitude().filter(|&magnitude| !self.negative || magnitude == 0)
    }

    /// The number, if it is one of -2^63 to 2^63 - 1.
    #[inline(always)]
    pub(super) fn to_i64(self) -> Option<i64> {
        let magnitude = self.magnitude()?;
        match self.negative {
            true => 0i64.checked_sub_unsigned(magnitude),
            false => i64::try_from(magnitude).ok(),
        }
    }

    /// The double nearest to the number, whose text is `text`, if it is in range.
    #[inline(always)]
    pub(super) fn to_f64(self, text: &[u8]) -> Option<f64> {
        // Both factors are exact doubles, so that one operation rounds once.
        if self.digits <= 1 << 53 && self.exponent.unsigned_abs() <= 22 && !self.inexact {
            let digits = self.digits as f64;
            let power = POWERS_OF_TEN[self.exponent.unsigned_abs() as usize];
            let size = if self.exponent < 0 { digits / power } else { digits * power };
            return Some(if self.negative { -size } else { size });
        }
        parse_f64(text)
    }
}

#[inline(never)]
fn parse_f64(text: &[u8]) -> Option<f64> {
    let value: f64 = str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The value of eight decimal digits, if that is what they are.
#[inline(always)]
fn eight_digits(text: &[u8; 8]) -> Option<u64> {
    const ONES: u64 = u64::MAX / 0xff;
    let word = u64::from_le_bytes(*text);
    // A byte is a digit if its high half is 3, and still is once 6 is added to it: that carries for what is beyond 9.
    // A carry from byte to byte would take one above 0xf9, which the second test finds.
    let past_nine = word.wrapping_add(ONES * 6);
    if (word & past_nine & (ONES * 0xf0)) != ONES * 0x30 || (word | past_nine) & (ONES * 0xc0) != 0
    {
        return None;
    }
    let ones = word & (ONES * 0x0f);
    // The first digit is the lowest byte. Neighbours are joined to pairs, pairs to fours, fours to the number, all of
    // them at a time.
    let pairs = ones.wrapping_mul(10).wrapping_add(ones >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}
