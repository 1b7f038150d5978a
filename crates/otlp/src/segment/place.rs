//! Where things lie in the buffer of a segment, for readers that keep places instead of slices.

use std::ops::Range;

use super::{Metric, Segment, Slice};

impl Slice {
    fn range(self) -> Option<Range<usize>> {
        let start = self.start as usize;
        // Places of 32 bits halve the index; a segment is never larger than they reach.
        (self != Slice::ABSENT).then(|| start..start + self.len as usize)
    }
}

impl Segment {
    /// The buffer; places count from its start.
    #[inline]
    pub(crate) fn buffer(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the span, log record or data point of a row lies.
    #[inline]
    pub(crate) fn message_range(&self, row: usize) -> Option<Range<usize>> {
        self.rows[row].message.range()
    }

    /// The number of the metric of a data point: rows with the same number share it.
    #[inline]
    pub(crate) fn metric_of(&self, row: usize) -> usize {
        self.rows[row].parent as usize
    }

    /// Where the resource of that number lies, and its schema URL.
    pub(crate) fn resource_ranges(&self, number: usize) -> [Option<Range<usize>>; 2] {
        let owner = self.resources[number];
        [owner.message.range(), owner.schema_url.range()]
    }

    /// Where the scope of that number lies, and its schema URL.
    pub(crate) fn scope_ranges(&self, number: usize) -> [Option<Range<usize>>; 2] {
        let owner = self.scopes[number].owner;
        [owner.message.range(), owner.schema_url.range()]
    }

    /// Where the metric of that number lies.
    pub(crate) fn metric_range(&self, number: usize) -> Option<Range<usize>> {
        self.metrics[number].message.range()
    }

    /// The position of the field of the metric of that number that is set, `gauge`, `sum`, …, and where the
    /// message in it goes on behind its points.
    #[inline]
    pub(crate) fn data_rest(&self, number: usize) -> Option<(usize, Range<usize>)> {
        let metric = &self.metrics[number];
        Some((usize::from(metric.data_field), metric.rest()?))
    }
}

impl Metric {
    /// Where the data goes on behind its points.
    #[inline]
    pub(super) fn rest(&self) -> Option<Range<usize>> {
        self.data.range().map(|data| self.rest as usize..data.end)
    }
}
