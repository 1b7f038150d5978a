//! Cuts every span out of OTLP/JSON lines at the speed of the hardware.
//!
//! Blocks of 64 bytes become bitmaps of quotes and brackets; brackets outside of strings move a
//! stack of bracket kinds. It trusts its input: what it does not check is what a reader pays for
//! checking, so it is an upper bound for readers. This file holds all unsafe code of the crate.

/// Whether this machine has what [`spans`] needs.
#[cfg(target_arch = "x86_64")]
pub fn is_supported() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq")
}

/// Calls `each` with the text of every span or log record.
///
/// # Panics
/// If [`is_supported`] says no.
#[cfg(target_arch = "x86_64")]
pub fn spans(lines: &[u8], each: impl FnMut(&[u8])) {
    assert!(is_supported(), "the slicer needs AVX2");
    // SAFETY: the CPU has the features that `avx2::spans` is compiled with, as just checked.
    unsafe { avx2::spans(lines, each) }
}

/// Whether this machine has what [`spans`] needs.
#[cfg(not(target_arch = "x86_64"))]
pub fn is_supported() -> bool {
    false
}

/// Calls `each` with the text of every span or log record.
///
/// # Panics
/// Always: [`is_supported`] says no.
#[cfg(not(target_arch = "x86_64"))]
pub fn spans(_: &[u8], _: impl FnMut(&[u8])) {
    panic!("the slicer needs AVX2");
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    const BLOCK: usize = 64;

    /// The brackets around an open span, outermost first: 0 is `{`, 1 is `[`, after a leading 1. No
    /// other object of OTLP/JSON stands in the same brackets.
    const SPAN: u64 = 0b1010_1010;

    /// Bitmaps of a block.
    struct Bits {
        quote: u64,
        backslash: u64,
        open: u64,
        close: u64,
        square: u64,
    }

    /// What the next block has to know of those before.
    struct Strings {
        /// All ones inside of a string.
        inside: u64,
        /// 1 where the first byte is escaped.
        escaped: u64,
    }

    #[target_feature(enable = "avx2,pclmulqdq")]
    pub(super) fn spans(lines: &[u8], mut each: impl FnMut(&[u8])) {
        let mut strings = Strings { inside: 0, escaped: 0 };
        let (mut stack, mut start) = (1_u64, 0);
        let (blocks, rest) = lines.as_chunks::<BLOCK>();
        let mut last = [b' '; BLOCK];
        // Filled up with spaces, which are neither quotes nor brackets.
        last[..rest.len()].copy_from_slice(rest);
        for (index, block) in blocks.iter().chain([&last]).enumerate() {
            let bits = classify(block);
            let outside = !strings.mask(&bits);
            let mut brackets = (bits.open | bits.close) & outside;
            while brackets != 0 {
                let bit = brackets & brackets.wrapping_neg();
                brackets ^= bit;
                let at = index * BLOCK + bit.trailing_zeros() as usize;
                if bits.open & bit != 0 {
                    stack = stack << 1 | u64::from(bits.square & bit != 0);
                    start = if stack == SPAN { at } else { start };
                    continue;
                }
                if stack == SPAN {
                    each(&lines[start..=at]);
                }
                stack >>= 1;
            }
        }
    }

    #[target_feature(enable = "avx2,pclmulqdq")]
    fn classify(block: &[u8; BLOCK]) -> Bits {
        // SAFETY: the block has 64 bytes, and the loads need no alignment.
        let (low, high) = unsafe {
            let low = block.as_ptr().cast::<__m256i>();
            (_mm256_loadu_si256(low), _mm256_loadu_si256(low.add(1)))
        };
        let equal = |low, high, byte: u8| {
            let byte = _mm256_set1_epi8(byte as i8);
            let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, byte)) as u32;
            let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, byte)) as u32;
            u64::from(high) << 32 | u64::from(low)
        };
        let bit = _mm256_set1_epi8(0x20);
        // Brackets are braces but for one bit: with it set both are found by one comparison.
        let (curly_low, curly_high) = (_mm256_or_si256(low, bit), _mm256_or_si256(high, bit));
        Bits {
            quote: equal(low, high, b'"'),
            backslash: equal(low, high, b'\\'),
            open: equal(curly_low, curly_high, b'{'),
            close: equal(curly_low, curly_high, b'}'),
            square: equal(low, high, b'['),
        }
    }

    impl Strings {
        /// The bytes of the block that are inside of strings.
        #[target_feature(enable = "avx2,pclmulqdq")]
        fn mask(&mut self, bits: &Bits) -> u64 {
            let quotes = bits.quote & !self.escaped(bits.backslash);
            let ones = _mm_set1_epi8(-1);
            // A product without carries by all ones: each bit becomes the parity of those up to it, which says what
            // is inside of strings.
            let product = _mm_clmulepi64_si128(_mm_set_epi64x(0, quotes as i64), ones, 0);
            let mask = _mm_cvtsi128_si64(product) as u64 ^ self.inside;
            self.inside = (mask as i64 >> 63) as u64;
            mask
        }

        /// The bytes of the block that stand after a backslash that is not itself escaped.
        fn escaped(&mut self, mut backslashes: u64) -> u64 {
            let mut escaped = std::mem::take(&mut self.escaped);
            while backslashes != 0 {
                let bit = backslashes & backslashes.wrapping_neg();
                backslashes ^= bit;
                if escaped & bit == 0 {
                    escaped |= bit << 1;
                    self.escaped = bit >> 63;
                }
            }
            escaped
        }
    }
}

#[cfg(test)]
mod tests;
