//! What must hold of any file.

use duckspan_otlp::Signal;
use duckspan_otlp::compression::{Compression, Decoder, FILE_WINDOW_LOG};
use duckspan_otlp::file::{Batches, Options, Reject, Worker};
use duckspan_otlp::kept::{Kept, RowForm};
use duckspan_otlp::repair::Repairs;
use duckspan_otlp::sniff::{Sniffed, sniff};

use super::protobuf::check_round_trip;
use crate::common::rows::{Row, rows};

/// Unwrapped bytes after which a file is read no further: small files may expand to large ones.
const ENOUGH: usize = 4 << 20;

/// Everything a file gives.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    pub rows: Vec<(Signal, Row)>,
    pub rejects: Vec<Reject>,
    pub repairs: Repairs,
    pub records: u64,
}

/// Checks a file; its last byte chooses the size of the batches it is read in.
pub fn check(file: &[u8]) {
    let options = Options { maximum_object_size: 1 << 20, ..Options::default() };
    let large = read(file, &options, LARGE);
    let small = read(file, &options, small_batch(file));
    let (Some(large), Some(small)) = (large, small) else { return };
    let as_text = Options { needed: Kept { rows: RowForm::Text, ..Kept::ALL }, ..options };
    assert_eq!(read(file, &as_text, LARGE).as_ref(), Some(&large), "text makes a difference");
    if small != large {
        let framings = [first_framing(file, small_batch(file)), first_framing(file, LARGE)];
        assert!(framings[0] != framings[1], "batches make a difference: {small:?}, {large:?}");
    }
    for signal in Signal::ALL {
        let rows = large.rows.iter().filter(|(of, _)| *of == signal);
        let rows: Vec<_> = rows.map(|(_, row)| row.clone()).collect();
        if !rows.is_empty() {
            check_round_trip(signal, &rows);
        }
    }
}

/// Bytes of a batch that holds all of most files.
const LARGE: usize = 2 << 20;

fn small_batch(file: &[u8]) -> usize {
    1 << (file.last().unwrap_or(&0) % 16)
}

/// How a file seems to be written by its first batch. Of a damaged file more bytes may tell more.
fn first_framing(file: &[u8], mut batch: usize) -> Option<Sniffed> {
    let mut bytes = file.to_vec();
    while Compression::detect(&bytes) != Compression::None {
        bytes = expanded(&bytes)?;
    }
    loop {
        let at_end = batch > bytes.len();
        match sniff(&bytes[..bytes.len().min(batch)], at_end, None) {
            Sniffed::NeedMore => batch *= 2,
            sniffed => return Some(sniffed),
        }
    }
}

/// What is under one layer of compression, as far as it is sound.
fn expanded(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = Decoder::new(Compression::detect(bytes), FILE_WINDOW_LOG).ok()?;
    let mut out = vec![0; LARGE];
    let progress = decoder.decode(bytes, &mut out).ok()?;
    out.truncate(progress.written);
    Some(out)
}

/// Without what zlib says is wrong with the data, which depends on the room it was given.
fn without_detail(reject: Reject) -> Reject {
    let reason = reject.reason.split_inclusive("corrupt gzip stream").next();
    Reject { reason: reason.unwrap_or_default().to_owned(), ..reject }
}

/// What the file gives; nothing if it is too large.
pub fn read(file: &[u8], options: &Options, batch_bytes: usize) -> Option<Found> {
    let mut batches = Batches::new(file, options, batch_bytes);
    let mut worker = Worker::new();
    let mut found = Found::default();
    let mut text = 0;
    while let Some(batch) = batches.next_batch(|_| Ok(())).expect("slices do not fail") {
        let decoded = worker.decode(&batch, options);
        for segment in &decoded.segments {
            let rows = rows(segment);
            text += rows.iter().map(|row| row.data.len()).sum::<usize>();
            found.rows.extend(rows.into_iter().map(|row| (segment.signal(), row)));
        }
        found.rejects.extend(decoded.rejects.into_iter().map(without_detail));
        found.repairs.add(&decoded.repairs);
        found.records += decoded.records;
        if text > ENOUGH || found.rejects.len() > 10_000 {
            return None;
        }
    }
    assert!(batches.consumed() <= file.len() as u64);
    Some(found)
}
