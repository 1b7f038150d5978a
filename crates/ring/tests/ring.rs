//! What a ring keeps, what it lets go of, and what it says about that.

use duckspan_otlp::Signal;
use duckspan_otlp::Signal::{Logs, Metrics, Traces};
use duckspan_otlp::wire::put_len;
use duckspan_ring::{Full, Keeper, Limits, Part, Rings, Snapshot, Stats, TakenBack};

mod common;
use common::{message, messages, row, segment, segment_of, server_spans, timed_spans, times};

const ROOMY: Limits =
    Limits { max_rows: 1_000_000, memory_limit: 512 << 20, pinned_limit: u64::MAX };

fn rings(max_rows: u64, memory_limit: u64) -> Rings {
    Rings::new(Limits { max_rows, memory_limit, pinned_limit: u64::MAX })
}

/// received = held + evicted + cleared, and parts that tell the same.
fn check(rings: &Rings, signal: Signal) {
    let (stats, snapshot) = (rings.stats(signal), rings.snapshot(signal));
    assert_eq!(stats.received_rows, stats.rows + stats.evicted_rows + stats.cleared_rows);
    assert_eq!(stats.rows, snapshot.rows());
    assert_eq!(stats.parts, snapshot.parts().expect("rows").len() as u64);
    assert_eq!(snapshot.next_row_id(), stats.received_rows);
    let mut next = snapshot.first_row_id();
    for part in snapshot.parts().expect("rows").iter() {
        assert!(!part.rows().is_empty());
        assert_eq!(part.first_row_id(), next);
        next += part.rows().len() as u64;
    }
    assert_eq!(next, snapshot.next_row_id());
    assert!(rings.memory() <= rings.limits().memory_limit);
}

#[test]
fn a_thousand_rows_in_a_ring_of_a_hundred_leave_the_last_hundred() {
    for rows_per_request in [1, 7, 100, 128, 1000] {
        let rings = rings(100, 512 << 20);
        let mut time = 1;
        while time <= 1000 {
            let rows = rows_per_request.min(1001 - time);
            rings.append(timed_spans(time, rows));
            time += rows;
        }
        let snapshot = rings.snapshot(Traces);
        assert_eq!(times(&snapshot), (901..=1000).collect::<Vec<_>>(), "{rows_per_request}");
        assert_eq!((snapshot.first_row_id(), snapshot.next_row_id()), (900, 1000));
        assert_eq!(rings.stats(Traces).evicted_rows, 900);
        check(&rings, Traces);
    }
}

#[test]
fn a_ring_is_full_at_its_limit_and_not_before() {
    let rings = rings(300, 512 << 20);
    for request in 0..60 {
        rings.append(timed_spans(1 + request * 7, 7));
        assert_eq!(rings.stats(Traces).rows, (request * 7 + 7).min(300));
        check(&rings, Traces);
    }
}

#[test]
fn many_small_requests_are_joined() {
    let rings = Rings::new(ROOMY);
    for number in 0..40_000 {
        rings.append(timed_spans(number + 1, 1));
        assert!(rings.stats(Traces).parts <= 2 * number / 16_384 + 77);
    }
    check(&rings, Traces);
    assert_eq!(times(&rings.snapshot(Traces)), (1..=40_000).collect::<Vec<_>>());
}

#[test]
fn small_requests_between_large_ones_are_joined() {
    let rings = Rings::new(ROOMY);
    let mut rows = 0;
    for round in 0..10 {
        for count in [1, 1, 1, 9_000] {
            rings.append(timed_spans(rows + 1, count));
            rows += count;
        }
        assert_eq!(rings.stats(Traces).parts, 2 * (round + 1));
    }
    assert_eq!(times(&rings.snapshot(Traces)), (1..=rows).collect::<Vec<_>>());
}

#[test]
fn large_requests_are_cut() {
    let rings = rings(100_000, 512 << 20);
    rings.append(timed_spans(1, 40_000));
    let snapshot = rings.snapshot(Traces);
    assert!(snapshot.parts().expect("rows").iter().all(|part| part.segment().len() <= 3125));
    assert_eq!(times(&snapshot), (1..=40_000).collect::<Vec<_>>());
    check(&rings, Traces);
}

#[test]
fn a_request_larger_than_the_ring_keeps_its_newest_rows() {
    let by_rows = rings(1000, 512 << 20);
    by_rows.append(timed_spans(1, 5000));
    assert_eq!(times(&by_rows.snapshot(Traces)), (4001..=5000).collect::<Vec<_>>());
    assert!(by_rows.memory() < 150_000, "only those, {} bytes", by_rows.memory());

    let by_bytes = rings(1_000_000, 100_000);
    by_bytes.append(segment_of(Logs, "service", &[row(Logs, 1, "log")]));
    by_bytes.append(timed_spans(1, 5000));
    let kept = times(&by_bytes.snapshot(Traces));
    assert_eq!(kept, (5001 - kept.len() as u64..=5000).collect::<Vec<_>>());
    assert!(by_bytes.memory() > 90_000, "it is used, {} bytes", by_bytes.memory());
    assert_eq!(by_bytes.stats(Logs).evicted_rows, 1, "it was older");
    for signal in Signal::ALL {
        check(&by_rows, signal);
        check(&by_bytes, signal);
    }
}

#[test]
fn a_row_larger_than_the_ring_is_evicted_at_once_with_all_before() {
    let rings = rings(1000, 100_000);
    rings.append(timed_spans(1, 10));
    let large = row(Logs, 1, &"x".repeat(200_000));
    let small = row(Logs, 2, "x");
    rings.append(segment_of(Logs, "service", &[small.clone(), large, small]));
    assert_eq!(rings.stats(Traces).evicted_rows, 10);
    assert_eq!((rings.stats(Logs).rows, rings.stats(Logs).evicted_rows), (1, 2));
    assert_eq!(rings.snapshot(Logs).first_row_id(), 2);
    check(&rings, Logs);
}

#[test]
fn rings_without_room_count_what_they_receive() {
    for (max_rows, memory_limit) in [(0, 512 << 20), (100, 0), (0, 0), (100, 300)] {
        let rings = rings(max_rows, memory_limit);
        rings.append(timed_spans(1, 3));
        rings.append(timed_spans(4, 1000));
        let stats = rings.stats(Traces);
        assert_eq!((stats.rows, stats.evicted_rows, stats.bytes), (0, 1003, 0));
        check(&rings, Traces);
    }
}

#[test]
fn limits_without_end_are_limits() {
    let rings = rings(u64::MAX, u64::MAX);
    (0..100).for_each(|request| rings.append(timed_spans(request + 1, 1)));
    assert_eq!(rings.snapshot(Traces).rows(), 100);
    check(&rings, Traces);
}

#[test]
fn empty_segments_change_nothing() {
    let rings = Rings::new(ROOMY);
    rings.append(segment_of(Traces, "service", &[]));
    rings.append_all(Vec::new());
    assert_eq!(rings.stats(Traces), Default::default());
    assert_eq!(rings.memory(), 0);
}

#[test]
fn bytes_are_shared_and_the_oldest_rows_of_any_signal_go_first() {
    let rings = rings(1_000_000, 400_000);
    let text = "x".repeat(200);
    let mut arrived = Vec::new();
    for time in 1..=4000 {
        // Few logs among many spans, and metrics that stop.
        let signal = match time {
            _ if time % 50 == 0 => Logs,
            _ if time < 1000 && time % 3 == 0 => Metrics,
            _ => Traces,
        };
        rings.append(segment_of(signal, "service", &[row(signal, time, &text)]));
        arrived.push(time);
        assert!(rings.memory() <= 400_000);
    }
    let mut held: Vec<u64> = rings.snapshot_all().iter().flat_map(times).collect();
    held.sort_unstable();
    assert_eq!(held, arrived[arrived.len() - held.len()..], "the newest, without a gap");
    assert!(rings.stats(Logs).rows > 10, "a ring does not starve the others");
    assert_eq!(rings.stats(Metrics).rows, 0);
    assert!(rings.memory() > 350_000, "memory is used, {} bytes", rings.memory());
}

/// What came after a snapshot stays, and what was evicted since is not counted again.
#[test]
fn clearing_what_a_snapshot_sees() {
    let rings = rings(50, 1 << 20);
    rings.append(timed_spans(1, 30));
    let seen = rings.snapshot(Traces);
    rings.append(timed_spans(31, 30));
    assert_eq!(rings.clear_before(Traces, seen.next_row_id()), 20);
    let stats = rings.stats(Traces);
    assert_eq!((stats.rows, stats.evicted_rows, stats.cleared_rows), (30, 10, 20));
    assert_eq!(times(&rings.snapshot(Traces)), (31..=60).collect::<Vec<_>>());
    assert_eq!(rings.clear_before(Traces, seen.next_row_id()), 0);
    let left = seen.cleared(20);
    assert_eq!((left.rows(), left.parts().expect("rows").len(), left.next_row_id()), (0, 0, 30));
    let stats = left.stats();
    assert_eq!((stats.received_rows, stats.evicted_rows, stats.cleared_rows), (30, 10, 20));
}

#[test]
fn clearing_empties_one_ring_and_ids_go_on() {
    let rings = rings(100, 512 << 20);
    rings.append(timed_spans(1, 120));
    rings.append(segment_of(Logs, "service", &[row(Logs, 1, "log")]));
    assert_eq!(rings.clear(Traces), 100);
    assert_eq!(rings.clear(Traces), 0);
    let stats = rings.stats(Traces);
    assert_eq!((stats.rows, stats.bytes, stats.evicted_rows, stats.cleared_rows), (0, 0, 20, 100));
    assert_eq!((stats.oldest_time, stats.newest_time), (None, None));
    assert_eq!(rings.stats(Logs).rows, 1);
    rings.append(timed_spans(1, 5));
    let snapshot = rings.ring(Traces).snapshot();
    assert_eq!((snapshot.first_row_id(), snapshot.next_row_id()), (120, 125));
    assert_eq!(rings.ring(Traces).clear(), 5);
    check(&rings, Traces);
}

#[test]
fn segments_of_one_request_go_together() {
    let rings = Rings::new(ROOMY);
    let log = |time| segment_of(Logs, "service", &[row(Logs, time, "log")]);
    rings.append_all(vec![timed_spans(1, 3), log(1), timed_spans(4, 2), log(2)]);
    let [traces, metrics, logs] = rings.snapshot_all();
    assert_eq!(times(&traces), [1, 2, 3, 4, 5]);
    assert_eq!(times(&logs), [1, 2]);
    assert_eq!((metrics.rows(), metrics.parts().expect("rows").len()), (0, 0));

    let many = (0..1000).map(|number| timed_spans(number + 6, 1)).collect();
    rings.append_all(many);
    assert_eq!(times(&rings.snapshot(Traces)), (1..=1005).collect::<Vec<_>>());
    assert!(rings.stats(Traces).parts < 77);
}

#[test]
fn segments_of_one_request_larger_than_the_rings_keep_the_newest() {
    let rings = rings(1_000_000, 60_000);
    let log = |time| segment_of(Logs, "service", &[row(Logs, time, "log")]);
    rings.append_all(vec![timed_spans(1, 3), log(1), timed_spans(4, 4000), log(2)]);
    assert_eq!(times(&rings.snapshot(Logs)), [2]);
    let kept = times(&rings.snapshot(Traces));
    assert!(kept.len() > 100);
    assert_eq!(kept, (4004 - kept.len() as u64..=4003).collect::<Vec<_>>());
    check(&rings, Traces);
    check(&rings, Logs);
}

#[test]
fn snapshots_do_not_change() {
    let rings = rings(50, 512 << 20);
    let mut snapshots: Vec<(Snapshot, Vec<u64>)> = Vec::new();
    for request in 0..100 {
        rings.append(timed_spans(1 + request * 3, 3));
        if request % 10 == 9 {
            let end = request * 3 + 3;
            snapshots
                .push((rings.snapshot(Traces), (end.saturating_sub(49).max(1)..=end).collect()));
        }
    }
    rings.clear(Traces);
    for (snapshot, expected) in &snapshots {
        assert_eq!(&times(snapshot), expected);
        assert_eq!(times(&snapshot.clone()), times(snapshot));
    }
}

#[test]
fn what_snapshots_keep_is_counted_until_they_are_gone() {
    let rings = rings(300, 512 << 20);
    rings.append(timed_spans(1, 300));
    let bytes = rings.stats(Traces).bytes;
    let first = rings.snapshot(Traces);
    assert_eq!(rings.stats(Traces).pinned_bytes, 0, "the ring has it too");
    rings.append(timed_spans(301, 300));
    assert_eq!(rings.stats(Traces).pinned_bytes, bytes);
    assert_eq!(rings.stats(Traces).bytes, bytes);
    let (part, second) = (first.parts().expect("rows")[0].clone(), rings.snapshot(Traces));
    rings.clear(Traces);
    assert_eq!(rings.stats(Traces).pinned_bytes, 2 * bytes);
    assert_eq!(rings.stats(Logs).pinned_bytes, 0);
    assert_eq!(rings.memory(), 0);
    drop(first);
    assert_eq!(rings.stats(Traces).pinned_bytes, 2 * bytes, "a part keeps its segment");
    drop(part);
    assert_eq!(rings.stats(Traces).pinned_bytes, bytes);
    drop(second);
    assert_eq!(rings.stats(Traces).pinned_bytes, 0);
}

/// What snapshots keep has a limit: the oldest lose their rows, and are told so; what they were is known still.
#[test]
fn the_oldest_snapshots_lose_their_rows_when_all_keep_too_much() {
    const ROWS: u64 = 300;
    let mut limits = Limits { max_rows: ROWS, memory_limit: 512 << 20, pinned_limit: u64::MAX };
    let rings = Rings::new(limits);
    rings.append(timed_spans(1, ROWS));
    let bytes = rings.stats(Traces).bytes;
    limits.pinned_limit = 2 * bytes;
    let rings = Rings::new(limits);
    rings.append(segment_of(Logs, "other", &[row(Logs, 1, "")]));
    let [_, _, logs] = rings.snapshot_all();
    let mut snapshots = Vec::new();
    for request in 0..10 {
        rings.append(timed_spans(1 + request * ROWS, ROWS));
        let pinned = rings.stats(Traces).pinned_bytes;
        assert!(pinned <= limits.pinned_limit, "{pinned} bytes after request {request}");
        snapshots.push((rings.snapshot(Traces), rings.stats(Traces)));
    }
    let kept = snapshots.iter().filter(|(snapshot, _)| snapshot.parts().is_ok()).count();
    assert_eq!(kept, 3, "two that are pinned, and what the ring has");
    for (number, (snapshot, stats)) in snapshots.iter().enumerate() {
        assert_eq!(snapshot.parts().is_ok(), number >= 7, "the oldest go first");
        assert_eq!(snapshot.part(0).is_ok(), number >= 7);
        assert_eq!(snapshot.stats(), Stats { pinned_bytes: 0, ..*stats });
        assert_eq!((snapshot.rows(), snapshot.next_row_id()), (ROWS, stats.received_rows));
        let cleared = snapshot.cleared(ROWS);
        assert_eq!((cleared.rows(), cleared.stats().cleared_rows), (0, ROWS));
    }
    assert_eq!(times(&snapshots[9].0), (2701..=3000).collect::<Vec<_>>());
    assert_eq!(times(&logs), [1], "another signal keeps nothing");
}

/// Who reads a part is not disturbed, but finds no other.
#[test]
fn a_part_that_is_read_stays() {
    let rings = Rings::new(Limits { max_rows: 300, memory_limit: 512 << 20, pinned_limit: 0 });
    rings.append(timed_spans(1, 300));
    let snapshot = rings.snapshot(Traces);
    let part = snapshot.part(0).expect("a part");
    rings.append(timed_spans(301, 300));
    assert_eq!(part.segment().time(0), Some(1));
    assert_eq!(snapshot.part(0).err(), Some(TakenBack));
    assert!(rings.stats(Traces).pinned_bytes > 0);
    drop(part);
    assert_eq!(rings.stats(Traces).pinned_bytes, 0);
    let cleared = rings.snapshot(Traces);
    rings.clear(Traces);
    assert!(cleared.parts().is_err(), "what is removed is kept as little as what is evicted");
}

#[test]
fn what_is_joined_under_a_snapshot_is_counted() {
    let rings = Rings::new(ROOMY);
    (0..15).for_each(|number| rings.append(timed_spans(number + 1, 1)));
    let snapshot = rings.snapshot(Traces);
    let bytes = rings.stats(Traces).bytes;
    rings.append(timed_spans(16, 1));
    let stats = rings.stats(Traces);
    assert_eq!((stats.parts, stats.pinned_bytes), (1, bytes));
    drop(snapshot);
    assert_eq!(rings.stats(Traces).pinned_bytes, 0);
}

/// Parts are copies of what rows share, so there are few of them where that is much.
#[test]
fn rows_that_share_much_find_room() {
    const SPANS: usize = 20_000;
    let large = vec![b'l'; 1 << 20];
    let spans: Vec<_> = (1..=SPANS as u64).map(|time| row(Traces, time, "span")).collect();
    let mut scoped = message(&[(1, &message(&[(1, &large)]))]);
    spans.iter().for_each(|span| put_len(&mut scoped, 2, span));
    let resource = message(&[(1, &message(&[(1, &large)]))]);
    let rings = rings(1_000_000, 32 << 20);
    rings.append(segment(Traces, &message(&[(1, &message(&[(1, &resource), (2, &scoped)]))])));
    assert_eq!(times(&rings.snapshot(Traces)).len(), SPANS);
    check(&rings, Traces);
}

/// What makes up a whole part stays in the segments it came in until somebody reads it.
#[test]
fn whole_parts_are_joined_for_the_first_reader() {
    let rings = rings(1_000_000, 10 << 20);
    let request = |number: u64| segment(Traces, &server_spans(number * 100, 100));
    (0..3).for_each(|number| rings.append(request(number)));
    let pieces = rings.snapshot(Traces);
    rings.append(request(3));
    let bytes = rings.stats(Traces).bytes;
    let joined = || (rings.stats(Traces).parts, rings.stats(Traces).bytes, rings.memory());
    assert_eq!((pieces.parts().expect("rows").len(), joined()), (3, (1, bytes, bytes)));
    assert_eq!(rings.stats(Traces).pinned_bytes, 0, "the ring has the pieces too");
    assert_eq!(times(&rings.snapshot(Traces)).len(), 400);
    assert_eq!(joined(), (1, bytes, bytes));
    let pinned = rings.stats(Traces).pinned_bytes;
    assert!(pinned > bytes / 2 && pinned < bytes, "only the snapshot has them now: {pinned}");
    assert_eq!(messages(&pieces), messages(&rings.snapshot(Traces))[..300]);
    drop(pieces);
    assert_eq!(rings.stats(Traces).pinned_bytes, 0);

    let unread = rings.snapshot(Traces);
    (4..8).for_each(|number| rings.append(request(number)));
    rings.clear(Traces);
    assert_eq!(rings.stats(Traces).pinned_bytes, bytes, "what nobody reads goes unjoined");
    assert_eq!(times(&unread).len(), 400);
    check(&rings, Traces);
}

#[test]
fn snapshots_outlive_their_rings() {
    let rings = Rings::new(ROOMY);
    rings.append(timed_spans(1, 10));
    let snapshot = rings.snapshot(Traces);
    drop(rings);
    assert_eq!(times(&snapshot).len(), 10);
}

#[test]
fn times_are_those_of_the_rows_held() {
    let rings = rings(3, 512 << 20);
    let rows = |times: &[u64]| {
        let rows: Vec<_> = times.iter().map(|&time| row(Traces, time, "span")).collect();
        segment_of(Traces, "service", &rows)
    };
    let cases = [
        (vec![0], None),
        (vec![50, 90], Some((50, 90))),
        (vec![10], Some((10, 90))),
        (vec![70, 20], Some((10, 70))),
        (vec![0, 0, 0, 0], None),
        (vec![1, u64::MAX, 5, 4], Some((4, 5))),
    ];
    for (added, expected) in cases {
        rings.append(rows(&added));
        let stats = rings.stats(Traces);
        assert_eq!(stats.oldest_time.zip(stats.newest_time), expected, "after {added:?}");
    }
    let snapshot = rings.snapshot(Traces);
    let part = &snapshot.parts().expect("rows")[snapshot.parts().expect("rows").len() - 1];
    assert_eq!((part.time_range(), part.untimed()), (Some((1, 5)), true));
}

/// Bytes of memory per row of many rows, and bytes of their requests.
fn memory_per_row(rows_per_request: u64) -> (f64, f64) {
    let rings = rings(u64::MAX, 512 << 20);
    let (rows, mut bytes) = (20_000 / rows_per_request * rows_per_request, 0);
    for first in (0..rows).step_by(rows_per_request as usize) {
        let request = server_spans(first, rows_per_request);
        bytes += request.len();
        rings.append(segment(Traces, &request));
    }
    let stats = rings.stats(Traces);
    assert_eq!(stats.rows, rows);
    (stats.bytes as f64 / rows as f64, bytes as f64 / rows as f64)
}

#[test]
fn a_row_takes_little_more_than_its_request() {
    for rows_per_request in [100, 512, 4096] {
        let (held, sent) = memory_per_row(rows_per_request);
        assert!(held <= 1.05 * sent + 24.0, "{held} of {sent} bytes");
    }
    let (held, sent) = memory_per_row(1);
    assert!(held <= 0.6 * sent, "the resource is kept once: {held} of {sent} bytes");
}

#[test]
fn rings_can_be_shared_and_shown() {
    fn shared<T: Send + Sync + std::fmt::Debug>(_: &T) {}
    let rings = Rings::new(ROOMY);
    rings.append(timed_spans(1, 100_000));
    shared(&rings);
    shared(&rings.snapshot(Traces));
    shared(&rings.snapshot(Traces).parts().expect("rows")[0]);
    assert!(format!("{rings:?}").len() < 10_000);
    assert_eq!(rings.ring(Logs).signal(), Logs);
    assert_eq!(rings.ring(Logs).stats(), rings.stats(Logs));
}

/// Rows that are to stay are not evicted: what would need their room is refused as a whole.
#[test]
fn rows_stay_until_they_may_go() {
    let rings = rings(100, 512 << 20);
    rings.keep_from(Keeper::Archive, Traces, 0);
    assert_eq!(rings.try_append(timed_spans(1, 60)), Ok(60));
    assert_eq!(rings.try_append(timed_spans(61, 40)), Ok(100));
    assert_eq!(rings.try_append(timed_spans(101, 1)), Err(Full));
    assert_eq!(rings.try_append(segment_of(Logs, "service", &[row(Logs, 1, "log")])), Ok(1));
    assert_eq!(times(&rings.snapshot(Traces)), (1..=100).collect::<Vec<_>>());
    rings.keep_from(Keeper::Archive, Traces, 70);
    assert_eq!(rings.try_append(timed_spans(101, 71)), Err(Full), "more than may go");
    assert_eq!(rings.try_append(timed_spans(101, 70)), Ok(170));
    assert_eq!(times(&rings.snapshot(Traces)), (71..=170).collect::<Vec<_>>());
    rings.keep_from(Keeper::Archive, Traces, 170);
    assert_eq!(
        rings.try_append(timed_spans(1, 101)),
        Err(Full),
        "more than there ever is room for"
    );
    assert_eq!(rings.try_append(timed_spans(1, 100)), Ok(270));
    let stats = rings.stats(Traces);
    assert_eq!((stats.rows, stats.evicted_rows, stats.received_rows), (100, 170, 270));
    rings.keep_from(Keeper::Archive, Traces, u64::MAX);
    assert_eq!(rings.try_append(timed_spans(1, 5000)), Ok(5270), "nothing is to stay any more");
}

/// Who keeps rows keeps them from others who do not need them any more.
#[test]
fn rows_stay_for_each_keeper() {
    let rings = rings(100, 512 << 20);
    rings.keep_from(Keeper::Archive, Traces, 0);
    rings.keep_from(Keeper::Forward, Traces, 0);
    assert_eq!(rings.try_append(timed_spans(1, 100)), Ok(100));
    rings.keep_from(Keeper::Archive, Traces, 100);
    assert_eq!(rings.try_append(timed_spans(101, 1)), Err(Full));
    rings.keep_from(Keeper::Forward, Traces, 40);
    assert_eq!(rings.try_append(timed_spans(101, 41)), Err(Full));
    assert_eq!(rings.try_append(timed_spans(101, 40)), Ok(140));
}

/// Rows can be read where they lie, before a part is made of them and after.
#[test]
fn runs_are_the_rows_of_their_part() {
    let rings = rings(1_000_000, 512 << 20);
    (0..40).for_each(|number| rings.append(timed_spans(1 + 600 * number, 600)));
    let some = rings.snapshot(Traces).between(700, 23_000).expect("rows");
    let times_of = |snapshot: &Snapshot| {
        let parts = snapshot.parts().expect("rows");
        let runs: Vec<_> = parts.iter().flat_map(Part::runs).collect();
        let times = runs.iter().flat_map(|run| run.rows().map(|row| run.segment().time(row)));
        (times.map(|time| time.expect("a time") as u64).collect::<Vec<_>>(), runs.len())
    };
    let expected: Vec<_> = (701..=23_000).collect();
    let (before, pieces) = times_of(&some);
    assert_eq!(before, expected);
    assert_eq!(times(&some), expected, "which makes segments of parts");
    let (after, parts) = times_of(&some);
    assert_eq!(after, expected);
    assert!(parts < pieces, "{parts} parts of {pieces} pieces");
}

/// The same under the limit of bytes, which rows of all signals share, and which parts that are joined need too.
#[test]
fn rows_stay_within_bytes() {
    let rings = rings(u64::MAX, 1 << 20);
    for signal in Signal::ALL {
        rings.keep_from(Keeper::Archive, signal, 0);
    }
    let mut taken = 0;
    while rings.try_append(timed_spans(1 + 20 * taken, 20)).is_ok() {
        taken += 1;
        assert!(rings.memory() <= 1 << 20);
    }
    assert!(taken > 50, "{taken}");
    let rows = (20 * taken) as usize;
    assert_eq!(times(&rings.snapshot(Traces)).len(), rows);
    assert_eq!(rings.stats(Traces).evicted_rows, 0);
    rings.keep_from(Keeper::Archive, Traces, rows as u64);
    assert_eq!(rings.try_append(timed_spans(1, 20)), Ok(rows as u64 + 20));
}

#[test]
fn some_rows_of_a_snapshot() {
    let rings = rings(1000, 512 << 20);
    (0..30).for_each(|number| rings.append(timed_spans(1 + 10 * number, 10)));
    let all = rings.snapshot(Traces);
    for (first, end) in [(0, 300), (5, 299), (10, 20), (155, 156), (7, 7), (290, 400), (400, 500)] {
        let some = all.between(first, end).expect("they are there");
        let expected: Vec<_> = (first + 1..=end.min(300)).collect();
        assert_eq!((times(&some), some.rows()), (expected.clone(), expected.len() as u64));
        let parts = some.parts().expect("they are there");
        assert_eq!(parts.first().map(Part::first_row_id), (!expected.is_empty()).then_some(first));
    }
}
