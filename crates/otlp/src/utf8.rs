//! Text that should be UTF-8 and is not.

#[cfg(test)]
mod tests;

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

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
