//! What memory, the page cache and SIMD allow.

use std::fs::File;
use std::io::Read;

use duckspan_bench::probe::Probe;
use duckspan_bench::slicer;
use memchr::memmem::Finder;

use super::Data;

/// What `read` is asked for at once.
const BUFFER: usize = 1 << 20;
/// A DuckDB vector has that many rows; then its memory is used again.
const VECTOR: usize = 2_048;

pub(super) fn probes(data: &Data) -> Vec<Probe<'_>> {
    let size = data.lines.len();
    let mut copy = vec![0; size];
    let mut probes = vec![
        Probe::new("memcpy", size, move || {
            copy.copy_from_slice(&data.lines);
            u64::from(copy[size / 2])
        }),
        Probe::new("read", size, || read(data)),
        Probe::new("newlines", size, || memchr::memchr_iter(b'\n', &data.lines).count() as u64),
    ];
    if slicer::is_supported() {
        probes.push(Probe::new("slice", size, || slice(&data.lines)));
        probes.push(Probe::new("slice-and-copy", size, || slice_and_copy(&data.lines)));
    }
    probes
}

fn read(data: &Data) -> u64 {
    let mut buffer = vec![0; BUFFER];
    let mut sum = 0;
    let Ok(mut file) = File::open(&data.path) else { return 0 };
    while let Ok(count @ 1..) = file.read(&mut buffer) {
        sum += u64::from(buffer[count / 2]) + count as u64;
    }
    sum
}

fn slice(lines: &[u8]) -> u64 {
    let mut sum = 0;
    slicer::spans(lines, |span| sum += span.len() as u64);
    sum
}

/// Copies every span out and reads its start time: all that a reader must do with each row.
fn slice_and_copy(lines: &[u8]) -> u64 {
    const KEY: &str = "imeUnixNano\":\"";
    let finder = Finder::new(KEY);
    let (mut out, mut rows, mut sum) = (Vec::new(), 0, 0);
    slicer::spans(lines, |span| {
        if rows % VECTOR == 0 {
            out.clear();
        }
        out.extend_from_slice(span);
        rows += 1;
        if let Some(at) = finder.find(span) {
            sum ^= decimal(&span[at + KEY.len()..]);
        }
    });
    sum + out.len() as u64
}

fn decimal(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0_u64, |value, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
}
