//! A scan of one file: batches of it are read in order and decoded in parallel.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duckspan_otlp::file::{self, Batch, Decoded, Reject, RejectKind, Worker};
use duckspan_otlp::kept::Kept;
use duckspan_otlp::segment::Copied;
use duckspan_otlp::{Repair, Repaired, Repairs, Segment};

use crate::columns::{Reader, Unified, needs};
use crate::fault::{Fault, FaultKind, Result};
use crate::memory::{Memory, Share, USUAL};
use crate::options::FileOptions;
use crate::rejects::{Entry, Rejects};
use crate::scan::{Rows, Scan, WINDOW_BYTES};
use crate::source::{Lender, Source};
use crate::typed::{TypedColumns, TypedReader};
use crate::vector::{Held, Vector};

mod ahead;
mod feed;
mod outcome;
#[cfg(test)]
mod tests;

use feed::{Feed, Job};
use outcome::Finding;
pub use outcome::Outcome;

/// Bytes a file has where nobody knows: what the Collector writes before it starts another.
const USUAL_SIZE: u64 = 100 << 20;

/// Bytes of a file per row, as spans of instrumented servers take; by what its name says of its content.
const BYTES_PER_ROW: [(&str, u64); 4] =
    [(".gz", 150), (".zst", 150), (".binpb", 500), (".pb", 500)];

/// The same for every other file.
const JSON_BYTES_PER_ROW: u64 = 1000;

/// About how many rows a file of `size` bytes holds, 0 if its size is not known.
pub fn rows_estimate(path: &str, size: u64) -> u64 {
    let size = if size == 0 { USUAL_SIZE } else { size };
    let known = BYTES_PER_ROW.iter().find(|(suffix, _)| path.ends_with(suffix));
    (size / known.map_or(JSON_BYTES_PER_ROW, |&(_, bytes)| bytes)).max(1)
}

/// A larger batch is not kept for the memory it has.
const USUAL_BATCH: usize = 8 << 20;

/// A scan of one file, shared by its threads.
pub struct FileScan {
    label: Label,
    strict: bool,
    /// How many files the query reads.
    files: u64,
    outcome: Arc<Outcome>,
    options: file::Options,
    columns: FileColumns,
    copied: Copied,
    feed: Feed,
    tally: Mutex<Tally>,
    rejects: Arc<Rejects>,
    memory: Arc<Memory>,
    lender: Lender,
}

/// What names the file in messages.
pub struct Label {
    /// The path as DuckDB names it.
    pub filename: Arc<str>,
    /// DuckDB's number of the query.
    pub query_id: u64,
}

/// What came of the batches so far.
#[derive(Default)]
struct Tally {
    /// Batches that were read and are not decoded yet.
    open: u64,
    /// Whether the file was read to its end.
    ended: bool,
    /// Whether the user was told.
    concluded: bool,
    records: u64,
    skipped: u64,
    /// Those of them that are none of OTLP, or too large.
    unread: u64,
    first: Option<Reject>,
    repairs: Repairs,
}

/// The columns that are wanted of each row.
pub enum FileColumns {
    /// Of the unified relation.
    Unified(Vec<Unified>),
    /// Of a typed relation.
    Typed(Arc<TypedColumns>),
}

impl FileColumns {
    /// What has to be read of requests so that the columns can be.
    fn needs(&self) -> Kept {
        match self {
            FileColumns::Unified(columns) => needs(columns),
            FileColumns::Typed(columns) => columns.needs(),
        }
    }

    /// What of rows is copied for each of them. A VARIANT is a copy of what other columns share.
    fn copied(&self, as_variant: bool) -> Copied {
        match self {
            FileColumns::Unified(columns) if columns.contains(&Unified::Data) => Copied::DATA,
            FileColumns::Unified(_) => Copied::NOTHING,
            FileColumns::Typed(_) if as_variant => Copied::ALL,
            FileColumns::Typed(_) => Copied::ROW,
        }
    }

    fn reader(&self) -> ColumnReader {
        match self {
            FileColumns::Unified(_) => ColumnReader::Unified(Reader::default()),
            FileColumns::Typed(columns) => {
                ColumnReader::Typed(Box::new(TypedReader::new(Arc::clone(columns))))
            }
        }
    }
}

/// A thread's reader of such columns.
enum ColumnReader {
    Unified(Reader),
    Typed(Box<TypedReader>),
}

impl ColumnReader {
    /// Moves to a file of which such columns are wanted.
    fn enter(&mut self, columns: &FileColumns) {
        match (self, columns) {
            (ColumnReader::Typed(reader), FileColumns::Typed(columns)) => reader.enter(columns),
            (ColumnReader::Unified(_), FileColumns::Unified(_)) => {}
            (reader, columns) => *reader = columns.reader(),
        }
    }

    /// Moves to a window of rows of `segment`; returns how many of them the relation has.
    fn window(&mut self, segment: &Segment, rows: Range<usize>) -> usize {
        match self {
            ColumnReader::Unified(_) => rows.len(),
            ColumnReader::Typed(reader) => reader.window(segment, rows),
        }
    }
}

/// Where a scan runs: the file, and what it has in common with the other scans of the query.
pub struct Opening {
    /// What names the file.
    pub label: Label,
    /// How many files the query reads.
    pub files: u64,
    /// The open file.
    pub source: Source,
    /// The columns that are wanted.
    pub columns: FileColumns,
    /// Where is told what was skipped.
    pub rejects: Arc<Rejects>,
    /// What scans know of each other's memory.
    pub memory: Arc<Memory>,
    /// Who grants it.
    pub lender: Lender,
}

impl FileScan {
    /// Begins a scan.
    pub fn open(opening: Opening, options: &FileOptions) -> FileScan {
        let reader = file::Options {
            signals: options.signals,
            format: options.format,
            compression: options.compression,
            maximum_object_size: options.maximum_object_size,
            needed: opening.columns.needs(),
            tells_all_repairs: !options.ignore_errors,
        };
        FileScan {
            label: opening.label,
            strict: !options.ignore_errors,
            files: opening.files,
            outcome: Arc::clone(&options.outcome),
            copied: opening.columns.copied(options.attributes_as_variant),
            columns: opening.columns,
            feed: Feed::new(opening.source, Arc::clone(&opening.lender), &reader),
            options: reader,
            tally: Mutex::default(),
            rejects: opening.rejects,
            memory: opening.memory,
            lender: opening.lender,
        }
    }

    /// How much of the file was read, in percent; negative if its size is not known.
    pub fn progress(&self) -> f64 {
        self.feed.progress()
    }

    /// Whether it is of use to read the file ahead.
    pub fn is_read_ahead(&self) -> bool {
        self.feed.ahead().is_some()
    }

    /// Reads a part of the file ahead, unless enough was read already.
    pub fn read_ahead(&self) {
        if let Some(ahead) = self.feed.ahead() {
            ahead.fetch();
        }
    }

    /// A thread's place in the scan.
    pub fn cursor(self: &Arc<FileScan>) -> FileCursor {
        FileCursor {
            scan: Arc::clone(self),
            job: None,
            spent: None,
            segments: Vec::new().into_iter(),
            segment: None,
            window: 0..0,
            reader: self.columns.reader(),
            worker: Worker::new(),
            share: Share::new(Arc::clone(&self.memory), Arc::clone(&self.lender)),
            warning: None,
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of batches that were read.
    fn read(&self, batches: u64, ended: bool) {
        let mut tally = self.tally();
        tally.open += batches;
        tally.ended |= ended;
    }

    /// Takes note of what a batch gave.
    fn count(&self, decoded: &Decoded) -> Result<()> {
        self.rejects.add(decoded.rejects.iter().map(|reject| self.entry(reject)));
        let mut tally = self.tally();
        tally.open -= 1;
        tally.records += decoded.records;
        tally.skipped += decoded.rejects.len() as u64;
        let is_unread =
            |reject: &&Reject| matches!(reject.kind, RejectKind::Foreign | RejectKind::TooLarge);
        tally.unread += decoded.rejects.iter().filter(is_unread).count() as u64;
        tally.repairs.add(&decoded.repairs);
        if tally.first.is_none() {
            tally.first = decoded.rejects.first().cloned();
        }
        // After it was counted: what is told of the file is the same whether or not its first fault is an error.
        if self.strict { self.check(decoded) } else { Ok(()) }
    }

    /// A fault if something is wrong that the caller did not want ignored: the first of it.
    fn check(&self, decoded: &Decoded) -> Result<()> {
        // The last record of a file that is still written to is cut: that is no fault of its own.
        let sound = |reject: &&Reject| reject.kind != RejectKind::Incomplete;
        let reject = decoded.rejects.iter().find(sound);
        let dropped = decoded.repairs.first(Repair::drops_value);
        match (reject, dropped) {
            (Some(reject), dropped) if dropped.is_none_or(|one| one.record >= reject.record) => {
                let (what, place) = (&reject.reason, (reject.record, reject.offset));
                Err(match reject.kind {
                    RejectKind::TooLarge => {
                        self.strict_fault("OTLP too large", what, place, RAISE_OR_SKIP)
                    }
                    _ => self.strict_fault("Malformed OTLP", what, place, SKIP),
                })
            }
            (_, Some(dropped)) => {
                let place = (dropped.record, dropped.offset);
                Err(self.strict_fault("Malformed OTLP", &dropped.to_string(), place, REPAIR))
            }
            _ => Ok(()),
        }
    }

    fn entry(&self, reject: &Reject) -> Entry {
        Entry {
            query_id: self.label.query_id,
            filename: Arc::clone(&self.label.filename),
            record: Some(reject.record),
            byte_offset: Some(reject.offset),
            kind: kind_name(reject.kind),
            reason: reject.reason.clone(),
        }
    }

    fn strict_fault(
        &self,
        summary: &str,
        what: &str,
        (record, byte): (u64, u64),
        advice: &str,
    ) -> Fault {
        let message = format!(
            "{summary} in \"{}\", record {record}, byte {byte}: {what}. {advice}.",
            self.label.filename
        );
        Fault::new(FaultKind::InvalidInput, message)
    }

    /// The last word on the file, once every batch is decoded: a warning if something was skipped or
    /// repaired, a fault if it is the last of a query's files and nothing in any of them is OTLP.
    fn conclude(&self) -> Result<Option<String>> {
        let mut tally = self.tally();
        // Whichever thread is done with the last batch says it; which one that is nobody can know before.
        if !tally.ended || tally.open > 0 || std::mem::replace(&mut tally.concluded, true) {
            return Ok(None);
        }
        let (query_id, finding) = (self.label.query_id, self.finding(&tally));
        if let Some(reason) = self.outcome.conclude(query_id, self.files, finding) {
            let all = match self.files {
                1 => String::new(),
                files => format!("None of {files} files holds OTLP that can be read: "),
            };
            return Err(Fault::new(FaultKind::InvalidInput, all + &reason));
        }
        self.rejects.add(self.repaired(&tally.repairs));
        Ok(self.warning(&tally))
    }

    fn finding(&self, tally: &Tally) -> Finding {
        match &tally.first {
            None if tally.records == 0 => Finding::Empty,
            Some(first) if tally.unread == tally.records => {
                let (filename, reason) = (&self.label.filename, &first.reason);
                Finding::Refused(match first.kind {
                    RejectKind::TooLarge => {
                        format!("\"{filename}\" holds no OTLP that can be read: {reason}. {RAISE}.")
                    }
                    _ => format!("\"{filename}\" holds no OTLP: {reason}"),
                })
            }
            _ => Finding::Otlp,
        }
    }

    /// An entry for the first repair of each field.
    fn repaired(&self, repairs: &Repairs) -> Vec<Entry> {
        let mut examples: Vec<_> = repairs.examples().iter().collect();
        examples.sort_by_key(|example| (example.record, example.offset));
        let entry = |example: &&Repaired| Entry {
            query_id: self.label.query_id,
            filename: Arc::clone(&self.label.filename),
            record: Some(example.record),
            byte_offset: Some(example.offset),
            kind: "repaired",
            reason: match repairs.of(example.repair) {
                1 => example.to_string(),
                count => format!("{example}; {count} such values in the file"),
            },
        };
        examples.iter().map(entry).collect()
    }

    fn warning(&self, tally: &Tally) -> Option<String> {
        let mut said = Vec::new();
        if let Some(first) = &tally.first {
            let (noun, skipped) =
                (if tally.skipped == 1 { "record" } else { "records" }, tally.skipped);
            said.push(format!(
                "Skipped {skipped} malformed {noun} (the first is record {} at byte {}: {})",
                first.record, first.offset, first.reason
            ));
        }
        if let Some(first) = tally.repairs.first(|_| true) {
            let made = tally.repairs.total();
            let noun = if made == 1 { "value" } else { "values" };
            said.push(format!(
                "Repaired {made} {noun} (the first in record {} at byte {}: {first})",
                first.record, first.offset
            ));
        }
        (!said.is_empty()).then(|| {
            let said = said.join(". ");
            format!("{}: {said}. See FROM read_otlp_rejects().", self.label.filename)
        })
    }
}

const RAISE: &str = "Raise maximum_object_size to read it";
const RAISE_OR_SKIP: &str = "Raise maximum_object_size to read it, or leave out ignore_errors := false to skip such \
                             records";
const SKIP: &str = "Leave out ignore_errors := false to skip such records";
const REPAIR: &str = "Leave out ignore_errors := false to repair such values";

fn kind_name(kind: RejectKind) -> &'static str {
    match kind {
        RejectKind::Malformed => "malformed",
        RejectKind::Foreign => "foreign",
        RejectKind::TooLarge => "too large",
        RejectKind::Incomplete => "incomplete",
    }
}

/// A thread's place in a [`FileScan`].
pub struct FileCursor {
    scan: Arc<FileScan>,
    /// What is still to be read of what was claimed.
    job: Option<Job>,
    /// The last batch, which is decoded.
    spent: Option<Batch>,
    segments: std::vec::IntoIter<Segment>,
    segment: Option<Held>,
    /// Rows of `segment`.
    window: Range<usize>,
    reader: ColumnReader,
    worker: Worker,
    share: Share<Lender>,
    warning: Option<String>,
}

impl FileCursor {
    /// Moves to the next batch of the job; `false` if there is none.
    fn next_batch(&mut self) -> Result<bool> {
        // What was decoded last is gone by now.
        self.settle(0)?;
        let Some(job) = self.job else {
            // Where files are read ahead there are more cursors than threads.
            if self.scan.is_read_ahead() {
                self.share.rest(self.spare());
            }
            return Ok(false);
        };
        let taken = self.scan.feed.take(job, self.spent.take(), &mut self.share).map_err(kept)?;
        self.scan.read(taken.read, taken.ended);
        // A job of a whole file goes on until the file ends, one of a batch is done with it.
        let is_last = taken.batch.is_none() || job != Job::Whole || taken.ended;
        self.job = self.job.filter(|_| !is_last);
        if let Some(batch) = taken.batch {
            self.decode(batch, taken.left)?;
        }
        self.warning = self.warning.take().or(self.scan.conclude()?);
        Ok(!is_last || self.segments.len() > 0)
    }

    fn decode(&mut self, batch: Batch, left: usize) -> Result<()> {
        // Rows take about as much memory as what they are read of; some have that of earlier ones.
        let bytes = left + batch.memory() + batch.memory().max(self.worker.memory());
        self.share.grow(bytes, bytes).map_err(kept)?;
        let decoded = self.worker.decode(&batch, &self.scan.options);
        // Its memory serves the next batch, but for that of a record out of the ordinary.
        self.spent = Some(batch).filter(|batch| batch.memory() <= USUAL_BATCH);
        self.settle(left + decoded.segments.iter().map(Segment::memory).sum::<usize>())?;
        self.scan.count(&decoded)?;
        self.segments = decoded.segments.into_iter();
        Ok(())
    }

    /// Holds `bytes`, and what is kept for the next batch as far as there is room for it.
    fn settle(&mut self, bytes: usize) -> Result<()> {
        if bytes + self.spare() > USUAL {
            self.worker.trim();
        }
        self.share.settle(bytes + self.spare()).map_err(kept)
    }

    /// Bytes of memory that are kept for the next batch.
    fn spare(&self) -> usize {
        self.spent.as_ref().map_or(0, Batch::memory) + self.worker.memory()
    }

    /// Gives up the segment; what no vector shares serves the next one.
    fn leave_segment(&mut self) {
        if let Some(Held::File(segment)) = self.segment.take()
            // A vector that DuckDB still has may point into it, and holds it; then it is theirs to free.
            && let Some(segment) = Arc::into_inner(segment)
        {
            self.worker.recycle(segment);
        }
    }
}

/// What the shim kept the exception of.
fn kept(error: io::Error) -> Fault {
    Fault::new(FaultKind::Callback, error.to_string())
}

impl Scan for FileCursor {
    fn claim(&mut self) -> Result<bool> {
        self.job = self.scan.feed.claim();
        Ok(self.job.is_some())
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn enter(&mut self, scan: Arc<FileScan>) {
        self.leave_segment();
        self.reader.enter(&scan.columns);
        self.scan = scan;
    }

    fn next(&mut self, max_rows: usize) -> Result<usize> {
        self.share.moves();
        loop {
            if let Some(held) = &self.segment
                && self.window.end < held.segment().len()
            {
                let segment = held.segment();
                let start = self.window.end;
                let end = segment.len().min(start + max_rows);
                let rows = segment.rows_within(start..end, WINDOW_BYTES, self.scan.copied);
                self.window = start..start + rows;
                // No row may be the relation's, as of metrics without points: an empty window would end the scan.
                match self.reader.window(segment, self.window.clone()) {
                    0 => continue,
                    count => return Ok(count),
                }
            }
            self.leave_segment();
            self.segment = self.segments.next().map(|segment| Held::File(Arc::new(segment)));
            self.window = 0..0;
            if self.segment.is_none() && !self.next_batch()? {
                return Ok(0);
            }
        }
    }

    fn fill(&mut self, column: usize, rows: Rows<'_>, vector: &mut Vector) -> Result<()> {
        let Some(held) = &self.segment else { return Ok(()) };
        match (&mut self.reader, &self.scan.columns) {
            (ColumnReader::Typed(reader), _) => reader.fill(column, held, rows, vector),
            (ColumnReader::Unified(reader), FileColumns::Unified(columns)) => {
                reader.fill(columns[column], held.segment(), self.window.start, rows, vector)
            }
            (ColumnReader::Unified(_), FileColumns::Typed(_)) => Ok(()),
        }
    }

    fn take_warning(&mut self) -> Option<String> {
        self.warning.take()
    }
}
