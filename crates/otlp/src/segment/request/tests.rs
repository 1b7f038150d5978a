use crate::SegmentBuilder;
use crate::segment::Segment;
use crate::signal::Signal;
use crate::wire::sample::{fixed64, message, text};

fn segment(signal: Signal, requests: &[Vec<u8>]) -> Segment {
    let mut builder = SegmentBuilder::new(signal);
    for request in requests {
        builder.push_protobuf(request).expect("a request");
    }
    builder.finish()
}

fn sent(segment: &Segment, rows: std::ops::Range<usize>) -> Vec<u8> {
    let mut out = Vec::new();
    segment.put_request(rows, &mut out);
    out
}

/// A request of one resource and one scope, which are told by their dropped attributes or name.
fn request(service: &str, scope: &str, rows: Vec<u8>) -> Vec<u8> {
    let attribute = message(1, [text(1, "service.name"), message(2, [text(1, service)])]);
    let scoped = message(2, [message(1, [text(1, scope)]), rows, text(3, "scope-url")]);
    message(1, [message(1, [attribute]), scoped, text(3, "resource-url")])
}

fn span(name: &str) -> Vec<u8> {
    message(2, [text(5, name), fixed64(7, 7)])
}

/// A gauge with points at these times.
fn gauge(name: &str, times: &[u64]) -> Vec<u8> {
    let points = times.iter().flat_map(|&time| message(1, [fixed64(3, time)])).collect();
    message(2, [text(1, name), text(5, Vec::<u8>::clone(&points))])
}

#[test]
fn a_request_comes_back_as_it_came() {
    let spans = request("shop", "http", [span("a"), span("b")].concat());
    assert_eq!(sent(&segment(Signal::Traces, std::slice::from_ref(&spans)), 0..2), spans);
    let points = request("shop", "http", [gauge("a", &[1, 2]), gauge("b", &[3])].concat());
    assert_eq!(sent(&segment(Signal::Metrics, std::slice::from_ref(&points)), 0..3), points);
}

#[test]
fn some_rows_take_what_they_share_with_them() {
    let spans = request("shop", "http", [span("a"), span("b"), span("c")].concat());
    let points = request("shop", "http", [gauge("a", &[1, 2]), gauge("b", &[3])].concat());
    let traces = segment(Signal::Traces, &[spans]);
    assert_eq!(sent(&traces, 1..2), request("shop", "http", span("b")));
    assert_eq!(sent(&traces, 1..1), b"");
    let metrics = segment(Signal::Metrics, &[points]);
    let rest = [gauge("a", &[2]), gauge("b", &[3])].concat();
    assert_eq!(sent(&metrics, 1..3), request("shop", "http", rest));
}

#[test]
fn neighbours_share_what_is_equal() {
    let of = |service, name| request(service, "http", span(name));
    let traces = segment(Signal::Traces, &[of("shop", "a"), of("shop", "b"), of("bank", "c")]);
    let shop = request("shop", "http", [span("a"), span("b")].concat());
    assert_eq!(sent(&traces, 0..3), [shop, of("bank", "c")].concat());
    let one = |time| request("shop", "http", gauge("a", &[time]));
    let metrics = segment(Signal::Metrics, &[one(1), one(2)]);
    assert_eq!(sent(&metrics, 0..2), request("shop", "http", gauge("a", &[1, 2])));
}

#[test]
fn rows_keep_their_order() {
    let of = |service, name| request(service, "http", span(name));
    let requests = [of("shop", "a"), of("bank", "b"), of("shop", "c")];
    let traces = segment(Signal::Traces, &requests);
    assert_eq!(sent(&traces, 0..3), requests.concat());
}

#[test]
fn metrics_without_points_stay_two() {
    let rows = [gauge("a", &[]), gauge("a", &[])].concat();
    let request = request("shop", "http", rows);
    assert_eq!(sent(&segment(Signal::Metrics, std::slice::from_ref(&request)), 0..2), request);
}

#[test]
fn requests_stand_as_they_came() {
    let of = |service, name| request(service, "http", span(name));
    let requests = [of("shop", "a"), of("shop", "b")];
    let traces = segment(Signal::Traces, &requests);
    assert_eq!(traces.requests(), Some(&*requests.concat()));
    assert_eq!(Segment::merge(Signal::Traces, &[(&traces, 0..2)]).requests(), None);
}
