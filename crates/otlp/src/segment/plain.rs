//! Checks a request and finds its rows in one walk, if it is laid out as senders write it.
//!
//! Of what is above the rows, fields ascend, and none is unknown. What is laid out in another way is checked by
//! itself (`verify.rs`), brought into canonical form where it has to be, and then walked by `index.rs`.

use std::ops::Range;

use super::index::{self, slice};
use super::{Owner, Scope, Segment};
use crate::schema::role::{self, len_tag};
use crate::schema::{INSTRUMENTATION_SCOPE, LOG_RECORD, METRIC, Message, RESOURCE};
use crate::signal::Signal;
use crate::verify;
use crate::wire::CheckingReader;

#[cfg(test)]
mod tests;

// Tags of the fields of a request, which all signals number alike.
const GROUP: u8 = len_tag(role::GROUPS);
const OWNER: u8 = len_tag(role::OWNER);
const CONTENT: u8 = len_tag(role::CONTENT);
const SCHEMA_URL: u8 = len_tag(role::SCHEMA_URL);

/// Adds the rows of the request that is all of `bytes` from `start` on, which are the buffer of `segment`;
/// returns the messages whose fields are to be sorted, each after those nested in it.
///
/// `None` if the request is not laid out so, or malformed; the segment may hold a part of its rows then.
pub(super) fn read(segment: &mut Segment, bytes: &[u8], start: usize) -> Option<Vec<Range<usize>>> {
    let mut walk = Walk::new(segment, bytes, None);
    walk.data(start)?;
    walk.check.into_unsorted()
}

/// As [`read`], of a request that is the first of `segment`, but stands elsewhere. It is copied to `buffer`, which
/// is empty, row by row: the check of a row goes on while the copy of the one before waits for memory.
pub(super) fn read_and_copy(
    segment: &mut Segment,
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> Option<Vec<Range<usize>>> {
    buffer.reserve_exact(request.len());
    let mut walk = Walk::new(segment, request, Some(buffer));
    walk.data(0)?;
    walk.copy_to(request.len());
    walk.check.into_unsorted()
}

struct Walk<'a> {
    bytes: &'a [u8],
    /// Where to copy them, if they are to be.
    copy: Option<&'a mut Vec<u8>>,
    check: verify::Walk<'a>,
    index: index::Walk<'a>,
}

impl<'a> Walk<'a> {
    fn new(segment: &'a mut Segment, bytes: &'a [u8], copy: Option<&'a mut Vec<u8>>) -> Walk<'a> {
        // Rows are found before fields are sorted, so times are looked for in the whole row.
        let index = index::Walk { bytes, sorted: false, segment };
        Walk { bytes, copy, check: verify::Walk::new(bytes), index }
    }

    /// Copies what stands before `end`, if it is not yet.
    #[inline]
    fn copy_to(&mut self, end: usize) {
        if let Some(copy) = &mut self.copy {
            copy.extend_from_slice(&self.bytes[copy.len()..end]);
        }
    }

    fn data(&mut self, start: usize) -> Option<()> {
        let mut reader = CheckingReader::within(self.bytes, start..self.bytes.len());
        while reader.eat(GROUP) {
            self.group(reader.len_range().ok()?)?;
        }
        reader.is_empty().then_some(())
    }

    fn group(&mut self, range: Range<usize>) -> Option<()> {
        let number = self.index.segment.resources.len();
        self.index.segment.resources.push(Owner::ABSENT);
        let owner = self.level(range, &RESOURCE, |walk, range| walk.scope(range, number as u32))?;
        self.index.segment.resources[number] = owner;
        Some(())
    }

    fn scope(&mut self, range: Range<usize>, resource: u32) -> Option<()> {
        let number = self.index.segment.scopes.len();
        self.index.segment.scopes.push(Scope { owner: Owner::ABSENT, resource });
        let owner = self.level(range, &INSTRUMENTATION_SCOPE, |walk, range| {
            walk.element(range, number as u32)
        })?;
        self.index.segment.scopes[number].owner = owner;
        Some(())
    }

    /// Walks a message that has what it is about, what is in it, and a schema URL, in this order.
    #[inline(always)]
    fn level(
        &mut self,
        range: Range<usize>,
        about: &'static Message,
        content: impl Fn(&mut Self, Range<usize>) -> Option<()>,
    ) -> Option<Owner> {
        let mut owner = Owner::ABSENT;
        let mut reader = CheckingReader::within(self.bytes, range);
        if reader.eat(OWNER) {
            let range = reader.len_range().ok()?;
            owner.message = slice(&range);
            self.check.message(about, range, 0).ok()?;
        }
        while reader.eat(CONTENT) {
            content(self, reader.len_range().ok()?)?;
        }
        if reader.eat(SCHEMA_URL) {
            let range = reader.len_range().ok()?;
            owner.schema_url = slice(&range);
            self.check.text(range);
        }
        reader.is_empty().then_some(owner)
    }

    fn element(&mut self, range: Range<usize>, scope: u32) -> Option<()> {
        let element = slice(&range);
        // Copied before it is checked: what is refused after all is thrown away as a whole.
        self.copy_to(range.end);
        match self.index.segment.signal {
            Signal::Traces => {
                // The check has passed the times already where the head of the span was known at a glance.
                let [start, end] = match self.check.span(range).ok()? {
                    Some(times) => times,
                    None => self.index.span_times(element).ok()?,
                };
                self.index.timed_span(element, scope, start, end);
                Some(())
            }
            Signal::Logs => {
                self.check.message(&LOG_RECORD, range, 0).ok()?;
                self.index.log_record(element, scope).ok()
            }
            Signal::Metrics => {
                self.check.message(&METRIC, range, 0).ok()?;
                // To sort a metric would move its points.
                self.check.is_sorted().then(|| self.index.metric(element, scope).ok())?
            }
        }
    }
}
