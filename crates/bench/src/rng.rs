//! A small deterministic random number generator (SplitMix64).

/// Random numbers that depend on the seed alone.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator with this seed.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// The next 64 bits, never 0.
    #[inline]
    pub fn id(&mut self) -> u64 {
        // Ids of zeros are invalid in OTLP.
        self.bits() | 1
    }

    /// A number below `bound`; 0 where `bound` is 0.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        // The upper half of the product: no division, and no bias that data of this size could show.
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number between `low` and `high`, both included.
    #[inline]
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of 100 cases.
    #[inline]
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, which must not be empty.
    #[inline]
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// A measured value: between 0 and `high`, most values small, with `decimals` decimals.
    #[inline]
    pub fn measure(&mut self, high: f64, decimals: i32) -> f64 {
        let unit = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        let scale = 10_f64.powi(decimals);
        // The cube of an even spread: most values small and few large, as latencies are.
        (unit * unit * unit * high * scale).round() / scale
    }
}
