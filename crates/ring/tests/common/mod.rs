//! Requests to put into rings.
#![allow(dead_code)] // every program uses a part of it

use duckspan_otlp::wire::{put_len, put_tag, put_varint};
use duckspan_otlp::{Segment, SegmentBuilder, Signal};

/// A message of fields with a length.
pub(crate) fn message(fields: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, content) in fields {
        put_len(&mut out, *number, content);
    }
    out
}

pub(crate) fn fixed64(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, number, 1);
    out.extend_from_slice(&value.to_le_bytes());
    out
}

fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_tag(&mut out, number, 0);
    put_varint(&mut out, value);
    out
}

fn attribute(key: &str, value: &str) -> Vec<u8> {
    message(&[(1, key.as_bytes()), (2, &message(&[(1, value.as_bytes())]))])
}

/// A request of one resource and one scope around `elements`: spans, log records or metrics.
pub(crate) fn request(resource: &[u8], elements: &[Vec<u8>]) -> Vec<u8> {
    let mut scoped = message(&[(1, &message(&[(1, b"tests")]))]);
    for element in elements {
        put_len(&mut scoped, 2, element);
    }
    message(&[(1, &message(&[(1, resource), (2, &scoped)]))])
}

pub(crate) fn segment(signal: Signal, request: &[u8]) -> Segment {
    let mut builder = SegmentBuilder::new(signal);
    builder.push_protobuf(request).expect("a request");
    builder.finish()
}

/// The message of a row: a span, a log record or a data point with this time, 0 for none, and text.
pub(crate) fn row(signal: Signal, time: u64, text: &str) -> Vec<u8> {
    let time = |number| if time == 0 { Vec::new() } else { fixed64(number, time) };
    match signal {
        Signal::Traces => [message(&[(5, text.as_bytes())]), time(7)].concat(),
        Signal::Logs => [time(1), message(&[(12, text.as_bytes())])].concat(),
        Signal::Metrics => [time(3), message(&[(7, &attribute("text", text))])].concat(),
    }
}

/// A segment of one request of one service, with these rows.
pub(crate) fn segment_of(signal: Signal, service: &str, rows: &[Vec<u8>]) -> Segment {
    let resource = message(&[(1, &attribute("service.name", service))]);
    let elements = match signal {
        Signal::Metrics if rows.is_empty() => Vec::new(),
        Signal::Metrics => {
            let points: Vec<(u32, &[u8])> = rows.iter().map(|row| (1, row.as_slice())).collect();
            vec![message(&[(1, b"metric"), (5, &message(&points))])]
        }
        _ => rows.to_vec(),
    };
    segment(signal, &request(&resource, &elements))
}

/// Spans of a service with consecutive times, the first one `time`.
pub(crate) fn timed_spans(time: u64, count: u64) -> Segment {
    let rows: Vec<_> = (time..time + count).map(|time| row(Signal::Traces, time, "span")).collect();
    segment_of(Signal::Traces, "service", &rows)
}

/// A request as an instrumented server sends it: about 600 bytes for the resource, 500 per span.
pub(crate) fn server_spans(first: u64, count: u64) -> Vec<u8> {
    let resource: Vec<Vec<u8>> = [
        ("service.name", "checkout"),
        ("service.namespace", "shop"),
        ("service.version", "2.14.0"),
        ("service.instance.id", "627cc493-f310-47de-96bd-71410b7dec09"),
        ("deployment.environment.name", "production"),
        ("host.name", "ip-10-12-114-7.eu-central-1.compute.internal"),
        ("k8s.pod.name", "checkout-5d9c8f7b6-x2x7q"),
        ("k8s.namespace.name", "shop"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.version", "0.33.0"),
    ]
    .iter()
    .map(|(key, value)| attribute(key, value))
    .collect();
    let fields: Vec<(u32, &[u8])> = resource.iter().map(|kv| (1, kv.as_slice())).collect();
    let spans: Vec<Vec<u8>> = (first..first + count).map(server_span).collect();
    request(&message(&fields), &spans)
}

fn server_span(number: u64) -> Vec<u8> {
    let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let trace_id = [id.to_be_bytes(), (!id).to_be_bytes()].concat();
    let user = format!("user-{}", id % 100_000);
    let query = format!("page={}&sort=price", id % 97);
    let attributes = [
        ("http.request.method", "GET"),
        ("http.route", "/api/v1/products/{id}"),
        ("url.scheme", "https"),
        ("url.query", &query),
        ("server.address", "shop.example.com"),
        ("network.protocol.version", "1.1"),
        ("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
        ("enduser.id", &user),
    ];
    let mut span = message(&[(1, &trace_id), (2, &id.to_le_bytes()), (4, &(!id).to_le_bytes())]);
    put_len(&mut span, 5, b"GET /api/v1/products/{id}");
    span.extend(varint(6, 2));
    span.extend(fixed64(7, 1_772_323_200_000_000_000 + number * 1_000_000));
    span.extend(fixed64(8, 1_772_323_200_000_000_000 + number * 1_000_000 + id % 1_000_000));
    attributes.iter().for_each(|(key, value)| put_len(&mut span, 9, &attribute(key, value)));
    span
}

/// The messages of the rows of a snapshot, oldest first.
pub(crate) fn messages(snapshot: &duckspan_ring::Snapshot) -> Vec<Vec<u8>> {
    let parts = snapshot.parts().expect("rows");
    let rows = parts.iter().flat_map(|part| {
        part.rows().map(|row| part.segment().message(row).unwrap_or_default().to_vec())
    });
    rows.collect()
}

/// The times of the rows of a snapshot, oldest first; 0 for none.
pub(crate) fn times(snapshot: &duckspan_ring::Snapshot) -> Vec<u64> {
    let parts = snapshot.parts().expect("rows");
    let rows = parts.iter().flat_map(|part| {
        part.rows().map(|row| part.segment().time(row).unwrap_or_default() as u64)
    });
    rows.collect()
}
