//! Forwarding: what a source has goes to an upstream that answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use duckspan_otlp::Signal;
use duckspan_sender::{Endpoint, Forwarder, Options, Outcome, Request, Source};

use crate::sink::{Answer, Sink, ok};
use crate::{PATIENCE, spans};

/// A source of requests, which notes what it is told.
#[derive(Default)]
struct Requests {
    left: Mutex<VecDeque<Request>>,
    told: Mutex<Told>,
    changed: Condvar,
}

#[derive(Default)]
struct Told {
    outcomes: Vec<Outcome>,
    waits: Vec<String>,
}

impl Source for Requests {
    fn next(&self, _: bool) -> Option<Request> {
        self.left.lock().expect("no panic").pop_front()
    }

    fn settle(&self, _: &Request, outcome: Outcome) {
        self.told.lock().expect("no panic").outcomes.push(outcome);
        self.changed.notify_all();
    }

    fn wait(&self, reason: &str) {
        self.told.lock().expect("no panic").waits.push(reason.to_owned());
        self.changed.notify_all();
    }
}

impl Requests {
    /// Requests of so many spans each, in pieces.
    fn new(endpoint: &Endpoint, options: &Options, requests: &[usize]) -> Arc<Requests> {
        let request = |&count: &usize| {
            let message = spans(count);
            let (one, other) = message.split_at(message.len() / 2);
            let pieces = [one, other].map(Bytes::copy_from_slice).to_vec();
            Request::of_pieces(endpoint, options, Signal::Traces, count as u64, pieces)
                .expect("a request")
        };
        let left = Mutex::new(requests.iter().map(request).collect());
        Arc::new(Requests { left, ..Requests::default() })
    }

    /// What it was told, once that is enough.
    fn told(&self, enough: impl Fn(&Told) -> bool) -> Told {
        let told = self.told.lock().expect("no panic");
        let waited = self.changed.wait_timeout_while(told, PATIENCE, |told| !enough(told));
        std::mem::take(&mut waited.expect("no panic").0)
    }
}

fn forward(endpoint: &str, requests: &[usize]) -> (Arc<Requests>, Forwarder) {
    let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
    let options = Options { timeout: PATIENCE, ..Options::default() };
    let source = Requests::new(&endpoint, &options, requests);
    let forwarder = Forwarder::start(endpoint, options, Arc::clone(&source) as Arc<dyn Source>);
    (source, forwarder.expect("a forwarder"))
}

fn taken() -> Outcome {
    Outcome::Taken { rejected: 0, said: String::new() }
}

/// As many and as large as they were, whether or not more come later.
#[test]
fn what_a_source_has_is_sent() {
    for (scheme, answer) in [("http", ok()), ("otlp", Answer::grpc(b""))] {
        let sink = Sink::answering(&[answer]);
        let (source, forwarder) =
            forward(&format!("{scheme}://{}", sink.address), &[3, 1, 2, 5, 4]);
        assert_eq!(source.told(|told| told.outcomes.len() == 5).outcomes, vec![taken(); 5]);
        let endpoint = format!("{scheme}://{}", sink.address).parse().expect("an endpoint");
        let more = Requests::new(&endpoint, &Options::default(), &[6]).next(true);
        source.left.lock().expect("no panic").extend(more);
        assert_eq!(source.told(|told| !told.outcomes.is_empty()).outcomes, [taken()]);
        forwarder.finish(PATIENCE);
        let frame = if scheme == "otlp" { 5 } else { 0 };
        let mut came: Vec<_> = sink.came().iter().map(|came| came.body[frame..].to_vec()).collect();
        came.sort_by_key(Vec::len);
        assert_eq!(came, [1, 2, 3, 4, 5, 6].map(spans));
    }
}

/// It is tried again, for longer than a sender would, and its source knows why.
#[test]
fn it_does_not_give_up() {
    let busy = Answer::http(503, "text/plain", b"busy").with("retry-after", "0");
    let answers = [vec![busy; 20], vec![ok()]].concat();
    let sink = Sink::answering(&answers);
    let (source, _forwarder) = forward(&format!("http://{}", sink.address), &[3]);
    let told = source.told(|told| !told.outcomes.is_empty());
    assert_eq!(told.outcomes, [taken()]);
    assert_eq!(told.waits.len(), 20);
    assert!(told.waits[0].contains("busy"), "{:?}", told.waits);
}

#[test]
fn refusals_are_told() {
    // Rejected: 2, and why.
    let partial = b"\x0a\x07\x08\x02\x12\x03old";
    let answers = [
        Answer::http(400, "text/plain", b"bad rows"),
        Answer::http(200, "application/x-protobuf", partial),
    ];
    let sink = Sink::answering(&answers);
    let (source, _forwarder) = forward(&format!("http://{}", sink.address), &[3]);
    let [Outcome::Refused(said)] = &source.told(|told| !told.outcomes.is_empty()).outcomes[..]
    else {
        panic!("it was refused")
    };
    assert!(said.contains("bad rows"), "{said}");
    let endpoint = format!("http://{}", sink.address).parse().expect("an endpoint");
    source
        .left
        .lock()
        .expect("no panic")
        .extend(Requests::new(&endpoint, &Options::default(), &[3]).next(true));
    let rejected = Outcome::Taken { rejected: 2, said: "old".to_owned() };
    assert_eq!(source.told(|told| !told.outcomes.is_empty()).outcomes, [rejected]);
}

/// What is left is sent before it ends; if nobody can be reached, that is not waited for.
#[test]
fn it_ends() {
    let sink = Sink::answering(&[ok()]);
    let (source, forwarder) = forward(&format!("http://{}", sink.address), &[1; 20]);
    forwarder.finish(PATIENCE);
    assert_eq!(source.told(|_| true).outcomes.len(), 20);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("its address");
    drop(nobody);
    let (source, forwarder) = forward(&format!("otlp://{address}"), &[1; 20]);
    source.told(|told| !told.waits.is_empty());
    forwarder.finish(PATIENCE);
    let told = source.told(|_| true);
    assert!(told.outcomes.is_empty());
    assert!(told.waits.iter().all(|why| why.contains("nothing listens at that port")));
}

/// It does not wait for who never answers.
#[test]
fn it_ends_though_nobody_answers() {
    let never = Sink::answering(&[]);
    let (source, forwarder) = forward(&format!("http://{}", never.address), &[1]);
    forwarder.finish(Duration::from_millis(50));
    assert!(source.told(|_| true).outcomes.is_empty());
    drop(forwarder);
}
