//! Finds the rows of a request that is known to be canonical.
//!
//! The walk goes down to the rows only, so it costs a few nanoseconds a row. Bytes that are not what
//! they were said to be end in an error, never in a panic.

use super::{Metric, Owner, Row, Scope, Segment, Slice, text};
use crate::error::Result;
use crate::schema::{Field, Kind, LOG_RECORD, METRIC, Message, Rule, SPAN};
use crate::signal::Signal;
use crate::wire::{Reader, Value};

/// Adds the rows of the request that stands at `start` in the buffer of `segment`.
///
/// # Errors
/// If the bytes are malformed.
pub(super) fn index(segment: &mut Segment, start: usize) -> Result<()> {
    let bytes = std::mem::take(&mut segment.bytes);
    let result = Walk { bytes: &bytes, sorted: true, segment }.data(start);
    segment.bytes = bytes;
    result
}

/// Adds the rows of `request` with their times and nothing else. The request may be unsorted.
///
/// # Errors
/// If the bytes are malformed.
pub(super) fn index_times(segment: &mut Segment, request: &[u8]) -> Result<()> {
    let Segment { rows, resources, scopes, metrics, .. } = segment;
    let known = [rows.len(), resources.len(), scopes.len(), metrics.len()];
    Walk { bytes: request, sorted: false, segment }.data(0)?;
    let nothing = Owner { message: Slice::ABSENT, schema_url: Slice::ABSENT };
    segment.rows[known[0]..].iter_mut().for_each(|row| row.message = Slice::ABSENT);
    segment.resources[known[1]..].fill(nothing);
    segment.scopes[known[2]..].iter_mut().for_each(|scope| scope.owner = nothing);
    for metric in &mut segment.metrics[known[3]..] {
        (metric.message, metric.data) = (Slice::ABSENT, Slice::ABSENT);
    }
    Ok(())
}

struct Walk<'a> {
    bytes: &'a [u8],
    /// Whether fields ascend by number.
    sorted: bool,
    segment: &'a mut Segment,
}

impl Walk<'_> {
    fn data(&mut self, start: usize) -> Result<()> {
        let whole = Slice { start: start as u32, len: (self.bytes.len() - start) as u32 };
        self.fields(whole, |walk, number, slice| match number {
            1 => walk.resource(slice),
            _ => Ok(()),
        })
    }

    fn resource(&mut self, slice: Slice) -> Result<()> {
        let resource = self.segment.resources.len();
        self.segment.resources.push(Owner { message: Slice::ABSENT, schema_url: Slice::ABSENT });
        self.fields(slice, |walk, number, slice| {
            match number {
                1 => walk.segment.resources[resource].message = slice,
                2 => walk.scope(slice, resource as u32)?,
                3 => walk.segment.resources[resource].schema_url = slice,
                _ => {}
            }
            Ok(())
        })
    }

    fn scope(&mut self, slice: Slice, resource: u32) -> Result<()> {
        let scope = self.segment.scopes.len();
        let owner = Owner { message: Slice::ABSENT, schema_url: Slice::ABSENT };
        self.segment.scopes.push(Scope { owner, resource });
        self.fields(slice, |walk, number, slice| {
            match number {
                1 => walk.segment.scopes[scope].owner.message = slice,
                2 => walk.element(slice, scope as u32)?,
                3 => walk.segment.scopes[scope].owner.schema_url = slice,
                _ => {}
            }
            Ok(())
        })
    }

    fn element(&mut self, slice: Slice, scope: u32) -> Result<()> {
        match self.segment.signal {
            Signal::Traces => self.row(slice, scope, &SPAN, &[7]),
            Signal::Logs => self.row(slice, scope, &LOG_RECORD, &[1, 11]),
            Signal::Metrics => self.metric(slice, scope),
        }
    }

    fn metric(&mut self, slice: Slice, scope: u32) -> Result<()> {
        let metric = self.segment.metrics.len();
        let rows = self.segment.rows.len();
        self.segment.metrics.push(Metric {
            message: slice,
            data: Slice::ABSENT,
            data_field: 0,
            scope,
        });
        self.fields(slice, |walk, number, slice| match METRIC.field(number) {
            Some(Field { rule: Rule::Oneof, kind: Kind::Message(data), .. }) => {
                walk.points(slice, metric, number, data)
            }
            _ => Ok(()),
        })?;
        if self.segment.rows.len() == rows {
            let parent = metric as u32;
            self.segment.rows.push(Row { message: Slice::ABSENT, parent, time: 0 });
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
        self.segment.metrics[metric].data_field = METRIC.position(number).unwrap_or(0) as u8;
        let Some(Field { kind: Kind::Message(point), .. }) = data.field(1) else { return Ok(()) };
        self.fields(slice, |walk, number, slice| match number {
            1 => walk.row(slice, metric as u32, point, &[3]),
            _ => Ok(()),
        })
    }

    fn row(
        &mut self,
        slice: Slice,
        parent: u32,
        message: &'static Message,
        times: &[u32],
    ) -> Result<()> {
        let content = &self.bytes[slice.start as usize..][..slice.len as usize];
        let time = match text::of_row(content) {
            Some((time, _)) => time,
            None => self.time(slice, message, times)?,
        };
        // `i64::MAX` itself is refused too: DuckDB reads it as infinity.
        let time = if time < i64::MAX as u64 { time } else { 0 };
        self.segment.rows.push(Row { message: slice, parent, time });
        Ok(())
    }

    /// The first of the fixed64 fields numbered `times`, which ascend, that is set; 0 if none is. Where the
    /// message is sorted, reading stops at the first known field behind them.
    fn time(&self, slice: Slice, message: &'static Message, times: &[u32]) -> Result<u64> {
        let range = slice.start as usize..(slice.start + slice.len) as usize;
        let mut reader = Reader::within(self.bytes, range);
        let (mut found, mut wanted) = (0, times);
        while !reader.is_empty() && !wanted.is_empty() {
            let (number, wire_type) = reader.tag()?;
            let behind = self.sorted && wanted.last().is_some_and(|&last| number > last);
            if behind && message.field(number).is_some() {
                break;
            }
            if let Value::Fixed64(time) = reader.value(number, wire_type)?
                && let Some(place) = wanted.iter().position(|&wanted| wanted == number)
                && time != 0
            {
                (found, wanted) = (time, &wanted[..place]);
            }
        }
        Ok(found)
    }

    /// Calls `each` with every length-delimited field of the message in `slice`.
    fn fields(
        &mut self,
        slice: Slice,
        mut each: impl FnMut(&mut Self, u32, Slice) -> Result<()>,
    ) -> Result<()> {
        let start = slice.start as usize;
        let mut reader = Reader::within(self.bytes, start..start + slice.len as usize);
        while !reader.is_empty() {
            let (number, wire_type) = reader.tag()?;
            if let Value::Len(bytes, start) = reader.value(number, wire_type)? {
                each(self, number, Slice { start: start as u32, len: bytes.len() as u32 })?;
            }
        }
        Ok(())
    }
}
