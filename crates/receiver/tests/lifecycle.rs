//! Starting and stopping, again and again. The tests count threads and descriptors of their process, so
//! they run one at a time.
#![cfg(target_os = "linux")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use duckspan_otlp::Signal;
use duckspan_receiver::{Config, HttpPort, Receiver, StartError};
use duckspan_ring::{Limits, Rings};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn rings() -> Arc<Rings> {
    Arc::new(Rings::new(Limits {
        max_rows: 1_000_000,
        memory_limit: 256 << 20,
        pinned_limit: u64::MAX,
    }))
}

fn start(address: &str, rings: &Arc<Rings>) -> Result<Receiver, StartError> {
    Receiver::start(Config::new(address.parse().expect("an address")), Arc::clone(rings))
}

/// Threads of receivers, and open descriptors, of this process.
fn held() -> (usize, usize) {
    let entries = |directory| std::fs::read_dir(directory).expect("a directory of /proc").flatten();
    let is_receivers = |task: &std::fs::DirEntry| {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        name.starts_with("duckspan-otlp")
    };
    // ThreadSanitizer has pipes to a process that names functions.
    let is_sanitizers = |fd: &std::fs::DirEntry| {
        std::env::var_os("TSAN_OPTIONS").is_some()
            && std::fs::read_link(fd.path())
                .is_ok_and(|to| to.to_string_lossy().starts_with("pipe:"))
    };
    let descriptors = entries("/proc/self/fd").filter(|fd| !is_sanitizers(fd));
    (entries("/proc/self/task").filter(is_receivers).count(), descriptors.count())
}

/// No thread of a receiver is left, and so many descriptors. The kernel lists a thread for a moment after it
/// was joined.
fn assert_left(descriptors: usize) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while held().0 > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(held(), (0, descriptors));
}

const BODY: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#;

fn request(length: usize) -> String {
    format!(
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{BODY}"
    )
}

/// Posts on an open connection; whether it was taken.
fn post(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 1024];
    stream.write_all(request(BODY.len()).as_bytes()).is_ok()
        && stream.read(&mut answer).is_ok_and(|len| answer[..len].starts_with(b"HTTP/1.1 200"))
}

fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    Some(stream)
}

/// Row 55, F2: a hundred times on one port, with a client that stays connected. No thread, no descriptor
/// is left, and the port is free after each stop.
#[test]
fn a_hundred_receivers_leave_nothing() {
    let _alone = alone();
    let rings = rings();
    let first = start("localhost:0", &rings).expect("a free port");
    let address = format!("localhost:{}", first.address().port());
    drop(first);
    let (_, before) = held();
    for cycle in 0..100 {
        let receiver = start(&address, &rings).unwrap_or_else(|e| panic!("cycle {cycle}: {e}"));
        let mut client = connect(receiver.address()).expect("a listener");
        assert!(post(&mut client), "cycle {cycle}");
        receiver.stop();
        assert!(connect(receiver.address()).is_none(), "cycle {cycle}: the port is not free");
    }
    assert_left(before);
    assert_eq!(rings.snapshot(Signal::Traces).rows(), 100);
}

/// Rows 53 and 59: a second receiver on the port fails, clearly, and leaves nothing; the first goes on.
#[test]
fn a_taken_port_leaves_nothing() {
    let _alone = alone();
    let (_, before) = held();
    let (mine, theirs) = (rings(), rings());
    let receiver = start("127.0.0.1:0", &mine).expect("a free port");
    let address = receiver.address().to_string();
    for _ in 0..10 {
        let error = start(&address, &theirs).expect_err("the port is taken").to_string();
        assert!(error.contains(&format!("on {address}: address already in use")), "{error}");
    }
    let mut config = Config::new("127.0.0.1:0".parse().expect("an address"));
    config.http_port = Some(HttpPort::Exactly(receiver.address().port()));
    let error = Receiver::start(config, Arc::clone(&theirs)).expect_err("so is this one");
    assert!(error.to_string().contains(&address), "{error}");
    let other = start("127.0.0.1:0", &theirs).expect("a free port");
    assert!(connect(receiver.address()).is_some_and(|mut client| post(&mut client)));
    assert!(connect(other.address()).is_some_and(|mut client| post(&mut client)));
    assert_eq!(mine.snapshot(Signal::Traces).rows(), 1);
    assert_eq!(theirs.snapshot(Signal::Traces).rows(), 1);
    drop((receiver, other));
    assert_left(before);
}

/// Row 54, F5, F26: a stop under load. What was taken is stored, nothing arrives afterwards, no one hangs.
#[test]
fn it_stops_under_load() {
    let _alone = alone();
    let rings = rings();
    let receiver = start("127.0.0.1:0", &rings).expect("a free port");
    let address = receiver.address();
    let (taken, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(mut client) = connect(address) {
                    while post(&mut client) {
                        taken.fetch_add(1, Ordering::SeqCst);
                        assert!(!stopped.load(Ordering::SeqCst), "taken after the stop");
                    }
                }
            });
        }
        while taken.load(Ordering::SeqCst) < 200 {
            std::thread::sleep(Duration::from_millis(1));
        }
        receiver.stop();
        let rows = rings.snapshot(Signal::Traces).rows();
        // Answers that are on their way may be read a moment later.
        std::thread::sleep(Duration::from_millis(300));
        stopped.store(true, Ordering::SeqCst);
        assert_eq!(rings.snapshot(Signal::Traces).rows(), rows);
        assert!(taken.load(Ordering::SeqCst) <= rows);
    });
    assert_eq!(taken.load(Ordering::SeqCst), rings.snapshot(Signal::Traces).rows());
}

/// Row 54, F5: clients that do not finish are not waited for beyond the drain.
#[test]
fn it_stops_though_clients_do_not_finish() {
    let _alone = alone();
    let (_, before) = held();
    let rings = rings();
    let mut config = Config::new("127.0.0.1:0".parse().expect("an address"));
    config.limits.drain_timeout = Duration::from_millis(300);
    let receiver = Receiver::start(config, Arc::clone(&rings)).expect("a free port");
    let address = receiver.address();
    let mut clients: Vec<TcpStream> = (0..20).filter_map(|_| connect(address)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        let half = request(1000);
        let sent: &[u8] = match number % 4 {
            0 => b"",
            1 => b"PO",
            2 => half.as_bytes(),
            _ => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        };
        client.write_all(sent).expect("sent");
    }
    while receiver.counters().in_flight_requests < 5 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let begun = Instant::now();
    receiver.stop();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(rings.snapshot(Signal::Traces).rows(), 0);
    let counters = receiver.counters();
    assert_eq!((counters.in_flight_bytes, counters.in_flight_requests), (0, 0));
    drop(clients);
    drop(receiver);
    assert_left(before);
}

/// Requests that are under way when the receiver stops have time to finish.
#[test]
fn requests_under_way_finish() {
    let _alone = alone();
    let rings = rings();
    let receiver = start("127.0.0.1:0", &rings).expect("a free port");
    let mut client = connect(receiver.address()).expect("a listener");
    let request = request(BODY.len());
    let (first, rest) = request.as_bytes().split_at(request.len() - 10);
    client.write_all(first).expect("sent");
    while receiver.counters().in_flight_requests == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::scope(|scope| {
        let stopping = scope.spawn(|| receiver.stop());
        while connect(receiver.address()).is_some() {
            std::thread::sleep(Duration::from_millis(1));
        }
        client.write_all(rest).expect("sent");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        stopping.join().expect("no panic");
    });
    assert_eq!(rings.snapshot(Signal::Traces).rows(), 1);
}

/// Row 46: without descriptors nobody is accepted; once there are some again, everybody is. In a process
/// of its own, for it takes all descriptors there are.
#[test]
fn it_survives_a_lack_of_descriptors() {
    let _alone = alone();
    if std::env::var_os("FEW_DESCRIPTORS").is_none() {
        let this = std::env::current_exe().expect("this program");
        let name = "it_survives_a_lack_of_descriptors";
        let output = Command::new("sh")
            .args(["-c", "ulimit -n 64; exec \"$0\" --exact \"$1\" --nocapture"])
            .arg(this)
            .arg(name)
            .env("FEW_DESCRIPTORS", "1")
            .output()
            .expect("a shell");
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let receiver = start("127.0.0.1:0", &rings()).expect("a free port");
    let mut waiting = connect(receiver.address()).expect("a listener");
    while receiver.counters().connections == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    taken.pop();
    // This one gets the last descriptor; it is in the queue of the listener, but not accepted.
    let late = connect(receiver.address());
    while receiver.counters().accept_failures < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(post(&mut waiting), "connections that are open are served on");
    drop(taken);
    assert!(post(&mut late.expect("a place in the queue")));
}
