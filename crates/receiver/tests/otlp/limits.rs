//! Sizes and times, at the limit and beyond it.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use bytes::Bytes;
use duckspan_otlp::Signal;
use duckspan_receiver::Reason;
use prost::Message as _;

use crate::data::{gzip, traces, traces_of_size, zstd};
use crate::server::{PATIENCE, Server, block_on};
use crate::wire::{
    TRACE_EXPORT, call, call_on, connect, connect_h2, framed, grpc_head, post, post_json,
    post_protobuf, read_answer,
};

const LIMIT: usize = 100_000;

/// A2, G2, H7, row 37: a message of the limit is taken, one byte more is not, ever.
#[test]
fn plain_messages_have_a_limit() {
    let server = Server::limited(|limits| limits.max_request_size = LIMIT);
    let fits = traces_of_size(LIMIT).encode_to_vec();
    assert_eq!(fits.len(), LIMIT);
    assert_eq!(call(&server, TRACE_EXPORT, &[], &framed(0, &fits)).status, "0");
    assert_eq!(post_protobuf(&server, "/v1/traces", &fits).status, 200);
    let exceeds = traces_of_size(LIMIT + 1).encode_to_vec();
    let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &exceeds));
    assert_eq!(outcome.status, "8", "{outcome:?}");
    assert!(!outcome.has_retry_info(), "{outcome:?}");
    assert!(outcome.message.contains("larger than 100000 bytes"), "{outcome:?}");
    let answer = post_protobuf(&server, "/v1/traces", &exceeds);
    assert_eq!((answer.status, answer.header("retry-after")), (413, ""));
    assert_eq!(server.rows(), [2, 0, 0]);
    assert_eq!(server.counters().rejected(Reason::TooLarge), 2);
    server.wait_idle();
}

/// A2, H7: the limit holds though no length is declared.
#[test]
fn chunked_messages_have_a_limit() {
    let server = Server::limited(|limits| limits.max_request_size = LIMIT);
    let mut stream = connect(server.address());
    let head = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/x-protobuf\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    for _ in 0..LIMIT / 1000 + 1 {
        let chunk = ["3e8\r\n".as_bytes(), &[0; 1000], b"\r\n"].concat();
        stream.write_all(&chunk).expect("sent");
    }
    assert_eq!(read_answer(&mut stream).status, 413);
    server.wait_idle();
}

/// A2, row 38: the limit holds after decompression too.
#[test]
fn compressed_messages_have_a_limit() {
    let server = Server::limited(|limits| limits.max_request_size = LIMIT);
    let fits = traces_of_size(LIMIT).encode_to_vec();
    let exceeds = traces_of_size(LIMIT + 1).encode_to_vec();
    for (name, compress) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let headers = [("grpc-encoding", name)];
        let outcome = call(&server, TRACE_EXPORT, &headers, &framed(1, &compress(&fits)));
        assert_eq!(outcome.status, "0", "{name}: {outcome:?}");
        let outcome = call(&server, TRACE_EXPORT, &headers, &framed(1, &compress(&exceeds)));
        assert_eq!(outcome.status, "8", "{name}: {outcome:?}");
        assert!(!outcome.has_retry_info());
        let headers = [("content-type", "application/x-protobuf"), ("content-encoding", name)];
        assert_eq!(post(&server, "/v1/traces", &headers, &compress(&fits)).status, 200);
        assert_eq!(post(&server, "/v1/traces", &headers, &compress(&exceeds)).status, 413);
    }
    assert_eq!(server.rows(), [4, 0, 0]);
    server.wait_idle();
}

/// Row 37: the largest request fits in twice as much memory, however it is written.
#[test]
fn the_largest_request_fits() {
    let server = Server::limited(|limits| {
        limits.max_request_size = 4 << 20;
        limits.in_flight_bytes = 2 * limits.max_request_size;
    });
    let message = traces_of_size(4 << 20).encode_to_vec();
    assert_eq!(post_protobuf(&server, "/v1/traces", &message).status, 200);
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", "gzip")];
    assert_eq!(post(&server, "/v1/traces", &headers, &gzip(&message)).status, 200);
    let body = serde_json::to_string(&traces_of_size((4 << 20) - 1000)).expect("JSON");
    assert_eq!(post_json(&server, "/v1/traces", &body).status, 200);
    assert_eq!(server.rows(), [3, 0, 0]);
    server.wait_idle();
}

/// A8, G3, G6, H8, rows 36, 49: what finds no room is refused for now, as a whole, and what was held is
/// given back.
#[test]
fn overload_is_back_pressure() {
    let server = Server::limited(|limits| limits.in_flight_bytes = 2 * LIMIT);
    let message = traces_of_size(LIMIT + LIMIT / 2).encode_to_vec();
    let mut slow = connect(server.address());
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        message.len()
    );
    slow.write_all(head.as_bytes()).expect("sent");
    slow.write_all(&message[..LIMIT]).expect("sent");
    server.wait_for("a body in flight", |counters| counters.in_flight_bytes >= LIMIT as u64);

    let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &message));
    assert_eq!(outcome.status, "14", "{outcome:?}");
    assert!(outcome.has_retry_info(), "{outcome:?}");
    let answer = post_protobuf(&server, "/v1/traces", &message);
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    assert_eq!(server.counters().rejected(Reason::Overload), 2);
    assert_eq!(server.rows(), [0; 3]);

    slow.write_all(&message[LIMIT..]).expect("sent");
    assert_eq!(read_answer(&mut slow).status, 200);
    server.wait_idle();
    assert_eq!(post_protobuf(&server, "/v1/traces", &message).status, 200, "it recovers");
    assert_eq!(server.rows(), [2, 0, 0]);
}

/// Rows 36, 49: who declares much and sends little of it takes no room from those who send.
#[test]
fn declared_lengths_leave_room_for_others() {
    const DECLARED: usize = 1 << 20;
    let server = Server::limited(|limits| limits.in_flight_bytes = 16 * DECLARED);
    let message = traces_of_size(DECLARED).encode_to_vec();
    let begun = framed(0, &message)[..6].to_vec();
    block_on(async {
        let mut sender = connect_h2(server.address()).await;
        let mut calls = Vec::new();
        for _ in 0..64 {
            sender = sender.ready().await.expect("an open connection");
            let head = grpc_head(TRACE_EXPORT, &[]);
            let (response, mut stream) = sender.send_request(head, false).expect("a stream");
            stream.send_data(Bytes::copy_from_slice(&begun), false).expect("sent");
            calls.push((response, stream));
        }
        // Frames of a connection are read one after the other: what came before this was read.
        assert_eq!(call_on(&mut sender, TRACE_EXPORT, &[], &framed(0, b"")).await.status, "0");
        let outcome = call_on(&mut sender, TRACE_EXPORT, &[], &framed(0, &message)).await;
        assert_eq!(outcome.status, "0", "{outcome:?}");
    });
    assert_eq!(server.rows(), [1, 0, 0]);
    server.wait_idle();
}

/// G2, G5: what can never fit is no back-pressure: its client would try for ever.
#[test]
fn what_never_fits_is_too_large() {
    let server = Server::limited(|limits| limits.in_flight_bytes = LIMIT);
    let message = traces_of_size(LIMIT + 1).encode_to_vec();
    assert_eq!(call(&server, TRACE_EXPORT, &[], &framed(0, &message)).status, "8");
    assert_eq!(post_protobuf(&server, "/v1/traces", &message).status, 413);
    let headers = [("grpc-encoding", "gzip")];
    assert_eq!(call(&server, TRACE_EXPORT, &headers, &framed(1, &gzip(&message))).status, "8");
    server.wait_idle();
}

/// Row 49: ten times what fits, at once. Each request is stored whole or refused for now.
#[test]
fn overload_loses_nothing() {
    const CLIENTS: usize = 40;
    let server = Server::limited(|limits| limits.in_flight_bytes = CLIENTS / 10 * LIMIT);
    let message = framed(0, &traces_of_size(LIMIT).encode_to_vec());
    let outcomes = block_on(async {
        let tasks: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (address, message) = (server.address(), message.clone());
                tokio::spawn(async move {
                    let mut sender = connect_h2(address).await;
                    let mut outcomes = Vec::new();
                    for _ in 0..5 {
                        let call = call_on(&mut sender, TRACE_EXPORT, &[], &message);
                        outcomes.push(call.await);
                    }
                    outcomes
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.extend(task.await.expect("no panic"));
        }
        outcomes
    });
    let accepted = outcomes.iter().filter(|outcome| outcome.status == "0").count();
    for outcome in outcomes.iter().filter(|outcome| outcome.status != "0") {
        assert_eq!(outcome.status, "14", "{outcome:?}");
        assert!(outcome.has_retry_info(), "{outcome:?}");
    }
    let counters = server.counters();
    assert_eq!(server.rows(), [accepted as u64, 0, 0]);
    assert_eq!(counters.signal(Signal::Traces).accepted_rows, accepted as u64);
    assert_eq!(counters.rejected(Reason::Overload), (outcomes.len() - accepted) as u64);
    server.wait_idle();
    assert_eq!(call(&server, TRACE_EXPORT, &[], &message).status, "0", "it recovers");
}

/// Row 34: a head that comes byte by byte ends the connection; others are served.
#[test]
fn slow_heads_are_closed() {
    let server = Server::limited(|limits| limits.header_timeout = Duration::from_millis(200));
    let request = b"POST /v1/traces HTTP/1.1\r\nx: ".as_slice();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
    let cases = [
        ("nothing", b"".as_slice(), b"".as_slice()),
        ("HTTP/1.1", request, b"x"),
        ("half a preface", &preface[..20], b""),
        ("HTTP/2 without settings", &preface[..24], b""),
        ("an open frame", preface, b"\0"),
        ("data of no request", preface, b"\0\x40\0\0\0\0\0\0\x01"),
        ("an open block of headers", preface, b"\0\0\x01\x01\0\0\0\0\x01\x82"),
    ];
    for (name, start, more) in cases {
        let mut stream = connect(server.address());
        stream.write_all(start).expect("sent");
        assert!(is_closed(stream, more), "{name}");
        assert_eq!(post_protobuf(&server, "/v1/traces", b"").status, 200, "{name}");
    }
    server.wait_for("closed", |counters| counters.connections == 0);
    assert_eq!(server.counters().connections_failed, cases.len() as u64);
}

/// Row 34: data of an open request may take longer than a head.
#[test]
fn slow_data_of_a_request_is_awaited() {
    let server = Server::limited(|limits| limits.header_timeout = Duration::from_millis(200));
    let message = framed(0, &traces(1).encode_to_vec());
    assert!(message.len() < 1 << 16);
    let mut stream = connect(server.address());
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").expect("sent");
    stream.write_all(&raw_head(TRACE_EXPORT)).expect("sent");
    stream
        .write_all(&[&[0], &(message.len() as u16).to_be_bytes()[..], &[0, 1, 0, 0, 0, 1]].concat())
        .expect("sent");
    for part in message.chunks(message.len().div_ceil(3)) {
        std::thread::sleep(Duration::from_millis(300));
        stream.write_all(part).expect("sent");
    }
    server.wait_for("stored", |counters| counters.signal(Signal::Traces).accepted_rows == 1);
}

/// A frame with the head of a gRPC call, without compression: literal headers with names of their own.
fn raw_head(path: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    for (name, value) in
        [(":path", path), (":authority", "test"), ("content-type", "application/grpc")]
    {
        block.extend_from_slice(&[0, name.len() as u8]);
        block.extend_from_slice(name.as_bytes());
        block.push(value.len() as u8);
        block.extend_from_slice(value.as_bytes());
    }
    [&[0, 0, block.len() as u8, 1, 4, 0, 0, 0, 1], &*block].concat()
}

/// Row 34: the second head of a connection has the same limit.
#[test]
fn slow_second_heads_are_closed() {
    let server = Server::limited(|limits| limits.header_timeout = Duration::from_millis(200));
    let mut stream = connect(server.address());
    let request = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(request.as_bytes()).expect("sent");
    assert_eq!(read_answer(&mut stream).status, 200);
    std::thread::sleep(Duration::from_millis(500));
    stream.write_all(request.as_bytes()).expect("an idle connection is not slow");
    assert_eq!(read_answer(&mut stream).status, 200);
    stream.write_all(b"POST").expect("sent");
    assert!(is_closed(stream, b"x"));
}

/// Whether a stream is closed from the other side, while more is sent now and then.
fn is_closed(mut stream: std::net::TcpStream, more: &[u8]) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
    let end = Instant::now() + PATIENCE;
    let mut first = true;
    while Instant::now() < end {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return true,
        }
        let next = if first || more.len() == 1 { more } else { b"" };
        first = false;
        if stream.write_all(next).is_err() {
            return true;
        }
    }
    false
}

/// An idle connection is closed after a while, though it answers pings.
#[test]
fn idle_connections_are_closed() {
    let server = Server::limited(|limits| {
        limits.idle_timeout = Duration::from_millis(300);
        limits.ping_interval = Duration::from_millis(50);
    });
    let request = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let mut stream = connect(server.address());
    stream.write_all(request.as_bytes()).expect("sent");
    assert_eq!(read_answer(&mut stream).status, 200);
    assert!(is_closed(stream, b""));
    block_on(async {
        let mut sender = connect_h2(server.address()).await;
        let body = framed(0, &[]);
        let outcome = call_on(&mut sender, TRACE_EXPORT, &[], &body).await;
        assert_eq!(outcome.status, "0");
        while sender.clone().ready().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    server.wait_for("closed", |counters| counters.connections == 0);
}

/// A client that does not answer pings is gone.
#[test]
fn dead_clients_are_closed() {
    let server = Server::limited(|limits| {
        limits.ping_interval = Duration::from_millis(100);
        limits.ping_timeout = Duration::from_millis(100);
    });
    let mut stream = connect(server.address());
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").expect("sent");
    assert!(is_closed(stream, b""));
}

/// Row 35: a body that comes byte by byte ends in a retryable refusal, and gives back what it held.
#[test]
fn slow_bodies_end() {
    let server = Server::limited(|limits| limits.request_timeout = Duration::from_millis(300));
    let mut stream = connect(server.address());
    let head = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
    let end = Instant::now() + PATIENCE;
    while stream.peek(&mut [0]).is_err() {
        assert!(Instant::now() < end, "no answer");
        stream.write_all(b" ").expect("sent");
    }
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let answer = read_answer(&mut stream);
    assert_eq!((answer.status, answer.header("connection")), (503, "close"), "{answer:?}");

    let status = block_on(async {
        let mut sender = connect_h2(server.address()).await;
        let (response, mut stream) =
            sender.send_request(grpc_head(TRACE_EXPORT, &[]), false).expect("a stream");
        stream.send_data(vec![0, 0, 1, 0, 0, 7].into(), false).expect("room");
        let response = response.await.expect("a response");
        response.headers().get("grpc-status").expect("a status").clone()
    });
    assert_eq!(status, "14");
    server.wait_idle();
    assert_eq!(server.counters().rejected(Reason::TimedOut), 2);
}

/// Row 13: a million empty spans in two megabytes are as many rows; more than memory allows are refused.
#[test]
fn many_empty_rows_are_bounded() {
    let server = Server::start();
    let message = empty_spans(1_000_000);
    assert_eq!(post_protobuf(&server, "/v1/traces", &message).status, 200);
    assert_eq!(server.rows(), [1_000_000, 0, 0]);
    assert_eq!(post_protobuf(&server, "/v1/traces", &empty_spans(5_000_000)).status, 413);
    assert_eq!(server.rows(), [1_000_000, 0, 0]);
    server.wait_idle();
}

/// A request with nothing but empty spans, two bytes each.
fn empty_spans(count: usize) -> Vec<u8> {
    let spans = [0x12, 0].repeat(count);
    let scope = [&[0x12][..], &length(spans.len()), &spans].concat();
    [&[0x0a][..], &length(scope.len()), &scope].concat()
}

fn length(len: usize) -> Vec<u8> {
    let mut varint = Vec::new();
    prost::encoding::encode_varint(len as u64, &mut varint);
    varint
}
