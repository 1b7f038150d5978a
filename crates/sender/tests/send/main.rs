//! Requests to upstreams that answer as they are told, to our own receiver, and over TLS.

mod forward;
mod receiver;
mod sink;
mod tls;

use std::time::Duration;

use duckspan_otlp::Signal;
use duckspan_sender::{Endpoint, Failed, Options, Report, Request, Sender};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message as _;

use sink::{Answer, How, Sink, ok};

/// Longer than anything takes, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Spans of one request.
fn spans(count: usize) -> Vec<u8> {
    let span = Span { trace_id: vec![1; 16], span_id: vec![1; 8], ..Span::default() };
    let scope_spans = vec![ScopeSpans { spans: vec![span; count], ..ScopeSpans::default() }];
    TracesData { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
        .encode_to_vec()
}

/// Sends requests of so many spans each; what became of them.
fn send(endpoint: &str, options: &Options, requests: &[usize]) -> Result<Report, Failed> {
    let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
    let sender = Sender::new(endpoint.clone(), options.clone()).expect("a sender");
    for &count in requests {
        push(&sender, &endpoint, options, count)?;
    }
    sender.finish(PATIENCE).map(|report| report.expect("an answer"))
}

fn push(
    sender: &Sender,
    endpoint: &Endpoint,
    options: &Options,
    count: usize,
) -> Result<(), Failed> {
    let request = Request::new(endpoint, options, Signal::Traces, count as u64, spans(count));
    let left = sender.send(request.expect("a request"), PATIENCE)?;
    assert!(left.is_none(), "there is no place in flight");
    Ok(())
}

/// Options with which nothing takes long.
fn quick() -> Options {
    let timeout = Duration::from_secs(20);
    Options { timeout, retry_for: Duration::from_millis(1), ..Options::default() }
}

/// Options that try again, as long as it takes.
fn patient() -> Options {
    Options { timeout: PATIENCE, retry_for: PATIENCE, ..Options::default() }
}

fn reason(outcome: Result<Report, Failed>) -> String {
    outcome.expect_err("a failure").to_string()
}

#[test]
fn what_is_sent() {
    let mut options = Options::default();
    options.credentials.set_token("abc").expect("a token");
    options.credentials.set_header("x-tenant", "me").expect("a header");
    for gzip in [false, true] {
        options.gzip = gzip;
        let sink = Sink::answering(&[ok()]);
        let report = send(&format!("http://{}/otlp", sink.address), &options, &[3]).expect("sent");
        assert_eq!(report, Report { sent: 3, ..Report::default() });
        let [came] = &sink.came()[..] else { panic!("one request") };
        assert_eq!(came.path, "/otlp/v1/traces");
        let header = |name| came.headers.get(name).map(|value| value.to_str().expect("text"));
        assert_eq!(header("authorization"), Some("Bearer abc"));
        assert_eq!(header("x-tenant"), Some("me"));
        assert_eq!(header("content-type"), Some("application/x-protobuf"));
        assert_eq!(header("content-encoding"), gzip.then_some("gzip"));
        assert_eq!(came.body == spans(3), !gzip);
    }
    let sink = Sink::answering(&[Answer::grpc(b"")]);
    options.gzip = false;
    send(&format!("otlp://{}", sink.address), &options, &[3]).expect("sent");
    let [came] = &sink.came()[..] else { panic!("one request") };
    assert_eq!(came.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    assert_eq!(came.headers.get("te").expect("a header"), "trailers");
    assert_eq!(came.headers.get("authorization").expect("a header"), "Bearer abc");
    assert_eq!(came.body[5..], spans(3));
}

#[test]
fn what_may_help_is_tried_again() {
    let busy = Answer::http(503, "text/plain", b"busy").with("retry-after", "0");
    let sink = Sink::answering(&[busy.clone(), busy, ok()]);
    let report = send(&format!("http://{}", sink.address), &patient(), &[3]).expect("sent");
    assert_eq!((report.sent, sink.came().len()), (3, 3));
    let away = Answer::grpc_status(14, "away");
    let sink = Sink::answering(&[away.clone(), away, Answer::grpc(b"")]);
    let report = send(&format!("otlp://{}", sink.address), &patient(), &[3]).expect("sent");
    assert_eq!((report.sent, sink.came().len()), (3, 3));
}

#[test]
fn what_may_not_is_not() {
    let sink = Sink::answering(&[Answer::http(400, "text/plain", b"bad rows")]);
    let said = reason(send(&format!("http://{}", sink.address), &patient(), &[3]));
    assert!(said.contains("400 Bad Request: bad rows"), "{said}");
    assert_eq!(sink.came().len(), 1);
    for (code, text) in [(3, "INVALID_ARGUMENT"), (8, "RESOURCE_EXHAUSTED"), (16, "CREATE SECRET")]
    {
        let sink = Sink::answering(&[Answer::grpc_status(code, "no")]);
        let said = reason(send(&format!("otlp://{}", sink.address), &patient(), &[3]));
        assert!(said.contains(text), "{said}");
        assert_eq!(sink.came().len(), 1);
    }
}

#[test]
fn trying_again_ends() {
    let sink = Sink::answering(&[Answer::http(503, "text/plain", b"busy")]);
    let said = reason(send(&format!("http://{}", sink.address), &quick(), &[3]));
    assert!(said.contains("busy") && said.contains("tried again for 1ms"), "{said}");
    let never = Sink::answering(&[]);
    let hasty = Options { timeout: Duration::from_millis(50), ..quick() };
    for scheme in ["http", "otlp"] {
        let said = reason(send(&format!("{scheme}://{}", never.address), &hasty, &[3]));
        assert!(said.contains("does not answer within 50ms"), "{said}");
    }
}

/// Requests are in flight together: the upstream answers none before all are there.
#[test]
fn several_are_in_flight() {
    for (scheme, answer) in [("http", ok()), ("otlp", Answer::grpc(b""))] {
        let sink = Sink::new(&[answer], How { together: Some(3), ..How::default() });
        let options = Options { in_flight: 3, ..patient() };
        let endpoint = format!("{scheme}://{}", sink.address);
        let report = send(&endpoint, &options, &[1; 9]).expect("sent");
        assert_eq!((report.sent, sink.came().len()), (9, 9));
        assert_eq!(sink.connections(), 3, "{scheme}");
    }
}

/// Who sends more than may be in flight waits, and is told if that takes too long.
#[test]
fn no_more_than_that_are() {
    let never = Sink::answering(&[]);
    let endpoint: Endpoint = format!("http://{}", never.address).parse().expect("an endpoint");
    let options = Options { in_flight: 2, ..patient() };
    let sender = Sender::new(endpoint.clone(), options.clone()).expect("a sender");
    for _ in 0..2 {
        push(&sender, &endpoint, &options, 1).expect("a place");
    }
    let request = Request::new(&endpoint, &options, Signal::Traces, 1, spans(1)).expect("one");
    let left = sender.send(request, Duration::from_millis(10)).expect("no failure");
    assert!(left.is_some());
    assert_eq!(sender.finish(Duration::from_millis(10)), Ok(None));
}

#[test]
fn rejected_rows_are_reported() {
    let response = |rejected_spans, error_message: &str| {
        let error_message = error_message.to_owned();
        let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message });
        ExportTraceServiceResponse { partial_success }.encode_to_vec()
    };
    let bodies = [response(2, "too old"), response(1, "too new"), response(0, "almost")];
    let http = bodies.each_ref().map(|body| Answer::http(200, "application/x-protobuf", body));
    let grpc = bodies.each_ref().map(|body| Answer::grpc(body));
    for (scheme, answers) in [("http", http), ("otlp", grpc)] {
        let sink = Sink::answering(&answers);
        let options = Options { in_flight: 1, ..patient() };
        let report = send(&format!("{scheme}://{}", sink.address), &options, &[3, 3, 3]);
        let said = ["too old", "too new", "almost"].map(str::to_owned).to_vec();
        assert_eq!(report, Ok(Report { sent: 9, rejected: 3, said }));
    }
}

#[test]
fn what_is_no_otlp_endpoint() {
    let page = Sink::answering(&[Answer::http(200, "text/html", b"<h1>welcome</h1>")]);
    let said = reason(send(&format!("http://{}", page.address), &patient(), &[1]));
    assert!(said.contains("is it an OTLP endpoint") && said.contains("welcome"), "{said}");
    // A port of HTTP/1 and one of gRPC, each taken for the other.
    let http1 = Sink::new(&[ok()], How { only: Some(1), ..How::default() });
    let said = reason(send(&format!("otlp://{}", http1.address), &patient(), &[1]));
    assert!(said.contains(&format!("'http://{}'", http1.address)), "{said}");
    let http2 = Sink::new(&[ok()], How { only: Some(2), ..How::default() });
    let said = reason(send(&format!("http://{}", http2.address), &patient(), &[1]));
    assert!(said.contains(&format!("'otlp://{}'", http2.address)), "{said}");
}

#[test]
fn nobody_is_there() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr();
    let address = free.expect("its address");
    for scheme in ["http", "otlp"] {
        let said = reason(send(&format!("{scheme}://{address}"), &patient(), &[1]));
        assert!(said.contains("nothing listens at that port"), "{said}");
        let said = reason(send(&format!("{scheme}://no-such-host.invalid:1"), &patient(), &[1]));
        assert!(said.contains("\"no-such-host.invalid\" is not known"), "{said}");
    }
}
