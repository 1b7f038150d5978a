//! Tests of quantiles, against distributions whose quantiles are known.

use super::{Buckets, Explicit, Exponential};

const QUANTILES: [f64; 9] = [0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0];

fn close(got: Option<f64>, expected: f64, tolerance: f64) -> bool {
    got.is_some_and(|got| (got - expected).abs() <= tolerance * expected.abs().max(1e-9))
}

fn explicit<'a>(
    bucket_counts: &'a [u64],
    explicit_bounds: &'a [f64],
    min: Option<f64>,
    max: Option<f64>,
) -> Explicit<'a> {
    Explicit { bucket_counts, explicit_bounds, min, max }
}

/// The counts of samples in buckets of these bounds.
fn count(samples: &[f64], bounds: &[f64]) -> Vec<u64> {
    let mut counts = vec![0; bounds.len() + 1];
    for sample in samples {
        counts[bounds.partition_point(|bound| bound < sample)] += 1;
    }
    counts
}

/// `count` samples of the distribution with this quantile function, evenly spread.
fn samples(count: usize, quantile: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..count).map(|at| quantile((at as f64 + 0.5) / count as f64)).collect()
}

#[test]
fn uniform_measurements_are_exact() {
    let bounds: Vec<f64> = (1..10).map(|at| f64::from(at) * 10.0).collect();
    let histogram = explicit(&[100; 10], &bounds, None, Some(100.0));
    for quantile in QUANTILES {
        assert!(close(histogram.quantile(quantile), 100.0 * quantile, 1e-12), "{quantile}");
    }
    let moved: Vec<f64> = bounds.iter().map(|bound| bound - 50.0).collect();
    let histogram = explicit(&[100; 10], &moved, Some(-50.0), Some(50.0));
    for quantile in QUANTILES {
        let expected = 100.0 * quantile - 50.0;
        let got = histogram.quantile(quantile).expect("a quantile");
        assert!((got - expected).abs() < 1e-9, "{quantile}: {got}");
    }
}

#[test]
fn explicit_estimates_are_within_their_bucket() {
    // Of an exponential distribution with mean 1.
    let exact = |quantile: f64| -(1.0 - quantile).ln();
    let samples = samples(100_000, exact);
    let bounds: Vec<f64> = (1..60).map(|at| f64::from(at) / 5.0).collect();
    let counts = count(&samples, &bounds);
    let (min, max) = (samples.first().copied(), samples.last().copied());
    for quantile in [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999] {
        let got = explicit(&counts, &bounds, min, max).quantile(quantile).expect("a quantile");
        assert!((got - exact(quantile)).abs() < 0.05, "{quantile}: {got}");
    }
}

#[test]
fn explicit_edges() {
    let none = None;
    for (counts, bounds, min, max, quantile, expected) in [
        // No measurements, or no histogram.
        (&[0, 0][..], &[1.0][..], none, none, 0.5, None),
        (&[], &[], none, none, 0.5, None),
        (&[1], &[1.0], none, none, 0.5, None),
        (&[1, 2, 3], &[1.0], none, none, 0.5, None),
        (&[1, 1, 1], &[2.0, 1.0], none, none, 0.5, None),
        (&[1, 1, 1], &[1.0, 1.0], none, none, 0.5, None),
        (&[1, 1, 1], &[1.0, f64::NAN], none, none, 0.5, None),
        (&[1, 1], &[f64::NAN], Some(1.0), Some(2.0), 0.1, Some(1.2)),
        // No such quantile.
        (&[1, 1], &[1.0], none, none, -0.1, None),
        (&[1, 1], &[1.0], none, none, 1.1, None),
        (&[1, 1], &[1.0], none, none, f64::NAN, None),
        // The first bucket.
        (&[10, 0], &[4.0], none, none, 0.5, Some(2.0)),
        (&[10, 0], &[4.0], Some(3.0), none, 0.5, Some(3.5)),
        (&[10, 0], &[4.0], Some(2.0), Some(3.0), 0.5, Some(2.5)),
        (&[10, 0], &[-4.0], none, none, 0.5, Some(-4.0)),
        (&[10, 0], &[0.0], none, none, 0.5, Some(0.0)),
        // The last bucket.
        (&[0, 10], &[4.0], none, none, 0.5, Some(4.0)),
        (&[0, 10], &[4.0], none, Some(8.0), 0.5, Some(6.0)),
        (&[0, 10], &[4.0], Some(6.0), Some(8.0), 0.5, Some(7.0)),
        (&[0, 10, 0], &[4.0, f64::INFINITY], none, none, 0.5, Some(4.0)),
        (&[0, 0, 10], &[4.0, f64::INFINITY], none, Some(8.0), 1.0, Some(8.0)),
        // A single bucket.
        (&[10], &[], Some(2.0), Some(4.0), 0.5, Some(3.0)),
        (&[10], &[], Some(2.0), none, 0.5, Some(2.0)),
        (&[10], &[], none, Some(4.0), 0.5, Some(4.0)),
        (&[10], &[], none, none, 0.5, None),
        // Empty buckets are passed over.
        (&[5, 0, 0, 5], &[1.0, 2.0, 3.0], none, Some(4.0), 0.5, Some(1.0)),
        (&[0, 5, 0, 5], &[1.0, 2.0, 3.0], none, Some(4.0), 0.75, Some(3.5)),
        (&[0, 5, 0, 0], &[1.0, 2.0, 3.0], none, none, 0.0, Some(1.0)),
        (&[0, 5, 0, 0], &[1.0, 2.0, 3.0], none, none, 1.0, Some(2.0)),
        // Counts that add up to more than 64 bits.
        (&[u64::MAX, u64::MAX], &[1.0], none, Some(2.0), 0.75, Some(1.5)),
    ] {
        let got = explicit(counts, bounds, min, max).quantile(quantile);
        assert_eq!(got, expected, "{counts:?} {bounds:?} {min:?} {max:?} {quantile}");
    }
}

/// Buckets of positive samples.
fn buckets(samples: &[f64], scale: i32) -> (i32, Vec<u64>) {
    let factor = f64::from(scale).exp2();
    let index = |sample: &f64| (sample.log2() * factor).ceil() as i32 - 1;
    let indices = || samples.iter().map(index);
    let (Some(first), Some(last)) = (indices().min(), indices().max()) else {
        return (0, Vec::new());
    };
    let mut counts = vec![0; (last - first + 1) as usize];
    indices().for_each(|index| counts[(index - first) as usize] += 1);
    (first, counts)
}

#[test]
fn exponential_estimates_are_within_their_bucket() {
    // Of a log-uniform and of an exponential distribution.
    let distributions: [fn(f64) -> f64; 2] =
        [|quantile| (10.0 * quantile - 5.0).exp(), |quantile| -(1.0 - quantile).ln()];
    for exact in distributions {
        let samples = samples(50_000, exact);
        for scale in [-1, 0, 1, 3, 6] {
            let (offset, bucket_counts) = buckets(&samples, scale);
            let histogram = Exponential {
                scale,
                zero_count: 0,
                zero_threshold: 0.0,
                positive: Buckets { offset, bucket_counts: &bucket_counts },
                negative: Buckets::default(),
                min: None,
                max: None,
            };
            let base = (-f64::from(scale)).exp2().exp2();
            for quantile in [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99] {
                let got = histogram.quantile(quantile);
                assert!(close(got, exact(quantile), base - 1.0), "{scale} {quantile}: {got:?}");
            }
        }
    }
}

#[test]
fn measurements_on_both_sides_of_zero_mirror_each_other() {
    let samples = samples(10_000, |quantile| -(1.0 - quantile).ln() + 0.01);
    let (offset, bucket_counts) = buckets(&samples, 4);
    let side = Buckets { offset, bucket_counts: &bucket_counts };
    let histogram = Exponential {
        scale: 4,
        zero_count: 2_000,
        zero_threshold: 0.01,
        positive: side,
        negative: side,
        min: None,
        max: None,
    };
    for quantile in [0.01, 0.1, 0.25, 0.4, 0.47, 0.49] {
        let below = histogram.quantile(quantile).expect("a quantile");
        let above = histogram.quantile(1.0 - quantile).expect("a quantile");
        assert!((below + above).abs() < 1e-9 * above.abs().max(1.0), "{below} and {above}");
        assert!(below < 0.0);
    }
    assert!(histogram.quantile(0.5).is_some_and(|median| median.abs() < 1e-12));
}

#[test]
fn exponential_edges() {
    let point = |offset: i32, counts: &'static [u64]| Buckets { offset, bucket_counts: counts };
    let empty = Buckets::default();
    for (scale, zero, positive, negative, min, max, quantile, expected) in [
        // No measurements.
        (0, (0, 0.0), empty, empty, None, None, 0.5, None),
        (0, (0, 0.0), point(0, &[0, 0]), empty, None, None, 0.5, None),
        (0, (1, 0.0), empty, empty, None, None, 2.0, None),
        // Around zero.
        (0, (5, 0.0), empty, empty, None, None, 0.5, Some(0.0)),
        (0, (5, 1.0), empty, empty, None, None, 0.5, Some(0.0)),
        (0, (8, 1.0), point(0, &[8]), empty, None, None, 0.25, Some(0.5)),
        (0, (8, 1.0), empty, point(0, &[8]), None, None, 0.75, Some(-0.5)),
        (0, (8, 1.0), point(0, &[4]), point(0, &[4]), None, None, 0.5, Some(0.0)),
        // The bounds of a bucket, of factor 2 and of factor 4.
        (0, (0, 0.0), point(3, &[5]), empty, None, None, 0.0, Some(8.0)),
        (0, (0, 0.0), point(3, &[5]), empty, None, None, 1.0, Some(16.0)),
        (-1, (0, 0.0), point(1, &[5]), empty, None, None, 0.5, Some(8.0)),
        (0, (0, 0.0), empty, point(3, &[5]), None, None, 0.0, Some(-16.0)),
        (0, (0, 0.0), empty, point(3, &[5]), None, None, 1.0, Some(-8.0)),
        (0, (0, 0.0), empty, point(0, &[5, 5]), None, None, 0.5, Some(-2.0)),
        // Within what was measured.
        (0, (0, 0.0), point(3, &[5]), empty, Some(9.0), Some(10.0), 0.0, Some(9.0)),
        (0, (0, 0.0), point(3, &[5]), empty, Some(9.0), Some(10.0), 1.0, Some(10.0)),
        // What no sender should send.
        (0, (0, 0.0), point(i32::MAX, &[5]), empty, None, None, 0.5, None),
        (0, (0, 0.0), point(i32::MIN, &[5]), empty, None, None, 0.5, Some(0.0)),
        (i32::MIN, (0, 0.0), point(3, &[5]), empty, None, None, 0.5, None),
        (i32::MAX, (0, 0.0), point(3, &[5]), empty, None, None, 0.5, Some(1.0)),
        (0, (5, f64::NAN), point(0, &[5]), empty, None, None, 0.25, None),
    ] {
        let (zero_count, zero_threshold) = zero;
        let histogram =
            Exponential { scale, zero_count, zero_threshold, positive, negative, min, max };
        assert_eq!(histogram.quantile(quantile), expected, "{histogram:?} {quantile}");
    }
}
