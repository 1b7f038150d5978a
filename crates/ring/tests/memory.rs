//! Bytes that the rings say they hold against bytes that are allocated, at every moment.
//!
//! Without a test harness, whose threads allocate too: what is counted is the whole process.

use duckspan_otlp::Signal::Traces;
use duckspan_ring::{Limits, Rings};
use peak_alloc::PeakAlloc;

mod common;
use common::{segment, server_spans};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// Lists of parts, tables of a merge, and what the test itself needs.
const BESIDES: usize = 20_000;

/// Appends requests of so many rows until the rings have been filled a few times.
fn fill(limits: Limits, rows_per_request: u64) {
    let before = ALLOCATED.current_usage();
    let rings = Rings::new(limits);
    let (mut rows, mut bytes) = (0, 0);
    while bytes < 3 * limits.memory_limit && rows < 10 * limits.max_rows {
        let request = server_spans(rows, rows_per_request);
        (rows, bytes) = (rows + rows_per_request, bytes + request.len() as u64);
        let segment = segment(Traces, &request);
        drop(request);
        let incoming = segment.memory();
        ALLOCATED.reset_peak_usage();
        rings.append(segment);

        let (held, memory) = (ALLOCATED.current_usage() - before, rings.memory() as usize);
        assert!(held <= memory + BESIDES, "{held} bytes allocated for {memory}");
        assert!(memory <= held + held / 20 + 1000, "{memory} bytes said to be held in {held}");
        let peak = ALLOCATED.peak_usage() - before - incoming;
        let limit = limits.memory_limit as usize;
        assert!(peak <= limit + BESIDES, "{peak} bytes allocated while appending");
    }
    assert!(rings.stats(Traces).evicted_rows > 0, "the rings were full");
    read(&rings, before);
    drop(rings);
    assert_eq!(ALLOCATED.current_usage(), before, "everything is freed");
}

/// Has all parts joined that are left for readers: one after the other, into no more than they took.
fn read(rings: &Rings, before: usize) {
    let snapshot = rings.snapshot(Traces);
    let (limit, memory) = (rings.limits().memory_limit as usize, rings.memory() as usize);
    ALLOCATED.reset_peak_usage();
    let rows: usize = snapshot.parts().expect("rows").iter().map(|part| part.segment().len()).sum();
    assert!(rows as u64 >= snapshot.rows());
    let (held, peak) = (ALLOCATED.current_usage() - before, ALLOCATED.peak_usage() - before);
    assert!(held <= memory + BESIDES, "{held} bytes allocated for {memory}");
    let part = limit / 64 * 3 / 2;
    assert!(peak <= limit + part + BESIDES, "{peak} bytes allocated while reading");
}

fn main() {
    // What `arc_swap` keeps for each thread comes with its first use.
    drop(
        Rings::new(Limits { max_rows: 1, memory_limit: 1, pinned_limit: u64::MAX })
            .snapshot(Traces),
    );
    for rows_per_request in [1, 16, 40, 512, 20_000] {
        fill(
            Limits { max_rows: 1_000_000, memory_limit: 4 << 20, pinned_limit: u64::MAX },
            rows_per_request,
        );
        fill(
            Limits { max_rows: 2_000, memory_limit: 4 << 20, pinned_limit: u64::MAX },
            rows_per_request,
        );
    }
}
