//! Quantiles of histogram data points, estimated from their buckets.
//!
//! A quantile is looked up in the buckets from the lowest value to the highest, and where it falls inside
//! of a bucket, values are taken to be spread evenly over it: on a linear scale in the buckets of explicit
//! bounds, on a logarithmic one in exponential buckets. So an estimate is at most a bucket off. The smallest
//! and largest measurement, where they are known, bound every estimate.

#[cfg(test)]
mod tests;

/// A histogram with explicit bounds.
#[derive(Debug, Clone, Copy)]
pub struct Explicit<'a> {
    /// Measurements in each bucket.
    pub bucket_counts: &'a [u64],
    /// The upper bound of each bucket, ascending; the last bucket has none.
    pub explicit_bounds: &'a [f64],
    /// The smallest measurement, where it is known.
    pub min: Option<f64>,
    /// The largest measurement, where it is known.
    pub max: Option<f64>,
}

/// A histogram with exponential buckets.
#[derive(Debug, Clone, Copy)]
pub struct Exponential<'a> {
    /// Buckets grow by the factor `2^(2^-scale)`.
    pub scale: i32,
    /// Measurements that are 0 or within the threshold of it.
    pub zero_count: u64,
    /// Distance from 0 up to which `zero_count` counts.
    pub zero_threshold: f64,
    /// Positive measurements.
    pub positive: Buckets<'a>,
    /// Negative measurements, by their absolute values.
    pub negative: Buckets<'a>,
    /// The smallest measurement, where it is known.
    pub min: Option<f64>,
    /// The largest measurement, where it is known.
    pub max: Option<f64>,
}

/// Exponential buckets on one side of zero.
#[derive(Debug, Clone, Copy, Default)]
pub struct Buckets<'a> {
    /// Index of the first bucket.
    pub offset: i32,
    /// Measurements in each bucket. The i-th, from 0, holds what is above `base^(offset + i)` and up to
    /// `base^(offset + i + 1)`.
    pub bucket_counts: &'a [u64],
}

impl Explicit<'_> {
    /// The value below which that share of the measurements is, from 0 (the smallest) to 1 (the largest).
    ///
    /// A first bucket without a known minimum starts at 0, or ends there if its bound is not positive: then
    /// its bound is the estimate. So is the bound before a last bucket without a known maximum.
    ///
    /// `None` if there are no measurements, `quantile` is out of range, the counts do not fit the bounds, or
    /// the bounds do not ascend.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let bounds = self.explicit_bounds;
        let ascend = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        if self.bucket_counts.len() != bounds.len() + 1 || !ascend {
            return None;
        }
        let (bucket, share) = find(quantile, self.bucket_counts.iter().copied())?;
        let (lower, upper) = (self.lower(bucket)?, self.upper(bucket)?);
        clamp(lower + (upper - lower) * share, self.min, self.max)
    }

    fn lower(&self, bucket: usize) -> Option<f64> {
        let bound = bucket.checked_sub(1).and_then(|before| self.bound(before));
        // As Prometheus has it: what is measured mostly does not go below zero.
        let start = || match self.explicit_bounds.first() {
            Some(&bound) if bound > 0.0 => Some(0.0),
            _ => self.bound(0).or(self.max),
        };
        greater(bound, self.min).or_else(start)
    }

    fn upper(&self, bucket: usize) -> Option<f64> {
        let end = || (0..bucket).rev().find_map(|before| self.bound(before)).or(self.min);
        lesser(self.bound(bucket), self.max).or_else(end)
    }

    /// The upper bound of a bucket; some senders give the last one an infinite bound.
    fn bound(&self, bucket: usize) -> Option<f64> {
        self.explicit_bounds.get(bucket).copied().filter(|bound| bound.is_finite())
    }
}

impl Exponential<'_> {
    /// The value below which that share of the measurements is, from 0 (the smallest) to 1 (the largest).
    ///
    /// `None` if there are no measurements, `quantile` is out of range, or the bucket's bounds are beyond
    /// what a double holds.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let (negative, positive) = (self.negative.bucket_counts, self.positive.bucket_counts);
        let counts = negative.iter().rev().copied();
        let counts = counts.chain([self.zero_count]).chain(positive.iter().copied());
        let (bucket, share) = find(quantile, counts)?;
        let estimate = match bucket.checked_sub(negative.len()) {
            // The negative side mirrored: what is furthest from zero is the smallest, and its share counts down.
            None => -self.within(&self.negative, negative.len() - 1 - bucket, 1.0 - share),
            Some(0) => self.near_zero(share),
            Some(bucket) => self.within(&self.positive, bucket - 1, share),
        };
        clamp(estimate, self.min, self.max).filter(|estimate| estimate.is_finite())
    }

    /// The value at that share of a bucket on one side of zero.
    fn within(&self, buckets: &Buckets<'_>, bucket: usize, share: f64) -> f64 {
        let index = f64::from(buckets.offset) + bucket as f64 + share;
        // base^index, of base = 2^(2^-scale)
        (index * (-f64::from(self.scale)).exp2()).exp2()
    }

    /// The value at that share of the bucket around zero, which reaches only to where measurements are.
    fn near_zero(&self, share: f64) -> f64 {
        let reach =
            |buckets: &Buckets<'_>| match buckets.bucket_counts.iter().any(|&count| count > 0) {
                true => self.zero_threshold.abs(),
                false => 0.0,
            };
        let (lower, upper) = (-reach(&self.negative), reach(&self.positive));
        match (lower, upper) {
            (0.0, 0.0) => 0.0,
            (lower, upper) => lower + (upper - lower) * share,
        }
    }
}

/// The bucket that a quantile falls into, and the share of its measurements that are below.
fn find(quantile: f64, counts: impl Iterator<Item = u64> + Clone) -> Option<(usize, f64)> {
    // As doubles, since the sum of all counts need not fit into 64 bits; what is rounded is far below a bucket.
    let total: f64 = counts.clone().map(|count| count as f64).sum();
    if !(0.0..=1.0).contains(&quantile) || total == 0.0 {
        return None;
    }
    let rank = quantile * total;
    let (mut below, mut last) = (0.0, None);
    // Empty buckets hold no quantile: the one for 0 is in the first that has something, not at the lowest bound.
    for (bucket, count) in counts.enumerate().filter(|&(_, count)| count > 0) {
        let count = count as f64;
        if rank <= below + count {
            return Some((bucket, (rank - below) / count));
        }
        below += count;
        // For want of the last bit of a rank the largest may seem to be above all: it is where the last bucket with
        // anything in it ends.
        last = Some((bucket, 1.0));
    }
    last
}

fn greater(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.max(b)).or(a).or(b)
}

fn lesser(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.zip(b).map(|(a, b)| a.min(b)).or(a).or(b)
}

/// The estimate within what was measured; `None` where there is none.
fn clamp(estimate: f64, min: Option<f64>, max: Option<f64>) -> Option<f64> {
    let estimate = (!estimate.is_nan()).then_some(estimate)?;
    lesser(greater(Some(estimate), min), max)
}
