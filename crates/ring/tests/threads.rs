//! Writers and readers at the same time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use duckspan_otlp::Signal;
use duckspan_ring::{Limits, Rings, Snapshot};

mod common;
use common::{row, segment_of, times};

/// Rows of each signal in a request.
const ROWS: u64 = 5;
const REQUESTS: u64 = 4000;

/// Requests of each of several writers. Miri looks at each access of memory, and takes a thousand times as long.
const OF_EACH: u64 = if cfg!(miri) { 3 } else { 500 };

/// One writer: the time of a row tells its id.
fn write(rings: &Rings) {
    for request in 0..REQUESTS {
        let segments = Signal::ALL.map(|signal| {
            let rows: Vec<_> = (request * ROWS..(request + 1) * ROWS)
                .map(|id| row(signal, id + 1, "text of a row"))
                .collect();
            segment_of(signal, "service", &rows)
        });
        rings.append_all(segments.into());
    }
}

/// Whole requests of all signals, in order, each row with its id.
fn check(snapshots: &[Snapshot; 3]) {
    let next = snapshots[0].next_row_id();
    assert_eq!(next % ROWS, 0, "a request is seen whole");
    for snapshot in snapshots {
        assert_eq!(snapshot.next_row_id(), next, "a request is seen in all signals at once");
        let expected = snapshot.first_row_id() + 1..snapshot.next_row_id() + 1;
        assert!(times(snapshot).into_iter().eq(expected), "no row is missing or torn");
    }
}

fn read(rings: &Rings, done: &AtomicBool) -> u64 {
    let (mut seen, mut checked) = (0, 0);
    let mut kept = Vec::new();
    while !done.load(Ordering::Acquire) {
        let snapshots = rings.snapshot_all();
        check(&snapshots);
        assert!(snapshots[0].next_row_id() >= seen, "nothing seen goes back");
        assert!(rings.memory() <= rings.limits().memory_limit);
        let stats = rings.stats(Signal::Logs);
        assert_eq!(stats.received_rows, stats.rows + stats.evicted_rows);
        seen = snapshots[0].next_row_id();
        checked += 1;
        if kept.len() < 8 {
            kept.push(snapshots);
        }
    }
    kept.iter().for_each(check);
    checked
}

#[test]
#[cfg_attr(miri, ignore = "readers go on for as long as the writer takes")]
fn readers_see_whole_requests_while_rows_come_and_go() {
    let rows = Limits { max_rows: 700, memory_limit: 512 << 20, pinned_limit: u64::MAX };
    let bytes = Limits { max_rows: 1_000_000, memory_limit: 200_000, pinned_limit: u64::MAX };
    for limits in [rows, bytes] {
        let (rings, done) = (Rings::new(limits), AtomicBool::new(false));
        let checked: u64 = thread::scope(|scope| {
            let readers: Vec<_> = (0..2).map(|_| scope.spawn(|| read(&rings, &done))).collect();
            scope.spawn(|| {
                // Readers stop also when the writer fails.
                let written = catch_unwind(AssertUnwindSafe(|| write(&rings)));
                done.store(true, Ordering::Release);
                written.expect("the writer");
            });
            readers.into_iter().map(|reader| reader.join().expect("a reader")).sum()
        });
        eprintln!("{checked} snapshots");
        check(&rings.snapshot_all());
        for signal in Signal::ALL {
            let stats = rings.stats(signal);
            assert_eq!(stats.received_rows, REQUESTS * ROWS);
            assert_eq!(stats.pinned_bytes, 0);
        }
    }
}

#[test]
fn writers_do_not_lose_rows_of_each_other() {
    let rings =
        Rings::new(Limits { max_rows: 3000, memory_limit: 512 << 20, pinned_limit: u64::MAX });
    let cleared: u64 = thread::scope(|scope| {
        for writer in 0..4_u64 {
            let rings = &rings;
            scope.spawn(move || {
                for request in 0..OF_EACH {
                    let times = [1, 2, 3].map(|row| writer * 10_000 + request * 3 + row);
                    let rows = times.map(|time| row(Signal::Traces, time, "span"));
                    rings.append(segment_of(Signal::Traces, "service", &rows));
                }
            });
        }
        let clear = || (0..5).map(|_| rings.clear(Signal::Traces)).sum();
        scope.spawn(clear).join().expect("the clearing thread")
    });
    let stats = rings.stats(Signal::Traces);
    let received = 4 * 3 * OF_EACH;
    assert_eq!((stats.received_rows, stats.cleared_rows), (received, cleared));
    assert_eq!(stats.rows + stats.evicted_rows + cleared, received);
    let held = times(&rings.snapshot(Signal::Traces));
    for writer in 0..4 {
        let of_writer: Vec<_> = held.iter().filter(|&&time| time / 10_000 == writer).collect();
        assert!(of_writer.is_sorted(), "in the order of their writer");
    }
    let requests = held.rchunks_exact(3);
    assert!(requests.into_iter().all(|rows| rows[1] == rows[0] + 1 && rows[2] == rows[0] + 2));
}
