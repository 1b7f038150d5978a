//! Recognises what spans mostly begin and end with at a glance: ids, name, kind and times, then status and
//! flags.

use std::ops::Range;

use crate::order::Order;

#[cfg(test)]
mod tests;

// Tags of the fields of a span, and of the code in its status.
const TRACE_ID: u8 = 0x0a;
const SPAN_ID: u8 = 0x12;
const TRACE_STATE: u8 = 0x1a;
const PARENT_SPAN_ID: u8 = 0x22;
const NAME: u8 = 0x2a;
const KIND: u8 = 0x30;
const START: u8 = 0x39;
const END: u8 = 0x41;
pub(super) const ATTRIBUTE: u8 = 0x4a;
const STATUS: u8 = 0x7a;
const FLAGS: [u8; 2] = [0x85, 0x01];
const CODE: u8 = 0x18;

/// The fields of a span up to its end time. Each is there once, in the one form that is canonical, and they
/// ascend by number, but for `flags`.
#[derive(Debug)]
pub(crate) struct Head {
    /// Whether there is a `parent_span_id`.
    has_parent: bool,
    /// Where a `trace_state` stands; it is still to be looked at.
    pub(super) trace_state: Option<Range<usize>>,
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
        let state = u32::from(self.trace_state.is_some()) << 3;
        let parent = u32::from(self.has_parent) << 4;
        Order::behind(8, ALWAYS | state | parent | u32::from(!self.sorted) << 16)
    }

    /// Whether what stands behind the attributes is at most a status without a message, and `flags`.
    #[inline(always)]
    pub(super) fn is_tail(&self, bytes: &[u8]) -> bool {
        let flags = match bytes {
            [STATUS, 0, flags @ ..] | [STATUS, 2, CODE, ..0x80, flags @ ..] => flags,
            flags => flags,
        };
        flags.is_empty()
            || self.sorted && matches!(flags, [low, high, _, _, _, _] if [*low, *high] == FLAGS)
    }
}

/// The head of a span that has one.
#[inline(always)]
pub(crate) fn head(span: &[u8]) -> Option<Head> {
    let &[TRACE_ID, 16, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, ref behind @ ..] = span
    else {
        return None;
    };
    let &[SPAN_ID, 8, _, _, _, _, _, _, _, _, ref behind @ ..] = behind else { return None };
    let (trace_state, behind) = match behind {
        &[TRACE_STATE, len @ ..0x80, ref behind @ ..] => {
            let start = span.len() - behind.len();
            let end = start + usize::from(len);
            (Some(start..end), span.get(end..)?)
        }
        _ => (None, behind),
    };
    let (has_parent, behind) = match behind {
        [PARENT_SPAN_ID, 8, _, _, _, _, _, _, _, _, behind @ ..] => (true, behind),
        [PARENT_SPAN_ID, 0, behind @ ..] => (true, behind),
        _ => (false, behind),
    };
    let (sorted, behind) = match behind {
        [low, high, _, _, _, _, behind @ ..] if [*low, *high] == FLAGS => (false, behind),
        _ => (true, behind),
    };
    let &[NAME, len @ ..0x80, ref behind @ ..] = behind else { return None };
    let start = span.len() - behind.len();
    let name = start..start + usize::from(len);
    let (kind, behind) = behind.get(usize::from(len)..)?.split_first_chunk()?;
    let [KIND, ..0x80] = kind else { return None };
    let ([START, start @ ..], behind) = behind.split_first_chunk::<9>()? else { return None };
    let ([END, end @ ..], behind) = behind.split_first_chunk::<9>()? else { return None };
    let times = [start, end].map(|time| u64::from_le_bytes(*time));
    Some(Head { has_parent, trace_state, sorted, name, times, end: span.len() - behind.len() })
}
