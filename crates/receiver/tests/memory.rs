//! What clients can make the process hold. The tests count the bytes of their process, so they run one at a time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use duckspan_otlp::wire::put_len;
use duckspan_receiver::{Config, Limits, Receiver};
use duckspan_ring::Rings;
use peak_alloc::PeakAlloc;

/// Counts what is allocated, and not what the system's allocator keeps of what was freed.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start() -> Receiver {
    start_with(Limits::DEFAULT)
}

fn start_with(limits: Limits) -> Receiver {
    let rings =
        duckspan_ring::Limits { max_rows: 1000, memory_limit: 1 << 30, pinned_limit: u64::MAX };
    let config = Config::new("127.0.0.1:0".parse().expect("an address"));
    let config = Config { limits, ..config };
    Receiver::start(config, Arc::new(Rings::new(rings))).expect("a free port")
}

/// Bytes that are allocated at most while `work` runs, beside those that were before.
fn growth(work: impl FnOnce()) -> usize {
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage();
    work();
    ALLOCATED.peak_usage().saturating_sub(before)
}

/// Waits until the receiver has read what there is to read: it allocates no more and frees nothing.
fn settle() {
    let mut last = 0;
    let mut alike = 0;
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(25));
        let now = ALLOCATED.current_usage();
        alike = if now == last { alike + 1 } else { 0 };
        if alike == 8 {
            return;
        }
        last = now;
    }
}

fn connect(receiver: &Receiver) -> TcpStream {
    let stream = TcpStream::connect(receiver.address()).expect("a listener");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u32;
    let mut frame = len.to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// The head of a call, without compression: literal headers with names of their own.
fn head() -> Vec<u8> {
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let mut block = vec![0x83, 0x86];
    for (name, value) in
        [(":path", path), (":authority", "test"), ("content-type", "application/grpc")]
    {
        block.extend_from_slice(&[0, name.len() as u8]);
        block.extend_from_slice(name.as_bytes());
        block.push(value.len() as u8);
        block.extend_from_slice(value.as_bytes());
    }
    block
}

/// Row 36: 200 calls declare 64 MiB each and send nothing of it.
#[test]
fn declared_lengths_cost_nothing() {
    let _alone = alone();
    let receiver = start();
    let growth = growth(|| {
        let mut client = connect(&receiver);
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("sent");
        client.write_all(&frame(4, 0, 0, &[])).expect("sent");
        let length = (Limits::DEFAULT.max_request_size as u32).to_be_bytes();
        for call in 0..200 {
            let id = 2 * call + 1;
            client.write_all(&frame(1, 4, id, &head())).expect("sent");
            client.write_all(&frame(0, 0, id, &[&[0][..], &length].concat())).expect("sent");
        }
        while receiver.counters().in_flight_requests < 200 {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(receiver.counters().in_flight_bytes, 0);
    });
    assert!(growth < 8 * MIB, "{} MiB", growth / MIB);
}

/// What few connections may hold, so that a test sees what each of many does.
const FEW: Limits = Limits { connection_bytes: 8 * MIB, ..Limits::DEFAULT };

/// Connections that together would hold several times what they may.
const MANY: usize = 128;

/// Whether a client is served that has a request.
fn is_served(receiver: &Receiver) -> bool {
    let mut client = connect(receiver);
    let request =
        "POST /v1/traces HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let mut answer = [0; 12];
    client.write_all(request.as_bytes()).is_ok()
        && client.read_exact(&mut answer).is_ok()
        && &answer == b"HTTP/1.1 200"
}

/// What the process grows by for many connections, each of which makes it keep something; somebody is served
/// beside them.
fn beside(connections: usize, start: impl Fn(usize) -> Vec<u8>) -> usize {
    let receiver = start_with(FEW);
    growth(|| {
        let mut clients = Vec::new();
        for number in 0..connections {
            let mut client = connect(&receiver);
            client.set_write_timeout(Some(Duration::from_millis(10))).expect("a timeout");
            // Some have to go for others.
            let _ = client.write_all(&start(number));
            clients.push(client);
        }
        settle();
        assert!(is_served(&receiver));
    })
}

/// Frames of data that nobody asked for, cut before their end.
#[test]
fn unfinished_frames_are_bounded() {
    let _alone = alone();
    let growth = beside(MANY, |number| {
        let size = [16 << 10, 512 << 10, 1 << 20][number % 3];
        let mut frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        frames.extend_from_slice(&frame(4, 0, 0, &[]));
        frames.extend_from_slice(&frame(0, 0, 1, &vec![0; size]));
        frames.pop();
        frames
    });
    assert!(growth < FEW.connection_bytes + 8 * MIB, "{} MiB", growth / MIB);
}

/// Heads without an end.
#[test]
fn unfinished_heads_are_bounded() {
    let _alone = alone();
    let growth = beside(MANY, |_| {
        [b"POST /v1/traces HTTP/1.1\r\nx: ".as_slice(), &[b'x'; 400_000]].concat()
    });
    assert!(growth < FEW.connection_bytes + 8 * MIB, "{} MiB", growth / MIB);
}

/// Connections that are kept open after a request keep no room for the next one.
#[test]
fn idle_connections_are_bounded() {
    let _alone = alone();
    let body = [b"{\"x\":\"".as_slice(), &[b'x'; 400_000], b"\"}"].concat();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), &body].concat();
    let growth = beside(MANY, |_| request.clone());
    assert!(growth < FEW.connection_bytes + 8 * MIB, "{} MiB", growth / MIB);
}

/// Calls of which nothing but a large head arrives.
#[test]
fn heads_of_requests_are_bounded() {
    let _alone = alone();
    let growth = beside(64, |_| {
        let mut frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        frames.extend_from_slice(&frame(4, 0, 0, &[]));
        let mut block = head();
        for name in 0..50 {
            block.extend_from_slice(&[0, 1, b'a' + name % 26, 100]);
            block.extend_from_slice(&[b'x'; 100]);
        }
        for call in 0..200 {
            frames.extend_from_slice(&frame(1, 4, 2 * call + 1, &block));
        }
        frames
    });
    assert!(growth < FEW.connection_bytes + 8 * MIB, "{} MiB", growth / MIB);
}

/// Row 38, F7: a gibibyte of zeros in a megabyte of gzip, in members and in one.
#[test]
fn bombs_are_stopped_at_the_limit() {
    let _alone = alone();
    let receiver = start();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![0; 16 * MIB]).expect("memory takes all");
    let bomb = encoder.finish().expect("memory takes all").repeat(64);
    let growth = growth(|| {
        let mut client = connect(&receiver);
        write!(
            client,
            "POST /v1/traces HTTP/1.1\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            bomb.len()
        )
        .expect("sent");
        client.write_all(&bomb).expect("sent");
        let mut answer = [0; 12];
        client.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 413");
    });
    assert!(growth < Limits::DEFAULT.max_request_size + 16 * MIB, "{} MiB", growth / MIB);
}

/// F10: a request that is much shorter than what becomes of it, since it has many numbers in JSON or text
/// that is not UTF-8, is not read beyond what requests may hold.
#[test]
fn requests_that_grow_are_stopped_before_they_do() {
    let _alone = alone();
    let in_flight_bytes = 3 * Limits::DEFAULT.max_request_size;
    let receiver = start_with(Limits { in_flight_bytes, ..Limits::DEFAULT });
    let size = Limits::DEFAULT.max_request_size - 1000;
    let point = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"#;
    let url = vec![0xff; size];
    let mut protobuf = Vec::new();
    put_len(&mut protobuf, 3, &url);
    let group = std::mem::take(&mut protobuf);
    put_len(&mut protobuf, 1, &group);
    drop(group);
    let bodies = [
        ("json", [point.as_bytes(), b"\"bucketCounts\":[", &b"0,".repeat(size / 2)].concat()),
        ("json", [b"{\"resourceSpans\":[{\"schemaUrl\":\"", &*url].concat()),
        ("x-protobuf", protobuf),
    ];
    drop(url);
    for (media_type, body) in bodies {
        let growth = growth(|| {
            let mut client = connect(&receiver);
            write!(
                client,
                "POST /v1/metrics HTTP/1.1\r\ncontent-type: application/{media_type}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )
            .expect("sent");
            client.write_all(&body).expect("sent");
            let mut answer = [0; 12];
            client.read_exact(&mut answer).expect("an answer");
            assert_eq!(&answer, b"HTTP/1.1 413");
        });
        assert!(growth < body.len() + body.len() / 2, "{} MiB", growth / MIB);
    }
}

/// Rows 49 and 14: many large requests at once, most of which find no room.
#[test]
fn large_requests_stay_in_their_budget() {
    let _alone = alone();
    let receiver = start();
    let size = Limits::DEFAULT.max_request_size;
    let growth = growth(|| {
        let mut clients: Vec<TcpStream> = (0..12).map(|_| connect(&receiver)).collect();
        let piece = vec![0; MIB];
        for client in &mut clients {
            write!(
                client,
                "POST /v1/traces HTTP/1.1\r\ncontent-type: application/x-protobuf\r\ncontent-length: {size}\r\n\r\n",
            )
            .expect("sent");
        }
        for _ in 1..size / MIB {
            for client in &mut clients {
                // A client that is refused is read on for a while only.
                let _ = client.write_all(&piece);
            }
        }
        let used = receiver.counters().in_flight_bytes as usize;
        assert!(used <= Limits::DEFAULT.in_flight_bytes, "{used}");
    });
    // What is charged is exact; the allocator keeps as much again in holes that growing bodies leave.
    let most = 2 * Limits::DEFAULT.in_flight_bytes;
    assert!(growth < most, "{} MiB", growth / MIB);
}
