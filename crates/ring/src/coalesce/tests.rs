use super::*;

const FULL: u64 = Weight::FULL.0;
const WHOLE: u64 = Weight::WHOLE.0;

#[test]
fn plans() {
    let ones = |count| vec![1; count];
    let nearly_full = FULL - 1;
    let cases = [
        ("nothing", vec![], None),
        ("one", vec![1], None),
        ("fewer than a tier", ones(15), None),
        ("a tier", ones(16), Some(0..16)),
        ("more than a tier at once", ones(100), Some(0..100)),
        ("a tier after a larger part", [vec![16], ones(15)].concat(), None),
        ("only the end", [vec![16], ones(16)].concat(), Some(1..17)),
        ("with it the next tier", [vec![16; 15], ones(16)].concat(), Some(0..31)),
        ("smaller parts before count", [ones(10), vec![16], vec![17; 5]].concat(), Some(0..16)),
        ("a full part alone", vec![FULL], None),
        ("one before a full part", vec![1, FULL], None),
        ("two before a full part", vec![1, 1, FULL, 1], Some(0..2)),
        ("enough for a part", vec![nearly_full; 3], Some(0..3)),
        ("no more than for a part", vec![nearly_full; 9], Some(0..3)),
    ];
    for (name, tail, expected) in cases {
        let tail: Vec<Weight> = tail.into_iter().map(Weight).collect();
        assert_eq!(plan(&tail), expected, "{name}");
    }
}

/// Rows of these weights, appended in turn: the longest tail, and how often a row was copied.
fn run(weights: impl Iterator<Item = u64>) -> (usize, f64) {
    let (mut tail, mut longest, mut copied, mut sum) = (Vec::new(), 0, 0, 0);
    for weight in weights {
        sum += weight;
        tail.push(Weight(weight));
        while let Some(parts) = plan(&tail) {
            let joined: u64 = tail[parts.clone()].iter().map(|weight| weight.0).sum();
            assert!(joined < WHOLE + FULL, "not larger than what would be cut");
            copied += joined;
            tail.splice(parts, [Weight(joined)]);
        }
        while let Some(index @ 0..=1) = tail.iter().position(|&weight| weight >= Weight::FULL) {
            tail.drain(..=index);
        }
        longest = longest.max(tail.len());
    }
    (longest, copied as f64 / sum as f64)
}

#[test]
fn tails_are_short_and_copies_few() {
    let cases = [
        ("the smallest rows", 300_000, 1, 75, 5.0),
        ("single spans", 100_000, 125, 60, 4.0),
        ("a hundred spans", 10_000, 13_000, 30, 2.0),
        ("512 spans", 10_000, 70_000, 15, 1.0),
        ("a third of a part", 1_000, WHOLE / 3, 3, 1.0),
    ];
    for (name, count, weight, most, copies) in cases {
        let (longest, copied) = run((0..count).map(|_| weight));
        assert!(longest <= most, "{name}: a tail of {longest}");
        assert!(copied <= copies, "{name}: copied {copied} times");
    }
    let all_sizes = |number: u64| 1 << (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60);
    let (longest, copied) = run((0..100_000).map(all_sizes));
    assert!(longest <= 75 && copied <= 4.0, "all sizes: {longest}, copied {copied} times");
}
