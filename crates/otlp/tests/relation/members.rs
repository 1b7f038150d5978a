//! Members of `data` that are read by themselves are what they are in the whole of it.

use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, Member, Plan, Relation, SPANS};
use duckspan_otlp::{Segment, Signal, render};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use serde_json::Value;

use crate::draw::Draw;
use crate::generated::segment;
use crate::tree::{self, parse};

/// Every member that is one value, and others.
fn names(signal: Signal) -> (&'static [&'static str], &'static [&'static str]) {
    match signal {
        Signal::Traces => (
            &[
                "traceId",
                "spanId",
                "traceState",
                "parentSpanId",
                "name",
                "kind",
                "startTimeUnixNano",
                "endTimeUnixNano",
                "droppedAttributesCount",
                "droppedEventsCount",
                "droppedLinksCount",
                "flags",
            ],
            &["attributes", "events", "links", "status", "scope", "schemaUrl", "severityText", ""],
        ),
        Signal::Logs => (
            &[
                "timeUnixNano",
                "severityNumber",
                "severityText",
                "droppedAttributesCount",
                "flags",
                "traceId",
                "spanId",
                "observedTimeUnixNano",
                "eventName",
            ],
            &["body", "attributes", "scope", "name", "severity_text"],
        ),
        Signal::Metrics => (
            &["name", "description", "unit"],
            &["gauge", "sum", "histogram", "metadata", "scope", "timeUnixNano", "asDouble"],
        ),
    }
}

/// What `->>` makes of a member of a JSON object.
fn text(object: &Value, name: &str) -> Value {
    match &object[name] {
        Value::Number(number) => Value::String(number.to_string()),
        other => other.clone(),
    }
}

fn check(relation: &Relation, request: &[u8]) {
    let segment = segment(relation, &[request.to_vec()]);
    let rows: Vec<usize> = (0..segment.len()).collect();
    let data: Vec<Value> = rows.iter().map(|&row| data(&segment, row)).collect();
    let (names, _) = names(relation.signal);
    let mut plan = Plan::of(relation.signal);
    for name in names {
        plan.push_member(Member::find(relation.signal, name).expect("a member of one value"));
    }
    for (column, name) in names.iter().enumerate() {
        let expected: Vec<Value> = data.iter().map(|data| text(data, name)).collect();
        assert_eq!(tree::texts(&plan, column, &segment, &rows), expected, "{name}");
    }
}

fn data(segment: &Segment, row: usize) -> Value {
    let mut text = Vec::new();
    render::data(segment, row, &mut text);
    parse(str::from_utf8(&text).expect("JSON is UTF-8"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn members_read_as_they_do_in_data(bytes in vec(any::<u8>(), 0..3000)) {
        let mut draw = Draw(&bytes);
        check(&SPANS, &draw.traces().encode_to_vec());
        check(&LOG_RECORDS, &draw.logs().encode_to_vec());
        check(&DATA_POINTS, &draw.metrics().encode_to_vec());
    }
}

/// Senders may write what is at its default; in JSON it is left out.
#[test]
fn defaults_that_are_written_are_left_out() {
    let nested = |content: &[u8], tag| [&[tag, content.len() as u8], content].concat();
    let mut span = vec![0x0a, 0, 0x12, 0, 0x1a, 0, 0x22, 0, 0x2a, 0, 0x30, 0];
    for tag in [0x39, 0x41] {
        span.extend_from_slice(&[tag, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    span.extend_from_slice(&[0x50, 0, 0x60, 0, 0x70, 0, 0x85, 0x01, 0, 0, 0, 0]);
    let scope = nested(&span, 0x12);
    let request = nested(&nested(&scope, 0x12), 0x0a);
    assert_eq!(data(&segment(&SPANS, std::slice::from_ref(&request)), 0), serde_json::json!({}));
    check(&SPANS, &request);
}

#[test]
fn lists_and_objects_are_not_read_by_themselves() {
    for signal in Signal::ALL {
        let (_, others) = names(signal);
        for name in others {
            assert!(Member::find(signal, name).is_none(), "{name} of {signal:?}");
        }
    }
}
