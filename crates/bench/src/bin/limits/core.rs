//! What DuckSpan's core does, without DuckDB.

use std::io;

use duckspan_bench::probe::Probe;
use duckspan_otlp::file::{Batches, Options, Worker};
use duckspan_otlp::json::{Projection, Transcoder};
use duckspan_otlp::kept::{Kept, RowForm};
use duckspan_otlp::render::{self, Renderer};
use duckspan_otlp::schema::SPAN;
use duckspan_otlp::verify::verify;
use duckspan_otlp::{Segment, Signal, SignalSet};

use super::{Data, frames, lines};

/// Bytes of a file that are decoded at a time, as in the extension.
const BATCH_BYTES: usize = 2 << 20;
/// A DuckDB vector has that many rows; then its memory is used again.
const VECTOR: usize = 2_048;

/// Name and times of spans.
const NARROW: Projection = Projection {
    row: SPAN.bit("name") | SPAN.bit("startTimeUnixNano") | SPAN.bit("endTimeUnixNano"),
    ..Projection::NOTHING
};

pub(super) fn probes(data: &Data) -> Vec<Probe<'_>> {
    let (json, protobuf) = (&data.lines, &data.frames);
    let signal = Signal::ALL.into_iter().find(|signal| is_of(data, *signal));
    let message = signal.unwrap_or(Signal::Traces).data();
    let mut transcoder = Transcoder::new();
    vec![
        Probe::new("JSON all columns", json.len(), || scan(json, Projection::ALL, all_columns)),
        Probe::new("JSON timestamp", json.len(), || scan(json, Projection::TIMES, timestamps)),
        Probe::new("JSON name and times", json.len(), || scan(json, NARROW, names)),
        Probe::new("JSON to protobuf", json.len(), move || {
            lines(json).map(|line| transcode(&mut transcoder, line)).sum()
        }),
        Probe::new("protobuf all columns", protobuf.len(), || {
            scan(protobuf, Projection::ALL, all_columns)
        }),
        Probe::new("protobuf timestamp", protobuf.len(), || {
            scan(protobuf, Projection::TIMES, timestamps)
        }),
        Probe::new("verify", protobuf.len(), move || {
            let is_ok = |frame| u64::from(verify(message, frame).is_ok());
            frames(protobuf).map(is_ok).sum()
        }),
    ]
}

/// The last step alone: columns from segments that are made beforehand.
pub(super) fn render_probe(data: &Data) -> Probe<'_> {
    let segments = decoded(&data.frames, Projection::ALL).unwrap_or_default();
    Probe::new("render", data.frames.len(), move || segments.iter().map(all_columns).sum())
}

/// Whether the data begins with a request of this signal.
pub(super) fn is_of(data: &Data, signal: Signal) -> bool {
    data.lines.get(2..).is_some_and(|key| key.starts_with(signal.groups().name.as_bytes()))
}

/// The rows of the data.
///
/// # Errors
/// If the two files do not hold as many rows, or rows that cannot be read.
pub(super) fn count(data: &Data) -> io::Result<usize> {
    let rows = |file| -> io::Result<usize> {
        Ok(decoded(file, Projection::ALL)?.iter().map(Segment::len).sum())
    };
    let (json, protobuf) = (rows(&data.lines)?, rows(&data.frames)?);
    if json != protobuf || json == 0 {
        let reason = format!("{json} rows in JSON, but {protobuf} in protobuf");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    Ok(json)
}

fn decoded(file: &[u8], projection: Projection) -> io::Result<Vec<Segment>> {
    let mut all = Vec::new();
    each_segment(file, projection, |segment| {
        all.push(segment);
        None
    })?;
    Ok(all)
}

/// Calls `each` with every segment; one that it gives back serves another.
fn each_segment(
    file: &[u8],
    parts: Projection,
    mut each: impl FnMut(Segment) -> Option<Segment>,
) -> io::Result<()> {
    // As the extension has it: the narrow columns are read from messages.
    let rows = match parts {
        NARROW => RowForm::Messages,
        Projection::ALL => RowForm::Text,
        _ => RowForm::Times,
    };
    let options = Options { needed: Kept { parts, rows }, ..Options::default() };
    let mut batches = Batches::new(file, &options, BATCH_BYTES);
    let mut worker = Worker::new();
    while let Some(batch) = batches.next_batch(|_| Ok(()))? {
        let decoded = worker.decode(&batch, &options);
        if let Some(reject) = decoded.rejects.first() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, reject.reason.clone()));
        }
        decoded.segments.into_iter().filter_map(&mut each).for_each(|spent| worker.recycle(spent));
        batches.recycle(batch);
    }
    Ok(())
}

/// Bytes of the messages, which hold no more than was asked for.
fn names(segment: &Segment) -> u64 {
    (0..segment.len()).filter_map(|row| segment.message(row)).map(|row| row.len() as u64).sum()
}

fn scan(file: &[u8], projection: Projection, columns: fn(&Segment) -> u64) -> u64 {
    let mut sum = 0;
    let add = |segment: Segment| {
        sum += columns(&segment);
        Some(segment)
    };
    each_segment(file, projection, add).ok();
    sum
}

fn timestamps(segment: &Segment) -> u64 {
    (0..segment.len()).map(|row| segment.time(row).unwrap_or_default() as u64).sum()
}

/// Writes the columns as the extension does: a resource once for neighbouring rows.
fn all_columns(segment: &Segment) -> u64 {
    let mut renderer = Renderer::new(segment);
    let mut out = Vec::new();
    let (mut last, mut sum) = (None, 0_u64);
    for row in 0..segment.len() {
        if row % VECTOR == 0 {
            out.clear();
        }
        let resource = segment.resource_of(row);
        if last != Some(resource) {
            render::resource(segment, resource, &mut out);
            last = Some(resource);
        }
        renderer.data(row, &mut out);
        sum = sum.wrapping_add(segment.time(row).unwrap_or_default() as u64);
    }
    sum + out.len() as u64
}

fn transcode(transcoder: &mut Transcoder, line: &[u8]) -> u64 {
    transcoder.read(line, SignalSet::ALL, Projection::ALL).is_ok().into()
}
