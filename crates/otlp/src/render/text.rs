//! Strings, ids and bytes as JSON text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Part;

/// Bytes that are copied, and searched for what must be escaped, at once.
const STEP: usize = 32;

/// Appends a string in quotes, with nothing escaped but what JSON demands.
#[inline]
pub(crate) fn string(part: Part<'_>, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut at = part.start;
    loop {
        let block = block(part.bytes, at);
        let clean = clean(&block);
        out.extend_from_slice(&block);
        let rest = part.end - at;
        if clean >= rest {
            out.truncate(out.len() - (STEP - rest));
            break;
        }
        at += clean;
        if clean < STEP {
            out.truncate(out.len() - (STEP - clean));
            escape(part.bytes[at], out);
            at += 1;
        }
    }
    out.push(b'"');
}

/// Appends an id in quotes, as lowercase hex.
#[inline]
pub(crate) fn hex(id: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    hex_digits(id, out);
    out.push(b'"');
}

/// Appends an id as lowercase hex.
#[inline]
pub(crate) fn hex_digits(id: &[u8], out: &mut Vec<u8>) {
    let (blocks, rest) = id.as_chunks::<8>();
    for block in blocks {
        let mut pairs = [[0; 2]; 8];
        for (pair, &byte) in pairs.iter_mut().zip(block) {
            *pair = PAIRS[usize::from(byte)];
        }
        out.extend_from_slice(pairs.as_flattened());
    }
    for &byte in rest {
        out.extend_from_slice(&PAIRS[usize::from(byte)]);
    }
}

/// Appends bytes in quotes, as base64.
pub(crate) fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    base64_digits(bytes, out);
    out.push(b'"');
}

/// Appends bytes as base64.
pub(crate) fn base64_digits(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]);
    debug_assert_eq!(written, Ok(out.len() - start));
}

/// Two hex digits for each byte.
static PAIRS: [[u8; 2]; 256] = {
    let (digits, mut pairs, mut byte) = (b"0123456789abcdef", [[0; 2]; 256], 0);
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

/// The block at `at`, and zeros where `bytes` end inside it.
#[inline]
fn block(bytes: &[u8], at: usize) -> [u8; STEP] {
    match bytes[at..].first_chunk() {
        Some(block) => *block,
        None => last_block(&bytes[at..]),
    }
}

#[cold]
fn last_block(bytes: &[u8]) -> [u8; STEP] {
    let mut block = [0; STEP];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}

#[cold]
fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            out.extend_from_slice(b"\\u00");
            return out.extend_from_slice(&PAIRS[usize::from(byte)]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// How many bytes of the block stand before the first that must be escaped.
#[inline(always)]
fn clean(block: &[u8; STEP]) -> usize {
    let (words, _) = block.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let flags = flags(u64::from_le_bytes(*word));
        if flags != 0 {
            return at * 8 + flags.trailing_zeros() as usize / 8;
        }
    }
    STEP
}
#[inline(always)]
fn flags(x: u64) -> u64 {
    let y = x ^ 0x0202020202020202;
    let z = x ^ 0x5c5c5c5c5c5c5c5c;
    ((y.wrapping_sub(0x2121212121212121) & !y) | (z.wrapping_sub(0x0101010101010101) & !z))
        & 0x8080808080808080
}
