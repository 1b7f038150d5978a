//! Joins rows of segments into one segment that holds nothing else.
//!
//! What frames the messages of a request is left out, equal resources, scopes and metrics are kept
//! once, and a metric is kept without its points, for each of them is a row.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use super::{Metric, Owner, OwnerRef, Row, Scope, Segment, Slice};
use crate::error::Result;
use crate::kept::Kept;
use crate::limits::MAX_SEGMENT_BYTES;
use crate::schema::METRIC;
use crate::signal::Signal;
use crate::wire::{CheckingReader, Value, put_tag, put_varint, varint_len};

#[cfg(test)]
mod tests;

impl Segment {
    /// The rows of several segments in one, in their order, in no more memory than they need.
    ///
    /// Every row reads as before, but for the numbers of its resource and scope: rows with equal ones
    /// share them.
    ///
    /// # Panics
    /// If a segment is of another signal, if rows are not inside their segment, or if together they
    /// take more than [`MAX_SEGMENT_BYTES`].
    pub fn merge(signal: Signal, runs: &[(&Segment, Range<usize>)]) -> Segment {
        let mut merge = Merge::new(runs.iter().map(|(_, rows)| rows.len()).sum());
        for (segment, rows) in runs {
            assert_eq!(segment.signal, signal, "segments of several signals");
            merge.number(segment, rows.clone());
        }
        assert!(merge.bytes <= MAX_SEGMENT_BYTES, "rows too large for a segment");
        Segment {
            kept: runs.iter().fold(Kept::ALL, |kept, (segment, _)| kept.both(segment.kept)),
            ..merge.copy(signal, runs)
        }
    }

    /// Gives back memory that is reserved but not used.
    pub fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.resources.shrink_to_fit();
        self.scopes.shrink_to_fit();
        self.metrics.shrink_to_fit();
    }
}

/// First numbers what the rows share and adds up the bytes, then copies all into one buffer of the
/// right size.
struct Merge<'a> {
    bytes: usize,
    rows: Vec<Row>,
    resources: Numbers<OwnerRef<'a>>,
    scopes: Numbers<(u32, OwnerRef<'a>)>,
    metrics: Numbers<(u32, Head<'a>)>,
    /// By number of a parent in the current segment, its number in the merged one.
    parents: Vec<Option<u32>>,
}

impl<'a> Merge<'a> {
    fn new(rows: usize) -> Merge<'a> {
        Merge {
            bytes: 0,
            rows: Vec::with_capacity(rows),
            resources: Numbers::default(),
            scopes: Numbers::default(),
            metrics: Numbers::default(),
            parents: Vec::new(),
        }
    }

    /// Adds rows, with their new parents and their old places.
    fn number(&mut self, segment: &'a Segment, rows: Range<usize>) {
        self.parents.clear();
        // The parent of a row is a metric or a scope, never both in one segment: one list serves either.
        self.parents.resize(segment.scopes.len().max(segment.metrics.len()), None);
        for &row in &segment.rows[rows] {
            // Each parent is looked up once for a segment, however many rows it has: hashing all of a resource for
            // each would cost more than the copy.
            let parent = self.parents[row.parent as usize].unwrap_or_else(|| {
                let number = self.parent(segment, row.parent as usize);
                self.parents[row.parent as usize] = Some(number);
                number
            });
            self.bytes += row.message.len as usize;
            self.rows.push(Row { parent, ..row });
        }
    }

    /// The number of a scope or, among data points, of a metric.
    fn parent(&mut self, segment: &'a Segment, parent: usize) -> u32 {
        match segment.signal {
            Signal::Metrics => self.metric(segment, segment.metrics[parent]),
            _ => self.scope(segment, segment.scopes[parent]),
        }
    }

    fn metric(&mut self, segment: &'a Segment, metric: Metric) -> u32 {
        let scope = self.scope(segment, segment.scopes[metric.scope as usize]);
        let head = Head::of(segment, metric);
        self.metrics.number((scope, head), || self.bytes += head.len())
    }

    fn scope(&mut self, segment: &'a Segment, scope: Scope) -> u32 {
        let resource = segment.owner(segment.resources[scope.resource as usize]);
        let resource = self.resources.number(resource, || self.bytes += resource.len());
        let owner = segment.owner(scope.owner);
        self.scopes.number((resource, owner), || self.bytes += owner.len())
    }

    fn copy(self, signal: Signal, runs: &[(&Segment, Range<usize>)]) -> Segment {
        let mut bytes = Vec::with_capacity(self.bytes);
        let out = &mut bytes;
        let resources = self.resources.keys.iter().map(|owner| owner.put(out)).collect();
        let scope = |(resource, owner): &(u32, OwnerRef<'_>)| Scope {
            owner: owner.put(out),
            resource: *resource,
        };
        let scopes = self.scopes.keys.iter().map(scope).collect();
        let metrics = self.metrics.keys.iter().map(|(scope, head)| head.put(*scope, out)).collect();
        let mut rows = self.rows;
        let old =
            runs.iter().flat_map(|(segment, rows)| rows.clone().map(|row| segment.message(row)));
        for (row, message) in rows.iter_mut().zip(old) {
            // Old places are read while new ones are written, so rows go through both lists side by side.
            row.message = put(message, out);
        }
        Segment { signal, kept: Kept::ALL, whole: false, bytes, rows, resources, scopes, metrics }
    }
}

impl OwnerRef<'_> {
    fn len(self) -> usize {
        self.message.map_or(0, <[u8]>::len) + self.schema_url.map_or(0, <[u8]>::len)
    }

    fn put(self, out: &mut Vec<u8>) -> Owner {
        Owner { message: put(self.message, out), schema_url: put(self.schema_url, out) }
    }
}

fn put(bytes: Option<&[u8]>, out: &mut Vec<u8>) -> Slice {
    let Some(bytes) = bytes else { return Slice::ABSENT };
    let start = out.len() as u32;
    out.extend_from_slice(bytes);
    Slice { start, len: bytes.len() as u32 }
}

/// Numbers equal things alike, in the order in which they come.
struct Numbers<K> {
    keys: Vec<K>,
    numbers: HashMap<K, u32>,
    /// The number of the latest: with one sender, all others are the same.
    last: usize,
}

impl<K> Default for Numbers<K> {
    fn default() -> Numbers<K> {
        Numbers { keys: Vec::new(), numbers: HashMap::new(), last: 0 }
    }
}

impl<K: Hash + Eq + Copy> Numbers<K> {
    /// The number of `key`; calls `add` if it is new.
    fn number(&mut self, key: K, add: impl FnOnce()) -> u32 {
        // Compared by content: two senders of one service have equal resources at different places.
        if self.keys.get(self.last) == Some(&key) {
            return self.last as u32;
        }
        let number = *self.numbers.entry(key).or_insert_with(|| {
            add();
            self.keys.push(key);
            self.keys.len() as u32 - 1
        });
        self.last = number as usize;
        number
    }
}

/// A metric without its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Head<'a> {
    /// The fields before the data.
    pub(super) before: &'a [u8],
    /// The position of the field of the data, and what of it is not points.
    pub(super) data: Option<(u8, &'a [u8])>,
    /// The fields behind the data.
    pub(super) behind: &'a [u8],
}

impl<'a> Head<'a> {
    pub(super) fn of(segment: &'a Segment, metric: Metric) -> Head<'a> {
        // Only of bytes that are not canonical would the index know more than is found here.
        Head::around_data(segment, metric).unwrap_or_else(|| Head {
            before: &segment.bytes[range(metric.message)],
            data: None,
            behind: &[],
        })
    }

    fn around_data(segment: &'a Segment, metric: Metric) -> Option<Head<'a>> {
        let Segment { bytes, .. } = segment;
        let rest = metric.rest()?;
        let (message, data) = (range(metric.message), range(metric.data));
        let before = message.start..field_at(bytes, message.clone(), data.start).ok()?;
        Some(Head {
            before: &bytes[before],
            data: Some((metric.data_field, &bytes[rest])),
            behind: &bytes[data.end..message.end],
        })
    }

    /// Bytes of the metric.
    pub(super) fn len(&self) -> usize {
        let data = self.data.map_or(0, |(_, rest)| 1 + varint_len(rest.len() as u64) + rest.len());
        self.before.len() + data + self.behind.len()
    }

    fn put(&self, scope: u32, out: &mut Vec<u8>) -> Metric {
        let start = out.len() as u32;
        let (mut data, mut data_field) = (Slice::ABSENT, 0);
        out.extend_from_slice(self.before);
        if let Some((field, rest)) = self.data {
            put_tag(out, METRIC.fields[usize::from(field)].number.into(), 2);
            put_varint(out, rest.len() as u64);
            (data, data_field) = (put(Some(rest), out), field);
        }
        out.extend_from_slice(self.behind);
        let message = Slice { start, len: out.len() as u32 - start };
        Metric { message, data, rest: data.start, data_field, scope }
    }
}

fn range(slice: Slice) -> Range<usize> {
    let start = slice.start as usize;
    start..start + slice.len as usize
}

/// Where the field begins whose content is at `content`.
fn field_at(bytes: &[u8], message: Range<usize>, content: usize) -> Result<usize> {
    let mut reader = CheckingReader::within(bytes, message);
    loop {
        let start = reader.offset();
        let (number, wire_type) = reader.tag()?;
        if let Value::Len(_, at) = reader.value(number, wire_type)?
            && at == content
        {
            return Ok(start);
        }
    }
}
