//! Clients that break the protocols, or go away.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use duckspan_receiver::limits::CONNECTION_SIZE;
use duckspan_receiver::{Counters, Reason};
use prost::Message as _;

use crate::data;
use crate::server::{PATIENCE, Server, block_on};
use crate::wire::{
    TRACE_EXPORT, call_on, connect, connect_h2, framed, grpc_head, post_protobuf, read_answer,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn is_served(server: &Server) {
    assert_eq!(post_protobuf(server, "/v1/traces", b"").status, 200);
}

/// Reads until the other side closes; an error is a close too.
fn read_to_end(mut stream: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    all
}

/// Row 43: other protocols are closed quietly, and counted.
#[test]
fn other_protocols_are_closed() {
    let server = Server::start();
    let cases: [(&str, &[u8]); 5] = [
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on"),
        ("garbage", b"\xff\xfe\xfd\x00\x01\x02"),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
        (
            "a bad HTTP/2 frame",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ),
        ("HTTP/2 data on stream 0", &[PREFACE, b"\0\0\x01\0\0\0\0\0\0x"].concat()),
    ];
    for (name, bytes) in cases {
        let mut stream = connect(server.address());
        stream.write_all(bytes).expect("sent");
        let answer = read_to_end(stream);
        assert!(!answer.windows(3).any(|window| window == b"200"), "{name}: {answer:?}");
    }
    server.wait_for("counted", |counters| counters.connections_failed == cases.len() as u64);
    is_served(&server);
}

/// Row 47: a client that goes away in the midst of a request leaves nothing of it.
#[test]
fn half_requests_are_dropped() {
    let server = Server::start();
    let message = data::traces(100).encode_to_vec();
    let mut stream = connect(server.address());
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        message.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    stream.write_all(&message[..message.len() - 1]).expect("sent");
    drop(stream);
    server.wait_for("dropped", |counters| counters.rejected(Reason::Cancelled) == 1);

    let framed = framed(0, &message);
    for reason in [h2::Reason::CANCEL, h2::Reason::NO_ERROR, h2::Reason::INTERNAL_ERROR] {
        block_on(async {
            let mut sender = connect_h2(server.address()).await;
            let (response, mut stream) =
                sender.send_request(grpc_head(TRACE_EXPORT, &[]), false).expect("a stream");
            stream.send_data(Bytes::copy_from_slice(&framed[..500]), false).expect("room");
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.send_reset(reason);
            drop(response);
            let outcome = call_on(&mut sender, TRACE_EXPORT, &[], &framed).await;
            assert_eq!(outcome.status, "0", "the connection lives on");
        });
    }
    server.wait_idle();
    assert_eq!(server.rows(), [300, 0, 0]);
}

/// Row 45: streams that are reset as soon as they are opened.
#[test]
fn rapid_resets_are_stopped() {
    let server = Server::start();
    let mut stream = connect(server.address());
    stream.write_all(PREFACE).expect("sent");
    // POST, http, the path / and nothing else.
    let headers = b"\x83\x86\x84";
    let mut id = 1u32;
    let mut closed = false;
    for _ in 0..1000 {
        let mut frames = Vec::new();
        for _ in 0..100 {
            frames.extend_from_slice(&[0, 0, headers.len() as u8, 1, 4]);
            frames.extend_from_slice(&id.to_be_bytes());
            frames.extend_from_slice(headers);
            frames.extend_from_slice(&[0, 0, 4, 3, 0]);
            frames.extend_from_slice(&id.to_be_bytes());
            frames.extend_from_slice(&8u32.to_be_bytes());
            id += 2;
        }
        if stream.write_all(&frames).is_err() {
            closed = true;
            break;
        }
    }
    assert!(closed, "100,000 resets were put up with");
    server.wait_for("closed", |counters| counters.connections == 0);
    is_served(&server);
}

/// Row 45: floods of frames that cost the sender nothing.
#[test]
fn floods_are_survived() {
    let server = Server::start();
    let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\xff\xff".as_slice();
    let ping = b"\0\0\x08\x06\0\0\0\0\0abcdefgh".as_slice();
    let empty_data = b"\0\0\0\0\0\0\0\0\x01".as_slice();
    let continuation = b"\0\x04\0\x09\0\0\0\0\x01".as_slice();
    let open_headers = b"\0\0\x03\x01\0\0\0\0\x01\x83\x86\x84".as_slice();
    let open_stream = b"\0\0\x03\x01\x04\0\0\0\x01\x83\x86\x84".as_slice();
    let block = [continuation, &[0; 1024]].concat();
    let cases = [
        ("settings", b"".as_slice(), settings, 10_000),
        ("pings", b"", ping, 100_000),
        ("empty data", open_stream, empty_data, 100_000),
        ("continuations", open_headers, &block, 10_000),
    ];
    for (name, start, frame, count) in cases {
        let stream = connect(server.address());
        let mut reader = stream.try_clone().expect("a socket");
        // Answers have to be read, or the receiver rightly stops to listen.
        let reading = std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        let mut writer = std::io::BufWriter::new(&stream);
        let _ = writer.write_all(&[PREFACE, start].concat());
        for _ in 0..count {
            if writer.write_all(frame).is_err() {
                break;
            }
        }
        let _ = writer.flush();
        is_served(&server);
        drop(writer);
        let _ = stream.shutdown(std::net::Shutdown::Both);
        let _ = reading.join();
        server.wait_for(name, |counters| counters.connections == 0);
    }
    server.wait_idle();
}

/// Row 46: where all connections are in the midst of a request, others wait until one ends.
#[test]
fn connections_have_a_limit() {
    let server = Server::limited(|limits| limits.connection_bytes = 8 * CONNECTION_SIZE);
    let mut open: Vec<_> = (0..8).map(|_| open_request(&server)).collect();
    server.wait_for("open", |counters| counters.in_flight_requests == 8);
    std::thread::scope(|scope| {
        let late = scope.spawn(|| is_served(&server));
        std::thread::sleep(Duration::from_millis(300));
        assert!(!late.is_finished());
        let counters = server.counters();
        assert_eq!((counters.connections, counters.connections_displaced), (8, 0));
        open.pop();
        late.join().expect("an answer");
    });
    assert_eq!(server.counters().connections_refused, 0);
    drop(open);
    server.wait_for("closed", |counters| counters.connections == 0);
}

/// A connection in the midst of a request.
fn open_request(server: &Server) -> TcpStream {
    let mut stream = connect(server.address());
    let head = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    stream.write_all(head.as_bytes()).expect("sent");
    stream
}

/// Row 46: connections that bring nothing make room for others, whatever they hold back, and before those do that
/// have had something taken.
#[test]
fn idle_connections_make_room() {
    let server = Server::limited(|limits| limits.connection_bytes = 8 * CONNECTION_SIZE);
    let request = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let mut client = connect(server.address());
    client.write_all(request.as_bytes()).expect("sent");
    assert_eq!(read_answer(&mut client).status, 200);
    let data_of_no_request = [PREFACE, b"\0\x40\0\0\0\0\0\0\x01", &[0; 1000]].concat();
    let starts: [&[u8]; 4] =
        [b"", b"POST /v1/traces HTTP/1.1\r\nx: ", PREFACE, &data_of_no_request];
    let _idle: Vec<_> = (0..64)
        .map(|number| {
            let mut stream = connect(server.address());
            // Some have made room already.
            let _ = stream.write_all(starts[number % 4]);
            stream
        })
        .collect();
    for _ in 0..8 {
        is_served(&server);
    }
    let counters = server.counters();
    assert!(counters.connections <= 8, "{counters:?}");
    assert_eq!(counters.connections_refused, 0, "{counters:?}");
    client.write_all(request.as_bytes()).expect("a client that sends is not sent away");
    assert_eq!(read_answer(&mut client).status, 200);
}

/// Row 38: small bodies that expand to much hold nobody up who sends after them.
#[test]
fn bombs_let_others_pass() {
    const BOMBS: usize = 32;
    let server = Server::start();
    let bomb = data::gzip(&vec![0; 2 << 20]);
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    let request = [head.as_bytes(), &bomb].concat();
    let mut hostile: Vec<_> = (0..BOMBS).map(|_| connect(server.address())).collect();
    for stream in &mut hostile {
        stream.write_all(&request).expect("sent");
    }
    // From now on the others are there, too.
    let expanded = |counters: &Counters| counters.rejected(Reason::Malformed);
    let before = expanded(&server.wait_for("the first", |counters| expanded(counters) > 0));
    is_served(&server);
    let first = expanded(&server.counters()) - before;
    assert!(first < BOMBS as u64 / 2, "{first} of {BOMBS} went first");
    for stream in &mut hostile {
        assert_eq!(read_answer(stream).status, 400);
    }
    server.wait_idle();
}

/// A client that takes no answers is read no further, and closed in the end.
#[test]
fn answers_that_are_not_taken_end_the_connection() {
    let server = Server::limited(|limits| limits.request_timeout = Duration::from_millis(500));
    let mut stream = connect(server.address());
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    let request = "GET / HTTP/1.1\r\nhost: test\r\n\r\n".repeat(1000);
    let mut sent = 0;
    // Until buffers of the system are full both ways, and then until the server has had enough of that.
    while let Ok(len) = stream.write(request.as_bytes()) {
        sent += len;
        assert!(sent < 64 << 20, "{sent} bytes of requests were taken");
    }
    let counters = server.wait_for("closed", |counters| counters.connections == 0);
    assert_eq!(counters.connections_failed, 1);
    is_served(&server);
}

/// G7: more streams than allowed wait; they are not lost.
#[test]
fn streams_have_a_limit() {
    let server = Server::limited(|limits| limits.max_streams = 2);
    let body = framed(0, &data::traces(1).encode_to_vec());
    block_on(async {
        let mut sender = connect_h2(server.address()).await;
        // The limit is known to the client only once it has heard from the receiver.
        assert_eq!(call_on(&mut sender, TRACE_EXPORT, &[], &body).await.status, "0");
        let calls: Vec<_> = (0..49)
            .map(|_| {
                let (sender, body) = (sender.clone(), body.clone());
                tokio::spawn(async move {
                    let mut sender = sender.ready().await.expect("an open connection");
                    call_on(&mut sender, TRACE_EXPORT, &[], &body).await.status
                })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.expect("no panic"), "0");
        }
    });
    assert_eq!(server.rows(), [50, 0, 0]);
}

/// Row 45: a head larger than heads may be.
#[test]
fn large_heads_are_refused() {
    let server = Server::start();
    let long = "x".repeat(1 << 20);
    let mut stream = connect(server.address());
    let _ = stream.write_all(format!("POST /v1/traces HTTP/1.1\r\nx: {long}").as_bytes());
    let answer = read_to_end(stream);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{answer:?}");
    block_on(async {
        let mut sender = connect_h2(server.address()).await;
        let head = grpc_head(TRACE_EXPORT, &[("x", &long[..100_000])]);
        let (response, _) = sender.send_request(head, true).expect("a stream");
        let refused = response.await.map_or(true, |response| response.status() == 431);
        assert!(refused, "a head of 100,000 bytes was taken");
    });
    is_served(&server);
}
