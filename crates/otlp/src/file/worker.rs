//! Decodes batches of records.

use super::{Batch, Decoded, Options, Reject, RejectKind};
use crate::compression::{Compression, Decoder, DecompressError, FILE_WINDOW_LOG};
use crate::detect::{Detection, detect, is_plainly};
use crate::error::Error;
use crate::json::Transcoder;
use crate::kept::Kept;
use crate::segment::{Segment, SegmentBuilder};
use crate::signal::{Signal, SignalSet};
use crate::split::{Content, Record, Splitter, content, is_cut_json};

/// A segment is closed when it holds this many bytes, so that offsets in it stay small.
const SEGMENT_BYTES: usize = 64 << 20;

/// Decodes batches; keeps its buffers from one to the next.
#[derive(Default)]
pub struct Worker {
    transcoder: Transcoder,
    unwrapper: Unwrapper,
    /// The signal of the last rows that came as JSON, if any did.
    last_signal: Option<Signal>,
    /// Segments that are done with.
    spare: Vec<Segment>,
}

/// Segments that are kept for the memory they have.
const SPARE_SEGMENTS: usize = 2;

/// Larger buffers are freed rather than kept.
const SPARE_BYTES: usize = 16 << 20;

/// Expands records that are compressed by themselves.
#[derive(Default)]
struct Unwrapper {
    /// For the compression of the last record.
    decoder: Option<Decoder>,
    record: Vec<u8>,
}

impl Worker {
    /// A worker with empty buffers.
    pub fn new() -> Worker {
        Worker::default()
    }

    /// Takes a segment back that is done with, so that its memory serves another one.
    pub fn recycle(&mut self, segment: Segment) {
        if self.spare.len() < SPARE_SEGMENTS && segment.memory() <= SPARE_BYTES {
            self.spare.push(segment);
        }
    }

    /// Bytes of memory that are kept for the next batch.
    pub fn memory(&self) -> usize {
        let segments = self.spare.iter().map(Segment::memory);
        self.unwrapper.record.capacity() + segments.sum::<usize>()
    }

    /// Gives that memory up.
    pub fn trim(&mut self) {
        self.spare.clear();
        self.unwrapper.record = Vec::new();
    }

    /// The rows of a batch, and what is wrong with it.
    pub fn decode(&mut self, batch: &Batch, options: &Options) -> Decoded {
        self.transcoder.read_all(options.tells_all_repairs);
        let mut decoding = Decoding {
            transcoder: &mut self.transcoder,
            unwrapper: &mut self.unwrapper,
            last_signal: &mut self.last_signal,
            spare: &mut self.spare,
            options,
            builder: None,
            decoded: Decoded { records: batch.records.len() as u64, ..Decoded::default() },
        };
        for (index, record) in batch.records.iter().enumerate() {
            // Batches are decoded beside one another, so each knows by itself where it stands in the file.
            let start = batch.offset + record.range.start as u64;
            let number = batch.earlier + index as u64 + 1;
            // Examples from there on are of this record, and have their place in it still.
            let known = decoding.decoded.repairs.examples().len();
            if let Err(refusal) = decoding.record(record, &batch.bytes) {
                decoding.decoded.rejects.push(refusal.reject(number, start));
            }
            // A place in a record that was compressed is none in the file.
            let is_plain = !matches!(record.content, Content::Compressed(_));
            let place = |offset| start + if is_plain { offset } else { 0 };
            decoding.decoded.repairs.place(known, number, place);
        }
        decoding.finish()
    }
}

/// Why a record gives no rows.
struct Refusal {
    kind: RejectKind,
    reason: String,
    place: Place,
}

enum Place {
    /// From the start of the record.
    InRecord(usize),
    /// From the start of the file.
    InFile(u64),
}

impl Refusal {
    fn foreign(reason: impl Into<String>) -> Refusal {
        Refusal { kind: RejectKind::Foreign, reason: reason.into(), place: Place::InRecord(0) }
    }

    fn malformed(reason: String) -> Refusal {
        Refusal { kind: RejectKind::Malformed, reason, place: Place::InRecord(0) }
    }

    fn cut(reason: &str) -> Refusal {
        let (kind, reason) = (RejectKind::Incomplete, reason.to_owned());
        Refusal { kind, reason, place: Place::InRecord(0) }
    }

    /// The same, of a record that was compressed: a place in it is none in the file.
    fn unwrapped(mut self) -> Refusal {
        // At 0 the fault is of the whole record, and a place in what only we unwrapped would help nobody.
        if let Place::InRecord(offset @ 1..) = self.place {
            self.reason = format!("{}, at byte {offset} of the unwrapped record", self.reason);
            self.place = Place::InRecord(0);
        }
        self
    }

    fn reject(self, record: u64, start: u64) -> Reject {
        let offset = match self.place {
            Place::InRecord(offset) => start + offset as u64,
            Place::InFile(offset) => offset,
        };
        Reject { record, offset, reason: self.reason, kind: self.kind }
    }
}

impl Unwrapper {
    /// The record, which is to be given back for its memory.
    fn unwrap(
        &mut self,
        compression: Compression,
        bytes: &[u8],
        maximum: usize,
    ) -> Result<Vec<u8>, Refusal> {
        let known = self.decoder.take().filter(|decoder| decoder.compression() == compression);
        let mut decoder = match known {
            Some(decoder) => decoder,
            None => Decoder::new(compression, FILE_WINDOW_LOG)?,
        };
        let mut record = std::mem::take(&mut self.record);
        let expanded = decoder.decode_whole(bytes, maximum, &mut record);
        self.decoder = Some(decoder);
        match expanded {
            Ok(()) => Ok(record),
            Err(DecompressError::Corrupt(error)) => Err(Refusal::malformed(error.to_string())),
            Err(DecompressError::TooLarge { .. }) => Err(Refusal {
                kind: RejectKind::TooLarge,
                reason: format!("record expands beyond maximum_object_size ({maximum} bytes)"),
                place: Place::InRecord(0),
            }),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal {
            kind: RejectKind::Malformed,
            reason: error.reason().to_owned(),
            place: Place::InRecord(error.offset()),
        }
    }
}

struct Decoding<'a> {
    transcoder: &'a mut Transcoder,
    unwrapper: &'a mut Unwrapper,
    last_signal: &'a mut Option<Signal>,
    spare: &'a mut Vec<Segment>,
    options: &'a Options,
    builder: Option<SegmentBuilder>,
    decoded: Decoded,
}

impl Decoding<'_> {
    fn record(&mut self, record: &Record, bytes: &[u8]) -> Result<(), Refusal> {
        let bytes = &bytes[record.range.clone()];
        match &record.content {
            Content::Json => self.json(bytes),
            // To look for a cut first would take as long as to read it, and few files end with one.
            Content::LastJson => self.json(bytes).map_err(|refusal| match is_cut_json(bytes) {
                true => Refusal::cut("the last line is cut off"),
                false => refusal,
            }),
            Content::Protobuf => self.protobuf(bytes),
            Content::Compressed(compression) => self.compressed(*compression, bytes),
            Content::Fault(fault) => Err(Refusal {
                kind: fault.kind,
                reason: fault.reason.clone().into_owned(),
                place: Place::InFile(fault.offset),
            }),
        }
    }

    fn json(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        match self.documents(bytes) {
            Err(refusal) if refusal.kind == RejectKind::Malformed => {
                self.whole_documents(bytes).ok_or(refusal)
            }
            result => result,
        }
    }

    /// Reads what is whole of a record that is broken: a process that is killed while it writes leaves a part of a
    /// document, and the next one writes behind it. Nothing if that is not all there is.
    fn whole_documents(&mut self, bytes: &[u8]) -> Option<()> {
        let mut parts = Vec::new();
        Splitter::of_damaged_json(self.options.maximum_object_size).split(bytes, true, &mut parts);
        let mut all = !parts.is_empty();
        for part in parts {
            let known = self.decoded.repairs.examples().len();
            // What is all of the record was read before.
            let is_part = part.content == Content::Json && part.range.len() < bytes.len();
            all &= is_part && self.documents(&bytes[part.range.clone()]).is_ok();
            self.decoded.repairs.place(known, 0, |offset| part.range.start as u64 + offset);
        }
        all.then_some(())
    }

    /// Reads documents back to back, most often one: all of them, or none.
    fn documents(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let Options { signals, needed, .. } = *self.options;
        // Most likely it has the signal of the last one.
        let signal = self.last_signal.unwrap_or(Signal::Traces);
        // JSON is written straight to the end of the segment of that signal, which spares a copy of nearly all
        // requests.
        let onto =
            builder(&mut self.builder, &mut self.decoded.segments, self.spare, signal, needed);
        let (start, out) = (onto.bytes(), onto.buffer());
        let repairs = &mut self.decoded.repairs;
        let foreign = self.transcoder.read_onto(bytes, signals, needed, signal, out, repairs)?;
        if let Some(foreign) = foreign {
            return Err(Refusal::foreign(foreign.to_string()));
        }
        onto.index_written(start)?;
        for signal in Signal::ALL {
            if let Some(request) = self.transcoder.request(signal) {
                *self.last_signal = Some(signal);
                let segments = &mut self.decoded.segments;
                let builder = builder(&mut self.builder, segments, self.spare, signal, needed);
                let repairs = builder.push_verified(&request)?;
                self.decoded.repairs.add(&repairs);
            }
        }
        Ok(())
    }

    fn protobuf(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let named = only(self.options.signals);
        let signal = match signal(bytes, named) {
            Detection::Signal(signal) => signal,
            Detection::Empty => return Ok(()),
            Detection::Undecided => named.ok_or_else(undecided)?,
            Detection::Foreign(what) => return Err(Refusal::foreign(format!("it is {what}"))),
        };
        if self.options.signals.contains(signal) {
            let (segments, needed) = (&mut self.decoded.segments, self.options.needed);
            let builder = builder(&mut self.builder, segments, self.spare, signal, needed);
            let repairs = builder.push_protobuf(bytes)?;
            self.decoded.repairs.add(&repairs);
        }
        Ok(())
    }

    /// A record that is compressed by itself, as the Collector's file exporter writes them.
    fn compressed(&mut self, compression: Compression, bytes: &[u8]) -> Result<(), Refusal> {
        let unwrapped = self.unwrapper.unwrap(compression, bytes, self.options.maximum_object_size);
        let record = unwrapped?;
        let decoded = match content(&record) {
            Content::Json => self.json(&record),
            Content::Protobuf => self.protobuf(&record),
            // No sender does so, and to go on would let a few bytes expand for long.
            _ => Err(Refusal::malformed("the record is compressed twice".to_owned())),
        };
        if record.capacity() <= SPARE_BYTES {
            self.unwrapper.record = record;
        }
        decoded.map_err(Refusal::unwrapped)
    }

    fn finish(mut self) -> Decoded {
        close(&mut self.builder, &mut self.decoded.segments);
        self.decoded
    }
}

/// The signal of a record in protobuf: most often its first row tells, by fields that only one signal
/// has.
fn signal(record: &[u8], named: Option<Signal>) -> Detection {
    // Whether a first row is a span is seen at its ids; a metric takes a walk down to a point.
    const CHEAPEST_FIRST: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];
    // Seldom is more than the first row looked at; votes are counted where that one says too little.
    let plain = CHEAPEST_FIRST.into_iter().find(|&signal| is_plainly(signal, record));
    plain.map_or_else(|| detect(record, named), Detection::Signal)
}

fn undecided() -> Refusal {
    let reason = "no field of its rows tells the signal: name it, as in signal := 'traces'";
    Refusal::malformed(reason.to_owned())
}

/// The signal of a set of one.
fn only(signals: SignalSet) -> Option<Signal> {
    Signal::ALL.into_iter().find(|&signal| signals == SignalSet::only(signal))
}

/// The builder for more rows of `signal`; whatever was built of another is done.
fn builder<'a>(
    current: &'a mut Option<SegmentBuilder>,
    segments: &mut Vec<Segment>,
    spare: &mut Vec<Segment>,
    signal: Signal,
    needed: Kept,
) -> &'a mut SegmentBuilder {
    let fits =
        |builder: &SegmentBuilder| builder.signal() == signal && builder.bytes() < SEGMENT_BYTES;
    if !current.as_ref().is_some_and(fits) {
        close(current, segments);
    }
    current.get_or_insert_with(|| match spare.pop() {
        Some(segment) => SegmentBuilder::reusing(segment, signal, needed),
        None => SegmentBuilder::keeping(signal, needed),
    })
}

fn close(current: &mut Option<SegmentBuilder>, segments: &mut Vec<Segment>) {
    let segment = current.take().map(SegmentBuilder::finish_roomy);
    // A signal that was foreseen and did not come leaves a builder without rows.
    segments.extend(segment.filter(|segment| !segment.is_empty()));
}
