use super::*;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::archiving::Archiving;
use crate::refusal::Reason;
use duckspan_otlp::Segment;
use duckspan_ring::Full;

fn start(store: impl Fn(Segment) + Send + Sync + 'static) -> Receiver {
    let store = Box::new(move |segment| {
        store(segment);
        Ok(0)
    });
    start_with(None, store)
}

fn start_with(archiving: Option<Archiving>, store: Store) -> Receiver {
    let config = Config::new("127.0.0.1:0".parse().expect("an address"));
    Receiver::start_with(&Config { archiving, ..config }, store).expect("a free port")
}

/// Posts one span; returns the whole answer, or nothing if nobody listens.
fn post(address: SocketAddr) -> Option<String> {
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#;
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    write!(
        stream,
        "POST /v1/traces HTTP/1.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    Some(answer)
}

/// Row 51: a panic fails one request; the listener, the connection and the memory live on.
#[test]
fn a_panic_fails_one_request() {
    let calls = AtomicUsize::new(0);
    let receiver = start(move |_| {
        assert_ne!(calls.fetch_add(1, Ordering::Relaxed), 1, "a fault of the second request");
    });
    let statuses = [200, 500, 200].map(|status| format!("HTTP/1.1 {status} "));
    for status in statuses {
        let answer = post(receiver.address()).expect("an answer");
        assert!(answer.starts_with(&status), "{answer}");
    }
    let counters = receiver.counters();
    assert_eq!(counters.rejected(Reason::Fault), 1);
    assert_eq!((counters.in_flight_bytes, counters.signals[0].accepted_rows), (0, 2));
}

/// Work that takes long holds up nobody else, however little is sent for it: the work of as many connections as
/// there may be, which ends when the test says so.
#[test]
fn long_work_holds_up_nobody() {
    let (open, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let receiver = start(move |segment| {
        if segment.len() > 1 {
            let _ = lock(&gate).recv();
        }
    });
    let span = [0x12, 0];
    let spans = span.repeat(1_000_000);
    let message = nested(0x0a, nested(0x12, spans));
    let body = zstd::stream::encode_all(&*message, 1).expect("memory takes all");
    assert!(body.len() < 1000, "{} bytes are sent", body.len());
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: zstd\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut clients: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(receiver.address()).expect("a listener");
            stream.write_all(&[head.as_bytes(), &body].concat()).expect("sent");
            stream
        })
        .collect();
    while receiver.counters().in_flight_requests < clients.len() as u64 {
        thread::sleep(Duration::from_millis(1));
    }
    for _ in 0..10 {
        let answer = post(receiver.address()).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(receiver.counters().in_flight_requests, clients.len() as u64);
    drop(open);
    for client in &mut clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// A field with these bytes.
fn nested(tag: u8, bytes: Vec<u8>) -> Vec<u8> {
    let mut field = vec![tag];
    duckspan_otlp::wire::put_varint(&mut field, bytes.len() as u64);
    [field, bytes].concat()
}

/// Row 58, F3: in a child of `fork` nothing happens: not to wait, and not to the parent.
#[test]
fn a_forked_child_does_nothing() {
    let mut receiver = start(Box::new(drop));
    let address = receiver.address();
    let parents = Arc::clone(&receiver.running);
    receiver.process = std::process::id().wrapping_add(1);
    assert!(!receiver.is_running());
    receiver.stop();
    let references = Arc::strong_count(&parents);
    drop(receiver);
    assert_eq!(Arc::strong_count(&parents), references, "nothing is dropped");
    assert!(post(address).expect("the parent listens on").starts_with("HTTP/1.1 200"));
    parents.stop();
    assert_eq!(post(address), None);
}

/// F4: a receiver may be stopped and dropped where blocking is not allowed.
#[test]
fn it_stops_inside_of_a_runtime() {
    for workers in [1, 2] {
        let runtime = Builder::new_multi_thread().worker_threads(workers).build();
        let task = runtime.expect("a runtime");
        let address = task.block_on(async {
            let receiver = start(Box::new(drop));
            tokio::spawn(async move {
                let address = receiver.address();
                receiver.stop();
                address
            })
            .await
            .expect("no panic")
        });
        assert_eq!(post(address), None);
    }
}

/// Stopping twice, and from many threads at once, is stopping.
#[test]
fn it_stops_once() {
    let receiver = start(Box::new(drop));
    assert!(receiver.is_running());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| receiver.stop());
        }
    });
    assert!(!receiver.is_running());
    receiver.stop();
    assert_eq!(post(receiver.address()), None);
    assert_eq!(receiver.counters().connections, 0);
}

/// What finds no room beside rows that are not archived is to be sent again, and the archive is told.
#[test]
fn a_full_ring_is_back_pressure() {
    let hurried = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hurried);
    let archiving = Archiving::new(false, move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let receiver = start_with(Some(archiving), Box::new(|_| Err(Full)));
    let answer = post(receiver.address()).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1"), "{answer}");
    assert!(answer.contains("not archived or forwarded yet"), "{answer}");
    assert_eq!(receiver.counters().rejected(Reason::Overload), 1);
    assert_eq!(hurried.load(Ordering::Relaxed), 1);
}

/// A sender is answered once its rows are archived, if that is asked for.
#[test]
fn answers_wait_for_the_archive() {
    let (asked, asks) = mpsc::channel();
    let archiving = Archiving::new(true, move || asked.send(()).expect("the test waits"));
    let receiver = start_with(Some(archiving.clone()), Box::new(|_| Ok(7)));
    let address = receiver.address();
    let sender = thread::spawn(move || post(address));
    asks.recv_timeout(Duration::from_secs(30)).expect("somebody waits");
    assert_eq!(receiver.counters().in_flight_requests, 1);
    archiving.advance(duckspan_otlp::Signal::Traces, 7);
    let answer = sender.join().expect("no panic").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// F26: a request that arrives while the receiver stops is either stored before that, or refused.
#[test]
fn nothing_is_stored_once_stopped() {
    let stored = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&stored);
    let receiver = start(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    receiver.running.context.service.stop_storing();
    let answer = post(receiver.address()).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: 1"), "{answer}");
    assert_eq!(stored.load(Ordering::Relaxed), 0);
    assert_eq!(receiver.counters().rejected(Reason::Stopping), 1);
}
