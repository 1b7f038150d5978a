//! Numbers as JSON text.

use zmij::Buffer;

use crate::schema::Kind;
use crate::wire::unzigzag;

/// Whether a number or bool is at its default; of 32-bit kinds the low 32 bits count.
#[inline]
pub(crate) fn is_zero(kind: Kind, bits: u64) -> bool {
    match kind {
        Kind::Uint32 | Kind::Sint32 | Kind::Enum(_) => bits as u32 == 0,
        _ => bits == 0,
    }
}

/// Appends an integer or a bool of that kind, without the quotes that JSON has around one of 64 bits.
#[inline]
pub(crate) fn integer(kind: Kind, bits: u64, out: &mut Vec<u8>) {
    match kind {
        Kind::Uint32 | Kind::Fixed32 => unsigned(u64::from(bits as u32), out),
        Kind::Sint32 => signed(unzigzag(u64::from(bits as u32)), out),
        Kind::Enum(_) => signed(i64::from(bits as i32), out),
        Kind::Bool if bits == 0 => out.extend_from_slice(b"false"),
        Kind::Bool => out.extend_from_slice(b"true"),
        Kind::Int64 | Kind::Sfixed64 => signed(bits as i64, out),
        _ => unsigned(bits, out),
    }
}

/// Appends a decimal number.
#[inline]
pub(crate) fn unsigned(value: u64, out: &mut Vec<u8>) {
    const STEP: u64 = 100_000_000;
    if value < STEP {
        return leading(value, out);
    }
    let (high, low) = (value / STEP, value % STEP);
    if high < STEP {
        leading(high, out);
    } else {
        leading(high / STEP, out);
        out.extend_from_slice(&ascii(digits(high % STEP)));
    }
    out.extend_from_slice(&ascii(digits(low)));
}

/// Appends a decimal number.
#[inline]
pub(crate) fn signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    unsigned(value.unsigned_abs(), out);
}

/// Appends the shortest text that reads back as `value`, with the exponents of ECMAScript, as DuckDB's
/// JSON functions write it; as a string where JSON has no number.
pub(crate) fn double(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        let mut buffer = Buffer::new();
        let text = buffer.format_finite(value);
        match text.split_once('e') {
            None => out.extend_from_slice(text.as_bytes()),
            Some((mantissa, exponent)) => scientific(mantissa, exponent, out),
        }
    } else if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value > 0.0 {
        out.extend_from_slice(b"\"Infinity\"");
    } else {
        out.extend_from_slice(b"\"-Infinity\"");
    }
}

/// Appends a number as decimals from 0.000001 on and below 1e21, and with an exponent beyond.
#[cold]
fn scientific(mantissa: &str, exponent: &str, out: &mut Vec<u8>) {
    // ECMAScript would write a sign here; DuckDB does not, and values are compared as its JSON functions give them.
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let power: i32 = exponent.parse().unwrap_or(i32::MAX);
    if !(-6..21).contains(&power) {
        return out.extend_from_slice(format!("{mantissa}e{exponent}").as_bytes());
    }
    let digits = mantissa.replace(['-', '.'], "");
    if mantissa.starts_with('-') {
        out.push(b'-');
    }
    if power < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + power.unsigned_abs() as usize - 1, b'0');
        out.extend_from_slice(digits.as_bytes());
    } else {
        // There are 17 digits at most, and no power below 16 is written with an exponent.
        let end = out.len() + power.unsigned_abs() as usize + 1;
        out.extend_from_slice(digits.as_bytes());
        out.resize(end.max(out.len()), b'0');
        out.extend_from_slice(b".0");
    }
}

/// Appends a number of at most eight digits, without leading zeros.
#[inline]
fn leading(value: u64, out: &mut Vec<u8>) {
    let digits = digits(value);
    // The first digit is the lowest byte, so zeros in front are the low ones; of zero itself one stays.
    let zeros = (digits.trailing_zeros() / 8).min(7);
    out.extend_from_slice(&ascii(digits >> (8 * zeros)));
    out.truncate(out.len() - zeros as usize);
}

/// The eight decimal digits of `value`, a byte each, the first one lowest: halves are split side by
/// side, by multiplication with reciprocals that are exact for so few digits.
#[inline]
fn digits(value: u64) -> u64 {
    // Four digits in each half of the word, then two in each quarter, then one in each byte: three steps instead of
    // eight.
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | (fours - hundreds * 100) << 16;
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (twos - tens * 10) << 8
}

#[inline]
fn ascii(digits: u64) -> [u8; 8] {
    (digits | 0x3030_3030_3030_3030).to_le_bytes()
}
