//! Finds the rows of a request that is known to be canonical.
//!
//! The walk goes down to the rows only, so it costs a few nanoseconds a row. Bytes that are not what
//! they were said to be end in an error, never in a panic.

use std::ops::Range;

use super::{Metric, Owner, Row, Scope, Segment, Slice, text, valid_time};
use crate::error::Result;
use crate::schema::role::{CONTENT, GROUPS, OWNER, POINTS, SCHEMA_URL};
use crate::schema::{Field, Kind, LOG_RECORD, METRIC, Message, Role, SPAN, WireType};
use crate::signal::Signal;
use crate::verify::span;
use crate::wire::{CheckingReader, Value};

/// Adds the rows of the request that stands at `start` in the buffer of `segment`.
///
/// # Errors
/// If the bytes are malformed.
pub(super) fn index(segment: &mut Segment, start: usize) -> Result<()> {
    // Taken out while it is walked, since rows are added to the segment meanwhile; put back whatever comes of it.
    let bytes = std::mem::take(&mut segment.bytes);
    let result = Walk { bytes: &bytes, sorted: true, segment }.data(start);
    segment.bytes = bytes;
    result
}

/// Adds the rows of `request`, which may be unsorted and is not the buffer of `segment`.
///
/// # Errors
/// If the bytes are malformed.
pub(super) fn index_unsorted(segment: &mut Segment, request: &[u8]) -> Result<()> {
    Walk { bytes: request, sorted: false, segment }.data(0)
}

pub(super) struct Walk<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether fields ascend by number.
    pub(super) sorted: bool,
    pub(super) segment: &'a mut Segment,
}

pub(super) fn slice(range: &Range<usize>) -> Slice {
    Slice { start: range.start as u32, len: range.len() as u32 }
}

impl Walk<'_> {
    fn data(&mut self, start: usize) -> Result<()> {
        let whole = Slice { start: start as u32, len: (self.bytes.len() - start) as u32 };
        self.fields(whole, |walk, number, slice| match number {
            GROUPS => walk.resource(slice),
            _ => Ok(()),
        })
    }

    fn resource(&mut self, slice: Slice) -> Result<()> {
        let resource = self.segment.resources.len();
        self.segment.resources.push(Owner::ABSENT);
        self.fields(slice, |walk, number, slice| {
            match number {
                OWNER => walk.segment.resources[resource].message = slice,
                CONTENT => walk.scope(slice, resource as u32)?,
                SCHEMA_URL => walk.segment.resources[resource].schema_url = slice,
                _ => {}
            }
            Ok(())
        })
    }

    fn scope(&mut self, slice: Slice, resource: u32) -> Result<()> {
        let scope = self.segment.scopes.len();
        self.segment.scopes.push(Scope { owner: Owner::ABSENT, resource });
        self.fields(slice, |walk, number, slice| {
            match number {
                OWNER => walk.segment.scopes[scope].owner.message = slice,
                CONTENT => walk.element(slice, scope as u32)?,
                SCHEMA_URL => walk.segment.scopes[scope].owner.schema_url = slice,
                _ => {}
            }
            Ok(())
        })
    }

    fn element(&mut self, slice: Slice, scope: u32) -> Result<()> {
        match self.segment.signal {
            Signal::Traces => self.span(slice, scope),
            Signal::Logs => self.log_record(slice, scope),
            Signal::Metrics => self.metric(slice, scope),
        }
    }

    pub(super) fn metric(&mut self, slice: Slice, scope: u32) -> Result<()> {
        let metric = self.segment.metrics.len();
        let rows = self.segment.rows.len();
        self.segment.metrics.push(Metric {
            message: slice,
            data: Slice::ABSENT,
            rest: 0,
            data_field: 0,
            scope,
        });
        self.fields(slice, |walk, number, slice| match METRIC.field(number) {
            Some(Field { kind: Kind::Message(data), .. }) if data.role == Role::MetricData => {
                walk.points(slice, metric, number, data)
            }
            _ => Ok(()),
        })?;
        // Nothing of a request is lost: a metric without points is a row, whose message is absent.
        if self.segment.rows.len() == rows {
            let parent = metric as u32;
            self.segment.rows.push(Row::new(Slice::ABSENT, parent, 0));
        }
        Ok(())
    }

    fn points(
        &mut self,
        slice: Slice,
        metric: usize,
        number: u32,
        data: &'static Message,
    ) -> Result<()> {
        self.segment.metrics[metric].data = slice;
        self.segment.metrics[metric].rest = slice.start;
        self.segment.metrics[metric].data_field = METRIC.position(number).unwrap_or(0) as u8;
        let Some(point) = data.points() else { return Ok(()) };
        self.fields(slice, |walk, number, slice| match number {
            POINTS => {
                // Points are the first field of each kind of data, so behind the last of them stands the rest.
                walk.segment.metrics[metric].rest = slice.start + slice.len;
                walk.row(slice, metric as u32, point)
            }
            _ => Ok(()),
        })
    }

    fn span(&mut self, slice: Slice, scope: u32) -> Result<()> {
        if !self.text(slice, scope) {
            let [start, end] = self.span_times(slice)?;
            self.timed_span(slice, scope, start, end);
        }
        Ok(())
    }

    /// Adds a span with this start and end.
    #[inline]
    pub(super) fn timed_span(&mut self, slice: Slice, scope: u32, start: u64, end: u64) {
        let row = Row::new(slice, scope, start);
        // Where one of them is unknown there is no duration, though the difference could be taken.
        let duration = valid_time(end).filter(|_| row.time != 0);
        let duration = duration.and_then(|end| u32::try_from(end - row.time as i64).ok());
        let duration = duration.unwrap_or(Row::ODD_DURATION);
        self.segment.rows.push(Row { duration, ..row });
    }

    pub(super) fn span_times(&self, slice: Slice) -> Result<[u64; 2]> {
        let content = self.content(slice);
        match span::head(content) {
            Some(head) => Ok(head.times),
            None => fixed64s(content, &SPAN, SPAN_TIMES, self.sorted),
        }
    }

    pub(super) fn log_record(&mut self, slice: Slice, scope: u32) -> Result<()> {
        self.row(slice, scope, &LOG_RECORD)
    }

    /// Adds a row, with the first of its times that is set.
    #[inline]
    fn row(&mut self, slice: Slice, parent: u32, message: &'static Message) -> Result<()> {
        if self.text(slice, parent) {
            return Ok(());
        }
        let mut time = 0;
        for number in message.times {
            // A time of 0 is unknown to OTLP, so the next best one counts.
            if time == 0 && number != 0 {
                [time] = fixed64s(self.content(slice), message, [number.into()], self.sorted)?;
            }
        }
        self.segment.rows.push(Row::new(slice, parent, time));
        Ok(())
    }

    /// Adds a row if it is text.
    #[inline]
    fn text(&mut self, slice: Slice, parent: u32) -> bool {
        let time = text::of_row(self.content(slice)).map(|(time, _)| time);
        self.segment.rows.extend(time.map(|time| Row::new(slice, parent, time)));
        time.is_some()
    }

    fn content(&self, slice: Slice) -> &[u8] {
        &self.bytes[slice.start as usize..][..slice.len as usize]
    }

    /// Calls `each` with every length-delimited field of the message in `slice`.
    fn fields(
        &mut self,
        slice: Slice,
        mut each: impl FnMut(&mut Self, u32, Slice) -> Result<()>,
    ) -> Result<()> {
        let start = slice.start as usize;
        let mut reader = CheckingReader::within(self.bytes, start..start + slice.len as usize);
        while !reader.is_empty() {
            let (number, wire_type) = reader.tag()?;
            if let Value::Len(bytes, start) = reader.value(number, wire_type)? {
                each(self, number, Slice { start: start as u32, len: bytes.len() as u32 })?;
            }
        }
        Ok(())
    }
}

/// The numbers of the start and the end of a span.
const SPAN_TIMES: [u32; 2] =
    [SPAN.number("startTimeUnixNano") as u32, SPAN.number("endTimeUnixNano") as u32];

/// Start and end of a span that is canonical, as it has them; 0 where there is none.
///
/// # Errors
/// If it is malformed.
pub(super) fn span_times(span: &[u8]) -> Result<[u64; 2]> {
    fixed64s(span, &SPAN, SPAN_TIMES, true)
}

/// The fixed64 fields with these numbers, which ascend; 0 for those that are absent. Where the message is
/// sorted, reading stops at the first known field behind them.
#[inline]
fn fixed64s<const N: usize>(
    content: &[u8],
    message: &'static Message,
    numbers: [u32; N],
    sorted: bool,
) -> Result<[u64; N]> {
    let mut reader = CheckingReader::new(content);
    let mut found = [0; N];
    let mut missing = N;
    while missing > 0 && !reader.is_empty() {
        let (number, wire_type) = reader.tag()?;
        // An unknown field may stand anywhere, and says nothing of what comes behind it.
        if sorted && number > numbers[N - 1] && message.field(number).is_some() {
            break;
        }
        // Numbers of other wire types are unknown fields, and may share a number with a time.
        if wire_type != WireType::Fixed64 as u8 {
            reader.skip(number, wire_type)?;
            continue;
        }
        let value = reader.fixed64()?;
        if let Some(place) = numbers.iter().position(|&wanted| wanted == number) {
            found[place] = value;
            missing -= 1;
        }
    }
    Ok(found)
}
