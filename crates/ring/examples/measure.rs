//! What appending and reading cost: `cargo run --release -p duckspan-ring --example measure`.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use duckspan_otlp::Segment;
use duckspan_otlp::Signal::Traces;
use duckspan_ring::{Limits, Rings};

#[path = "../tests/common/mod.rs"]
mod common;
use common::{segment, server_spans};

const LIMITS: Limits =
    Limits { max_rows: 1_000_000, memory_limit: 512 << 20, pinned_limit: u64::MAX };

fn main() {
    for (rows, requests) in [(1, 300_000), (10, 60_000), (100, 15_000), (512, 4_000), (20_000, 60)]
    {
        append(rows, requests, LIMITS);
    }
    append(512, 4_000, Limits { max_rows: 100_000, ..LIMITS });
    append(512, 4_000, Limits { memory_limit: 64 << 20, ..LIMITS });
}

/// Appends so many requests of so many rows, made beforehand a few at a time.
fn append(rows: u64, requests: u64, limits: Limits) {
    let rings = Rings::new(limits);
    let mut times = Vec::with_capacity(requests as usize);
    let (mut bytes, mut busy) = (0, Duration::ZERO);
    for first in (0..requests).step_by(64) {
        let batch: Vec<Segment> = (first..requests.min(first + 64))
            .map(|request| {
                let request = server_spans(request * rows, rows);
                bytes += request.len();
                segment(Traces, &request)
            })
            .collect();
        let before = cpu_time();
        for segment in batch {
            let start = Instant::now();
            rings.append(segment);
            times.push(start.elapsed());
        }
        busy += cpu_time() - before;
    }
    times.sort_unstable();
    let stats = rings.stats(Traces);
    println!(
        "{rows} rows a request, {requests} requests, {} rows and {} MiB at most",
        limits.max_rows,
        limits.memory_limit >> 20
    );
    println!(
        "  append: {:.0} ns/row of CPU, a request {:?} in the median, {:?} p99, {:?} at most",
        busy.as_nanos() as f64 / (rows * requests) as f64,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    );
    println!(
        "  held: {} rows in {} parts, {:.0} bytes/row, of {:.0} sent",
        stats.rows,
        stats.parts,
        stats.bytes as f64 / stats.rows as f64,
        bytes as f64 / (rows * requests) as f64
    );
    read(&rings);
}

/// What this thread has run for, whatever else the machine does.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

fn read(rings: &Rings) {
    let start = Instant::now();
    let count = 10_000;
    (0..count).for_each(|_| drop(black_box(rings.snapshot(Traces))));
    println!("  snapshot: {:?}", start.elapsed() / count);
    let start = Instant::now();
    let parts = rings.snapshot(Traces).parts().expect("rows").len();
    println!("  its first list of parts: {:?} for {parts}", start.elapsed());
    let start = Instant::now();
    black_box(rings.stats(Traces));
    println!("  stats: {:?}", start.elapsed());
}
