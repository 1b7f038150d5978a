//! Text that should be UTF-8, and what becomes of it if it is not.

use wide::u8x16;

#[cfg(test)]
mod tests;

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Whether a text is UTF-8, which mostly is ASCII.
#[inline(always)]
pub(crate) fn is_utf8(text: &[u8]) -> bool {
    // Nearly all texts are ASCII, which is told without a walk over their characters.
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

/// As the method of slices, but without a loop over what is left behind blocks: that would end somewhere else for
/// each text.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    match bytes.len() {
        64.. => {
            let (blocks, _) = bytes.as_chunks();
            // The last block overlaps the one before it, so no bytes are left that do not fill one.
            let last = bytes.last_chunk().map_or(u8x16::ZERO, any_of_64);
            blocks.iter().fold(last, |all, block| all | any_of_64(block)).to_bitmask() == 0
        }
        32.. => {
            // Two blocks, one from each end, cover any length from one block up to two; it does not matter that they
            // overlap.
            let bits = ends(bytes).map(|(first, last)| any_of_32(first) | any_of_32(last));
            bits.is_some_and(|bits| bits.to_bitmask() == 0)
        }
        16.. => {
            let bits = ends(bytes).map(|(first, last)| u8x16::new(*first) | u8x16::new(*last));
            bits.is_some_and(|bits| bits.to_bitmask() == 0)
        }
        8.. => ends(bytes).is_some_and(|(first, last)| {
            (u64::from_le_bytes(*first) | u64::from_le_bytes(*last)) & HIGH_BITS == 0
        }),
        4.. => ends(bytes).is_some_and(|(first, last)| {
            (u32::from_le_bytes(*first) | u32::from_le_bytes(*last)) & HIGH_BITS as u32 == 0
        }),
        _ => bytes.iter().all(u8::is_ascii),
    }
}

/// The first and the last bytes, which may overlap.
#[inline(always)]
fn ends<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    Some((bytes.first_chunk()?, bytes.last_chunk()?))
}

/// The bits that are set in any of the blocks.
#[inline(always)]
fn any_of_32(bytes: &[u8; 32]) -> u8x16 {
    let (blocks, _) = bytes.as_chunks();
    u8x16::new(blocks[0]) | u8x16::new(blocks[1])
}

/// As well.
#[inline(always)]
fn any_of_64(bytes: &[u8; 64]) -> u8x16 {
    let (blocks, _) = bytes.as_chunks();
    any_of_32(&blocks[0]) | any_of_32(&blocks[1])
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
