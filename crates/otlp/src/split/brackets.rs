//! Finds where a JSON value ends by its brackets, 64 bytes at a time.
//!
//! Each byte class becomes a 64-bit mask, so the cost is the same for every content.

use wide::u8x16;

/// Follows the brackets of one JSON object or array, in as many pieces as it comes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Brackets {
    depth: u64,
    /// All ones inside a string.
    in_string: u64,
    /// 1 if the next byte is escaped.
    escaped: u64,
}

/// How far a value got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// It ends before this byte.
    End(usize),
    /// A string of it holds this newline, so it is broken.
    Broken(usize),
    /// It goes on.
    Open,
}

const BLOCK: usize = 64;

/// The bit that a brace has beyond a bracket: with it set, one comparison finds both.
const BRACE: u8 = 0x20;

impl Brackets {
    /// Goes on with `bytes`, which follow those of the last call. The first byte of all must be an
    /// opening bracket.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Scan {
        let (blocks, tail) = bytes.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            if let Some(scan) = self.block(block, u64::MAX) {
                return scan.after(index * BLOCK);
            }
        }
        if tail.is_empty() {
            return Scan::Open;
        }
        // Padded with spaces, which are neither brackets nor quotes; `valid` is for what is carried over to the next
        // piece.
        let mut block = [b' '; BLOCK];
        block[..tail.len()].copy_from_slice(tail);
        match self.block(&block, (1 << tail.len()) - 1) {
            Some(scan) => scan.after(bytes.len() - tail.len()),
            None => Scan::Open,
        }
    }

    /// Goes on with those bytes of a block that are in `valid`, which has no gaps.
    #[inline]
    fn block(&mut self, block: &[u8; BLOCK], valid: u64) -> Option<Scan> {
        // Bit `n` of each mask stands for byte `n`. A quote that is not escaped turns "inside a string" on or off, so the
        // parity of the quotes up to a byte says whether it is inside: its own opening quote counts, its closing one
        // does not, and neither is a bracket.
        let last = 63 - valid.leading_zeros();
        let escaped = self.escapes(mask(block, 0, b'\\') & valid, last);
        let quotes = mask(block, 0, b'"') & !escaped & valid;
        let string = running_parity(quotes) ^ self.in_string;
        self.in_string = (((string >> last) & 1) as i64).wrapping_neg() as u64;
        let opening = mask(block, BRACE, b'{') & !string & valid;
        let closing = mask(block, BRACE, b'}') & !string & valid;
        let broken = mask(block, 0, b'\n') & string & valid;
        // With fewer closed here than are open at its start, the value cannot end in this block, in whatever order they
        // stand; so most blocks are done with two counts.
        let closed = u64::from(closing.count_ones());
        if broken == 0 && closed < self.depth {
            self.depth = self.depth + u64::from(opening.count_ones()) - closed;
            return None;
        }
        self.brackets(opening, closing, broken)
    }

    /// Goes through the brackets of a block one by one.
    #[cold]
    fn brackets(&mut self, opening: u64, closing: u64, broken: u64) -> Option<Scan> {
        let mut rest = opening | closing | broken;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            let at = bit.trailing_zeros() as usize;
            if broken & bit != 0 {
                return Some(Scan::Broken(at));
            }
            if opening & bit != 0 {
                self.depth += 1;
                continue;
            }
            // Never below 0 where the first byte of all was an opening bracket, as it has to be.
            self.depth = self.depth.saturating_sub(1);
            if self.depth == 0 {
                return Some(Scan::End(at + 1));
            }
        }
        None
    }

    /// The bytes that a backslash escapes; `last` is the last byte that counts.
    #[inline]
    fn escapes(&mut self, mut backslashes: u64, last: u32) -> u64 {
        let mut escaped = self.escaped;
        self.escaped = 0;
        backslashes &= !escaped;
        // Runs of backslashes are short and rare in telemetry, so one at a time is as good as the carry of an addition,
        // and easier to get right at the end of a block.
        while backslashes != 0 {
            let at = backslashes.trailing_zeros();
            if at == last {
                self.escaped = 1;
                break;
            }
            escaped |= 2 << at;
            backslashes &= !(3 << at);
        }
        escaped
    }
}

impl Scan {
    fn after(self, bytes: usize) -> Scan {
        match self {
            Scan::End(at) => Scan::End(at + bytes),
            Scan::Broken(at) => Scan::Broken(at + bytes),
            Scan::Open => Scan::Open,
        }
    }
}

/// The bytes of a block that are `byte` once the bits of `ignored` are set, the first as the lowest bit.
#[inline(always)]
fn mask(block: &[u8; BLOCK], ignored: u8, byte: u8) -> u64 {
    let (lanes, _) = block.as_chunks::<16>();
    let mut mask = 0;
    for (index, lane) in lanes.iter().enumerate() {
        let bytes = u8x16::new(*lane) | u8x16::splat(ignored);
        mask |= u64::from(bytes.simd_eq(u8x16::splat(byte)).to_bitmask()) << (16 * index);
    }
    mask
}

/// For each bit the parity of the bits up to and with it.
#[inline]
fn running_parity(mut bits: u64) -> u64 {
    // Each step doubles the number of bits below that a bit has taken in.
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
