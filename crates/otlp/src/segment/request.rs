//! Requests from rows: the way back from a segment to a message that can be sent.

use std::ops::Range;

use super::merge::Head;
use super::{OwnerRef, Segment};
use crate::kept::Kept;
use crate::schema::METRIC;
use crate::schema::role::{CONTENT, GROUPS, OWNER, POINTS, SCHEMA_URL};
use crate::signal::Signal;
use crate::write::{close, open};

#[cfg(test)]
mod tests;

/// Bytes that the length of a message is expected to take; it is moved where that is wrong.
const LENGTH_OF_ONE: usize = 2;
const LENGTH_OF_MANY: usize = 3;

impl Segment {
    /// Appends rows as one `TracesData`, `MetricsData` or `LogsData`, in canonical protobuf. They stay in their order;
    /// neighbours share their resource, scope and metric where these are equal.
    ///
    /// # Panics
    /// If the rows are not inside the segment, or it does not hold all of its requests.
    pub fn put_request(&self, rows: Range<usize>, out: &mut Vec<u8>) {
        self.demand(Kept::ALL);
        for rows in self.groups(rows) {
            let owner = self.resource(self.resource_of(rows.start));
            put_owned(out, GROUPS, owner, |out| self.put_scopes(rows, out));
        }
    }

    /// Rows of one resource each.
    pub(crate) fn groups(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let resource = |row| self.resource_of(row);
        // Numbers first: they are equal for nearly all neighbours, and spare a comparison of all that a resource has.
        let is_same = |a, b| a == b || self.resource(a) == self.resource(b);
        runs(rows, move |a, b| is_same(resource(a), resource(b)))
    }

    /// Of rows of one resource those of one scope each.
    pub(crate) fn scopes(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let scope = |row| self.scope_of(row);
        let is_same = |a, b| a == b || self.scope(a) == self.scope(b);
        runs(rows, move |a, b| is_same(scope(a), scope(b)))
    }

    /// Of rows of one scope those of one metric each.
    pub(crate) fn metrics_of(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let metric = |row| self.metric_of(row);
        let head = |row| Head::of(self, self.metrics[self.metric_of(row)]);
        // A metric without points is a row: two of them are two metrics.
        let has_point = |row| self.message(row).is_some();
        runs(rows, move |a, b| {
            has_point(a) && has_point(b) && (metric(a) == metric(b) || head(a) == head(b))
        })
    }

    fn put_scopes(&self, rows: Range<usize>, out: &mut Vec<u8>) {
        for rows in self.scopes(rows) {
            let owner = self.scope(self.scope_of(rows.start));
            put_owned(out, CONTENT, owner, |out| match self.signal {
                Signal::Metrics => self.put_metrics(rows, out),
                Signal::Traces | Signal::Logs => self.put_messages(rows, CONTENT, out),
            });
        }
    }

    fn put_metrics(&self, rows: Range<usize>, out: &mut Vec<u8>) {
        for rows in self.metrics_of(rows) {
            let head = Head::of(self, self.metrics[self.metric_of(rows.start)]);
            put_message(out, CONTENT, LENGTH_OF_MANY, |out| self.put_metric(head, rows, out));
        }
    }

    fn put_metric(&self, head: Head<'_>, rows: Range<usize>, out: &mut Vec<u8>) {
        out.extend_from_slice(head.before);
        if let Some((field, rest)) = head.data {
            let number = METRIC.fields[usize::from(field)].number.into();
            put_message(out, number, LENGTH_OF_MANY, |out| {
                self.put_messages(rows, POINTS, out);
                out.extend_from_slice(rest);
            });
        }
        out.extend_from_slice(head.behind);
    }

    /// Appends what rows have for themselves, each as an element of that field.
    fn put_messages(&self, rows: Range<usize>, number: u32, out: &mut Vec<u8>) {
        for message in rows.filter_map(|row| self.message(row)) {
            put_message(out, number, LENGTH_OF_ONE, |out| out.extend_from_slice(message));
        }
    }
}

/// Appends what a resource or scope has, with the rows of it.
fn put_owned(out: &mut Vec<u8>, number: u32, owner: OwnerRef<'_>, rows: impl FnOnce(&mut Vec<u8>)) {
    put_message(out, number, LENGTH_OF_MANY, |out| {
        if let Some(message) = owner.message {
            put_message(out, OWNER, LENGTH_OF_ONE, |out| out.extend_from_slice(message));
        }
        rows(out);
        if let Some(url) = owner.schema_url {
            put_message(out, SCHEMA_URL, 1, |out| out.extend_from_slice(url));
        }
    });
}

fn put_message(out: &mut Vec<u8>, number: u32, width: usize, content: impl FnOnce(&mut Vec<u8>)) {
    let start = open(out, number, width);
    content(out);
    close(out, start, width);
}

/// Cuts rows where neighbours are not the same.
fn runs(
    rows: Range<usize>,
    is_same: impl Fn(usize, usize) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let Range { mut start, end } = rows;
    std::iter::from_fn(move || {
        let first = start;
        if first == end {
            return None;
        }
        start += 1;
        while start < end && is_same(start - 1, start) {
            start += 1;
        }
        Some(first..start)
    })
}
