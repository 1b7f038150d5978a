//! Joins rows of segments into one segment that holds nothing else.
//!
//! What frames the messages of a request is left out, equal resources, scopes and metrics are kept
//! once, and a metric is kept without its points, for each of them is a row.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use super::measure::Footprint;
use super::{Metric, Owner, OwnerRef, Row, Scope, Segment, Slice};
use crate::error::Result;
use crate::limits::MAX_SEGMENT_BYTES;
use crate::schema::METRIC;
use crate::signal::Signal;
use crate::wire::{Reader, Value, put_tag, put_varint, varint_len};

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
        let mut footprint = Footprint::default();
        for (segment, rows) in runs {
            assert_eq!(segment.signal, signal, "segments of several signals");
            footprint = footprint.plus(segment.footprint(rows.clone()));
        }
        assert!(footprint.bytes <= MAX_SEGMENT_BYTES, "rows too large for a segment");
        let mut merge = Merge::new(signal, footprint);
        for (segment, rows) in runs {
            merge.push(segment, rows.clone());
        }
        merge.merged.shrink_to_fit();
        merge.merged
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

/// A segment in the making. Keys borrow from the segments that are merged.
struct Merge<'a> {
    merged: Segment,
    resources: Numbers<OwnerRef<'a>>,
    scopes: Numbers<(u32, OwnerRef<'a>)>,
    metrics: Numbers<(u32, Head<'a>)>,
    /// By number of a parent in the current segment, its number in the merged one.
    parents: Vec<Option<u32>>,
}

impl<'a> Merge<'a> {
    fn new(signal: Signal, footprint: Footprint) -> Merge<'a> {
        Merge {
            merged: Segment {
                signal,
                bytes: Vec::with_capacity(footprint.bytes),
                rows: Vec::with_capacity(footprint.rows),
                resources: Vec::new(),
                scopes: Vec::new(),
                metrics: Vec::new(),
            },
            resources: Numbers::default(),
            scopes: Numbers::default(),
            metrics: Numbers::default(),
            parents: Vec::new(),
        }
    }

    fn push(&mut self, segment: &'a Segment, rows: Range<usize>) {
        self.parents.clear();
        self.parents.resize(segment.scopes.len().max(segment.metrics.len()), None);
        for &Row { message, parent, time } in &segment.rows[rows] {
            let parent = self.parents[parent as usize].unwrap_or_else(|| {
                let number = self.parent(segment, parent as usize);
                self.parents[parent as usize] = Some(number);
                number
            });
            let message = self.merged.put(message.of(&segment.bytes));
            self.merged.rows.push(Row { message, parent, time });
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
        let merged = &mut self.merged;
        self.metrics.number((scope, head), || {
            let (message, data) = head.put(&mut merged.bytes);
            merged.metrics.push(Metric { message, data, data_field: metric.data_field, scope });
        })
    }

    fn scope(&mut self, segment: &'a Segment, scope: Scope) -> u32 {
        let resource = self.resource(segment.owner(segment.resources[scope.resource as usize]));
        let owner = segment.owner(scope.owner);
        let merged = &mut self.merged;
        self.scopes.number((resource, owner), || {
            let owner = merged.put_owner(owner);
            merged.scopes.push(Scope { owner, resource });
        })
    }

    fn resource(&mut self, owner: OwnerRef<'a>) -> u32 {
        let merged = &mut self.merged;
        self.resources.number(owner, || {
            let owner = merged.put_owner(owner);
            merged.resources.push(owner);
        })
    }
}

impl Segment {
    fn put(&mut self, bytes: Option<&[u8]>) -> Slice {
        bytes.map_or(Slice::ABSENT, |bytes| put(&mut self.bytes, bytes))
    }

    fn put_owner(&mut self, owner: OwnerRef<'_>) -> Owner {
        Owner { message: self.put(owner.message), schema_url: self.put(owner.schema_url) }
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) -> Slice {
    let start = out.len() as u32;
    out.extend_from_slice(bytes);
    Slice { start, len: bytes.len() as u32 }
}

/// Numbers equal things alike, in the order in which they come.
struct Numbers<K> {
    /// The latest: with one sender, all others are the same.
    last: Option<(K, u32)>,
    known: HashMap<K, u32>,
}

impl<K> Default for Numbers<K> {
    fn default() -> Numbers<K> {
        Numbers { last: None, known: HashMap::new() }
    }
}

impl<K: Hash + Eq + Copy> Numbers<K> {
    /// The number of `key`; calls `add` if it is new.
    fn number(&mut self, key: K, add: impl FnOnce()) -> u32 {
        if let Some((last, number)) = self.last
            && last == key
        {
            return number;
        }
        let next = self.known.len() as u32;
        let number = *self.known.entry(key).or_insert_with(|| {
            add();
            next
        });
        self.last = Some((key, number));
        number
    }
}

/// A metric without its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Head<'a> {
    /// The fields before the data.
    before: &'a [u8],
    /// The number of the field of the data, and what of it are not points.
    data: Option<(u8, &'a [u8])>,
    /// The fields behind the data.
    behind: &'a [u8],
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
        metric.data.of(bytes)?;
        let (message, data) = (range(metric.message), range(metric.data));
        let before = message.start..field_at(bytes, message.clone(), data.start).ok()?;
        let rest = end_of_points(bytes, data.clone()).ok()?..data.end;
        let number = METRIC.fields[usize::from(metric.data_field)].number;
        Some(Head {
            before: &bytes[before],
            data: Some((number, &bytes[rest])),
            behind: &bytes[data.end..message.end],
        })
    }

    /// Bytes of the metric.
    pub(super) fn len(&self) -> usize {
        let data = self.data.map_or(0, |(_, rest)| 1 + varint_len(rest.len() as u64) + rest.len());
        self.before.len() + data + self.behind.len()
    }

    /// Appends the metric; says where it stands, and its data.
    fn put(&self, out: &mut Vec<u8>) -> (Slice, Slice) {
        let start = out.len() as u32;
        out.extend_from_slice(self.before);
        let data = match self.data {
            Some((number, rest)) => {
                put_tag(out, number.into(), 2);
                put_varint(out, rest.len() as u64);
                put(out, rest)
            }
            None => Slice::ABSENT,
        };
        out.extend_from_slice(self.behind);
        (Slice { start, len: out.len() as u32 - start }, data)
    }
}

fn range(slice: Slice) -> Range<usize> {
    let start = slice.start as usize;
    start..start + slice.len as usize
}

/// Where the field begins whose content is at `content`.
fn field_at(bytes: &[u8], message: Range<usize>, content: usize) -> Result<usize> {
    let mut reader = Reader::within(bytes, message);
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

/// Where the points end that the data of a metric begins with.
fn end_of_points(bytes: &[u8], data: Range<usize>) -> Result<usize> {
    let mut reader = Reader::within(bytes, data);
    let mut end = reader.offset();
    while !reader.is_empty() {
        let (number, wire_type) = reader.tag()?;
        if number != 1 {
            break;
        }
        reader.skip(number, wire_type)?;
        end = reader.offset();
    }
    Ok(end)
}
