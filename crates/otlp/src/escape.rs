//! What a JSON string cannot hold as it is: quotes, backslashes and control characters.

use wide::u8x16;

#[cfg(test)]
mod tests;

/// Bytes that are searched at once.
pub(crate) const BLOCK: usize = 16;

/// How many bytes stand before the first that a JSON string must escape; [`BLOCK`] if there is none.
#[inline(always)]
pub(crate) fn plain_prefix(block: &[u8; BLOCK]) -> usize {
    let bytes = u8x16::new(*block);
    // With this bit flipped, the quote follows the control characters.
    let flipped = bytes ^ u8x16::splat(0x02);
    let quote_or_control = flipped.min(u8x16::splat(0x20)).simd_eq(flipped);
    let special = quote_or_control | bytes.simd_eq(u8x16::splat(b'\\'));
    (special.to_bitmask() | 1 << BLOCK).trailing_zeros() as usize
}
