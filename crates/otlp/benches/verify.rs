//! What it costs to check a request, against what decoding it costs.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use duckspan_otlp::normalize::normalize;
use duckspan_otlp::repair::Repairs;
use duckspan_otlp::schema::{METRICS_DATA, TRACES_DATA};
use duckspan_otlp::verify::verify;
use duckspan_otlp::{SegmentBuilder, Signal};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, Gauge, Metric, MetricsData, NumberDataPoint, ResourceMetrics, ScopeMetrics, exemplar,
    metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};
use prost::Message;

/// Requests in a measurement, and spans or points in each.
const REQUESTS: usize = 16;
const ROWS: usize = 512;
const START: u64 = 1_750_000_000_000_000_000;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn resource(numbers: &mut Numbers) -> Option<Resource> {
    let attributes = vec![
        text("service.name", "checkout"),
        text("service.version", "2.14.1"),
        text("service.instance.id", format!("{:032x}", numbers.next())),
        text("telemetry.sdk.language", "java"),
        text("telemetry.sdk.name", "opentelemetry"),
        text("telemetry.sdk.version", "1.49.0"),
        text("host.name", format!("node-{}", numbers.below(100))),
        attribute("process.pid", Value::IntValue(numbers.below(30_000) as i64)),
    ];
    Some(Resource { attributes, ..Resource::default() })
}

fn scope() -> Option<InstrumentationScope> {
    let name = "io.opentelemetry.http".to_owned();
    Some(InstrumentationScope { name, version: "2.9.0".to_owned(), ..Default::default() })
}

/// A server span of about 500 bytes: 10 or 11 attributes, every fifth time with an event.
fn span(numbers: &mut Numbers, at: u64) -> Span {
    let order = numbers.below(1_000_000);
    let mut attributes = vec![
        text("http.request.method", ["GET", "POST", "DELETE"][numbers.below(3) as usize]),
        text("url.full", format!("https://shop.example.com/api/v1/orders/{order}")),
        text("url.scheme", "https"),
        attribute(
            "http.response.status_code",
            Value::IntValue(200 + numbers.below(4) as i64 * 100),
        ),
        text("server.address", "shop.example.com"),
        attribute("server.port", Value::IntValue(443)),
        text("client.address", format!("10.0.{}.{}", numbers.below(256), numbers.below(256))),
        text("user_agent.original", "Mozilla/5.0 (X11; Linux)"),
        attribute("app.cart.total", Value::DoubleValue(numbers.below(100_000) as f64 / 100.0)),
        attribute("app.cart.cached", Value::BoolValue(numbers.below(2) == 0)),
    ];
    if numbers.below(2) == 0 {
        attributes.push(text("enduser.id", format!("user-{}", numbers.below(10_000))));
    }
    let event = || Event {
        time_unix_nano: at + 1_000,
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "java.io.IOException")],
        dropped_attributes_count: 0,
    };
    let events = if numbers.below(5) == 0 { vec![event()] } else { Vec::new() };
    Span {
        trace_id: numbers.bytes(16),
        span_id: numbers.bytes(8),
        parent_span_id: numbers.bytes(8),
        name: "GET /api/v1/orders/{id}".to_owned(),
        kind: 2,
        start_time_unix_nano: at,
        end_time_unix_nano: at + numbers.below(50_000_000),
        attributes,
        events,
        status: Some(Status { code: numbers.below(3) as i32, message: String::new() }),
        flags: 0x101,
        ..Span::default()
    }
}

fn traces(numbers: &mut Numbers) -> Vec<u8> {
    let spans = (0..ROWS).map(|row| span(numbers, START + row as u64)).collect();
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, schema_url: String::new() }];
    let resource_spans =
        vec![ResourceSpans { resource: resource(numbers), scope_spans, schema_url: String::new() }];
    TracesData { resource_spans }.encode_to_vec()
}

/// A point as the Rust SDK writes it: `asInt` stands before what has a lower number.
fn point(numbers: &mut Numbers, at: u64) -> NumberDataPoint {
    let exemplar = Exemplar {
        time_unix_nano: at,
        span_id: numbers.bytes(8),
        trace_id: numbers.bytes(16),
        value: Some(exemplar::Value::AsInt(numbers.below(1_000) as i64)),
        filtered_attributes: Vec::new(),
    };
    NumberDataPoint {
        attributes: vec![
            text("http.request.method", "GET"),
            text("http.route", "/api/v1/orders/{id}"),
            attribute("http.response.status_code", Value::IntValue(200)),
        ],
        start_time_unix_nano: START,
        time_unix_nano: at,
        exemplars: vec![exemplar],
        value: Some(number_data_point::Value::AsInt(numbers.below(1_000) as i64)),
        flags: 0,
    }
}

fn metrics(numbers: &mut Numbers) -> Vec<u8> {
    let data_points = (0..ROWS).map(|row| point(numbers, START + row as u64)).collect();
    let data = Some(metric::Data::Gauge(Gauge { data_points }));
    let metrics = vec![Metric { name: "http.active".to_owned(), data, ..Metric::default() }];
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, schema_url: String::new() }];
    let resource_metrics = vec![ResourceMetrics {
        resource: resource(numbers),
        scope_metrics,
        schema_url: String::new(),
    }];
    MetricsData { resource_metrics }.encode_to_vec()
}

fn bench(criterion: &mut Criterion) {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let spans: Vec<_> = (0..REQUESTS).map(|_| traces(&mut numbers)).collect();
    let points: Vec<_> = (0..REQUESTS).map(|_| metrics(&mut numbers)).collect();
    let mut group = criterion.benchmark_group("rows");
    group.throughput(Throughput::Elements((REQUESTS * ROWS) as u64));
    let mut measure = |name: &str, requests: &[Vec<u8>], each: &mut dyn FnMut(&[u8])| {
        let bytes = requests.iter().map(Vec::len).sum::<usize>() / (REQUESTS * ROWS);
        group.bench_function(BenchmarkId::new(name, format!("{bytes}B")), |bencher| {
            bencher.iter(|| requests.iter().for_each(|request| each(black_box(request))));
        });
    };
    measure("verify spans", &spans, &mut |request| {
        black_box(verify(&TRACES_DATA, request)).expect("valid");
    });
    measure("segment of spans", &spans, &mut |request| {
        let mut builder = SegmentBuilder::new(Signal::Traces);
        builder.push_protobuf(request).expect("valid");
        black_box(builder.finish());
    });
    measure("prost decode spans", &spans, &mut |request| {
        black_box(TracesData::decode(request)).expect("valid");
    });
    measure("verify points", &points, &mut |request| {
        black_box(verify(&METRICS_DATA, request)).expect("valid");
    });
    let mut out = Vec::new();
    measure("normalize points", &points, &mut |request| {
        out.clear();
        normalize(
            &verify(&METRICS_DATA, request).expect("valid"),
            &mut out,
            &mut Repairs::default(),
        );
        black_box(&out);
    });
    measure("prost decode points", &points, &mut |request| {
        black_box(MetricsData::decode(request)).expect("valid");
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
