//! Files to rows and rejects, read in batches of every size.

use std::io::{self, Read, Write};

use super::{Batches, Format, Options, Reject, RejectKind, Worker};
use crate::compression::Compression;
use crate::render;
use crate::repair::Repairs;
use crate::signal::Signal;
use crate::split::sample::{json, protobuf};

mod compressed;
mod faults;
mod options;
mod records;
mod sources;

/// What came of a file.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    /// Signal and `data` of each row.
    rows: Vec<(Signal, String)>,
    rejects: Vec<Reject>,
    repairs: Repairs,
    records: u64,
}

impl Outcome {
    fn signals(&self) -> Vec<Signal> {
        self.rows.iter().map(|row| row.0).collect()
    }

    /// Number, place, kind and reason of the rejects.
    fn rejects(&self) -> Vec<(u64, u64, RejectKind, &str)> {
        let known = |one: &'_ Reject| (one.record, one.offset, one.kind);
        let with_reason = |one| {
            let (record, offset, kind) = known(one);
            (record, offset, kind, one.reason.as_str())
        };
        self.rejects.iter().map(with_reason).collect()
    }
}

/// Reads a source in batches of about so many bytes.
fn read_in(batch_bytes: usize, source: impl Read, options: &Options) -> io::Result<Outcome> {
    let mut batches = Batches::new(source, options, batch_bytes);
    let mut worker = Worker::new();
    let mut outcome = Outcome::default();
    while let Some(batch) = batches.next_batch(|_| Ok(()))? {
        let decoded = worker.decode(&batch, options);
        for segment in decoded.segments {
            assert!(!segment.is_empty(), "a segment without rows");
            for row in 0..segment.len() {
                let mut data = Vec::new();
                render::data(&segment, row, &mut data);
                let data = String::from_utf8(data).expect("JSON is UTF-8");
                outcome.rows.push((segment.signal(), data));
            }
        }
        outcome.rejects.extend(decoded.rejects);
        outcome.repairs.add(&decoded.repairs);
        outcome.records += decoded.records;
    }
    assert!(batches.next_batch(|_| Ok(()))?.is_none(), "a batch after the last one");
    Ok(outcome)
}

/// Reads a file, with the same outcome for batches of every size.
fn read_with(file: &[u8], options: &Options) -> Outcome {
    let whole = read_in(1 << 20, file, options).expect("slices do not fail");
    for batch_bytes in [1, 2, 3, 10, 64, 100, 300, 1_000, 4_096] {
        let pieces = read_in(batch_bytes, file, options).expect("slices do not fail");
        assert_eq!(pieces, whole, "in batches of {batch_bytes} bytes");
    }
    whole
}

fn read(file: impl AsRef<[u8]>) -> Outcome {
    read_with(file.as_ref(), &Options::default())
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).expect("memory does not fail")
}

/// The `data` of a row of the samples.
fn data(signal: Signal) -> String {
    let outcome = read(json(signal, 1, false));
    assert_eq!((outcome.rows.len(), outcome.rejects.len()), (1, 0));
    outcome.rows[0].1.clone()
}

/// The samples of a signal say the same in either encoding, but for the names of spans and bodies.
#[test]
fn samples_are_rows() {
    for signal in Signal::ALL {
        for outcome in [read(json(signal, 9, true)), read(protobuf(signal, 9))] {
            assert_eq!(outcome.signals(), [signal]);
            assert_eq!((outcome.rejects(), outcome.records), (vec![], 1));
            assert!(outcome.repairs.is_empty());
        }
    }
}

#[test]
fn files_without_a_record() {
    for file in [&b""[..], b"\n", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"[]", b"[ ]\n"]
    {
        for compressed in [file.to_vec(), gzip(file), zstd(file)] {
            for format in [None, Some(Format::Json)] {
                let options = Options { format, ..Options::default() };
                assert_eq!(read_with(&compressed, &options), Outcome::default(), "{file:?}");
            }
        }
    }
    let options = Options { format: Some(Format::Protobuf), ..Options::default() };
    assert_eq!(read_with(b"", &options), Outcome::default());
}
