//! Records with every field set, written by hand, and the rows they are to be.

use duckspan_otlp::json::{Projection, Transcoder};
use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, Relation, SPANS};
use duckspan_otlp::{SegmentBuilder, SignalSet};
use serde_json::{Value, json};

use crate::tree::{self, Row};

fn rows(relation: &Relation, record: &Value) -> Vec<Row> {
    let mut transcoder = Transcoder::new();
    let record = record.to_string();
    transcoder.read(record.as_bytes(), SignalSet::ALL, Projection::ALL).expect("a record");
    let request = transcoder.request(relation.signal).expect("the signal");
    let mut builder = SegmentBuilder::new(relation.signal);
    builder.push_verified(&request).expect("room");
    tree::rows(relation, &builder.finish())
}

fn attributes(key: &str) -> Value {
    json!([{ "key": key, "value": { "intValue": "7" } }])
}

fn resource() -> Value {
    let text = |key: &str, text: &str| json!({ "key": key, "value": { "stringValue": text } });
    json!({
        "attributes": [
            text("service.name", "checkout"),
            text("service.namespace", "shop"),
            text("service.instance.id", "i-1"),
        ],
        "droppedAttributesCount": 1,
        "entityRefs": [{
            "schemaUrl": "entity schema",
            "type": "service",
            "idKeys": ["service.name", "service.instance.id"],
            "descriptionKeys": ["service.namespace"],
        }],
    })
}

fn scope() -> Value {
    json!({
        "name": "library",
        "version": "1.2.3",
        "attributes": attributes("of scope"),
        "droppedAttributesCount": 2,
    })
}

/// The columns of `resource` and `scope`.
fn around() -> Value {
    json!({
        "service_name": "checkout",
        "service_namespace": "shop",
        "service_instance_id": "i-1",
        "resource_attributes": { "json": {
            "service.name": "checkout",
            "service.namespace": "shop",
            "service.instance.id": "i-1",
        } },
        "resource_dropped_attributes_count": 1,
        "resource_entity_refs": [{
            "schema_url": "entity schema",
            "type": "service",
            "id_keys": ["service.name", "service.instance.id"],
            "description_keys": ["service.namespace"],
        }],
        "resource_schema_url": "resource schema",
        "scope_name": "library",
        "scope_version": "1.2.3",
        "scope_attributes": { "json": { "of scope": 7 } },
        "scope_dropped_attributes_count": 2,
        "scope_schema_url": "scope schema",
    })
}

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

fn assert_row(got: &Row, expected: &Value) {
    let around = around();
    let expected = [expected, &around].map(|part| part.as_object().expect("an object").clone());
    let expected: Row = expected.into_iter().flatten().collect();
    for (name, value) in got {
        assert_eq!(Some(value), expected.get(name), "{name}");
    }
    assert_eq!(got.len(), expected.len());
}

#[test]
fn a_span_with_every_field() {
    let record = json!({ "resourceSpans": [{
        "resource": resource(),
        "scopeSpans": [{ "scope": scope(), "schemaUrl": "scope schema", "spans": [{
            "traceId": TRACE,
            "spanId": "1112131415161718",
            "traceState": "a=b",
            "parentSpanId": "2122232425262728",
            "flags": 769,
            "name": "GET /cart",
            "kind": 2,
            "startTimeUnixNano": "1000000000",
            "endTimeUnixNano": "1000000250",
            "attributes": attributes("of span"),
            "droppedAttributesCount": 3,
            "events": [{
                "timeUnixNano": "1000000100",
                "name": "exception",
                "attributes": attributes("of event"),
                "droppedAttributesCount": 4,
            }],
            "droppedEventsCount": 5,
            "links": [{
                "traceId": TRACE,
                "spanId": "3132333435363738",
                "traceState": "c=d",
                "attributes": attributes("of link"),
                "droppedAttributesCount": 6,
                "flags": 1,
            }],
            "droppedLinksCount": 7,
            "status": { "message": "no such cart", "code": 2 },
        }] }],
        "schemaUrl": "resource schema",
    }] });
    let expected = json!({
        "start_time_unix_nano": 1_000_000_000,
        "end_time_unix_nano": 1_000_000_250,
        "duration_ns": 250,
        "trace_id": TRACE,
        "span_id": "1112131415161718",
        "parent_span_id": "2122232425262728",
        "trace_state": "a=b",
        "name": "GET /cart",
        "kind": "SERVER",
        "kind_number": 2,
        "status_code": "ERROR",
        "status_code_number": 2,
        "status_message": "no such cart",
        "attributes": { "json": { "of span": 7 } },
        "dropped_attributes_count": 3,
        "events": [{
            "time_unix_nano": 1_000_000_100,
            "name": "exception",
            "attributes": { "json": { "of event": 7 } },
            "dropped_attributes_count": 4,
        }],
        "dropped_events_count": 5,
        "links": [{
            "trace_id": TRACE,
            "span_id": "3132333435363738",
            "trace_state": "c=d",
            "attributes": { "json": { "of link": 7 } },
            "dropped_attributes_count": 6,
            "flags": 1,
        }],
        "dropped_links_count": 7,
        "flags": 769,
    });
    let rows = rows(&SPANS, &record);
    assert_eq!(rows.len(), 1);
    assert_row(&rows[0], &expected);
}

#[test]
fn a_log_record_with_every_field() {
    let record = json!({ "resourceLogs": [{
        "resource": resource(),
        "scopeLogs": [{ "scope": scope(), "schemaUrl": "scope schema", "logRecords": [{
            "timeUnixNano": "1000",
            "observedTimeUnixNano": "2000",
            "severityNumber": 14,
            "severityText": "Warning",
            "body": { "kvlistValue": { "values": [
                { "key": "text", "value": { "stringValue": "\"quoted\"" } },
            ] } },
            "attributes": attributes("of record"),
            "droppedAttributesCount": 3,
            "flags": 1,
            "traceId": TRACE,
            "spanId": "1112131415161718",
            "eventName": "cart.gone",
        }] }],
        "schemaUrl": "resource schema",
    }] });
    let expected = json!({
        "time_unix_nano": 1000,
        "observed_time_unix_nano": 2000,
        "severity": "WARN2",
        "severity_number": 14,
        "severity_text": "Warning",
        "event_name": "cart.gone",
        "body": { "json": { "text": "\"quoted\"" } },
        "body_text": r#"{"text":"\"quoted\""}"#,
        "attributes": { "json": { "of record": 7 } },
        "dropped_attributes_count": 3,
        "trace_id": TRACE,
        "span_id": "1112131415161718",
        "flags": 1,
    });
    let rows = rows(&LOG_RECORDS, &record);
    assert_eq!(rows.len(), 1);
    assert_row(&rows[0], &expected);
}

/// A metric with that data, in OTLP/JSON.
fn metric(kind: &str, data: &Value) -> Value {
    json!({
        "name": "http.server.request.duration",
        "description": "How long requests took.",
        "unit": "s",
        "metadata": attributes("of metric"),
        kind: data,
    })
}

fn exemplars(value: &str, number: &Value) -> Value {
    json!([{
        "timeUnixNano": "1500",
        value: number,
        "traceId": TRACE,
        "spanId": "1112131415161718",
        "filteredAttributes": attributes("of exemplar"),
    }])
}

/// The columns of data points, NULL where `set` has nothing else.
fn point(kind: &str, set: &Value) -> Value {
    let mut row = json!({
        "time_unix_nano": 2000,
        "start_time_unix_nano": 1000,
        "name": "http.server.request.duration",
        "description": "How long requests took.",
        "unit": "s",
        "kind": kind,
        "metadata": { "json": { "of metric": 7 } },
        "attributes": { "json": { "of point": 7 } },
        "flags": 1,
    });
    let row_object = row.as_object_mut().expect("an object");
    for column in DATA_POINTS.columns {
        row_object.entry(column.name).or_insert(Value::Null);
    }
    row_object.retain(|name, _| around().get(name).is_none());
    for (name, value) in set.as_object().expect("an object") {
        row_object.insert(name.clone(), value.clone());
    }
    row
}

#[test]
fn data_points_of_every_kind_with_every_field() {
    let common = json!({
        "startTimeUnixNano": "1000",
        "timeUnixNano": "2000",
        "attributes": attributes("of point"),
        "flags": 1,
    });
    let with = |fields: Value| {
        let parts = [common.clone(), fields];
        let members =
            parts.into_iter().flat_map(|part| part.as_object().expect("an object").clone());
        json!([members.collect::<Row>()])
    };
    let exemplar = |value: Value, int: Value, double: Value| {
        json!([{
            "time_unix_nano": 1500,
            "value": value,
            "as_int": int,
            "as_double": double,
            "trace_id": TRACE,
            "span_id": "1112131415161718",
            "filtered_attributes": { "json": { "of exemplar": 7 } },
        }])
    };
    let double_exemplars = exemplars("asDouble", &json!(0.5));
    let gauge = with(json!({ "asDouble": 0.25, "exemplars": double_exemplars }));
    let sum =
        with(json!({ "asInt": "9007199254740993", "exemplars": exemplars("asInt", &json!("3")) }));
    let histogram = with(json!({
        "count": "6", "sum": 12.5, "min": 0.5, "max": 5.0,
        "bucketCounts": ["1", "2", "3"], "explicitBounds": [1.0, 2.5],
        "exemplars": double_exemplars,
    }));
    let exponential = with(json!({
        "count": "7", "sum": 12.5, "min": -2.0, "max": 5.0, "scale": -1, "zeroCount": "1",
        "zeroThreshold": 0.125,
        "positive": { "offset": -2, "bucketCounts": ["1", "2"] },
        "negative": { "offset": 3, "bucketCounts": ["3"] },
        "exemplars": double_exemplars,
    }));
    let summary = with(json!({
        "count": "8", "sum": 16.0, "quantileValues": [{ "quantile": 0.5, "value": 2.0 }],
    }));
    let metrics = json!([
        metric("gauge", &json!({ "dataPoints": gauge })),
        metric(
            "sum",
            &json!({ "dataPoints": sum, "aggregationTemporality": 1, "isMonotonic": true })
        ),
        metric("histogram", &json!({ "dataPoints": histogram, "aggregationTemporality": 2 })),
        metric(
            "exponentialHistogram",
            &json!({ "dataPoints": exponential, "aggregationTemporality": 7 })
        ),
        metric("summary", &json!({ "dataPoints": summary })),
        metric("gauge", &json!({ "dataPoints": [] })),
    ]);
    let record = json!({ "resourceMetrics": [{
        "resource": resource(),
        "scopeMetrics": [{ "scope": scope(), "schemaUrl": "scope schema", "metrics": metrics }],
        "schemaUrl": "resource schema",
    }] });
    let of_double = exemplar(json!(0.5), Value::Null, json!(0.5));
    let expected = [
        point("gauge", &json!({ "value": 0.25, "as_double": 0.25, "exemplars": of_double })),
        point(
            "sum",
            &json!({
                "value": 9_007_199_254_740_992.0,
                "as_int": 9_007_199_254_740_993_i64,
                "aggregation_temporality": "DELTA",
                "aggregation_temporality_number": 1,
                "is_monotonic": true,
                "exemplars": exemplar(json!(3.0), json!(3), Value::Null),
            }),
        ),
        point(
            "histogram",
            &json!({
                "aggregation_temporality": "CUMULATIVE",
                "aggregation_temporality_number": 2,
                "count": 6, "sum": 12.5, "min": 0.5, "max": 5.0,
                "bucket_counts": [1, 2, 3], "explicit_bounds": [1.0, 2.5],
                "exemplars": of_double,
            }),
        ),
        point(
            "exponential_histogram",
            &json!({
                "aggregation_temporality": "7",
                "aggregation_temporality_number": 7,
                "count": 7, "sum": 12.5, "min": -2.0, "max": 5.0,
                "scale": -1, "zero_count": 1, "zero_threshold": 0.125,
                "positive": { "offset": -2, "bucket_counts": [1, 2] },
                "negative": { "offset": 3, "bucket_counts": [3] },
                "exemplars": of_double,
            }),
        ),
        point(
            "summary",
            &json!({
                "count": 8, "sum": 16.0, "quantile_values": [{ "quantile": 0.5, "value": 2.0 }],
            }),
        ),
    ];
    let rows = rows(&DATA_POINTS, &record);
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        assert_row(row, expected);
    }
}

#[test]
fn rows_with_no_field_at_all() {
    let empty_span =
        rows(&SPANS, &json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [{}] }] }] }));
    for (name, expected) in [
        ("start_time_unix_nano", Value::Null),
        ("duration_ns", Value::Null),
        ("trace_id", Value::Null),
        ("name", Value::Null),
        ("kind", json!("UNSPECIFIED")),
        ("kind_number", json!(0)),
        ("status_code", json!("UNSET")),
        ("status_message", Value::Null),
        ("attributes", json!({ "json": {} })),
        ("events", json!([])),
        ("flags", json!(0)),
        ("service_name", Value::Null),
        ("resource_attributes", json!({ "json": {} })),
        ("resource_entity_refs", json!([])),
        ("scope_name", Value::Null),
        ("scope_schema_url", Value::Null),
    ] {
        assert_eq!(empty_span[0][name], expected, "{name}");
    }
    let empty_log = rows(
        &LOG_RECORDS,
        &json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [{}, { "body": {} }] }] }] }),
    );
    for (row, name, expected) in [
        (0, "severity", json!("UNSPECIFIED")),
        (0, "body", Value::Null),
        (0, "body_text", Value::Null),
        (1, "body", json!({ "json": null })),
        (1, "body_text", Value::Null),
    ] {
        assert_eq!(empty_log[row][name], expected, "{name}");
    }
}
