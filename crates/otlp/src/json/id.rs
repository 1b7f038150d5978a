//! Trace and span ids in hex or base64, and bytes in base64.

/// No digit.
const NONE: u8 = u8::MAX;

/// Six bits per character of base64, in the standard and the URL-safe alphabet.
// The crate that writes base64 has an engine for each alphabet, and nothing says which one a text is in.
static BASE64: [u8; 256] = {
    let mut digits = [NONE; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < alphabet.len() {
        digits[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    digits[b'-' as usize] = 62;
    digits[b'_' as usize] = 63;
    digits
};

/// How an id was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Hex,
    Base64,
}

/// Decodes `HEX` hex digits into half as many bytes.
#[inline(always)]
pub(super) fn hex<const HEX: usize, const BYTES: usize>(text: &[u8; HEX]) -> Option<[u8; BYTES]> {
    // Without a branch for each digit: all are decoded side by side, and whether they are digits is asked once.
    let mut valid = true;
    let values: [u8; HEX] = std::array::from_fn(|at| {
        let digit = text[at].wrapping_sub(b'0');
        // One bit is what lower case has more than upper case.
        let letter = (text[at] | 0x20).wrapping_sub(b'a');
        valid &= (digit < 10) | (letter < 6);
        if digit < 10 { digit } else { letter.wrapping_add(10) }
    });
    valid.then(|| std::array::from_fn(|at| values[2 * at] << 4 | values[2 * at + 1]))
}

/// Whether there are that many digits, none of them a capital, and a quote after them.
#[inline(always)]
pub(super) fn is_lower_hex<const N: usize>(digits: Option<&[u8; N]>, end: Option<&u8>) -> bool {
    end == Some(&b'"')
        && digits.is_some_and(|digits| {
            // All are looked at, though one could end it: so they are compared many at a time.
            digits.iter().fold(true, |all, byte| all & matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
}

/// The bytes of an id as it is rendered, in lowercase hex.
pub(crate) fn rendered_id(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, odd) = text.as_chunks::<2>();
    let is_rendered = odd.is_empty() && !text.iter().any(u8::is_ascii_uppercase);
    let bytes = pairs.iter().map(|pair| hex::<2, 1>(pair).map(|[byte]| byte));
    if is_rendered { bytes.collect() } else { None }
}

/// How an id is spelt; nothing if it is none.
pub(super) fn spelling(text: &[u8]) -> Option<Spelling> {
    if text.iter().all(u8::is_ascii_hexdigit) {
        return text.len().is_multiple_of(2).then_some(Spelling::Hex);
    }
    // As many digits as 8 and 16 bytes have.
    let digits = without_padding(text);
    let is_id = matches!(digits.len(), 11 | 22) && digits.iter().all(|&char| sextet(char) != NONE);
    is_id.then_some(Spelling::Base64)
}

/// Appends the bytes of an id; says how it was spelt, or nothing if it is no id.
pub(super) fn id(text: &[u8], out: &mut Vec<u8>) -> Option<Spelling> {
    let spelling = spelling(text)?;
    match spelling {
        Spelling::Hex => {
            out.extend(text.as_chunks::<2>().0.iter().filter_map(hex::<2, 1>).flatten())
        }
        Spelling::Base64 => drop(base64(text, out)),
    }
    Some(spelling)
}

/// Six bits, or [`NONE`].
#[inline(always)]
fn sextet(char: u8) -> u8 {
    BASE64[usize::from(char)]
}

/// The digits of a base64 text. Padding fills the last group up to four, so where it has another length there is
/// none.
#[inline(always)]
fn without_padding(text: &[u8]) -> &[u8] {
    match text.len() % 4 {
        0 => text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text),
        _ => text,
    }
}

/// Appends the bytes of a base64 text, padded or not; says whether it is one.
pub(super) fn base64(text: &[u8], out: &mut Vec<u8>) -> bool {
    let (quads, rest) = without_padding(text).as_chunks::<4>();
    let start = out.len();
    out.resize(start + 3 * quads.len(), 0);
    let mut all = 0;
    for (bytes, quad) in out[start..].as_chunks_mut::<3>().0.iter_mut().zip(quads) {
        let [a, b, c, d] = quad.map(|char| u32::from(sextet(char)));
        all |= a | b | c | d;
        [_, bytes[0], bytes[1], bytes[2]] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
    }
    // What is no digit has the upper bits set, which shows in all together.
    let complete = all <= 63 && base64_rest(rest, out);
    if !complete {
        out.truncate(start);
    }
    complete
}

/// Appends the one or two bytes of an incomplete group of four.
fn base64_rest(rest: &[u8], out: &mut Vec<u8>) -> bool {
    let mut bits = 0;
    for &char in rest {
        let digit = sextet(char);
        if digit == NONE {
            return false;
        }
        bits = bits << 6 | u32::from(digit);
    }
    match rest.len() {
        0 => {}
        // The bits beyond whole bytes say nothing, and not all encoders have them at 0.
        2 => out.push((bits >> 4) as u8),
        3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => return false,
    }
    true
}
