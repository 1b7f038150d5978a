//! A viewer of a database that misbehaves: it panics, hangs, or ends from within.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use duckspan_viewer::{
    Answer, Column, Config, Engine, Port, QueryError, Running, Session, Value, Viewer,
};

/// Longer than that nothing may take that is bounded.
const BOUND: Duration = Duration::from_secs(10);

/// Does what the query says.
#[derive(Default)]
struct Fake {
    stopped: AtomicBool,
    /// Its own viewer, for queries that drop it.
    viewer: Mutex<Option<Viewer>>,
}

/// Takes notice of being interrupted only once it was told so often.
#[derive(Default)]
struct Deaf(Mutex<u32>);

impl Running for Deaf {
    fn interrupt(&self) {
        *self.0.lock().expect("a lock") += 1;
    }

    fn progress(&self) -> Option<f64> {
        Some(0.5)
    }
}

impl Engine for Fake {
    fn session(&self) -> Result<Session, String> {
        Err("the database is closed".to_owned())
    }

    fn query(&self, sql: &str, answer: &mut dyn Answer) -> Result<(), QueryError> {
        let deaf = Arc::new(Deaf::default());
        assert!(answer.begin(Arc::clone(&deaf) as Arc<dyn Running>));
        answer.columns(&[Column { name: "x", kind: "INTEGER" }]);
        match sql {
            "panic" => panic!("as asked"),
            "hang" => {
                while *deaf.0.lock().expect("a lock") < 5 && !self.stopped.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(QueryError::new("interrupted"))
            }
            "never end" => loop {
                thread::sleep(Duration::from_secs(1));
            },
            "drop" => {
                drop(self.viewer.lock().expect("a lock").take());
                Ok(())
            }
            _ => {
                answer.value(Value::Integer(42));
                answer.end_row();
                Ok(())
            }
        }
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// A viewer with a browser that has been let in.
struct Browser {
    port: u16,
    cookie: String,
}

impl Browser {
    fn open(url: &str) -> Browser {
        let (place, token) = url.split_once("/?").expect("a token");
        let port = place.rsplit(':').next().expect("a port").parse().expect("a number");
        let mut browser = Browser { port, cookie: String::new() };
        let answer = browser.get(&format!("/?{token}"));
        let (_, cookie) = answer.split_once("set-cookie: ").expect("a cookie");
        browser.cookie = cookie.split(';').next().expect("a value").to_owned();
        browser
    }

    fn get(&self, path: &str) -> String {
        read(self.send(&format!("GET {path} HTTP/1.1\r\n"), ""))
    }

    fn begin(&self, sql: &str) -> TcpStream {
        let body = format!("{{\"sql\":\"{sql}\"}}");
        let head = format!(
            "POST /query HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.send(&head, &body)
    }

    fn query(&self, sql: &str) -> String {
        read(self.begin(sql))
    }

    fn send(&self, head: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a viewer");
        let more =
            format!("Host: localhost\r\nConnection: close\r\nCookie: {}\r\n\r\n", self.cookie);
        stream.write_all(format!("{head}{more}{body}").as_bytes()).expect("a request");
        stream
    }

    fn is_refused(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_err()
    }
}

/// What is answered, as far as it comes.
fn read(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(BOUND)).expect("a time");
    let mut bytes = Vec::new();
    // What is broken off ends there.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).expect("UTF-8")
}

/// Reads until there is that text.
fn read_until(stream: &mut TcpStream, text: &str) {
    stream.set_read_timeout(Some(BOUND)).expect("a time");
    let mut told = Vec::new();
    while !String::from_utf8_lossy(&told).contains(text) {
        let mut bytes = [0; 1024];
        let length = stream.read(&mut bytes).expect("an answer");
        assert_ne!(length, 0, "the answer ends");
        told.extend_from_slice(&bytes[..length]);
    }
}

fn start(fake: &Arc<Fake>) -> (Viewer, Browser) {
    let engine: Arc<dyn Engine> = Arc::clone(fake) as _;
    let host = "127.0.0.1".to_owned();
    let config = Config { host, port: Port::Exactly(0), engine, write: false };
    let viewer = Viewer::start(config).expect("a free port");
    let browser = Browser::open(&viewer.url().expect("a token"));
    (viewer, browser)
}

#[test]
fn a_query_that_panics_ends_and_no_other() {
    let (_viewer, browser) = start(&Arc::default());
    // More often than there are places for queries.
    for _ in 0..10 {
        let answer = browser.query("panic");
        assert!(answer.contains("columns") && !answer.contains("end\""), "{answer}");
    }
    assert!(browser.query("1").contains("{\"rows\":[[42]]}"));
}

#[test]
fn who_leaves_is_told_of_until_the_query_ends() {
    let (_viewer, browser) = start(&Arc::default());
    for _ in 0..10 {
        read_until(&mut browser.begin("hang"), "columns");
    }
    assert!(browser.query("1").contains("{\"rows\":[[42]]}"));
}

#[test]
fn progress_is_told_while_there_is_nothing_else() {
    let (_viewer, browser) = start(&Arc::default());
    read_until(&mut browser.begin("hang"), "{\"progress\":0.5}");
}

#[test]
fn a_database_that_is_closed_says_so() {
    let (_viewer, browser) = start(&Arc::default());
    let answer = browser.get("/session");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.ends_with("the database is closed\n"));
}

#[test]
fn stop_waits_for_no_query_for_long() {
    for sql in ["hang", "never end"] {
        let (viewer, browser) = start(&Arc::default());
        let mut stream = browser.begin(sql);
        read_until(&mut stream, "columns");
        let began = Instant::now();
        viewer.stop();
        viewer.stop();
        assert!(began.elapsed() < BOUND && !viewer.is_running());
        assert!(browser.is_refused());
        assert!(!read(stream).contains("\"end\""));
    }
}

#[test]
fn a_query_may_end_its_viewer() {
    let fake = Arc::<Fake>::default();
    let (viewer, browser) = start(&fake);
    *fake.viewer.lock().expect("a lock") = Some(viewer);
    browser.query("drop");
    let began = Instant::now();
    while !browser.is_refused() {
        assert!(began.elapsed() < BOUND);
    }
}

#[test]
fn a_port_is_free_again() {
    let fake = Arc::<Fake>::default();
    let (viewer, _) = start(&fake);
    let port = viewer.address().port();
    drop(viewer);
    for _ in 0..20 {
        let engine: Arc<dyn Engine> = Arc::clone(&fake) as _;
        let host = "127.0.0.1".to_owned();
        let config = Config { host, port: Port::Exactly(port), engine, write: false };
        let viewer = Viewer::start(config).expect("the port");
        assert_eq!(viewer.place(), format!("http://127.0.0.1:{port}/"));
    }
}
