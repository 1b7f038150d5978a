//! Requests that are wrong.

use duckspan_otlp::wire::put_len;
use duckspan_otlp::{Repair, Signal};
use duckspan_receiver::Reason;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::data::{self, attribute, gzip, nested, span, zstd};
use crate::server::Server;
use crate::wire::{
    LOGS_EXPORT, METRICS_EXPORT, Outcome, TRACE_EXPORT, call, framed, post_protobuf,
};

/// Sends bytes as traces, both ways, and expects both to be refused as malformed.
fn refused(server: &Server, name: &str, bytes: &[u8]) -> Outcome {
    let outcome = call(server, TRACE_EXPORT, &[], &framed(0, bytes));
    assert_eq!(outcome.status, "3", "{name}: {outcome:?}");
    assert!(!outcome.has_retry_info() && !outcome.details().is_empty(), "{name}: {outcome:?}");
    let answer = post_protobuf(server, "/v1/traces", bytes);
    assert_eq!(answer.status, 400, "{name}: {answer:?}");
    assert_eq!(answer.header("content-type"), "application/x-protobuf");
    assert_eq!(answer.body, outcome.details(), "{name}: both say the same");
    outcome
}

/// Rows 3, 5, 6: bytes that are not OTLP. Nothing of them is stored.
#[test]
fn malformed_bytes_are_refused() {
    let server = Server::start();
    let cases: [(&str, &[u8]); 10] = [
        ("random bytes", b"\x9d\x1f\x33\x07 no protobuf at all \xff\xff"),
        ("text", b"hello"),
        ("a varint of 11 bytes", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("tag 0", b"\x00\x00"),
        ("field number 0", b"\x02\x01a"),
        ("an end of a group alone", b"\x0c"),
        ("a group without end", b"\x7b\x08\x01"),
        ("a length beyond its parent", b"\x0a\x05\x12\x7f"),
        ("a wrong wire type", b"\x08\x01"),
        ("an unknown wire type", b"\x0f"),
    ];
    for (name, bytes) in cases {
        refused(&server, name, bytes);
    }
    assert_eq!(server.rows(), [0; 3]);
    assert_eq!(server.counters().rejected(Reason::Malformed), 2 * cases.len() as u64);
    server.wait_idle();
}

/// Row 4: a request that is cut anywhere.
#[test]
fn cut_requests_are_refused() {
    let server = Server::start();
    let message = data::traces(2).encode_to_vec();
    for len in 1..message.len() {
        let answer = post_protobuf(&server, "/v1/traces", &message[..len]);
        assert_eq!(answer.status, 400, "cut at {len}");
    }
    assert_eq!(server.rows(), [0; 3]);
}

/// Row 4 in gRPC: a frame that is cut anywhere.
#[test]
fn cut_frames_are_refused() {
    let server = Server::start();
    let body = framed(0, &data::traces(1).encode_to_vec());
    for len in 0..body.len() {
        let outcome = call(&server, TRACE_EXPORT, &[], &body[..len]);
        assert_eq!(outcome.status, "3", "cut at {len}: {outcome:?}");
    }
    assert_eq!(server.rows(), [0; 3]);
}

/// A9, row 7: unknown fields are ignored.
#[test]
fn unknown_fields_are_ignored() {
    let server = Server::start();
    let mut message = data::traces(1).encode_to_vec();
    let field_1000 = [0xc2, 0x3e, 0x03, b'o', b'l', b'd'];
    let group_100 = [0xa3, 0x06, 0x08, 0x01, 0xa4, 0x06];
    message.extend_from_slice(&field_1000);
    message.extend_from_slice(&group_100);
    let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &message));
    assert_eq!(outcome.status, "0", "{outcome:?}");
    assert_eq!(server.messages::<Span>(Signal::Traces), [span(0)]);
}

/// A field of bytes.
fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_len(&mut out, number, content);
    out
}

/// Rows 8 and 9: what protobuf may write in several ways is stored in one.
#[test]
fn other_ways_to_write_a_message() {
    let server = Server::start();
    let counts = [1u64, 2, 3];
    let unpacked = counts.map(|count| [&[6 << 3 | 1][..], &count.to_le_bytes()].concat()).concat();
    let packed = field(6, &counts.map(u64::to_le_bytes).concat());
    let split =
        [field(6, &counts[0].to_le_bytes()), field(6, &[]), unpacked[9..].to_vec()].concat();
    for points in [packed, unpacked, split] {
        let metric = field(9, &field(1, &points));
        let message = field(1, &field(2, &field(2, &metric)));
        let outcome = call(&server, METRICS_EXPORT, &[], &framed(0, &message));
        assert_eq!(outcome.status, "0", "{outcome:?}");
    }
    let expected = HistogramDataPoint { bucket_counts: counts.into(), ..Default::default() };
    let points = server.messages::<HistogramDataPoint>(Signal::Metrics);
    assert_eq!(points, [expected.clone(), expected.clone(), expected]);

    let half = |key: &str| {
        let attributes = vec![attribute(key, data::text("v"))];
        Resource { attributes, ..Resource::default() }.encode_to_vec()
    };
    let scope = field(2, &field(2, &span(0).encode_to_vec()));
    let message = field(1, &[field(1, &half("a")), scope, field(1, &half("b"))].concat());
    let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &message));
    assert_eq!(outcome.status, "0", "{outcome:?}");
    let snapshot = server.rings.snapshot(Signal::Traces);
    let part = snapshot.part(0).expect("a part");
    let segment = part.segment();
    let resource = segment.resource(segment.resource_of(0)).message.expect("a resource");
    let resource = Resource::decode(resource).expect("a stored message");
    let keys: Vec<_> = resource.attributes.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!(keys, ["a", "b"]);
}

/// Rows 21, 23 to 25, 28, 29, 31: values that are odd, but that a field can hold, are kept as they are.
#[test]
fn odd_values_are_kept() {
    let server = Server::start();
    let times = [0, i64::MAX as u64, 1 << 63, 11_651_379_494_838_206_464, u64::MAX];
    let mut spans = times.map(|time| Span { start_time_unix_nano: time, ..span(0) }).to_vec();
    let twice = vec![attribute("k", data::text("a")), attribute("k", data::text("b"))];
    spans.extend([
        Span { end_time_unix_nano: 1, attributes: twice, ..span(1) },
        Span { kind: 99, ..span(2) },
        Span { kind: -1, ..span(3) },
    ]);
    let message = data::traces_of(spans.clone()).encode_to_vec();
    let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &message));
    assert_eq!((outcome.status.as_str(), outcome.data), ("0", framed(0, &[])));
    assert_eq!(server.messages::<Span>(Signal::Traces), spans);
    let snapshot = server.rings.snapshot(Signal::Traces);
    let part = snapshot.part(0).expect("a part");
    let segment = part.segment();
    let stored: Vec<_> = (0..times.len() + 1).map(|row| segment.time(row)).collect();
    assert_eq!(stored, [None, None, None, None, None, Some(data::TIME as i64 + 1)]);

    let numbers = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let histogram = HistogramDataPoint {
        sum: Some(f64::NAN),
        bucket_counts: vec![1],
        explicit_bounds: numbers.to_vec(),
        ..HistogramDataPoint::default()
    };
    let exponential = ExponentialHistogramDataPoint {
        scale: 100,
        positive: Some(Buckets { offset: i32::MIN, bucket_counts: vec![u64::MAX] }),
        ..ExponentialHistogramDataPoint::default()
    };
    let values = numbers.map(|value| NumberDataPoint {
        value: Some(number_data_point::Value::AsDouble(value)),
        ..data::point(1)
    });
    let mut request = data::metrics_of(values.to_vec());
    let metric = |data| Metric { data: Some(data), ..Metric::default() };
    request.resource_metrics[0].scope_metrics[0].metrics.extend([
        metric(metric::Data::Histogram(Histogram {
            data_points: vec![histogram.clone()],
            ..Histogram::default()
        })),
        metric(metric::Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![exponential.clone()],
            ..ExponentialHistogram::default()
        })),
    ]);
    let outcome = call(&server, METRICS_EXPORT, &[], &framed(0, &request.encode_to_vec()));
    assert_eq!((outcome.status.as_str(), outcome.data), ("0", framed(0, &[])));
    // NaN is not equal to itself, but its bytes are.
    let mut expected: Vec<_> = values.iter().map(NumberDataPoint::encode_to_vec).collect();
    expected.extend([histogram.encode_to_vec(), exponential.encode_to_vec()]);
    let snapshot = server.rings.snapshot(Signal::Metrics);
    let part = snapshot.part(0).expect("a part");
    let segment = part.segment();
    let stored: Vec<_> =
        (0..segment.len()).map(|row| segment.message(row).unwrap_or(b"")).collect();
    assert_eq!(stored, expected);
}

/// Row 32: fields that mean nothing in this signal are left out.
#[test]
fn meaningless_fields_are_left_out() {
    let server = Server::start();
    let index = Some(any_value::Value::StringValueStrindex(6));
    let pair = KeyValue {
        key_strindex: 5,
        value: Some(AnyValue { value: index }),
        ..attribute("", AnyValue::default())
    };
    let message = data::traces_of(vec![Span { attributes: vec![pair], ..span(0) }]);
    let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &message.encode_to_vec()));
    assert_eq!(outcome.status, "0", "{outcome:?}");
    let row = shown(&server, Signal::Traces);
    assert!(row.contains(r#""attributes":[{"value":{}}]"#), "{row}");
}

/// Row 69: fields of older versions are stored as those that took their place.
#[test]
fn older_fields_are_kept() {
    let server = Server::start();
    let int_gauge = field(4, &field(1, &[3 << 3 | 1, 1, 0, 0, 0, 0, 0, 0, 0]));
    let metric = [field(1, b"old"), int_gauge].concat();
    let message = field(1, &field(2, &field(2, &metric)));
    let outcome = call(&server, METRICS_EXPORT, &[], &framed(0, &message));
    assert_eq!((outcome.status.as_str(), server.rows()), ("0", [0, 1, 0]));
    let point = r#"{"timeUnixNano":"1","asInt":"0"}"#;
    let row = format!(r#"{{"name":"old","gauge":{{"dataPoints":[{point}]}}}}"#);
    assert_eq!(shown(&server, Signal::Metrics), row);
}

/// What is shown of the first row of a signal.
fn shown(server: &Server, signal: Signal) -> String {
    let snapshot = server.rings.snapshot(signal);
    let mut row = Vec::new();
    duckspan_otlp::render::data(snapshot.part(0).expect("a part").segment(), 0, &mut row);
    String::from_utf8(row).expect("JSON is UTF-8")
}

/// Rows 10 and 11: nesting within the limit is stored, beyond it refused, however deep.
#[test]
fn nesting_has_a_limit() {
    let server = Server::start();
    let with = |value| Span { attributes: vec![attribute("deep", value)], ..span(0) };
    let fits = with(nested(30));
    let message = data::traces_of(vec![fits.clone()]).encode_to_vec();
    assert_eq!(call(&server, TRACE_EXPORT, &[], &framed(0, &message)).status, "0");
    assert_eq!(server.messages::<Span>(Signal::Traces), [fits]);
    for depth in [65, 66, 1000] {
        let message = data::traces_of(vec![with(nested(depth))]).encode_to_vec();
        refused(&server, &format!("depth {depth}"), &message);
    }
    refused(&server, "depth 200,000", &deep_arrays(200_000));
    assert_eq!(server.rows(), [1, 0, 0]);
}

/// A span with an attribute in so many arrays that prost could not even write it.
fn deep_arrays(depth: usize) -> Vec<u8> {
    let within = |tag: u8, len: usize| {
        let mut head = vec![tag];
        prost::encoding::encode_varint(len as u64, &mut head);
        head
    };
    // From the inside out: `values` of an ArrayValue, `array_value` of an AnyValue, and so on, then the
    // value of a KeyValue, the attributes of a span, and what is around it.
    let tags =
        [0x0a, 0x2a].into_iter().cycle().take(2 * depth).chain([0x12, 0x4a, 0x12, 0x12, 0x0a]);
    let (mut heads, mut len) = (Vec::new(), 0);
    for tag in tags {
        let head = within(tag, len);
        len += head.len();
        heads.push(head);
    }
    heads.reverse();
    heads.concat()
}

/// Row 16: text that is not UTF-8 is kept, with U+FFFD, and counted.
#[test]
fn invalid_utf8_is_repaired() {
    let server = Server::start();
    let mut message = data::traces(2).encode_to_vec();
    let name = message.windows(6).position(|window| window == b"span 0").expect("the name");
    message[name] = 0xff;
    let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &message));
    assert_eq!(outcome.status, "0", "{outcome:?}");
    // A7: a word to the sender, nothing rejected.
    let response = ExportTraceServiceResponse::decode(&outcome.data[5..]).expect("a response");
    let partial = response.partial_success.expect("a partial success");
    assert_eq!(partial.rejected_spans, 0);
    let said = "stored, but resourceSpans[0].scopeSpans[0].spans[0].name is \"\u{fffd}pan 0\": ";
    assert!(partial.error_message.starts_with(said), "{}", partial.error_message);
    let names: Vec<String> =
        server.messages::<Span>(Signal::Traces).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["\u{fffd}pan 0", "span 1"]);
    let repairs = server.counters().signal(Signal::Traces).repairs.clone();
    assert_eq!(repairs.of(Repair::InvalidUtf8), 1);
}

/// Row 17: NUL is text.
#[test]
fn nul_is_kept() {
    let server = Server::start();
    let with_nul = Span { name: "a\0b".to_owned(), ..span(0) };
    let message = data::traces_of(vec![with_nul.clone()]).encode_to_vec();
    assert_eq!(call(&server, TRACE_EXPORT, &[], &framed(0, &message)).status, "0");
    assert_eq!(server.messages::<Span>(Signal::Traces), [with_nul]);
}

/// A6, A8, row 33: a request of another signal is rejected as a whole, with a word on the mistake.
#[test]
fn wrong_signals_are_rejected() {
    let requests = [
        (Signal::Traces, data::traces(3).encode_to_vec(), "spans"),
        (Signal::Metrics, data::metrics(4).encode_to_vec(), "metrics"),
        (Signal::Logs, data::logs(5).encode_to_vec(), "log records"),
    ];
    let methods = [TRACE_EXPORT, METRICS_EXPORT, LOGS_EXPORT];
    let server = Server::start();
    for (sent, message, rows) in &requests {
        for to in Signal::ALL.into_iter().filter(|to| to != sent) {
            let outcome = call(&server, methods[to as usize], &[], &framed(0, message));
            assert_eq!(outcome.status, "0", "{sent:?} to {to:?}: {outcome:?}");
            let response =
                ExportLogsServiceResponse::decode(&outcome.data[5..]).expect("a response");
            let partial = response.partial_success.expect("a partial success");
            assert_eq!(partial.rejected_log_records, 3 + *sent as i64, "{sent:?} to {to:?}");
            let expected = format!(
                "the request to {} holds {rows}: send {rows} to {} (/v1/{})",
                to.name(),
                sent.name(),
                sent.name()
            );
            assert_eq!(partial.error_message, expected);
        }
    }
    assert_eq!(server.rows(), [0; 3]);
    let counters = server.counters();
    assert_eq!(counters.rejected(Reason::WrongSignal), 6);
    assert_eq!(counters.signal(Signal::Traces).rejected_rows, 4 + 5);
    server.wait_idle();
}

/// Row 33: rows without anything to tell them by go where they are sent.
#[test]
fn bare_rows_are_taken_at_their_word() {
    let server = Server::start();
    let (trace_id, span_id) = (b"0123456789abcdef".to_vec(), b"01234567".to_vec());
    let as_long_as_an_id = attribute("service", data::text("abc"));
    let cases = [
        vec![Span::default(), Span::default()],
        vec![Span { trace_id, span_id, ..Span::default() }],
        vec![Span { attributes: vec![as_long_as_an_id; 3], ..Span::default() }],
    ];
    for spans in cases {
        let message = data::traces_of(spans).encode_to_vec();
        let outcome = call(&server, TRACE_EXPORT, &[], &framed(0, &message));
        assert_eq!(outcome.status, "0");
        let response = ExportTraceServiceResponse::decode(&outcome.data[5..]).expect("a response");
        assert_eq!(response.partial_success, None);
    }
    assert_eq!(server.rows(), [4, 0, 0]);
}

/// Row 39, G8: compressed messages that are corrupt.
#[test]
fn corrupt_compression_is_refused() {
    let server = Server::start();
    let message = data::traces(3).encode_to_vec();
    for (name, compressed) in [("gzip", gzip(&message)), ("zstd", zstd(&message))] {
        let mut wrong_sum = compressed.clone();
        let at = wrong_sum.len() - 5;
        wrong_sum[at] ^= 0x55;
        let mut cases = vec![
            ("none", message.clone()),
            ("empty header", compressed[..3].to_vec()),
            ("cut", compressed[..compressed.len() - 1].to_vec()),
            ("followed by something", [compressed.clone(), b"more".to_vec()].concat()),
        ];
        if name == "gzip" {
            cases.push(("wrong checksum", wrong_sum));
        }
        for (case, bytes) in cases {
            let outcome =
                call(&server, TRACE_EXPORT, &[("grpc-encoding", name)], &framed(1, &bytes));
            assert_eq!(outcome.status, "3", "{name} {case}: {outcome:?}");
            let headers = [("content-type", "application/json"), ("content-encoding", name)];
            let answer = crate::wire::post(&server, "/v1/traces", &headers, &bytes);
            assert_eq!(answer.status, 400, "{name} {case}: {answer:?}");
            assert_eq!(answer.json()["code"], 3, "{name} {case}");
        }
    }
    assert_eq!(server.rows(), [0; 3]);
    server.wait_idle();
}

/// G8, row 39: compressed, but nobody says how.
#[test]
fn unnamed_compression_is_internal() {
    let server = Server::start();
    let body = framed(1, &gzip(&data::traces(1).encode_to_vec()));
    for headers in [&[][..], &[("grpc-encoding", "identity")]] {
        let outcome = call(&server, TRACE_EXPORT, headers, &body);
        assert_eq!(outcome.status, "13", "{headers:?}: {outcome:?}");
    }
    let outcome = call(&server, TRACE_EXPORT, &[], &framed(2, &[]));
    assert_eq!(outcome.status, "3", "an unknown flag: {outcome:?}");
    assert_eq!(server.rows(), [0; 3]);
}

/// G8, row 40: gzip members and zstd frames back to back are all read.
#[test]
fn concatenated_compression_is_read_whole() {
    for (name, compress) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let server = Server::start();
        let parts: Vec<u8> =
            [0, 1, 2].map(|n| compress(&data::traces_of(vec![span(n)]).encode_to_vec())).concat();
        let outcome = call(&server, TRACE_EXPORT, &[("grpc-encoding", name)], &framed(1, &parts));
        assert_eq!(outcome.status, "0", "{name}: {outcome:?}");
        assert_eq!(server.messages::<Span>(Signal::Traces), data::spans(3), "{name}");
    }
}

/// G8, row 40: a second message in a call is refused with the first: nobody could tell what was stored.
#[test]
fn second_messages_are_refused() {
    let server = Server::start();
    let one = framed(0, &data::traces(1).encode_to_vec());
    for more in [one.clone(), vec![0], framed(0, &[])] {
        let outcome = call(&server, TRACE_EXPORT, &[], &[one.clone(), more].concat());
        assert_eq!(outcome.status, "3", "{outcome:?}");
        assert!(outcome.message.contains("more than one message"), "{outcome:?}");
    }
    assert_eq!(server.rows(), [0; 3]);
}
