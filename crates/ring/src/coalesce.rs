//! Which parts to join.
//!
//! As in a log-structured merge tree: parts of about the same size are joined as soon as there are
//! [`FANOUT`] of them at the end of the ring. A row is copied once per tier, of which there are five
//! below a full part, and the tail stays short. A single span of half a KiB is copied three or four times,
//! a request of a 16th of a full part once. The last copy is made for readers only (`content.rs`).

use std::ops::Range;

use crate::size::Weight;

/// Parts of a tier that are joined into one of the next tier.
const FANOUT: usize = 16;

/// The parts to join next, of a tail with these weights, oldest first.
pub(crate) fn plan(tail: &[Weight]) -> Option<Range<usize>> {
    // Nothing is joined across a full part, so what stands before one is joined though it be little.
    let full = tail.iter().position(|&weight| weight >= Weight::FULL);
    let end = full.unwrap_or(tail.len());
    let mut sum = 0;
    // Enough for a full part at the old end of the tail: nothing that comes later can make a better one of it.
    for (index, weight) in tail[..end].iter().enumerate() {
        sum += weight.0;
        if sum >= Weight::WHOLE.0 {
            return Some(0..index + 1);
        }
    }
    match full {
        Some(end) => (end > 1).then_some(0..end),
        None => tiers(tail),
    }
}

/// The parts at the end that make up a larger tier, and with it perhaps a still larger one.
fn tiers(tail: &[Weight]) -> Option<Range<usize>> {
    let mut start = tail.len().checked_sub(1)?;
    let mut sum = tail[start];
    loop {
        let tier = tier(sum);
        // Smaller ones that stand before it are joined with it: left alone they would keep their tier from filling.
        let older = tail[..start].iter().rev().take_while(|&&weight| self::tier(weight) <= tier);
        let older = older.count();
        if older + 1 < FANOUT {
            break;
        }
        sum.0 += tail[start - older..start].iter().map(|weight| weight.0).sum::<u64>();
        start -= older;
    }
    (start + 1 < tail.len()).then_some(start..tail.len())
}

fn tier(weight: Weight) -> u32 {
    // Sixteen of a tier weigh at least as much as one of the next.
    weight.0.max(1).ilog(FANOUT as u64)
}

#[cfg(test)]
mod tests;
