//! Recognises what spans mostly begin and end with at a glance: ids, name, kind and times, then status and
//! flags.

use std::ops::Range;

use crate::order::Order;
use crate::schema::{SPAN, STATUS as STATUS_MESSAGE};

#[cfg(test)]
mod tests;

// Tags of the fields of a span, and of the code in its status.
const TRACE_ID: u8 = SPAN.tag("traceId");
const SPAN_ID: u8 = SPAN.tag("spanId");
const TRACE_STATE: u8 = SPAN.tag("traceState");
const PARENT_SPAN_ID: u8 = SPAN.tag("parentSpanId");
const NAME: u8 = SPAN.tag("name");
const KIND: u8 = SPAN.tag("kind");
const START: u8 = SPAN.tag("startTimeUnixNano");
const END: u8 = SPAN.tag("endTimeUnixNano");
pub(super) const ATTRIBUTE: u8 = SPAN.tag("attributes");
const STATUS: u8 = SPAN.tag("status");
const FLAGS: [u8; 2] = SPAN.wide_tag("flags");
const CODE: u8 = STATUS_MESSAGE.tag("code");

/// The fields that every head has, a bit for each number.
const ALWAYS: u32 = SPAN.bit("traceId")
    | SPAN.bit("spanId")
    | SPAN.bit("name")
    | SPAN.bit("kind")
    | SPAN.bit("startTimeUnixNano")
    | SPAN.bit("endTimeUnixNano");

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
        let bit = |is_there, field: u8| u32::from(is_there) << field;
        let state = bit(self.trace_state.is_some(), const { SPAN.number("traceState") });
        let parent = bit(self.has_parent, const { SPAN.number("parentSpanId") });
        let flags = bit(!self.sorted, const { SPAN.number("flags") });
        let last = const { SPAN.number("endTimeUnixNano") };
        Order::behind(last, ALWAYS | state | parent | flags)
    }

    /// Whether what stands behind the attributes is at most a status without a message, and `flags`.
    #[inline(always)]
    pub(super) fn is_tail(&self, bytes: &[u8]) -> bool {
        let flags = match bytes {
            [STATUS, 0, flags @ ..] | [STATUS, 2, CODE, ..0x80, flags @ ..] => flags,
            flags => flags,
        };
        // Flags that stood early must not come again: that would be for a merge.
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
    // A root has no parent, or an empty one where the sender has no way to leave it out.
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
    // There are fewer than 128 kinds. A span without one is left to the walk by the schema.
    let [KIND, ..0x80] = kind else { return None };
    let ([START, start @ ..], behind) = behind.split_first_chunk::<9>()? else { return None };
    let ([END, end @ ..], behind) = behind.split_first_chunk::<9>()? else { return None };
    let times = [start, end].map(|time| u64::from_le_bytes(*time));
    Some(Head { has_parent, trace_state, sorted, name, times, end: span.len() - behind.len() })
}
