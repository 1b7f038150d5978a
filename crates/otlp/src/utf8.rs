//! Text that should be UTF-8, and what becomes of it if it is not.

use wide::u8x16;

#[cfg(test)]
mod tests;

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Whether a text is UTF-8, which mostly is ASCII.
#[inline(always)]
pub(crate) fn is_utf8(text: &[u8]) -> bool {
    is_ascii(text) || str::from_utf8(text).is_ok()
}

/// The same of a long text, of which most is ASCII even if not all of it is.
pub(crate) fn is_long_utf8(mut text: &[u8]) -> bool {
    const BLOCK: usize = 1 << 10;
    while !text.is_empty() {
        let mut end = text.len().min(BLOCK);
        if !is_ascii(&text[..end]) {
            // What continues a character belongs to its block.
            while text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
                end += 1;
            }
            if str::from_utf8(&text[..end]).is_err() {
                return false;
            }
        }
        text = &text[end..];
    }
    true
}

/// As the method of slices, but in blocks to the end, where that takes bytes one by one.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks();
    let all = match bytes.last_chunk() {
        Some(last) => u8x16::new(*last),
        None => return rest.is_ascii(),
    };
    let all = blocks.iter().fold(all, |all, block| all | u8x16::new(*block));
    all.to_bitmask() == 0
}

/// Bytes that text grows by where U+FFFD replaces what is not UTF-8.
pub fn growth(text: &[u8]) -> usize {
    let invalid = text.utf8_chunks().map(|chunk| chunk.invalid().len());
    invalid.filter(|&len| len > 0).map(|len| REPLACEMENT.len() - len).sum()
}

/// Appends text with U+FFFD for what is not UTF-8.
pub(crate) fn put_replaced(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            out.extend_from_slice(REPLACEMENT);
        }
    }
}
