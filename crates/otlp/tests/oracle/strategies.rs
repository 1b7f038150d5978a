//! Requests with any content: every field, at its default, at its extremes and in between.

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
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

fn u64s() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![
        Just(0),
        Just(1_750_000_000_123_456_789),
        Just(i64::MAX as u64 - 1),
        Just(i64::MAX as u64),
        Just(u64::MAX),
        0..100u64,
        any::<u64>(),
    ]
}

fn i64s() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![Just(0), Just(-1), Just(i64::MIN), Just(i64::MAX), any::<i64>()]
}

fn u32s() -> impl Strategy<Value = u32> + Clone {
    prop_oneof![Just(0), Just(u32::MAX), any::<u32>()]
}

fn i32s() -> impl Strategy<Value = i32> + Clone {
    prop_oneof![Just(0), Just(-1), Just(i32::MIN), Just(i32::MAX), -20..25i32, any::<i32>()]
}

/// Doubles; the one NaN that JSON can tell.
fn f64s() -> impl Strategy<Value = f64> + Clone {
    let edges = [0.0, -0.0, 0.1, 1e300, 5e-324, f64::MAX, f64::MIN, f64::MIN_POSITIVE];
    let any = any::<u64>().prop_map(f64::from_bits).prop_map(|value| match value.is_nan() {
        true => f64::NAN,
        false => value,
    });
    prop_oneof![
        10 => prop::sample::select(edges.to_vec()),
        10 => (-1000..1000i32).prop_map(|cents| f64::from(cents) / 100.0),
        10 => any,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
    ]
}

fn strings() -> impl Strategy<Value = String> + Clone {
    let special =
        ["", "service.name", "a \"b\" \\ c", "\0\u{1}\n\t\u{7f}", "é€🦆\u{ffff}", "{\"a\":[1]}"];
    prop_oneof![
        prop::sample::select(special.to_vec()).prop_map(str::to_owned),
        vec(any::<char>(), 0..8).prop_map(|chars| chars.into_iter().collect()),
        (0..300usize).prop_map(|len| "0123456789".repeat(30)[..len].to_owned()),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> + Clone {
    prop_oneof![vec(any::<u8>(), 0..5), vec(any::<u8>(), 8), vec(any::<u8>(), 16)]
}

fn any_values() -> impl Strategy<Value = AnyValue> + Clone {
    let leaf = prop_oneof![
        Just(None),
        strings().prop_map(|value| Some(Value::StringValue(value))),
        any::<bool>().prop_map(|value| Some(Value::BoolValue(value))),
        i64s().prop_map(|value| Some(Value::IntValue(value))),
        f64s().prop_map(|value| Some(Value::DoubleValue(value))),
        bytes().prop_map(|value| Some(Value::BytesValue(value))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 16, 3, |values| {
        let list =
            vec(values.clone(), 0..3).prop_map(|values| Value::ArrayValue(ArrayValue { values }));
        let map = vec((strings(), of(values)), 0..3).prop_map(|values| {
            let values = values.into_iter().map(key_value).collect();
            Value::KvlistValue(KeyValueList { values })
        });
        prop_oneof![list, map].prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn key_value((key, value): (String, Option<AnyValue>)) -> KeyValue {
    KeyValue { key, value, key_strindex: 0 }
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> + Clone {
    vec((strings(), of(any_values())).prop_map(key_value), 0..3)
}

fn resources() -> impl Strategy<Value = Option<Resource>> {
    let entities = vec((strings(), strings(), vec(strings(), 0..3), vec(strings(), 0..3)), 0..2);
    of((attributes(), u32s(), entities).prop_map(|(attributes, dropped, entities)| {
        let entity = |(schema_url, r#type, id_keys, description_keys)| EntityRef {
            schema_url,
            r#type,
            id_keys,
            description_keys,
        };
        let entity_refs = entities.into_iter().map(entity).collect();
        Resource { attributes, dropped_attributes_count: dropped, entity_refs }
    }))
}

fn scopes() -> impl Strategy<Value = Option<InstrumentationScope>> {
    of((strings(), strings(), attributes(), u32s()).prop_map(
        |(name, version, attributes, dropped_attributes_count)| InstrumentationScope {
            name,
            version,
            attributes,
            dropped_attributes_count,
        },
    ))
}

fn events() -> impl Strategy<Value = Event> {
    (u64s(), strings(), attributes(), u32s()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn links() -> impl Strategy<Value = Link> {
    (bytes(), bytes(), strings(), attributes(), u32s(), u32s()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    )
}

fn spans() -> impl Strategy<Value = Span> {
    let head = (bytes(), bytes(), strings(), bytes(), u32s(), strings(), i32s(), u64s(), u64s());
    let status = of((strings(), i32s()).prop_map(|(message, code)| Status { message, code }));
    let counts = (u32s(), u32s(), u32s());
    let tail = (attributes(), vec(events(), 0..3), vec(links(), 0..3), counts, status);
    (head, tail).prop_map(|(head, (attributes, events, links, counts, status))| Span {
        trace_id: head.0,
        span_id: head.1,
        trace_state: head.2,
        parent_span_id: head.3,
        flags: head.4,
        name: head.5,
        kind: head.6,
        start_time_unix_nano: head.7,
        end_time_unix_nano: head.8,
        attributes,
        dropped_attributes_count: counts.0,
        events,
        dropped_events_count: counts.1,
        links,
        dropped_links_count: counts.2,
        status,
    })
}

fn log_records() -> impl Strategy<Value = LogRecord> {
    let head = (u64s(), u64s(), i32s(), strings(), of(any_values()), attributes());
    let tail = (u32s(), u32s(), bytes(), bytes(), strings());
    (head, tail).prop_map(|(head, tail)| LogRecord {
        time_unix_nano: head.0,
        observed_time_unix_nano: head.1,
        severity_number: head.2,
        severity_text: head.3,
        body: head.4,
        attributes: head.5,
        dropped_attributes_count: tail.0,
        flags: tail.1,
        trace_id: tail.2,
        span_id: tail.3,
        event_name: tail.4,
    })
}

fn exemplars() -> impl Strategy<Value = Vec<Exemplar>> {
    let value = of(prop_oneof![
        f64s().prop_map(exemplar::Value::AsDouble),
        i64s().prop_map(exemplar::Value::AsInt),
    ]);
    let exemplar = (attributes(), u64s(), bytes(), bytes(), value).prop_map(
        |(filtered_attributes, time_unix_nano, span_id, trace_id, value)| Exemplar {
            filtered_attributes,
            time_unix_nano,
            span_id,
            trace_id,
            value,
        },
    );
    vec(exemplar, 0..3)
}

fn number_points() -> impl Strategy<Value = Vec<NumberDataPoint>> {
    let value = of(prop_oneof![
        f64s().prop_map(number_data_point::Value::AsDouble),
        i64s().prop_map(number_data_point::Value::AsInt),
    ]);
    let point = (attributes(), u64s(), u64s(), exemplars(), u32s(), value).prop_map(
        |(attributes, start_time_unix_nano, time_unix_nano, exemplars, flags, value)| {
            NumberDataPoint {
                attributes,
                start_time_unix_nano,
                time_unix_nano,
                exemplars,
                flags,
                value,
            }
        },
    );
    vec(point, 0..3)
}

fn histogram_points() -> impl Strategy<Value = Vec<HistogramDataPoint>> {
    let head = (attributes(), u64s(), u64s(), u64s(), of(f64s()), exemplars(), u32s());
    let tail = (vec(u64s(), 0..4), vec(f64s(), 0..4), of(f64s()), of(f64s()));
    let point = (head, tail).prop_map(|(head, tail)| HistogramDataPoint {
        attributes: head.0,
        start_time_unix_nano: head.1,
        time_unix_nano: head.2,
        count: head.3,
        sum: head.4,
        exemplars: head.5,
        flags: head.6,
        bucket_counts: tail.0,
        explicit_bounds: tail.1,
        min: tail.2,
        max: tail.3,
    });
    vec(point, 0..3)
}

fn buckets() -> impl Strategy<Value = Option<Buckets>> {
    of((i32s(), vec(u64s(), 0..4))
        .prop_map(|(offset, bucket_counts)| Buckets { offset, bucket_counts }))
}

fn exponential_points() -> impl Strategy<Value = Vec<ExponentialHistogramDataPoint>> {
    let head = (attributes(), u64s(), u64s(), u64s(), of(f64s()), exemplars(), u32s());
    let tail = (i32s(), u64s(), buckets(), buckets(), of(f64s()), of(f64s()), f64s());
    let point = (head, tail).prop_map(|(head, tail)| ExponentialHistogramDataPoint {
        attributes: head.0,
        start_time_unix_nano: head.1,
        time_unix_nano: head.2,
        count: head.3,
        sum: head.4,
        exemplars: head.5,
        flags: head.6,
        scale: tail.0,
        zero_count: tail.1,
        positive: tail.2,
        negative: tail.3,
        min: tail.4,
        max: tail.5,
        zero_threshold: tail.6,
    });
    vec(point, 0..3)
}

fn summary_points() -> impl Strategy<Value = Vec<SummaryDataPoint>> {
    let quantile =
        (f64s(), f64s()).prop_map(|(quantile, value)| ValueAtQuantile { quantile, value });
    let point = (attributes(), u64s(), u64s(), u64s(), f64s(), vec(quantile, 0..3), u32s());
    let point = point.prop_map(|point| SummaryDataPoint {
        attributes: point.0,
        start_time_unix_nano: point.1,
        time_unix_nano: point.2,
        count: point.3,
        sum: point.4,
        quantile_values: point.5,
        flags: point.6,
    });
    vec(point, 0..3)
}

fn metrics() -> impl Strategy<Value = Metric> {
    let data = prop_oneof![
        number_points().prop_map(|data_points| Data::Gauge(Gauge { data_points })),
        (number_points(), i32s(), any::<bool>()).prop_map(
            |(data_points, aggregation_temporality, is_monotonic)| {
                Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic })
            }
        ),
        (histogram_points(), i32s()).prop_map(|(data_points, aggregation_temporality)| {
            Data::Histogram(Histogram { data_points, aggregation_temporality })
        }),
        (exponential_points(), i32s()).prop_map(|(data_points, aggregation_temporality)| {
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points,
                aggregation_temporality,
            })
        }),
        summary_points().prop_map(|data_points| Data::Summary(Summary { data_points })),
    ];
    (strings(), strings(), strings(), attributes(), of(data)).prop_map(
        |(name, description, unit, metadata, data)| Metric {
            name,
            description,
            unit,
            metadata,
            data,
        },
    )
}

/// Requests of spans.
pub(crate) fn traces() -> impl Strategy<Value = TracesData> {
    let scope = (scopes(), vec(spans(), 0..3), strings())
        .prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url });
    let group = (resources(), vec(scope, 0..3), strings()).prop_map(
        |(resource, scope_spans, schema_url)| ResourceSpans { resource, scope_spans, schema_url },
    );
    vec(group, 0..3).prop_map(|resource_spans| TracesData { resource_spans })
}

/// Requests of log records.
pub(crate) fn logs() -> impl Strategy<Value = LogsData> {
    let scope = (scopes(), vec(log_records(), 0..3), strings())
        .prop_map(|(scope, log_records, schema_url)| ScopeLogs { scope, log_records, schema_url });
    let group = (resources(), vec(scope, 0..3), strings()).prop_map(
        |(resource, scope_logs, schema_url)| ResourceLogs { resource, scope_logs, schema_url },
    );
    vec(group, 0..3).prop_map(|resource_logs| LogsData { resource_logs })
}

/// Requests of metrics.
pub(crate) fn metrics_data() -> impl Strategy<Value = MetricsData> {
    let scope = (scopes(), vec(metrics(), 0..3), strings())
        .prop_map(|(scope, metrics, schema_url)| ScopeMetrics { scope, metrics, schema_url });
    let group = (resources(), vec(scope, 0..3), strings()).prop_map(
        |(resource, scope_metrics, schema_url)| ResourceMetrics {
            resource,
            scope_metrics,
            schema_url,
        },
    );
    vec(group, 0..3).prop_map(|resource_metrics| MetricsData { resource_metrics })
}
