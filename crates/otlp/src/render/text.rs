//! Strings, ids and bytes as JSON text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::escape::{BLOCK, plain_prefix};
use crate::trusted::Trusted;

/// Appends a string in quotes, with nothing escaped but what JSON demands.
#[inline]
pub(crate) fn string(part: Trusted<'_>, out: &mut Vec<u8>) {
    out.push(b'"');
    escaped(part, out);
    out.push(b'"');
}

/// Appends a string, with nothing escaped but what JSON demands.
///
/// Copies whole blocks and takes back what was too much: cheaper than to copy by length.
#[inline(always)]
pub(crate) fn escaped(part: Trusted<'_>, out: &mut Vec<u8>) {
    let mut at = part.start;
    loop {
        let block = block(part.around(), at);
        let plain = plain_prefix(&block);
        out.extend_from_slice(&block);
        let rest = part.end - at;
        // What was found to be special may lie beyond the end, in what follows the text in memory.
        if plain >= rest {
            return out.truncate(out.len() - (BLOCK - rest));
        }
        at += plain;
        if plain < BLOCK {
            out.truncate(out.len() - (BLOCK - plain));
            escape(part.around()[at], out);
            at += 1;
        }
    }
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
fn block(bytes: &[u8], at: usize) -> [u8; BLOCK] {
    match bytes[at..].first_chunk() {
        Some(block) => *block,
        // Only at the end of a segment: elsewhere other messages stand behind the text.
        None => last_block(&bytes[at..]),
    }
}

#[cold]
fn last_block(bytes: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}

#[cold]
fn escape(byte: u8, out: &mut Vec<u8>) {
    // JSON has two ways to write these; canonical is the shorter, and capitals in the longer.
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            out.extend_from_slice(b"\\u00");
            return out.extend_from_slice(
                &PAIRS[usize::from(byte)].map(|digit| digit.to_ascii_uppercase()),
            );
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
