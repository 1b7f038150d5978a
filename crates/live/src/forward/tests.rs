use std::time::Duration;

use duckspan_otlp::wire::{put_len, put_tag, put_varint};
use duckspan_otlp::{Segment, SegmentBuilder};
use duckspan_ring::Limits;

use super::*;

const SHARE: u64 = 8 << 20;

fn rings(max_rows: u64) -> Arc<Rings> {
    let (memory_limit, pinned_limit) = (256 << 20, u64::MAX);
    Arc::new(Rings::new(Limits { max_rows, memory_limit, pinned_limit }))
}

fn queue(rings: &Arc<Rings>, keeps: bool) -> Queue {
    Queue {
        rings: Arc::clone(rings),
        endpoint: "http://localhost:1".parse().expect("an endpoint"),
        sending: Options::default(),
        keeps,
        share: SHARE,
        turn: AtomicUsize::new(0),
        state: Mutex::default(),
    }
}

/// A request of log records, whose bodies are so many bytes and told by a number.
fn logs(service: &str, numbers: std::ops::Range<u64>, bytes: usize) -> Vec<u8> {
    let len = |number, content: &[u8]| {
        let mut out = Vec::new();
        put_len(&mut out, number, content);
        out
    };
    let records: Vec<u8> = numbers
        .flat_map(|number| {
            let text = number.to_string() + &" ".repeat(bytes);
            len(2, &len(5, &len(1, text.as_bytes())))
        })
        .collect();
    let mut dropped = Vec::new();
    put_tag(&mut dropped, 2, 0);
    put_varint(&mut dropped, service.len() as u64);
    let scope = [len(1, &len(1, service.as_bytes())), records, len(3, b"scope-url")].concat();
    len(1, &[len(1, &dropped), len(2, &scope), len(3, b"resource-url")].concat())
}

fn segment(request: &[u8]) -> Segment {
    let mut builder = SegmentBuilder::new(Signal::Logs);
    builder.push_protobuf(request).expect("a request");
    builder.finish()
}

/// All that a row is.
type Row = [Option<Vec<u8>>; 5];

fn rows(segment: &Segment) -> Vec<Row> {
    let row = |row| {
        let resource = segment.resource(segment.resource_of(row));
        let scope = segment.scope(segment.scope_of(row));
        let all = [
            segment.message(row),
            resource.message,
            resource.schema_url,
            scope.message,
            scope.schema_url,
        ];
        all.map(|bytes| bytes.map(<[u8]>::to_vec))
    };
    (0..segment.len()).map(row).collect()
}

/// The requests that rows of a ring become, with how many rows each says it has.
fn loads(rings: &Rings) -> Vec<(Vec<u8>, u64)> {
    let snapshot = rings.snapshot(Signal::Logs);
    let mut found = Vec::new();
    let mut next = snapshot.first_row_id();
    while let Loaded::Rows(load) =
        Load::within(SHARE, SHARE).add_since(next, &snapshot).expect("rows")
    {
        next += load.rows();
        let rows = load.rows();
        found.push((load.into_pieces().concat(), rows));
    }
    assert_eq!(next, snapshot.next_row_id());
    found
}

/// Whether they lie as they came, were joined by the ring or by a reader; whether small or large.
#[test]
fn rows_leave_as_they_came() {
    for (requests, records, bytes) in [(3, 2, 10), (500, 1, 10), (60, 512, 500), (5, 30_000, 300)] {
        let rings = rings(u64::MAX);
        let mut came = Vec::new();
        for number in 0..requests {
            let first = number * records;
            let service = ["shop", "bank"][number as usize % 2];
            let segment = segment(&logs(service, first..first + records, bytes));
            came.extend(rows(&segment));
            rings.append(segment);
        }
        for is_read in [false, true] {
            let mut left = Vec::new();
            for (request, count) in loads(&rings) {
                assert!(request.len() as u64 <= SHARE / 4, "{} bytes", request.len());
                let segment = segment(&request);
                assert_eq!(segment.len() as u64, count);
                left.extend(rows(&segment));
            }
            assert!(left == came, "{requests} of {records}, read: {is_read}");
            // A reader has parts joined.
            let snapshot = rings.snapshot(Signal::Logs);
            let parts = snapshot.parts().expect("rows");
            assert!(parts.iter().all(|part| !part.segment().is_empty()));
        }
    }
}

/// Where nobody joined them, the bytes of requests are sent from where they lie.
#[test]
fn requests_are_not_put_together_again() {
    let rings = rings(u64::MAX);
    let requests: Vec<_> =
        (0..3).map(|number| logs("shop", number * 512..(number + 1) * 512, 500)).collect();
    requests.iter().for_each(|request| rings.append(segment(request)));
    assert_eq!(loads(&rings), [(requests.concat(), 3 * 512)]);
}

#[test]
fn what_may_be_in_flight_is_bounded() {
    let rings = rings(u64::MAX);
    (0..100).for_each(|number| {
        rings.append(segment(&logs("shop", number * 512..(number + 1) * 512, 500)));
    });
    let queue = queue(&rings, false);
    let mut flying = Vec::new();
    while let Some(request) = queue.next(true) {
        flying.push(request);
    }
    let bytes: u64 = flying.iter().map(Request::bytes).sum();
    assert!(bytes <= SHARE && bytes > SHARE / 2, "{bytes}");
    queue.settle(&flying.remove(0), Outcome::Refused("no".to_owned()));
    assert!(queue.next(true).is_some());
}

/// A row that is larger than all requests may be is dropped, and does not keep others from going.
#[test]
fn a_row_that_is_too_large() {
    let rings = rings(u64::MAX);
    rings.append(segment(&logs("shop", 0..1, SHARE as usize)));
    rings.append(segment(&logs("shop", 1..3, 2 << 20)));
    rings.append(segment(&logs("shop", 3..4, 10)));
    let queue = queue(&rings, false);
    let rows: Vec<_> =
        std::iter::from_fn(|| queue.next(true)).map(|request| request.rows()).collect();
    assert_eq!(rows, [1, 1, 1], "each of two MiB alone");
    let outcome = lock(&queue.state).outcome.clone();
    assert_eq!(outcome.of(Signal::Logs).dropped(&rings.snapshot(Signal::Logs)), 1);
    assert!(outcome.error().is_some_and(|error| error.contains("is dropped")), "{outcome:?}");
}

/// Small requests go together: what was there a moment ago was all, so more is waited for, unless that was the last.
#[test]
fn small_requests_wait_for_others() {
    let rings = rings(u64::MAX);
    let queue = queue(&rings, false);
    let append = |number| rings.append(segment(&logs("shop", number..number + 1, 10)));
    let rows = |is_last| queue.next(is_last).map(|request| request.rows());
    append(0);
    assert_eq!(rows(false), Some(1));
    append(1);
    assert_eq!(rows(false), None);
    append(2);
    assert_eq!(rows(false), Some(2));
    append(3);
    assert_eq!(rows(true), Some(1));
    assert_eq!(rows(true), None);
}

/// received = forwarded + rejected + dropped + waiting, at every moment.
#[test]
fn every_row_is_counted_once() {
    let rings = rings(100);
    let queue = queue(&rings, false);
    let append = |first, count| rings.append(segment(&logs("shop", first..first + count, 10)));
    let counts = || {
        let outcome = lock(&queue.state).outcome.clone();
        let rows = rings.snapshot(Signal::Logs);
        let counts = outcome.of(Signal::Logs);
        let found =
            [counts.forwarded, counts.rejected, counts.dropped(&rows), counts.waiting(&rows)];
        assert_eq!(found.iter().sum::<u64>(), rows.next_row_id());
        found
    };
    append(0, 60);
    assert_eq!(counts(), [0, 0, 0, 60]);
    let first = queue.next(true).expect("rows");
    assert_eq!(counts(), [0, 0, 0, 60]);
    append(60, 70);
    assert_eq!(counts(), [0, 0, 0, 130], "what is in flight may be evicted");
    append(130, 70);
    assert_eq!(counts(), [0, 0, 40, 160]);
    queue.settle(&first, Outcome::Taken { rejected: 10, said: String::new() });
    assert_eq!(counts(), [50, 10, 40, 100]);
    let second = queue.next(true).expect("rows");
    assert_eq!(second.rows(), 30, "what is left of those that came together");
    rings.clear(Signal::Logs);
    assert_eq!(counts(), [50, 10, 110, 30]);
    queue.settle(&second, Outcome::Refused("no".to_owned()));
    assert_eq!(counts(), [50, 40, 110, 0]);
    append(200, 5);
    rings.clear(Signal::Logs);
    assert_eq!(counts(), [50, 40, 115, 0]);
    assert!(queue.next(true).is_none());
    assert_eq!(counts(), [50, 40, 115, 0]);
}

/// Rows stay until they are in a request, if that is asked for.
#[test]
fn rows_may_stay_until_they_are_taken() {
    let rings = rings(100);
    let queue = queue(&rings, true);
    queue.keep_from(Signal::Logs, 0);
    let append = |count| rings.try_append(segment(&logs("shop", 0..count, 10)));
    assert!(append(100).is_ok());
    assert!(append(1).is_err());
    assert_eq!(queue.next(true).map(|request| request.rows()), Some(100));
    assert!(append(100).is_ok());
    assert!(append(1).is_err());
}

/// What the upstream said is there until it says something else; that it is away, until it is back.
#[test]
fn errors_are_told() {
    let rings = rings(100);
    rings.append(segment(&logs("shop", 0..1, 10)));
    let queue = queue(&rings, false);
    let request = queue.next(true).expect("a row");
    let error = || lock(&queue.state).outcome.error().map(str::to_owned);
    assert_eq!(error(), None);
    queue.wait("it is away");
    assert_eq!(error().as_deref(), Some("http://localhost:1: it is away"));
    queue.settle(&request, Outcome::Refused("it is bad".to_owned()));
    assert_eq!(error().as_deref(), Some("http://localhost:1: it is bad"));
    queue.wait("it is away");
    assert_eq!(error().as_deref(), Some("http://localhost:1: it is away"));
}

/// Nobody is there to take rows: that is told, and takes no longer than it has to.
#[test]
fn what_is_left_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut options = ForwardOptions::default();
    options.set("forward", &format!("otlp://{address}")).expect("an option");
    let rings = rings(100);
    rings.append(segment(&logs("shop", 0..7, 10)));
    let forward = options.start(&rings, 512_000_000).expect("forwards").expect("somewhere");
    let lost = forward.finish("otlp://localhost:4317", Duration::from_secs(60));
    let lost = lost.expect("rows that were not forwarded");
    assert!(lost.starts_with("7 rows of otlp://localhost:4317 were not forwarded"), "{lost}");
    assert!(lost.contains("nothing listens at that port"), "{lost}");
}
