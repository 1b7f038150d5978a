//! What a JSON string cannot hold as it is: quotes, backslashes and control characters.

use wide::u8x16;

#[cfg(test)]
mod tests;

/// Bytes that are searched at once.
pub(crate) const BLOCK: usize = 16;

/// The same where mostly more are to be searched.
pub(crate) const LONG: usize = 2 * BLOCK;

/// How many bytes stand before the first that a JSON string must escape; [`BLOCK`] if there is none.
#[inline(always)]
pub(crate) fn plain_prefix(block: &[u8; BLOCK]) -> usize {
    (special(block) | 1 << BLOCK).trailing_zeros() as usize
}

/// The same of more bytes at once; all of them if there is none. Most texts end in them, so that the
/// processor need not guess how many blocks there are.
#[inline(always)]
pub(crate) fn long_plain_prefix(bytes: &[u8; LONG]) -> usize {
    let (blocks, _) = bytes.as_chunks();
    let all = blocks.iter().rev().fold(0, |all, block| all << BLOCK | u64::from(special(block)));
    (all.trailing_zeros() as usize).min(LONG)
}

/// Which bytes a JSON string must escape: bit n for the nth.
#[inline(always)]
fn special(block: &[u8; BLOCK]) -> u32 {
    let bytes = u8x16::new(*block);
    // With this bit flipped, the quote follows the control characters.
    let flipped = bytes ^ u8x16::splat(0x02);
    let quote_or_control = flipped.min(u8x16::splat(0x20)).simd_eq(flipped);
    let special = quote_or_control | bytes.simd_eq(u8x16::splat(b'\\'));
    special.to_bitmask()
}
