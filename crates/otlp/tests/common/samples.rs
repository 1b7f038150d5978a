//! Requests with every field of OTLP set.

use duckspan_otlp::normalize::normalize;
use duckspan_otlp::verify::verify;
use duckspan_otlp::{Repairs, Signal, render};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, MetricsData, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    Summary, SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};
use prost::Message;

const TIME: u64 = 1_750_000_000_123_456_789;

/// A request of the signal, in protobuf.
pub fn request(signal: Signal) -> Vec<u8> {
    match signal {
        Signal::Traces => traces().encode_to_vec(),
        Signal::Metrics => metrics().encode_to_vec(),
        Signal::Logs => logs().encode_to_vec(),
    }
}

/// A request of the signal, in canonical JSON.
pub fn json(signal: Signal) -> Vec<u8> {
    let (mut canonical, mut text) = (Vec::new(), Vec::new());
    let request = request(signal);
    let verified = verify(signal.data(), &request).expect("a request");
    normalize(&verified, &mut canonical, &mut Repairs::default());
    render::message(&verify(signal.data(), &canonical).expect("a request"), &mut text);
    text
}

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn key_value(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, key_strindex: 0 }
}

/// One attribute of every kind.
pub fn attributes() -> Vec<KeyValue> {
    let text = |text: &str| any(Value::StringValue(text.to_owned()));
    let list = Value::ArrayValue(ArrayValue {
        values: vec![text("a"), AnyValue { value: None }, any(Value::IntValue(-1))],
    });
    let map = Value::KvlistValue(KeyValueList {
        values: vec![key_value("nested", Some(any(list.clone()))), key_value("", None)],
    });
    let values = [
        ("text", Some(text("a \"quoted\" \\ text\n\u{1}é🦆"))),
        ("long", Some(text(&"0123456789".repeat(20)))),
        ("empty text", Some(text(""))),
        ("yes", Some(any(Value::BoolValue(true)))),
        ("no", Some(any(Value::BoolValue(false)))),
        ("zero", Some(any(Value::IntValue(0)))),
        ("least", Some(any(Value::IntValue(i64::MIN)))),
        ("most", Some(any(Value::IntValue(i64::MAX)))),
        ("double", Some(any(Value::DoubleValue(0.1)))),
        ("zero double", Some(any(Value::DoubleValue(0.0)))),
        ("not a number", Some(any(Value::DoubleValue(f64::NAN)))),
        ("infinity", Some(any(Value::DoubleValue(f64::NEG_INFINITY)))),
        ("list", Some(any(list))),
        ("map", Some(any(map))),
        ("bytes", Some(any(Value::BytesValue(vec![0, 1, 0xfe, 0xff])))),
        ("no bytes", Some(any(Value::BytesValue(Vec::new())))),
        ("empty", Some(AnyValue { value: None })),
        ("absent", None),
    ];
    values.map(|(key, value)| key_value(key, value)).to_vec()
}

fn resource() -> Option<Resource> {
    Some(Resource {
        attributes: attributes(),
        dropped_attributes_count: 1,
        entity_refs: vec![EntityRef {
            schema_url: "entity schema".to_owned(),
            r#type: "service".to_owned(),
            id_keys: vec!["service.name".to_owned(), String::new()],
            description_keys: vec!["service.version".to_owned()],
        }],
    })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "scope".to_owned(),
        version: "1.2.3".to_owned(),
        attributes: vec![key_value("k", Some(any(Value::IntValue(1))))],
        dropped_attributes_count: u32::MAX,
    })
}

pub fn traces() -> TracesData {
    let span = Span {
        trace_id: (1..=16).collect(),
        span_id: (0xf1..=0xf8).collect(),
        trace_state: "vendor=value".to_owned(),
        parent_span_id: vec![9; 8],
        flags: 0x301,
        name: "GET /".to_owned(),
        kind: 2,
        start_time_unix_nano: TIME,
        end_time_unix_nano: TIME + 1,
        attributes: attributes(),
        dropped_attributes_count: 2,
        events: vec![
            Event {
                time_unix_nano: TIME,
                name: "event".to_owned(),
                attributes: attributes(),
                dropped_attributes_count: 3,
            },
            Event::default(),
        ],
        dropped_events_count: 4,
        links: vec![Link {
            trace_id: vec![7; 16],
            span_id: vec![8; 8],
            trace_state: "a=b".to_owned(),
            attributes: attributes(),
            dropped_attributes_count: 5,
            flags: 1,
        }],
        dropped_links_count: 6,
        status: Some(Status { message: "bad".to_owned(), code: 2 }),
    };
    let bare = Span { status: Some(Status::default()), ..Span::default() };
    let scope_spans = ScopeSpans {
        scope: scope(),
        spans: vec![span, bare],
        schema_url: "scope schema".to_owned(),
    };
    let resource_spans = ResourceSpans {
        resource: resource(),
        scope_spans: vec![scope_spans.clone(), ScopeSpans { scope: None, ..scope_spans }],
        schema_url: "resource schema".to_owned(),
    };
    TracesData { resource_spans: vec![resource_spans] }
}

pub fn logs() -> LogsData {
    let record = LogRecord {
        time_unix_nano: TIME,
        observed_time_unix_nano: TIME + 2,
        severity_number: 17,
        severity_text: "ERROR".to_owned(),
        body: attributes().swap_remove(13).value,
        attributes: attributes(),
        dropped_attributes_count: 1,
        flags: 0xffff_ffff,
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        event_name: "event".to_owned(),
    };
    let observed = LogRecord { observed_time_unix_nano: TIME, ..LogRecord::default() };
    let scope_logs = ScopeLogs {
        scope: scope(),
        log_records: vec![record, observed, LogRecord::default()],
        schema_url: "scope schema".to_owned(),
    };
    let resource_logs = ResourceLogs {
        resource: resource(),
        scope_logs: vec![scope_logs],
        schema_url: "resource schema".to_owned(),
    };
    LogsData { resource_logs: vec![resource_logs] }
}

fn exemplars() -> Vec<Exemplar> {
    let exemplar = |value| Exemplar {
        filtered_attributes: attributes(),
        time_unix_nano: TIME,
        span_id: vec![3; 8],
        trace_id: vec![4; 16],
        value,
    };
    vec![
        exemplar(Some(exemplar::Value::AsDouble(0.0))),
        exemplar(Some(exemplar::Value::AsInt(i64::MIN))),
        exemplar(None),
    ]
}

fn number_point(value: Option<number_data_point::Value>) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(),
        start_time_unix_nano: TIME - 1,
        time_unix_nano: TIME,
        exemplars: exemplars(),
        flags: 1,
        value,
    }
}

fn histogram() -> Data {
    let point = HistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: TIME - 1,
        time_unix_nano: TIME,
        count: u64::MAX,
        sum: Some(0.0),
        bucket_counts: vec![0, 1, u64::MAX],
        explicit_bounds: vec![-0.0, 1e300],
        exemplars: exemplars(),
        flags: 1,
        min: Some(-1.5),
        max: Some(f64::INFINITY),
    };
    let data_points = vec![point, HistogramDataPoint::default()];
    Data::Histogram(Histogram { data_points, aggregation_temporality: 1 })
}

fn exponential_histogram() -> Data {
    let point = ExponentialHistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: TIME - 1,
        time_unix_nano: TIME,
        count: 3,
        sum: Some(f64::NAN),
        scale: -5,
        zero_count: 1,
        positive: Some(Buckets { offset: i32::MIN, bucket_counts: vec![1, 300, u64::MAX] }),
        negative: Some(Buckets { offset: i32::MAX, bucket_counts: vec![] }),
        flags: 1,
        exemplars: exemplars(),
        min: Some(0.0),
        max: Some(0.0),
        zero_threshold: f64::MIN_POSITIVE,
    };
    let data = ExponentialHistogram { data_points: vec![point], aggregation_temporality: 2 };
    Data::ExponentialHistogram(data)
}

fn summary() -> Data {
    let point = SummaryDataPoint {
        attributes: attributes(),
        start_time_unix_nano: TIME - 1,
        time_unix_nano: TIME,
        count: 7,
        sum: 1.25,
        quantile_values: vec![
            ValueAtQuantile { quantile: 0.5, value: 5e-324 },
            ValueAtQuantile::default(),
        ],
        flags: 1,
    };
    Data::Summary(Summary { data_points: vec![point] })
}

pub fn metrics() -> MetricsData {
    let as_int = number_data_point::Value::AsInt;
    let as_double = number_data_point::Value::AsDouble;
    let gauge = Gauge {
        data_points: vec![
            number_point(Some(as_double(-0.0))),
            number_point(Some(as_int(0))),
            number_point(None),
        ],
    };
    let sum = Sum {
        data_points: vec![number_point(Some(as_int(-7)))],
        aggregation_temporality: 2,
        is_monotonic: true,
    };
    let data = [
        Some(Data::Gauge(gauge)),
        Some(Data::Sum(sum)),
        Some(Data::Sum(Sum { aggregation_temporality: -3, ..Sum::default() })),
        Some(histogram()),
        Some(exponential_histogram()),
        Some(summary()),
        None,
    ];
    let metric = |data| Metric {
        name: "metric".to_owned(),
        description: "what it measures".to_owned(),
        unit: "1".to_owned(),
        metadata: attributes(),
        data,
    };
    let scope_metrics = ScopeMetrics {
        scope: scope(),
        metrics: data.map(metric).to_vec(),
        schema_url: "scope schema".to_owned(),
    };
    let resource_metrics = ResourceMetrics {
        resource: resource(),
        scope_metrics: vec![scope_metrics],
        schema_url: "resource schema".to_owned(),
    };
    MetricsData { resource_metrics: vec![resource_metrics] }
}
