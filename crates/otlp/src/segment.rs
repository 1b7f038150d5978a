//! A run of rows over one buffer of canonical protobuf.
//!
//! A row is a span, a log record, or a metric data point; a metric without points is one row too, so
//! that nothing is lost. The buffer holds requests back to back, each a `TracesData`, `MetricsData` or
//! `LogsData`; beside it an index says where each row, resource, scope and metric lies. Building it
//! allocates nothing per row.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::kept::Kept;
use crate::limits::MAX_SEGMENT_BYTES;
use crate::normalize::normalize;
use crate::order::sort_messages;
use crate::repair::Repairs;
use crate::schema::{Field, METRIC};
use crate::signal::Signal;
use crate::verify::{Needs, Verified, verify};

mod entries;
mod index;
mod measure;
mod merge;
mod place;
mod plain;
mod request;
#[cfg(test)]
mod tests;
pub(crate) mod text;

pub use entries::entries;
pub use measure::{Copied, Run};

/// An immutable run of rows of one signal.
#[derive(Debug, Clone)]
pub struct Segment {
    signal: Signal,
    kept: Kept,
    /// Whether the buffer is requests, as they came.
    whole: bool,
    bytes: Vec<u8>,
    rows: Vec<Row>,
    resources: Vec<Owner>,
    scopes: Vec<Scope>,
    metrics: Vec<Metric>,
}

/// Where a row lies. `parent` is its scope, or for a data point its metric.
#[derive(Debug, Clone, Copy)]
struct Row {
    message: Slice,
    parent: u32,
    /// Nanoseconds that a span took, or [`Row::ODD_DURATION`].
    duration: u32,
    /// Nanoseconds since the epoch; 0 is unknown.
    time: u64,
}

impl Row {
    /// A duration that is to be read of the message: it is long, negative or unknown.
    const ODD_DURATION: u32 = u32::MAX;

    fn new(message: Slice, parent: u32, time: u64) -> Row {
        let time = valid_time(time).map_or(0, |time| time as u64);
        Row { message, parent, duration: Row::ODD_DURATION, time }
    }
}

/// A resource or an instrumentation scope, with the schema URL that stands beside it.
#[derive(Debug, Clone, Copy)]
struct Owner {
    message: Slice,
    schema_url: Slice,
}

impl Owner {
    const ABSENT: Owner = Owner { message: Slice::ABSENT, schema_url: Slice::ABSENT };
}

#[derive(Debug, Clone, Copy)]
struct Scope {
    owner: Owner,
    resource: u32,
}

/// A metric; `data` is the content of its `gauge`, `sum`, … and `data_field` that field's position.
#[derive(Debug, Clone, Copy)]
struct Metric {
    message: Slice,
    data: Slice,
    /// Where the data goes on behind its points: to find that again would take a walk over all of them.
    rest: u32,
    data_field: u8,
    scope: u32,
}

/// A range of the buffer, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    start: u32,
    len: u32,
}

impl Slice {
    const ABSENT: Slice = Slice { start: u32::MAX, len: 0 };

    fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        // A message that is there but empty has a place, so absence cannot be told by length.
        (self != Slice::ABSENT)
            .then(|| &bytes[self.start as usize..self.start as usize + self.len as usize])
    }
}

/// The message of a resource or scope, and the schema URL that stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnerRef<'a> {
    /// The `Resource` or `InstrumentationScope`; `None` where it is absent.
    pub message: Option<&'a [u8]>,
    /// The schema URL; `None` where it is absent or empty.
    pub schema_url: Option<&'a [u8]>,
}

/// The metric of a data point.
#[derive(Debug, Clone, Copy)]
pub struct MetricRef<'a> {
    /// The whole `Metric`. Its points are not to be looked for here: a merged segment keeps them as
    /// rows only.
    pub message: &'a [u8],
    /// The field of the metric that is set (`gauge`, `sum`, …) and the message in it.
    pub data: Option<(&'static Field, &'a [u8])>,
    /// What of that message stands behind its points.
    pub rest: &'a [u8],
}

impl Segment {
    /// The signal of every row.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// What it holds of the requests that it was made from.
    pub fn kept(&self) -> Kept {
        self.kept
    }

    /// Whoever reads a segment says first what of it.
    ///
    /// # Panics
    /// If it does not hold that much: it would read as absent, which nobody could tell from the truth.
    #[inline]
    pub(crate) fn demand(&self, needed: Kept) {
        assert!(
            self.kept.satisfies(needed),
            "{needed:?} is to be read of a segment that holds {:?}",
            self.kept
        );
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Nanoseconds since the epoch of a row: span start, point time, log time or else observed time.
    /// `None` where it is 0 or beyond what a signed 64-bit number can hold.
    #[inline]
    pub fn time(&self, row: usize) -> Option<i64> {
        match self.rows[row].time {
            0 => None,
            time => Some(time as i64),
        }
    }

    /// Nanoseconds from start to end of a span, negative where clocks disagree; `None` where one of them is
    /// unknown, as in [`Segment::time`].
    #[inline]
    pub fn duration(&self, row: usize) -> Option<i64> {
        match self.rows[row].duration {
            // Four seconds fit into the index, which most spans are shorter than; the others cost a walk when they
            // are asked for.
            Row::ODD_DURATION => self.odd_duration(row),
            duration => Some(duration.into()),
        }
    }

    #[cold]
    fn odd_duration(&self, row: usize) -> Option<i64> {
        let [start, end] = index::span_times(self.message(row)?).ok()?;
        Some(valid_time(end)? - valid_time(start)?)
    }

    /// The span or log record of a row, or its data point; `None` for a metric without points.
    #[inline]
    pub fn message(&self, row: usize) -> Option<&[u8]> {
        self.rows[row].message.of(&self.bytes)
    }

    /// The number of the resource of a row: rows with the same number share it.
    #[inline]
    pub fn resource_of(&self, row: usize) -> usize {
        self.scopes[self.scope_of(row)].resource as usize
    }

    /// The number of the scope of a row: rows with the same number share it.
    #[inline]
    pub fn scope_of(&self, row: usize) -> usize {
        let parent = self.rows[row].parent;
        match self.signal {
            Signal::Metrics => self.metrics[parent as usize].scope as usize,
            _ => parent as usize,
        }
    }

    /// The resource of that number.
    pub fn resource(&self, number: usize) -> OwnerRef<'_> {
        self.owner(self.resources[number])
    }

    /// The scope of that number.
    pub fn scope(&self, number: usize) -> OwnerRef<'_> {
        self.owner(self.scopes[number].owner)
    }

    /// The metric of a row; `None` for spans and log records.
    pub fn metric(&self, row: usize) -> Option<MetricRef<'_>> {
        let metric = self.metrics.get(self.rows[row].parent as usize)?;
        let data = metric.data.of(&self.bytes);
        Some(MetricRef {
            message: metric.message.of(&self.bytes).unwrap_or_default(),
            data: data.map(|data| (&METRIC.fields[usize::from(metric.data_field)], data)),
            rest: metric.rest().map_or(&[], |range| &self.bytes[range]),
        })
    }

    /// The requests that the rows came in, back to back; `None` of a segment that was put together of others.
    ///
    /// # Panics
    /// If it does not hold all of them.
    pub fn requests(&self) -> Option<&[u8]> {
        self.demand(Kept::ALL);
        self.whole.then_some(&self.bytes)
    }

    /// Bytes of protobuf that a row's own data stands in: its message, and for a data point the head of
    /// its metric too.
    fn wire_len(&self, row: usize) -> usize {
        let Row { message, parent, .. } = self.rows[row];
        let head = self.metrics.get(parent as usize).filter(|_| self.signal == Signal::Metrics);
        message.len as usize
            + head.map_or(0, |metric| (metric.message.len - metric.data.len) as usize)
    }

    fn owner(&self, owner: Owner) -> OwnerRef<'_> {
        OwnerRef {
            message: owner.message.of(&self.bytes),
            schema_url: owner.schema_url.of(&self.bytes).filter(|url| !url.is_empty()),
        }
    }

    /// Bytes of memory the segment holds.
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
            + self.rows.capacity() * size_of::<Row>()
            + self.resources.capacity() * size_of::<Owner>()
            + self.scopes.capacity() * size_of::<Scope>()
            + self.metrics.capacity() * size_of::<Metric>()
    }
}

/// Nanoseconds since the epoch that a TIMESTAMP_NS holds; `i64::MAX` is DuckDB's infinity.
#[inline]
pub(crate) fn valid_time(nanos: u64) -> Option<i64> {
    i64::try_from(nanos).ok().filter(|&nanos| nanos != 0 && nanos != i64::MAX)
}

/// How much a segment holds at some time.
#[derive(Clone, Copy)]
struct Mark([usize; 5]);

fn too_large() -> Error {
    Error::new("request too large for a segment", 0)
}

/// Collects requests of one signal into a [`Segment`].
#[derive(Debug)]
pub struct SegmentBuilder {
    segment: Segment,
}

impl SegmentBuilder {
    /// An empty segment to be, of all that requests hold.
    pub fn new(signal: Signal) -> SegmentBuilder {
        SegmentBuilder::keeping(signal, Kept::ALL)
    }

    /// An empty segment to be, of which no more is needed than this.
    pub fn keeping(signal: Signal, kept: Kept) -> SegmentBuilder {
        SegmentBuilder {
            segment: Segment {
                signal,
                kept,
                whole: true,
                bytes: Vec::new(),
                rows: Vec::new(),
                resources: Vec::new(),
                scopes: Vec::new(),
                metrics: Vec::new(),
            },
        }
    }

    /// An empty segment to be, in the memory of another.
    pub(crate) fn reusing(mut segment: Segment, signal: Signal, kept: Kept) -> SegmentBuilder {
        (segment.signal, segment.kept) = (signal, kept);
        segment.whole = true;
        segment.bytes.clear();
        segment.rows.clear();
        segment.resources.clear();
        segment.scopes.clear();
        segment.metrics.clear();
        SegmentBuilder { segment }
    }

    /// The signal of the rows.
    pub fn signal(&self) -> Signal {
        self.segment.signal
    }

    /// Rows collected so far.
    pub fn len(&self) -> usize {
        self.segment.len()
    }

    /// Whether no row was collected.
    pub fn is_empty(&self) -> bool {
        self.segment.is_empty()
    }

    /// Bytes of protobuf collected so far.
    pub fn bytes(&self) -> usize {
        self.segment.bytes.len()
    }

    /// Appends a request in protobuf, all of it or nothing.
    ///
    /// # Errors
    /// If the request is malformed, or the segment has no room for it.
    pub fn push_protobuf(&mut self, request: &[u8]) -> Result<Repairs> {
        if self.segment.kept.is_times_only() {
            return self.push_times(request);
        }
        if self.push_plain(request) {
            return Ok(Repairs::default());
        }
        self.push_verified(&verify(self.segment.signal.data(), request)?)
    }

    /// As [`SegmentBuilder::push_protobuf`], for a request that is laid out as senders write it: to check it and to
    /// find its rows takes one walk. `false`, and nothing is appended, if it is laid out in another way, malformed, or too large.
    pub fn push_plain(&mut self, request: &[u8]) -> bool {
        let start = self.bytes();
        if request.len() > MAX_SEGMENT_BYTES.saturating_sub(start) {
            return false;
        }
        let is_plain = self.read_plain(|segment, buffer| match start {
            // The first request of a segment is copied row by row, as its memory is cold; behind others it is copied
            // at once, and its offsets count from theirs.
            0 => plain::read_and_copy(segment, request, buffer),
            _ => {
                buffer.extend_from_slice(request);
                plain::read(segment, buffer, start)
            }
        });
        if !is_plain {
            self.segment.bytes.truncate(start);
        }
        is_plain
    }

    /// As [`SegmentBuilder::push_protobuf`], for a request that is laid out as senders write it. It is not copied
    /// if it is the first.
    ///
    /// # Errors
    /// The request, and nothing is appended, if it is laid out in another way, malformed, or too large.
    pub fn push_owned(&mut self, request: Vec<u8>) -> std::result::Result<(), Vec<u8>> {
        if self.bytes() > 0 || request.len() > MAX_SEGMENT_BYTES {
            return self.push_plain(&request).then_some(()).ok_or(request);
        }
        self.segment.bytes = request;
        if self.read_plain(|segment, buffer| plain::read(segment, buffer, 0)) {
            Ok(())
        } else {
            Err(std::mem::take(&mut self.segment.bytes))
        }
    }

    /// Adds the rows of a request that `read` puts in the buffer, or finds there. If it finds none, the buffer
    /// is left as it is.
    fn read_plain(
        &mut self,
        read: impl FnOnce(&mut Segment, &mut Vec<u8>) -> Option<Vec<Range<usize>>>,
    ) -> bool {
        let mark = self.mark();
        // The buffer is out of the segment while it is read, so that rows can be added to the one and the other be
        // borrowed.
        let mut buffer = std::mem::take(&mut self.segment.bytes);
        let messages = read(&mut self.segment, &mut buffer);
        match &messages {
            Some(messages) => sort_messages(&mut buffer, messages),
            None => self.reset_to(mark),
        }
        self.segment.bytes = buffer;
        messages.is_some()
    }

    /// Appends a request that was checked before, or that this crate wrote: nobody checks it again.
    ///
    /// # Errors
    /// If the segment has no room for it. The segment is as it was then.
    ///
    /// # Panics
    /// If the request is of another signal.
    pub fn push_verified(&mut self, request: &Verified<'_>) -> Result<Repairs> {
        assert!(std::ptr::eq(request.message, self.signal().data()), "a request of another signal");
        if request.bytes().len() > MAX_SEGMENT_BYTES.saturating_sub(self.bytes()) {
            return Err(too_large());
        }
        let (start, mut repairs) = (self.bytes(), Repairs::default());
        match request.needs {
            // Readers of a segment pass by unknown fields, so to keep them costs less than to drop them.
            Needs::Nothing | Needs::Dropping => self.buffer().extend_from_slice(request.bytes()),
            _ => normalize(request, self.buffer(), &mut repairs),
        }
        self.index_written(start).map(|()| repairs)
    }

    /// Appends the rows of a request in protobuf, of which nothing is wanted but their times.
    ///
    /// # Errors
    /// As [`SegmentBuilder::push_protobuf`].
    fn push_times(&mut self, request: &[u8]) -> Result<Repairs> {
        if request.len() > MAX_SEGMENT_BYTES {
            return Err(too_large());
        }
        let mark = self.mark();
        if plain::read(&mut self.segment, request, 0).is_none() {
            self.reset_to(mark);
            let verified = verify(self.segment.signal.data(), request)?;
            // The times may stand in other fields, or twice: so what is canonical is made first. Its rows have places
            // then, which nobody asks for.
            if matches!(verified.needs, Needs::Modernizing | Needs::Rewriting) {
                return self.push_verified(&verified);
            }
            if let Err(error) = index::index_unsorted(&mut self.segment, request) {
                self.reset_to(mark);
                return Err(error);
            }
        }
        self.forget_places(mark);
        Ok(Repairs::default())
    }

    /// Forgets where what was added since then stands.
    fn forget_places(&mut self, Mark([_, rows, resources, scopes, metrics]): Mark) {
        let segment = &mut self.segment;
        segment.rows[rows..].iter_mut().for_each(|row| row.message = Slice::ABSENT);
        segment.resources[resources..].fill(Owner::ABSENT);
        segment.scopes[scopes..].iter_mut().for_each(|scope| scope.owner = Owner::ABSENT);
        for metric in &mut segment.metrics[metrics..] {
            (metric.message, metric.data) = (Slice::ABSENT, Slice::ABSENT);
        }
    }

    /// Adds the rows of a canonical request that was written to the [`buffer`](SegmentBuilder::buffer),
    /// where it starts at `start`.
    ///
    /// # Errors
    /// If the segment has no room for it. It is removed then.
    pub(crate) fn index_written(&mut self, start: usize) -> Result<()> {
        // The request is in the buffer already, which therefore ends elsewhere than where it is to end if this fails.
        let Mark([_, lens @ ..]) = self.mark();
        // What replaces invalid UTF-8 takes more room than what it replaces.
        let indexed = match self.bytes() > MAX_SEGMENT_BYTES {
            true => Err(too_large()),
            false => index::index(&mut self.segment, start),
        };
        if indexed.is_err() {
            let [rows, resources, scopes, metrics] = lens;
            self.reset_to(Mark([start, rows, resources, scopes, metrics]));
        }
        indexed
    }

    /// Where requests stand back to back. Only [`index_written`](SegmentBuilder::index_written) makes rows of
    /// what is added.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.segment.bytes
    }

    fn mark(&self) -> Mark {
        let Segment { bytes, rows, resources, scopes, metrics, .. } = &self.segment;
        Mark([bytes.len(), rows.len(), resources.len(), scopes.len(), metrics.len()])
    }

    fn reset_to(&mut self, Mark([bytes, rows, resources, scopes, metrics]): Mark) {
        self.segment.bytes.truncate(bytes);
        self.segment.rows.truncate(rows);
        self.segment.resources.truncate(resources);
        self.segment.scopes.truncate(scopes);
        self.segment.metrics.truncate(metrics);
    }

    /// The segment, trimmed to what it holds.
    pub fn finish(mut self) -> Segment {
        // Rows are by far the most, at 24 bytes each, and a list that grows by doubling has up to half of it empty.
        self.segment.rows.shrink_to_fit();
        self.segment
    }

    /// The segment, with room to spare: for those that do not live long.
    pub(crate) fn finish_roomy(self) -> Segment {
        self.segment
    }
}
