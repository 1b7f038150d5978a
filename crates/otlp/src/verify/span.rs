//! Recognises what spans mostly begin with at a glance: ids, name, kind and times.

use std::ops::Range;

use crate::order::Order;

#[cfg(test)]
mod tests;

/// The tag of an attribute.
pub(super) const ATTRIBUTE: u8 = 0x4a;

/// The fields of a span up to its end time. Each is there once, in the one form that is canonical, and they
/// ascend by number, but for `flags`.
#[derive(Debug)]
pub(crate) struct Head {
    /// Whether there is a `parent_span_id`.
    has_parent: bool,
    /// Whether `flags` do not stand before the name, where the Collector writes them.
    pub(super) sorted: bool,
    /// Where the name stands; it is still to be looked at.
    pub(super) name: Range<usize>,
    /// Start and end, in nanoseconds since the epoch.
    pub(crate) times: [u64; 2],
    /// Where the next field stands.
    pub(super) end: usize,
}

impl Head {
    /// What is known of the order of fields behind the head.
    #[inline(always)]
    pub(super) fn order(&self) -> Order {
        const ALWAYS: u32 = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8;
        let parent = u32::from(self.has_parent) << 4;
        Order::behind(8, ALWAYS | parent | u32::from(!self.sorted) << 16)
    }

    /// Whether what stands behind the attributes is at most a status without a message, and `flags`.
    #[inline(always)]
    pub(super) fn is_tail(&self, bytes: &[u8]) -> bool {
        let flags = match bytes {
            [0x7a, 0, flags @ ..] | [0x7a, 2, 0x18, ..0x80, flags @ ..] => flags,
            flags => flags,
        };
        flags.is_empty() || self.sorted && matches!(flags, [0x85, 0x01, _, _, _, _])
    }
}

/// The head of a span that has one.
#[inline(always)]
pub(crate) fn head(span: &[u8]) -> Option<Head> {
    let &[0x0a, 16, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, ref behind @ ..] = span else {
        return None;
    };
    let &[0x12, 8, _, _, _, _, _, _, _, _, ref behind @ ..] = behind else { return None };
    let (has_parent, behind) = match behind {
        [0x22, 8, _, _, _, _, _, _, _, _, behind @ ..] => (true, behind),
        [0x22, 0, behind @ ..] => (true, behind),
        _ => (false, behind),
    };
    let (sorted, behind) = match behind {
        [0x85, 0x01, _, _, _, _, behind @ ..] => (false, behind),
        _ => (true, behind),
    };
    let &[0x2a, len @ ..0x80, ref behind @ ..] = behind else { return None };
    let start = span.len() - behind.len();
    let name = start..start + usize::from(len);
    let (kind, behind) = behind.get(usize::from(len)..)?.split_first_chunk()?;
    let [0x30, ..0x80] = kind else { return None };
    let ([0x39, start @ ..], behind) = behind.split_first_chunk::<9>()? else { return None };
    let ([0x41, end @ ..], behind) = behind.split_first_chunk::<9>()? else { return None };
    let times = [start, end].map(|time| u64::from_le_bytes(*time));
    Some(Head { has_parent, sorted, name, times, end: span.len() - behind.len() })
}
