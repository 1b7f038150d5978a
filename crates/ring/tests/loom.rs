//! Every interleaving of small programs; `make test-loom` runs them.
//!
//! Loom runs the ring's own code with its own locks and atomics; in the place of the pointer of
//! `arc_swap`, whose inside it cannot see, is a mutex.

use std::sync::Arc;

use duckspan_otlp::{Segment, Signal};
use duckspan_ring::{Limits, Rings};
use loom::thread;

mod common;
use common::{row, segment_of, times};

fn rings(max_rows: u64) -> Arc<Rings> {
    Arc::new(Rings::new(Limits { max_rows, memory_limit: 1 << 30, pinned_limit: u64::MAX }))
}

fn spans(times: &[u64]) -> Segment {
    let rows: Vec<_> = times.iter().map(|&time| row(Signal::Traces, time, "")).collect();
    segment_of(Signal::Traces, "", &rows)
}

fn log(time: u64) -> Segment {
    segment_of(Signal::Logs, "", &[row(Signal::Logs, time, "")])
}

#[test]
fn a_snapshot_has_whole_requests_of_all_signals() {
    loom::model(|| {
        let rings = rings(3);
        let writer = thread::spawn({
            let rings = Arc::clone(&rings);
            move || {
                rings.append_all(vec![spans(&[1, 2]), log(1)]);
                rings.append_all(vec![spans(&[3, 4]), log(2)]);
            }
        });
        let [traces, _, logs] = rings.snapshot_all();
        match logs.rows() {
            0 => assert!(times(&traces).is_empty()),
            1 => assert_eq!(times(&traces), [1, 2]),
            _ => assert_eq!(times(&traces), [2, 3, 4]),
        }
        writer.join().expect("the writer");
        assert_eq!(times(&rings.snapshot(Signal::Traces)), [2, 3, 4]);
        assert_eq!(rings.stats(Signal::Traces).evicted_rows, 1);
    });
}

#[test]
fn writers_take_turns() {
    loom::model(|| {
        let rings = rings(10);
        let writers = [1, 10].map(|time| {
            let rings = Arc::clone(&rings);
            thread::spawn(move || rings.append(spans(&[time, time + 1])))
        });
        let cleared = rings.clear(Signal::Traces);
        writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
        let stats = rings.stats(Signal::Traces);
        assert_eq!((stats.received_rows, stats.cleared_rows), (4, cleared));
        let held = times(&rings.snapshot(Signal::Traces));
        let all = [[1, 2, 10, 11], [10, 11, 1, 2]];
        assert!(all.iter().any(|all| held == all[cleared as usize..]), "{held:?}");
    });
}

#[test]
fn what_a_reader_pins_is_counted_until_it_lets_go() {
    loom::model(|| {
        let rings = rings(1);
        rings.append(spans(&[1]));
        let reader = thread::spawn({
            let rings = Arc::clone(&rings);
            move || {
                let snapshot = rings.snapshot(Signal::Traces);
                let seen = times(&snapshot);
                assert!(seen == [1] || seen == [2]);
                // The writer may let go of the rows before the reader does.
                thread::yield_now();
            }
        });
        rings.append(spans(&[2]));
        reader.join().expect("the reader");
        assert_eq!(rings.stats(Signal::Traces).pinned_bytes, 0);
    });
}

#[test]
fn rows_that_are_taken_back_are_whole_or_gone() {
    loom::model(|| {
        let limits = Limits { max_rows: 1, memory_limit: 1 << 30, pinned_limit: 0 };
        let rings = Arc::new(Rings::new(limits));
        rings.append(spans(&[1]));
        let snapshot = rings.snapshot(Signal::Traces);
        let reader = thread::spawn(move || {
            if let Ok(part) = snapshot.part(0) {
                assert_eq!(part.segment().time(0), Some(1));
            }
        });
        rings.append(spans(&[2]));
        assert_eq!(times(&rings.snapshot(Signal::Traces)), [2]);
        reader.join().expect("the reader");
        assert_eq!(rings.stats(Signal::Traces).pinned_bytes, 0);
    });
}

#[test]
fn joining_parts_changes_nothing_for_readers() {
    loom::model(|| {
        let rings = rings(100);
        (1..=15).for_each(|time| rings.append(spans(&[time])));
        let reader = thread::spawn({
            let rings = Arc::clone(&rings);
            move || {
                let snapshot = rings.snapshot(Signal::Traces);
                assert!(times(&snapshot).into_iter().eq(1..=snapshot.next_row_id()));
                assert!(snapshot.rows() >= 15);
            }
        });
        rings.append(spans(&[16]));
        reader.join().expect("the reader");
        let stats = rings.stats(Signal::Traces);
        assert_eq!((stats.rows, stats.parts, stats.pinned_bytes), (16, 1, 0));
    });
}

#[test]
fn the_first_reader_joins_what_was_left_for_it() {
    let large = |time| {
        let row = row(Signal::Traces, time, &"x".repeat(16 << 10));
        segment_of(Signal::Traces, "", &[row])
    };
    loom::model(move || {
        let rings = Arc::new(Rings::new(Limits {
            max_rows: 100,
            memory_limit: 3 << 20,
            pinned_limit: u64::MAX,
        }));
        rings.append_all((1..=2).map(large).collect());
        let pieces = rings.snapshot(Signal::Traces);
        rings.append(large(3));
        assert_eq!(
            (pieces.parts().expect("rows").len(), rings.stats(Signal::Traces).parts),
            (2, 1)
        );
        let [reader, writer] = [false, true].map(|clear| {
            let rings = Arc::clone(&rings);
            thread::spawn(move || match clear {
                true => _ = rings.clear(Signal::Traces),
                false => {
                    let seen = times(&rings.snapshot(Signal::Traces));
                    assert!(seen.is_empty() || seen == [1, 2, 3]);
                }
            })
        });
        let seen = times(&rings.snapshot(Signal::Traces));
        assert!(seen.is_empty() || seen == [1, 2, 3]);
        [reader, writer].into_iter().for_each(|thread| thread.join().expect("a thread"));
        assert_eq!(times(&pieces), [1, 2]);
        assert!(rings.stats(Signal::Traces).pinned_bytes > 32 << 10, "the pieces are still there");
        drop(pieces);
        assert_eq!(rings.stats(Signal::Traces).pinned_bytes, 0);
    });
}
