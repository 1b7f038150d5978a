//! gRPC as its clients use it.

use std::time::Duration;

use duckspan_otlp::Signal;
use duckspan_receiver::{Reason, Token};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::NumberDataPoint;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

use crate::data::{self, attribute, log, point, span, spans, text};
use crate::server::{Server, block_on};
use crate::wire::{
    LOGS_EXPORT, METRICS_EXPORT, TRACE_EXPORT, call, call_on, connect_h2, framed, grpc_head,
};

pub(crate) async fn channel(server: &Server) -> Channel {
    Channel::from_shared(server.url()).expect("a url").connect().await.expect("a listener")
}

/// A1, A5, G1: every signal, plain and compressed; what is stored is what was sent.
#[test]
fn every_signal_is_received() {
    let compressions = [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)];
    for compression in compressions {
        let server = Server::start();
        block_on(async {
            let channel = channel(&server).await;
            let mut traces = TraceServiceClient::new(channel.clone());
            let mut metrics = MetricsServiceClient::new(channel.clone());
            let mut logs = LogsServiceClient::new(channel);
            if let Some(compression) = compression {
                traces = traces.send_compressed(compression);
                metrics = metrics.send_compressed(compression);
                logs = logs.send_compressed(compression);
            }
            let response = traces.export(data::traces(300)).await.expect("taken").into_inner();
            assert_eq!(response.partial_success, None);
            let response = metrics.export(data::metrics(200)).await.expect("taken").into_inner();
            assert_eq!(response.partial_success, None);
            let response = logs.export(data::logs(100)).await.expect("taken").into_inner();
            assert_eq!(response.partial_success, None);
        });
        assert_eq!(server.messages::<Span>(Signal::Traces), spans(300), "{compression:?}");
        let points: Vec<NumberDataPoint> = (0..200).map(point).collect();
        assert_eq!(server.messages::<NumberDataPoint>(Signal::Metrics), points);
        let records: Vec<LogRecord> = (0..100).map(log).collect();
        assert_eq!(server.messages::<LogRecord>(Signal::Logs), records);
        let counters = server.counters();
        let accepted = Signal::ALL.map(|signal| counters.signal(signal).accepted_rows);
        assert_eq!(accepted, [300, 200, 100]);
        server.wait_idle();
    }
}

/// A4, rows 1 and 2: nothing to store is a success, without `partial_success`.
#[test]
fn empty_requests_succeed() {
    let resource_spans = |scope_spans| ResourceSpans { scope_spans, ..ResourceSpans::default() };
    let requests = [
        vec![],
        vec![resource_spans(vec![])],
        vec![resource_spans(vec![ScopeSpans::default()]), resource_spans(vec![])],
    ];
    let server = Server::start();
    for resource_spans in requests {
        let message = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &message));
        assert_eq!(outcome.status, "0", "{outcome:?}");
        assert_eq!(outcome.data, framed(0, &[]), "{outcome:?}");
    }
    assert_eq!(server.rows(), [0; 3]);
}

/// G7: many calls at a time on one connection, all of them stored.
#[test]
fn calls_are_concurrent() {
    let server = Server::start();
    block_on(async {
        let client = TraceServiceClient::new(channel(&server).await);
        let calls: Vec<_> = (0..150)
            .map(|_| {
                let mut client = client.clone();
                tokio::spawn(async move { client.export(data::traces(10)).await })
            })
            .collect();
        for call in calls {
            call.await.expect("no panic").expect("taken");
        }
    });
    assert_eq!(server.rows(), [1500, 0, 0]);
}

/// G7: a call that does not end holds up no other on its connection.
#[test]
fn calls_do_not_wait_for_each_other() {
    let server = Server::start();
    let body = |number| framed(0, &data::traces_of(vec![span(number)]).encode_to_vec());
    block_on(async {
        let mut sender = connect_h2(server.address()).await;
        let (answer, mut slow) =
            sender.send_request(grpc_head(TRACE_EXPORT, &[]), false).expect("a stream");
        let mut half = body(0);
        let rest = half.split_off(half.len() / 2);
        slow.send_data(half.into(), false).expect("room");
        for number in 1..=20 {
            let outcome = call_on(&mut sender, TRACE_EXPORT, &[], &body(number)).await;
            assert_eq!(outcome.status, "0", "{number}");
        }
        slow.send_data(rest.into(), true).expect("room");
        answer.await.expect("an answer");
    });
    let expected: Vec<Span> = (1..=20).chain([0]).map(span).collect();
    assert_eq!(server.messages::<Span>(Signal::Traces), expected);
}

/// Row 42: services and methods that are not there.
#[test]
fn unknown_methods_are_unimplemented() {
    let server = Server::start();
    let paths = [
        "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
        "/opentelemetry.proto.collector.trace.v1.TraceService/",
        "/grpc.health.v1.Health/Check",
        "/v1/traces",
        "/",
    ];
    for path in paths {
        let outcome = call(&server, path, &[], &framed(0, &[]));
        assert_eq!(outcome.status, "12", "{path}: {outcome:?}");
        assert!(outcome.message.contains(path), "{path}: {outcome:?}");
    }
    assert_eq!(server.counters().unrouted[Reason::UnknownPath as usize], paths.len() as u64);
}

/// G1: profiles are refused with a sentence.
#[test]
fn profiles_are_unimplemented() {
    let server = Server::start();
    let path = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
    let outcome = call(&server, path, &[], &framed(0, &[]));
    assert_eq!(outcome.status, "12");
    assert_eq!(outcome.message, "profiles are not received: traces, metrics and logs are");
}

/// Row 41, G8: compressions that are not understood, with those that are.
#[test]
fn unknown_compressions_are_unimplemented() {
    let server = Server::start();
    for method in [TRACE_EXPORT, METRICS_EXPORT, LOGS_EXPORT] {
        for name in ["snappy", "deflate", "lz4", "gzip,gzip"] {
            let headers = [("grpc-encoding", name)];
            let outcome = call(&server, method, &headers, &framed(1, b"whatever"));
            assert_eq!(outcome.status, "12", "{name}");
            assert_eq!(outcome.end("grpc-accept-encoding"), "identity,gzip,zstd");
        }
    }
    assert_eq!(server.counters().rejected(Reason::Unsupported), 12);
}

/// A compression that is named but not used does not matter; nor does case.
#[test]
fn compression_is_used_per_message() {
    let server = Server::start();
    let message = data::traces(1).encode_to_vec();
    let cases = [
        ("gzip", framed(0, &message)),
        ("identity", framed(0, &message)),
        ("GZIP", framed(1, &data::gzip(&message))),
    ];
    for (name, body) in cases {
        let outcome = call(&server, TRACE_EXPORT, &[("grpc-encoding", name)], &body);
        assert_eq!(outcome.status, "0", "{name}: {outcome:?}");
    }
    assert_eq!(server.rows(), [3, 0, 0]);
}

/// Content types of gRPC, and what only looks like them.
#[test]
fn content_types_are_told_apart() {
    let server = Server::start();
    let cases = [
        ("application/grpc", "0"),
        ("application/grpc+proto", "0"),
        ("Application/gRPC", "0"),
        ("application/grpc;charset=utf-8", "0"),
        ("application/grpc+json", "12"),
    ];
    for (media_type, status) in cases {
        let headers = [("content-type", media_type)];
        let outcome = call(&server, TRACE_EXPORT, &headers, &framed(0, &[]));
        assert_eq!(outcome.status, status, "{media_type}: {outcome:?}");
    }
}

/// Tokens: refused before the body is read, with or without one.
#[test]
fn tokens_are_checked() {
    let server = Server::configured(|config| config.token = Token::new("s3cret"));
    let body = framed(0, &data::traces(1).encode_to_vec());
    for value in [None, Some("Bearer wrong"), Some("s3cret")] {
        let headers: Vec<_> = value.map(|value| ("authorization", value)).into_iter().collect();
        let outcome = call(&server, TRACE_EXPORT, &headers, &body);
        assert_eq!(outcome.status, "16", "{value:?}");
    }
    assert_eq!(server.rows(), [0; 3]);
    let outcome = call(&server, TRACE_EXPORT, &[("authorization", "Bearer s3cret")], &body);
    assert_eq!(outcome.status, "0");
    assert_eq!(server.rows(), [1, 0, 0]);
    assert_eq!(server.counters().rejected(Reason::Unauthenticated), 3);
}

/// Messages are percent-encoded, so that every text arrives.
#[test]
fn messages_survive_the_trip() {
    let server = Server::start();
    let outcome = call(&server, "/%e2%82%ac/100%25", &[], &framed(0, &[]));
    assert!(outcome.message.contains("/%25e2%2582%25ac/100%2525"), "{}", outcome.message);
}

/// Row 48: a client that waits no longer; what it sent is whole or not there.
#[test]
fn deadlines_of_clients_end_requests() {
    let server = Server::start();
    block_on(async {
        let mut client = TraceServiceClient::new(channel(&server).await);
        let mut request = tonic::Request::new(data::traces(1));
        request.set_timeout(Duration::from_secs(20));
        client.export(request).await.expect("in time");
    });
    let mut sent = framed(0, &data::traces(1).encode_to_vec());
    sent.pop();
    let outcome = block_on(async {
        let mut sender = connect_h2(server.address()).await;
        let head = grpc_head(TRACE_EXPORT, &[("grpc-timeout", "50m")]);
        let (response, mut stream) = sender.send_request(head, false).expect("a stream");
        stream.send_data(sent.into(), false).expect("room");
        response.await.expect("a response")
    });
    assert_eq!(outcome.headers().get("grpc-status").expect("a status"), "14");
    assert_eq!(server.rows(), [1, 0, 0]);
    assert_eq!(server.counters().rejected(Reason::TimedOut), 1);
}

/// Rows 18, 19, 22, 30: ids of a wrong length and points without time or value are kept.
#[test]
fn odd_rows_are_kept() {
    let server = Server::start();
    let odd = |len| Span { trace_id: vec![1; len], span_id: vec![], ..span(0) };
    let odd_spans: Vec<Span> = [15, 17, 0].map(odd).into();
    let mut zeros = span(1);
    zeros.trace_id = vec![0; 16];
    let spans = [odd_spans, vec![zeros]].concat();
    let log = LogRecord { trace_id: vec![1; 15], span_id: vec![2; 9], ..log(0) };
    let points = vec![
        NumberDataPoint { time_unix_nano: 0, ..point(1) },
        NumberDataPoint { value: None, ..point(2) },
        NumberDataPoint { value: None, flags: 1, ..point(3) },
    ];
    block_on(async {
        let channel = channel(&server).await;
        let traces = data::traces_of(spans.clone());
        let logs = data::logs_of(vec![log.clone()]);
        let metrics = data::metrics_of(points.clone());
        let response = TraceServiceClient::new(channel.clone()).export(traces).await;
        assert_eq!(response.expect("taken").into_inner().partial_success, None);
        let response = LogsServiceClient::new(channel.clone()).export(logs).await;
        assert_eq!(response.expect("taken").into_inner().partial_success, None);
        let response = MetricsServiceClient::new(channel).export(metrics).await;
        assert_eq!(response.expect("taken").into_inner().partial_success, None);
    });
    assert_eq!(server.messages::<Span>(Signal::Traces), spans);
    assert_eq!(server.messages::<LogRecord>(Signal::Logs), [log]);
    assert_eq!(server.messages::<NumberDataPoint>(Signal::Metrics), points);
    let snapshot = server.rings.snapshot(Signal::Metrics);
    let part = snapshot.part(0).expect("a part");
    assert_eq!(part.segment().time(part.rows().start), None);
}

/// Rows 14, 15: large values and many attributes.
#[test]
fn large_rows_are_kept() {
    let server = Server::start();
    let wide: Vec<_> = (0..100_000).map(|n| attribute(&format!("k{n}"), text("v"))).collect();
    let spans = vec![
        Span { attributes: vec![attribute("v", text(&"x".repeat(10 << 20)))], ..span(0) },
        Span { attributes: vec![attribute(&"k".repeat(1 << 20), text("v"))], ..span(1) },
        Span { attributes: wide, ..span(2) },
    ];
    block_on(async {
        let mut client = TraceServiceClient::new(channel(&server).await);
        client.export(data::traces_of(spans.clone())).await.expect("taken");
    });
    assert!(server.messages::<Span>(Signal::Traces) == spans);
}

/// G4: the code of a malformed request, as a client of tonic sees it.
#[test]
fn malformed_requests_are_invalid_arguments() {
    let server = Server::start();
    block_on(async {
        let mut client = TraceServiceClient::new(channel(&server).await);
        let deep = Span { attributes: vec![attribute("deep", data::nested(90))], ..span(0) };
        let status = client.export(data::traces_of(vec![deep])).await.expect_err("too deep");
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(!status.details().is_empty());
        client.export(data::traces(1)).await.expect("taken, on the same connection");
    });
    assert_eq!(server.rows(), [1, 0, 0]);
}

/// Row 50: of a request larger than the ring, the newest rows are kept.
#[test]
fn requests_larger_than_the_ring_are_taken() {
    let server = Server::with_rings(duckspan_ring::Limits {
        max_rows: 10,
        memory_limit: 1 << 20,
        pinned_limit: u64::MAX,
    });
    let body = framed(0, &data::traces(1000).encode_to_vec());
    assert_eq!(call(&server, TRACE_EXPORT, &[], &body).status, "0");
    assert_eq!(server.messages::<Span>(Signal::Traces), spans(1000)[990..]);
    assert_eq!(server.counters().signal(Signal::Traces).accepted_rows, 1000);
    assert_eq!(server.rings.stats(Signal::Traces).evicted_rows, 990);
}
