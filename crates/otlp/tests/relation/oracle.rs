//! Rows of relations, read from decoded messages by other code than the columns are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, EntityRef, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, MetricsData,
    NumberDataPoint, SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use serde_json::{Map, Value, json};

use crate::tree::{Row, double, written};

/// The rows of `SPANS`.
pub(crate) fn spans(data: &TracesData) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in &data.resource_spans {
        for scope in &group.scope_spans {
            let around = around(
                group.resource.as_ref(),
                &group.schema_url,
                scope.scope.as_ref(),
                &scope.schema_url,
            );
            rows.extend(scope.spans.iter().map(|of| merge([span(of), around.clone()])));
        }
    }
    rows
}

/// The rows of `LOG_RECORDS`.
pub(crate) fn log_records(data: &LogsData) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in &data.resource_logs {
        for scope in &group.scope_logs {
            let around = around(
                group.resource.as_ref(),
                &group.schema_url,
                scope.scope.as_ref(),
                &scope.schema_url,
            );
            rows.extend(scope.log_records.iter().map(|of| merge([log_record(of), around.clone()])));
        }
    }
    rows
}

/// The rows of `DATA_POINTS`.
pub(crate) fn data_points(data: &MetricsData) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in &data.resource_metrics {
        for scope in &group.scope_metrics {
            let around = around(
                group.resource.as_ref(),
                &group.schema_url,
                scope.scope.as_ref(),
                &scope.schema_url,
            );
            for of in &scope.metrics {
                let shared = merge([metric(of), around.clone()]);
                rows.extend(points(of).into_iter().map(|point| merge([point, shared.clone()])));
            }
        }
    }
    rows
}

fn merge<const N: usize>(parts: [Row; N]) -> Row {
    parts.into_iter().flatten().collect()
}

fn object(value: Value) -> Row {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn around(
    resource: Option<&Resource>,
    resource_url: &str,
    scope: Option<&InstrumentationScope>,
    scope_url: &str,
) -> Row {
    let (resource, scope) =
        (resource.cloned().unwrap_or_default(), scope.cloned().unwrap_or_default());
    object(json!({
        "service_name": lifted(&resource, "service.name"),
        "service_namespace": lifted(&resource, "service.namespace"),
        "service_instance_id": lifted(&resource, "service.instance.id"),
        "resource_attributes": attributes(&resource.attributes),
        "resource_dropped_attributes_count": resource.dropped_attributes_count,
        "resource_entity_refs": list(&resource.entity_refs, entity_ref),
        "resource_schema_url": text(resource_url),
        "scope_name": text(&scope.name),
        "scope_version": text(&scope.version),
        "scope_attributes": attributes(&scope.attributes),
        "scope_dropped_attributes_count": scope.dropped_attributes_count,
        "scope_schema_url": text(scope_url),
    }))
}

fn entity_ref(entity: &EntityRef) -> Value {
    json!({
        "schema_url": text(&entity.schema_url),
        "type": text(&entity.r#type),
        "id_keys": entity.id_keys,
        "description_keys": entity.description_keys,
    })
}

fn span(span: &Span) -> Row {
    let status = span.status.clone().unwrap_or_default();
    let (start, end) = (time(span.start_time_unix_nano), time(span.end_time_unix_nano));
    let duration = end.as_i64().zip(start.as_i64()).map(|(end, start)| end - start);
    object(json!({
        "start_time_unix_nano": start,
        "end_time_unix_nano": end,
        "duration_ns": duration,
        "trace_id": id(&span.trace_id, 16),
        "span_id": id(&span.span_id, 8),
        "parent_span_id": id(&span.parent_span_id, 8),
        "trace_state": text(&span.trace_state),
        "name": text(&span.name),
        "kind": name(
            span.kind,
            &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"],
        ),
        "kind_number": span.kind,
        "status_code": name(status.code, &["UNSET", "OK", "ERROR"]),
        "status_code_number": status.code,
        "status_message": text(&status.message),
        "attributes": attributes(&span.attributes),
        "dropped_attributes_count": span.dropped_attributes_count,
        "events": list(&span.events, event),
        "dropped_events_count": span.dropped_events_count,
        "links": list(&span.links, link),
        "dropped_links_count": span.dropped_links_count,
        "flags": span.flags,
    }))
}

fn event(event: &Event) -> Value {
    json!({
        "time_unix_nano": time(event.time_unix_nano),
        "name": text(&event.name),
        "attributes": attributes(&event.attributes),
        "dropped_attributes_count": event.dropped_attributes_count,
    })
}

fn link(link: &Link) -> Value {
    json!({
        "trace_id": id(&link.trace_id, 16),
        "span_id": id(&link.span_id, 8),
        "trace_state": text(&link.trace_state),
        "attributes": attributes(&link.attributes),
        "dropped_attributes_count": link.dropped_attributes_count,
        "flags": link.flags,
    })
}

const SEVERITIES: [&str; 25] = [
    "UNSPECIFIED",
    "TRACE",
    "TRACE2",
    "TRACE3",
    "TRACE4",
    "DEBUG",
    "DEBUG2",
    "DEBUG3",
    "DEBUG4",
    "INFO",
    "INFO2",
    "INFO3",
    "INFO4",
    "WARN",
    "WARN2",
    "WARN3",
    "WARN4",
    "ERROR",
    "ERROR2",
    "ERROR3",
    "ERROR4",
    "FATAL",
    "FATAL2",
    "FATAL3",
    "FATAL4",
];

fn log_record(record: &LogRecord) -> Row {
    object(json!({
        "time_unix_nano": time(record.time_unix_nano),
        "observed_time_unix_nano": time(record.observed_time_unix_nano),
        "severity": name(record.severity_number, &SEVERITIES),
        "severity_number": record.severity_number,
        "severity_text": text(&record.severity_text),
        "event_name": text(&record.event_name),
        "body": record.body.as_ref().map(|body| json!({ "json": plain(body) })),
        "body_text": record.body.as_ref().map(as_text),
        "attributes": attributes(&record.attributes),
        "dropped_attributes_count": record.dropped_attributes_count,
        "trace_id": id(&record.trace_id, 16),
        "span_id": id(&record.span_id, 8),
        "flags": record.flags,
    }))
}

fn metric(metric: &Metric) -> Row {
    let (kind, temporality, monotonic) = match &metric.data {
        None => (None, None, None),
        Some(Data::Gauge(_)) => (Some("gauge"), None, None),
        Some(Data::Sum(sum)) => {
            (Some("sum"), Some(sum.aggregation_temporality), Some(sum.is_monotonic))
        }
        Some(Data::Histogram(of)) => (Some("histogram"), Some(of.aggregation_temporality), None),
        Some(Data::ExponentialHistogram(of)) => {
            (Some("exponential_histogram"), Some(of.aggregation_temporality), None)
        }
        Some(Data::Summary(_)) => (Some("summary"), None, None),
    };
    object(json!({
        "name": text(&metric.name),
        "description": text(&metric.description),
        "unit": text(&metric.unit),
        "kind": kind,
        "aggregation_temporality":
            temporality.map(|number| name(number, &["UNSPECIFIED", "DELTA", "CUMULATIVE"])),
        "aggregation_temporality_number": temporality,
        "is_monotonic": monotonic,
        "metadata": attributes(&metric.metadata),
    }))
}

fn points(metric: &Metric) -> Vec<Row> {
    match &metric.data {
        None => Vec::new(),
        Some(Data::Gauge(of)) => of.data_points.iter().map(number).collect(),
        Some(Data::Sum(of)) => of.data_points.iter().map(number).collect(),
        Some(Data::Histogram(of)) => of.data_points.iter().map(histogram).collect(),
        Some(Data::ExponentialHistogram(of)) => of.data_points.iter().map(exponential).collect(),
        Some(Data::Summary(of)) => of.data_points.iter().map(summary).collect(),
    }
}

/// The columns of a point that some kinds do not have.
fn without() -> Row {
    object(json!({
        "value": null, "as_int": null, "as_double": null, "count": null, "sum": null, "min": null,
        "max": null, "bucket_counts": null, "explicit_bounds": null, "scale": null,
        "zero_count": null, "zero_threshold": null, "positive": null, "negative": null,
        "quantile_values": null, "exemplars": null,
    }))
}

fn number(point: &NumberDataPoint) -> Row {
    let (int, double_value) = match point.value {
        None => (None, None),
        Some(number_data_point::Value::AsInt(int)) => (Some(int), None),
        Some(number_data_point::Value::AsDouble(value)) => (None, Some(value)),
    };
    let row = object(json!({
        "time_unix_nano": time(point.time_unix_nano),
        "start_time_unix_nano": time(point.start_time_unix_nano),
        "value": int.map(|int| int as f64).or(double_value).map(double),
        "as_int": int,
        "as_double": double_value.map(double),
        "attributes": attributes(&point.attributes),
        "flags": point.flags,
        "exemplars": list(&point.exemplars, exemplar),
    }));
    merge([without(), row])
}

fn histogram(point: &HistogramDataPoint) -> Row {
    let row = object(json!({
        "time_unix_nano": time(point.time_unix_nano),
        "start_time_unix_nano": time(point.start_time_unix_nano),
        "count": point.count,
        "sum": point.sum.map(double),
        "min": point.min.map(double),
        "max": point.max.map(double),
        "bucket_counts": point.bucket_counts,
        "explicit_bounds": list(&point.explicit_bounds, |&bound| double(bound)),
        "attributes": attributes(&point.attributes),
        "flags": point.flags,
        "exemplars": list(&point.exemplars, exemplar),
    }));
    merge([without(), row])
}

fn exponential(point: &ExponentialHistogramDataPoint) -> Row {
    let row = object(json!({
        "time_unix_nano": time(point.time_unix_nano),
        "start_time_unix_nano": time(point.start_time_unix_nano),
        "count": point.count,
        "sum": point.sum.map(double),
        "min": point.min.map(double),
        "max": point.max.map(double),
        "scale": point.scale,
        "zero_count": point.zero_count,
        "zero_threshold": double(point.zero_threshold),
        "positive": point.positive.as_ref().map(buckets),
        "negative": point.negative.as_ref().map(buckets),
        "attributes": attributes(&point.attributes),
        "flags": point.flags,
        "exemplars": list(&point.exemplars, exemplar),
    }));
    merge([without(), row])
}

fn buckets(buckets: &Buckets) -> Value {
    json!({ "offset": buckets.offset, "bucket_counts": buckets.bucket_counts })
}

fn summary(point: &SummaryDataPoint) -> Row {
    let row = object(json!({
        "time_unix_nano": time(point.time_unix_nano),
        "start_time_unix_nano": time(point.start_time_unix_nano),
        "count": point.count,
        "sum": double(point.sum),
        "quantile_values": list(&point.quantile_values, |of| {
            json!({ "quantile": double(of.quantile), "value": double(of.value) })
        }),
        "attributes": attributes(&point.attributes),
        "flags": point.flags,
    }));
    merge([without(), row])
}

fn exemplar(exemplar: &Exemplar) -> Value {
    let (int, double_value) = match exemplar.value {
        None => (None, None),
        Some(exemplar::Value::AsInt(int)) => (Some(int), None),
        Some(exemplar::Value::AsDouble(value)) => (None, Some(value)),
    };
    json!({
        "time_unix_nano": time(exemplar.time_unix_nano),
        "value": int.map(|int| int as f64).or(double_value).map(double),
        "as_int": int,
        "as_double": double_value.map(double),
        "trace_id": id(&exemplar.trace_id, 16),
        "span_id": id(&exemplar.span_id, 8),
        "filtered_attributes": attributes(&exemplar.filtered_attributes),
    })
}

fn list<T>(elements: &[T], each: impl Fn(&T) -> Value) -> Value {
    elements.iter().map(each).collect()
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn time(nanos: u64) -> Value {
    if nanos == 0 || nanos >= i64::MAX as u64 { Value::Null } else { json!(nanos) }
}

fn id(id: &[u8], len: usize) -> Value {
    if id.len() != len || id.iter().all(|&byte| byte == 0) {
        return Value::Null;
    }
    json!(id.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn name(number: i32, names: &[&str]) -> Value {
    let known = usize::try_from(number).ok().and_then(|number| names.get(number));
    json!(known.map_or(number.to_string(), |name| (*name).to_owned()))
}

fn attributes(attributes: &[KeyValue]) -> Value {
    json!({ "json": map(attributes) })
}

fn map(attributes: &[KeyValue]) -> Value {
    let mut map = Map::new();
    for KeyValue { key, value, .. } in attributes {
        if !map.contains_key(key) {
            map.insert(key.clone(), value.as_ref().map_or(Value::Null, plain));
        }
    }
    Value::Object(map)
}

fn plain(value: &AnyValue) -> Value {
    match &value.value {
        None => Value::Null,
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(value)) => json!(value),
        Some(Any::IntValue(value)) => json!(value),
        Some(Any::DoubleValue(value)) => double(*value),
        Some(Any::ArrayValue(list)) => list.values.iter().map(plain).collect(),
        Some(Any::KvlistValue(list)) => map(&list.values),
        Some(Any::BytesValue(bytes)) => json!(STANDARD.encode(bytes)),
        Some(_) => Value::Null,
    }
}

/// A value as text. Lists and maps are JSON, which is compared as parsed text.
fn as_text(value: &AnyValue) -> Value {
    match &value.value {
        None => Value::Null,
        Some(Any::ArrayValue(_) | Any::KvlistValue(_)) => json!({ "text": plain(value) }),
        Some(Any::DoubleValue(value)) if !value.is_finite() => double(*value),
        _ => match plain(value) {
            Value::String(text) => json!(text),
            other => json!(written(&other)),
        },
    }
}

fn lifted(resource: &Resource, key: &str) -> Value {
    let found = resource.attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.as_ref()) {
        Some(value) if value.value.is_some() => as_text(value),
        _ => Value::Null,
    }
}
