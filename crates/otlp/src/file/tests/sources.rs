//! Where bytes come from: sources that give few at a time, fail, or never end.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read};

use super::{Batches, Options, gzip, json, protobuf, read_in, zstd};
use crate::signal::Signal;
use crate::sniff::HEAD;
use crate::split::sample::{big_endian, varint};

/// Gives a few bytes at a time, and fails before some of them.
struct Halting<'a> {
    bytes: &'a [u8],
    piece: usize,
    /// Every third read fails, with an error of this kind.
    failure: Option<ErrorKind>,
    reads: usize,
    failed: &'a Cell<usize>,
}

impl Read for Halting<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        if let Some(kind) = self.failure.filter(|_| self.reads.is_multiple_of(3)) {
            self.failed.set(self.failed.get() + 1);
            return Err(kind.into());
        }
        let piece = self.piece.min(out.len());
        self.bytes.read(&mut out[..piece])
    }
}

fn halting<'a>(
    bytes: &'a [u8],
    piece: usize,
    failure: Option<ErrorKind>,
    failed: &'a Cell<usize>,
) -> Halting<'a> {
    Halting { bytes, piece, failure, reads: 0, failed }
}

fn files() -> Vec<Vec<u8>> {
    let lines = (json(Signal::Logs, 30, false) + "\n").repeat(30).into_bytes();
    let binary = [1, 500, 900].map(|size| protobuf(Signal::Traces, size));
    let plain = [lines.clone(), binary.concat(), big_endian(&binary), varint(&binary)];
    let packed = [gzip(&lines), zstd(&lines), zstd(&gzip(&lines)), gzip(&binary.concat())];
    plain.into_iter().chain(packed).collect()
}

#[test]
fn bytes_may_come_in_pieces() {
    let options = Options::default();
    for file in files() {
        let whole = read_in(1 << 20, &*file, &options).expect("slices do not fail");
        assert!(whole.rejects.is_empty());
        for piece in [1, 2, 3, 5, 100] {
            let failed = Cell::new(0);
            let source = halting(&file, piece, None, &failed);
            let pieces = read_in(1_000, source, &options).expect("it does not fail");
            assert_eq!(pieces, whole, "{piece}");
        }
    }
}

/// Being interrupted is no failure.
#[test]
fn interruptions_are_passed_over() {
    for file in files() {
        let whole = read_in(1 << 20, &*file, &Options::default()).expect("slices do not fail");
        let failed = Cell::new(0);
        let source = halting(&file, 7, Some(ErrorKind::Interrupted), &failed);
        let outcome = read_in(100, source, &Options::default());
        assert_eq!(outcome.expect("it does not fail"), whole);
        assert!(failed.get() > 0);
    }
}

/// A failure is told once for each time the source fails, and nothing is lost by it.
#[test]
fn reading_goes_on_after_a_failure() {
    for file in files() {
        let options = Options::default();
        let failed = Cell::new(0);
        let source = halting(&file, 7, Some(ErrorKind::TimedOut), &failed);
        let mut batches = Batches::new(source, &options, 100);
        let (mut told, mut records) = (0, 0);
        loop {
            match batches.next_batch(|_| Ok(())) {
                Ok(Some(batch)) => records += batch.records.len(),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut);
                    told += 1;
                }
            }
        }
        assert!(told > 0 && told == failed.get());
        let whole = read_in(1 << 20, &*file, &options).expect("slices do not fail");
        assert_eq!(records as u64, whole.records);
    }
}

#[test]
fn bytes_consumed_are_those_of_the_file() {
    for file in files() {
        let mut batches = Batches::new(&*file, &Options::default(), 100);
        let mut consumed = 0;
        while batches.next_batch(|_| Ok(())).expect("slices do not fail").is_some() {
            assert!(batches.consumed() >= consumed);
            consumed = batches.consumed();
            assert!(consumed <= file.len() as u64);
        }
        assert_eq!(batches.consumed(), file.len() as u64);
    }
}

/// What goes on and on is passed over in bounded memory.
#[test]
fn memory_does_not_grow_with_the_file() {
    const MAXIMUM: usize = 100_000;
    const BATCH: usize = 50_000;
    let line = json(Signal::Logs, 30, false);
    let frame = big_endian([protobuf(Signal::Logs, 30)]);
    let mut large_frame = (20_u32 << 20).to_be_bytes().to_vec();
    large_frame.extend(protobuf(Signal::Logs, 30));
    for (name, first, rest) in [
        ("lines", format!("{line}\n"), format!("{line}\n").into_bytes()),
        ("documents", line.repeat(2), line.clone().into_bytes()),
        ("a line without end", format!("{line}\n{{"), b"[1, 2, ".to_vec()),
        ("a document without end", format!("{line}{line}{{"), b"[1, 2, ".to_vec()),
        ("a string without end", format!("{line}{line}{{\""), b"text".to_vec()),
        ("garbage between documents", format!("{line}{line}"), b"text".to_vec()),
        ("an array", format!("[{line}"), format!(",{line}").into_bytes()),
        ("blank lines", format!("{line}\n"), b"\n \r\n".to_vec()),
        ("blank lines first", String::new(), b"\n".to_vec()),
        ("commas", format!("[{line}"), b", ".to_vec()),
        ("zeros", format!("{line}\n"), b"\0".to_vec()),
    ]
    .map(|(name, first, rest)| (name, first.into_bytes(), rest))
    .into_iter()
    .chain([
        ("frames", frame.clone(), frame.clone()),
        ("a frame without end", frame.clone(), [large_frame, vec![0; 20 << 20]].concat()),
        ("empty frames", frame.clone(), vec![0; 4]),
        ("bare", protobuf(Signal::Logs, 3), protobuf(Signal::Logs, 3)),
        ("bare, unknown", protobuf(Signal::Logs, 3), b"\x12\x05hello".to_vec()),
        ("bare, a group without end", [&frame[4..], b"\x13"].concat(), b"\x10\x01".to_vec()),
    ]) {
        let pieces = rest.repeat((60_000_usize).div_ceil(rest.len()));
        let source = first.chain(Endless { bytes: pieces, at: 0, left: 5 << 20 });
        let options = Options { maximum_object_size: MAXIMUM, ..Options::default() };
        let mut batches = Batches::new(source, &options, BATCH);
        // To tell what a file is, its head may be held.
        let mut most = 2 * HEAD;
        while let Some(batch) = batches.next_batch(|_| Ok(())).expect("it does not fail") {
            let held = batch.bytes.len().max(batches.bytes.capacity());
            assert!(held <= most, "{name}: {held} bytes");
            most = 3 * MAXIMUM;
        }
        let held = batches.bytes.capacity();
        assert!(held <= 2 * HEAD, "{name}: {held} bytes");
    }
}

/// The same bytes again and again, so many in all.
struct Endless {
    bytes: Vec<u8>,
    at: usize,
    left: usize,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.at %= self.bytes.len();
        let count = (self.bytes.len() - self.at).min(out.len()).min(self.left);
        out[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        (self.at, self.left) = (self.at + count, self.left - count);
        Ok(count)
    }
}
