//! Exports and reads at the same time; `make sanitize` runs it under ThreadSanitizer.

use std::thread;
use std::time::Instant;

use duckspan_otlp::Signal;
use duckspan_ring::Limits;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::data::{spans, traces_of};
use crate::server::{PATIENCE, Server, block_on};
use crate::wire::{TRACE_EXPORT, call_on, connect_h2, framed, post_json, post_protobuf};

/// Rows of a request.
const ROWS: u64 = 10;
/// Requests of a sender, of which there are four.
const REQUESTS: u64 = 100;
const SENT: u64 = 4 * REQUESTS * ROWS;
const MAX_ROWS: u64 = 700;

fn send_http(server: &Server) {
    let request = traces_of(spans(ROWS as usize));
    let (protobuf, json) =
        (request.encode_to_vec(), serde_json::to_string(&request).expect("JSON"));
    for _ in 0..REQUESTS / 2 {
        assert_eq!(post_protobuf(server, "/v1/traces", &protobuf).status, 200);
        assert_eq!(post_json(server, "/v1/traces", &json).status, 200);
    }
}

fn send_grpc(server: &Server) {
    let call = framed(0, &traces_of(spans(ROWS as usize)).encode_to_vec());
    block_on(async {
        let mut sender = connect_h2(server.address()).await;
        for _ in 0..REQUESTS {
            assert_eq!(call_on(&mut sender, TRACE_EXPORT, &[], &call).await.status, "0");
        }
    });
}

/// Reads until everything has arrived.
fn read(server: &Server) {
    let (mut rows, mut received) = (0, 0);
    let end = Instant::now() + PATIENCE;
    while received < SENT {
        assert!(Instant::now() < end, "{received} rows");
        let counted = server.counters().signals[Signal::Traces as usize].accepted_rows;
        let snapshot = server.rings.snapshot(Signal::Traces);
        assert!(counted <= snapshot.next_row_id(), "what was answered can be read");
        assert!((rows..=MAX_ROWS).contains(&snapshot.rows()), "rows go only as others come");
        assert!(snapshot.next_row_id() >= received && snapshot.next_row_id().is_multiple_of(ROWS));
        (rows, received) = (snapshot.rows(), snapshot.next_row_id());
        let spans = server.messages::<Span>(Signal::Traces);
        assert!(spans.len() as u64 <= MAX_ROWS);
        assert!(spans.last().is_none_or(|span| span.name == "span 9"), "requests are whole");
    }
}

/// Requests arrive over every transport while their rows are read, and the oldest make room.
#[test]
fn rows_are_read_while_others_arrive() {
    let server = Server::with_rings(Limits {
        max_rows: MAX_ROWS,
        memory_limit: 1 << 30,
        pinned_limit: u64::MAX,
    });
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| send_http(&server));
            scope.spawn(|| send_grpc(&server));
            scope.spawn(|| read(&server));
        }
    });
    server.wait_idle();
    let stats = server.rings.stats(Signal::Traces);
    assert_eq!((stats.received_rows, stats.rows, stats.pinned_bytes), (SENT, MAX_ROWS, 0));
    assert_eq!(server.counters().signals[Signal::Traces as usize].accepted_rows, SENT);
}
