//! Rows to JSON, beside a prost decode of the same bytes, and that with a serde_json write.
//!
//! The spans are shaped like a service's: ten or eleven attributes, every fifth with an event, about
//! 535 bytes of protobuf and 1,180 of JSON. Throughput counts rows.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use duckspan_otlp::render::Renderer;
use duckspan_otlp::{Segment, SegmentBuilder, Signal};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Histogram, HistogramDataPoint, Metric, MetricsData, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};
use prost::Message;
use serde::Serialize;

const REQUESTS: usize = 16;
const ROWS: usize = 512;
const CHUNK: usize = 2048;

fn render(c: &mut Criterion) {
    let mut random = Random(42);
    let requests: Vec<Vec<u8>> = (0..REQUESTS).map(|_| random.traces().encode_to_vec()).collect();
    signal::<TracesData>(c, Signal::Traces, &requests);
    let requests: Vec<Vec<u8>> = (0..REQUESTS).map(|_| random.logs().encode_to_vec()).collect();
    signal::<LogsData>(c, Signal::Logs, &requests);
    let requests: Vec<Vec<u8>> = (0..REQUESTS).map(|_| random.metrics().encode_to_vec()).collect();
    signal::<MetricsData>(c, Signal::Metrics, &requests);
}

fn signal<T: Message + Default + Serialize>(
    c: &mut Criterion,
    signal: Signal,
    requests: &[Vec<u8>],
) {
    let mut builder = SegmentBuilder::new(signal);
    for request in requests {
        builder.push_protobuf(request).expect("generated");
    }
    let segment = builder.finish();
    let mut out = Vec::new();
    let written = rows(&segment, &mut out);
    eprintln!(
        "{}: {} rows, {} B protobuf and {} B JSON a row",
        signal.name(),
        segment.len(),
        builder_bytes(requests) / segment.len(),
        written / segment.len()
    );
    let mut group = c.benchmark_group(signal.name());
    group.throughput(Throughput::Elements(segment.len() as u64));
    group.bench_function("render", |b| b.iter(|| rows(black_box(&segment), &mut out)));
    prost::<T>(&mut group, requests);
    group.finish();
}

fn builder_bytes(requests: &[Vec<u8>]) -> usize {
    requests.iter().map(Vec::len).sum()
}

/// Renders as a scan does, a chunk of rows at a time; returns the bytes written.
fn rows(segment: &Segment, out: &mut Vec<u8>) -> usize {
    let mut written = 0;
    for start in (0..segment.len()).step_by(CHUNK) {
        out.clear();
        let mut renderer = Renderer::new(segment);
        for row in start..segment.len().min(start + CHUNK) {
            renderer.data(row, out);
        }
        written += black_box(&*out).len();
    }
    written
}

fn prost<T: Message + Default + Serialize>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    requests: &[Vec<u8>],
) {
    let decode = |request: &Vec<u8>| T::decode(request.as_slice()).expect("generated");
    group.bench_function("prost", |b| {
        b.iter(|| requests.iter().for_each(|request| drop(black_box(decode(request)))));
    });
    let mut out = Vec::new();
    group.bench_function("prost_serde_json", |b| {
        b.iter(|| {
            for request in requests {
                out.clear();
                serde_json::to_writer(&mut out, &decode(request)).expect("to memory");
                black_box(&out);
            }
        });
    });
}

/// A small generator of the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 ^ self.0 >> 29) >> 16
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn id(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    fn pick(&mut self, of: &[&str]) -> String {
        of[self.below(of.len() as u64) as usize].to_owned()
    }

    fn time(&mut self) -> u64 {
        1_700_000_000_000_000_000 + self.below(1 << 40)
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        let id = self.next();
        let mut attributes = vec![
            string("http.request.method", self.pick(&["GET", "POST", "PUT", "DELETE"])),
            string("url.path", format!("/api/v1/users/{}/orders", id % 100_000)),
            int("http.response.status_code", [200, 201, 404, 500][self.below(4) as usize]),
            string("server.address", self.pick(&["10.0.3.17", "checkout.default.svc", "cart"])),
            int("server.port", 8080),
            string("network.protocol.version", "1.1".to_owned()),
            string(
                "user_agent.original",
                self.pick(&["okhttp/4.12.0", "Mozilla/5.0 (X11; Linux)"]),
            ),
            string("thread.name", format!("worker-{}", id % 64)),
            int("thread.id", (id % 1000) as i64),
            double("cache.hit_ratio", (id % 10_000) as f64 / 10_000.0),
        ];
        if self.below(2) == 0 {
            let value = Some(AnyValue { value: Some(Value::BoolValue(true)) });
            attributes.push(KeyValue { key: "retry".to_owned(), value, ..Default::default() });
        }
        attributes
    }

    fn span(&mut self) -> Span {
        let start = self.time();
        let event = Event {
            time_unix_nano: start + 1000,
            name: "exception".to_owned(),
            attributes: vec![
                string("exception.type", "TimeoutError".to_owned()),
                string("exception.message", "upstream did not\nanswer in \"5 s\"".to_owned()),
            ],
            dropped_attributes_count: 0,
        };
        Span {
            trace_id: self.id(16),
            span_id: self.id(8),
            parent_span_id: self.id(8),
            name: self.pick(&["GET /api/v1/users", "SELECT orders", "HTTP POST", "process"]),
            kind: self.below(6) as i32,
            start_time_unix_nano: start,
            end_time_unix_nano: start + self.below(1 << 30),
            attributes: self.attributes(),
            events: if self.below(5) == 0 { vec![event] } else { Vec::new() },
            status: Some(Status { code: self.below(3) as i32, ..Default::default() }),
            flags: 0x101,
            ..Default::default()
        }
    }

    fn log_record(&mut self) -> LogRecord {
        let time = self.time();
        let body = format!("request {} took {} ms", self.next(), self.below(5000));
        LogRecord {
            time_unix_nano: time,
            observed_time_unix_nano: time + 5_000,
            severity_number: 9,
            severity_text: "INFO".to_owned(),
            body: Some(AnyValue { value: Some(Value::StringValue(body)) }),
            attributes: self.attributes().split_off(5),
            trace_id: self.id(16),
            span_id: self.id(8),
            ..Default::default()
        }
    }

    fn number(&mut self) -> NumberDataPoint {
        NumberDataPoint {
            time_unix_nano: self.time(),
            value: Some(number_data_point::Value::AsDouble(self.next() as f64 / 1e9)),
            attributes: self.attributes().split_off(7),
            ..Default::default()
        }
    }

    fn histogram(&mut self) -> HistogramDataPoint {
        let time = self.time();
        HistogramDataPoint {
            start_time_unix_nano: time,
            time_unix_nano: time,
            count: 1000,
            sum: Some(self.next() as f64 / 1e9),
            bucket_counts: (0..12).map(|_| self.below(1000)).collect(),
            explicit_bounds: (0..11).map(|at| f64::from(1 << at) / 8.0).collect(),
            attributes: self.attributes().split_off(7),
            ..Default::default()
        }
    }

    fn metric(&mut self) -> Metric {
        let data = if self.below(2) == 0 {
            metric::Data::Gauge(Gauge { data_points: (0..16).map(|_| self.number()).collect() })
        } else {
            metric::Data::Histogram(Histogram {
                data_points: (0..16).map(|_| self.histogram()).collect(),
                aggregation_temporality: 2,
            })
        };
        Metric {
            name: "http.server.request.duration".to_owned(),
            description: "Duration of HTTP server requests.".to_owned(),
            unit: "s".to_owned(),
            data: Some(data),
            ..Default::default()
        }
    }

    fn traces(&mut self) -> TracesData {
        let spans = (0..ROWS).map(|_| self.span()).collect();
        let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..Default::default() }];
        let resource = self.resource();
        let resource_spans = vec![ResourceSpans { resource, scope_spans, ..Default::default() }];
        TracesData { resource_spans }
    }

    fn logs(&mut self) -> LogsData {
        let log_records = (0..ROWS).map(|_| self.log_record()).collect();
        let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..Default::default() }];
        let resource = self.resource();
        let resource_logs = vec![ResourceLogs { resource, scope_logs, ..Default::default() }];
        LogsData { resource_logs }
    }

    fn metrics(&mut self) -> MetricsData {
        let metrics = (0..ROWS / 16).map(|_| self.metric()).collect();
        let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..Default::default() }];
        let resource = self.resource();
        let resource_metrics =
            vec![ResourceMetrics { resource, scope_metrics, ..Default::default() }];
        MetricsData { resource_metrics }
    }

    fn resource(&mut self) -> Option<Resource> {
        Some(Resource { attributes: self.attributes().split_off(2), ..Default::default() })
    }
}

fn scope() -> Option<InstrumentationScope> {
    let name = "io.opentelemetry.tomcat-10.0".to_owned();
    Some(InstrumentationScope { name, version: "2.8.0".to_owned(), ..Default::default() })
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..Default::default() }
}

fn string(key: &str, value: String) -> KeyValue {
    attribute(key, Value::StringValue(value))
}

fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn double(key: &str, value: f64) -> KeyValue {
    attribute(key, Value::DoubleValue(value))
}

criterion_group!(benches, render);
criterion_main!(benches);
