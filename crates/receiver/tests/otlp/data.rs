//! Requests to send.

use std::io::Write as _;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

pub(crate) const TIME: u64 = 1_700_000_000_000_000_000;

pub(crate) fn text(value: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(value.to_owned())) }
}

pub(crate) fn attribute(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn resource() -> Resource {
    Resource { attributes: vec![attribute("service.name", text("shop"))], ..Resource::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "test".to_owned(), ..InstrumentationScope::default() }
}

pub(crate) fn span(number: usize) -> Span {
    let number = number as u64;
    Span {
        trace_id: [[7; 8], number.to_be_bytes()].concat(),
        span_id: (number + 1).to_be_bytes().to_vec(),
        name: format!("span {number}"),
        kind: 2,
        start_time_unix_nano: TIME + number,
        end_time_unix_nano: TIME + number + 1000,
        attributes: vec![attribute("http.route", text("/cart"))],
        ..Span::default()
    }
}

pub(crate) fn spans(count: usize) -> Vec<Span> {
    (0..count).map(span).collect()
}

pub(crate) fn traces_of(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() }];
    let resource = Some(resource());
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }],
    }
}

pub(crate) fn traces(count: usize) -> ExportTraceServiceRequest {
    traces_of(spans(count))
}

pub(crate) fn log(number: usize) -> LogRecord {
    LogRecord {
        time_unix_nano: TIME + number as u64,
        severity_number: 9,
        body: Some(text(&format!("line {number}"))),
        ..LogRecord::default()
    }
}

pub(crate) fn logs_of(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { scope: Some(scope()), log_records, ..ScopeLogs::default() }];
    let resource = Some(resource());
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource, scope_logs, ..ResourceLogs::default() }],
    }
}

pub(crate) fn logs(count: usize) -> ExportLogsServiceRequest {
    logs_of((0..count).map(log).collect())
}

pub(crate) fn point(number: usize) -> NumberDataPoint {
    NumberDataPoint {
        time_unix_nano: TIME + number as u64,
        value: Some(number_data_point::Value::AsDouble(number as f64)),
        ..NumberDataPoint::default()
    }
}

pub(crate) fn metrics_of(data_points: Vec<NumberDataPoint>) -> ExportMetricsServiceRequest {
    let data = Some(metric::Data::Gauge(Gauge { data_points }));
    let metrics = vec![Metric { name: "load".to_owned(), data, ..Metric::default() }];
    let scope_metrics =
        vec![ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() }];
    let resource = Some(resource());
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource,
            scope_metrics,
            ..ResourceMetrics::default()
        }],
    }
}

pub(crate) fn metrics(count: usize) -> ExportMetricsServiceRequest {
    metrics_of((0..count).map(point).collect())
}

/// A value in so many lists, arrays and maps by turns.
pub(crate) fn nested(depth: usize) -> AnyValue {
    let mut value = text("core");
    for level in 0..depth {
        let inside = match level % 2 {
            0 => Value::ArrayValue(ArrayValue { values: vec![value] }),
            _ => Value::KvlistValue(KeyValueList { values: vec![attribute("k", value)] }),
        };
        value = AnyValue { value: Some(inside) };
    }
    value
}

/// A request whose protobuf has exactly `size` bytes.
pub(crate) fn traces_of_size(size: usize) -> ExportTraceServiceRequest {
    use prost::Message as _;
    let named = |len| traces_of(vec![Span { name: "n".repeat(len), ..span(0) }]);
    let mut len = size - named(0).encoded_len();
    let request = loop {
        let request = named(len);
        match request.encoded_len().checked_sub(size) {
            Some(excess @ 1..) => len -= excess,
            _ => break request,
        }
    };
    assert_eq!(request.encoded_len(), size, "lengths take a byte more from here on");
    request
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).expect("memory takes all")
}
