//! To our own receiver, which comes and goes.

use std::sync::Arc;

use duckspan_otlp::Signal;
use duckspan_receiver::{Config, Receiver, Token};
use duckspan_ring::{Limits, Rings};
use duckspan_sender::{Endpoint, Options, Report, Sender};

use crate::{PATIENCE, patient, push, reason, send};

pub(crate) fn rings() -> Arc<Rings> {
    Arc::new(Rings::new(Limits {
        max_rows: 1_000_000,
        memory_limit: 256 << 20,
        pinned_limit: u64::MAX,
    }))
}

fn start(address: &str, rings: &Arc<Rings>) -> Receiver {
    let config = Config::new(address.parse().expect("an address"));
    Receiver::start(config, Arc::clone(rings)).expect("a receiver")
}

#[test]
fn it_takes_all() {
    for (scheme, gzip) in [("http", false), ("http", true), ("otlp", false), ("otlp", true)] {
        let rings = rings();
        let receiver = start("127.0.0.1:0", &rings);
        let endpoint = format!("{scheme}://{}", receiver.address());
        let options = Options { gzip, ..patient() };
        let report = send(&endpoint, &options, &[100, 1, 10]).expect("sent");
        assert_eq!(report, Report { sent: 111, ..Report::default() });
        assert_eq!(rings.snapshot(Signal::Traces).rows(), 111);
    }
}

/// One that stops and starts again gets all rows. It answers what it took before it stops, so each comes once.
#[test]
fn it_comes_back() {
    for scheme in ["http", "otlp"] {
        let rings = rings();
        let receiver = start("127.0.0.1:0", &rings);
        let address = receiver.address().to_string();
        let endpoint: Endpoint = format!("{scheme}://{address}").parse().expect("an endpoint");
        let options = patient();
        let sender = Sender::new(endpoint.clone(), options.clone()).expect("a sender");
        push(&sender, &endpoint, &options, 10).expect("a place");
        sender.finish(PATIENCE).expect("sent").expect("in time");
        receiver.stop();
        for _ in 0..3 {
            push(&sender, &endpoint, &options, 10).expect("a place");
        }
        let _again = start(&address, &rings);
        let report = sender.finish(PATIENCE).expect("sent").expect("in time");
        assert_eq!((report.sent, rings.snapshot(Signal::Traces).rows()), (40, 40));
    }
}

#[test]
fn it_wants_a_token() {
    let rings = rings();
    let mut config = Config::new("127.0.0.1:0".parse().expect("an address"));
    config.token = Token::new("abc");
    let receiver = Receiver::start(config, Arc::clone(&rings)).expect("a receiver");
    for scheme in ["http", "otlp"] {
        let endpoint = format!("{scheme}://{}", receiver.address());
        let said = reason(send(&endpoint, &patient(), &[1]));
        assert!(said.contains("CREATE SECRET"), "{said}");
        let mut options = patient();
        options.credentials.set_token("abc").expect("a token");
        send(&endpoint, &options, &[1]).expect("sent");
    }
    assert_eq!(rings.snapshot(Signal::Traces).rows(), 2);
}
