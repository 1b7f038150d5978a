//! Single attributes read as they do in the object of all of them, and rows are found by them.

use duckspan_otlp::relation::{
    Bound, Column, DATA_POINTS, Filter, LOG_RECORDS, Plan, Relation, SPANS,
};
use duckspan_otlp::{Segment, SegmentBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use serde_json::Value;

use crate::draw::Draw;
use crate::generated::segment;
use crate::tree::{self, parse, written};

/// What `->>` makes of a member of a JSON object; lists and objects as they are.
fn text(object: &Value, key: &str) -> Value {
    match &object["json"][key] {
        Value::Null => Value::Null,
        Value::String(text) => Value::String(text.clone()),
        list @ (Value::Array(_) | Value::Object(_)) => list.clone(),
        other => Value::String(written(other)),
    }
}

/// Lists and objects are compared by what they say.
fn same(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Array(_) | Value::Object(_), Value::String(text)) => *expected == parse(text),
        _ => expected == got,
    }
}

fn check(relation: &'static Relation, segment: &Segment) {
    let all: Vec<usize> = (0..segment.len()).filter(|&row| relation.has(segment, row)).collect();
    let rows = tree::rows(relation, segment);
    for column in relation.columns.iter().filter(|column| column.has_attributes()) {
        for key in ["", "a", "http.route", "service.name", "größe", "none"] {
            let expected: Vec<Value> =
                rows.iter().map(|row| text(&row[column.name], key)).collect();
            let got = read(relation, column, key, segment, &all);
            for (expected, got) in expected.iter().zip(&got) {
                assert!(same(expected, got), "{} {key}: {got} instead of {expected}", column.name);
            }
            assert_eq!(select(relation, column, key, "checkout", segment), rows_with(&got, &all));
        }
    }
}

fn read(
    relation: &Relation,
    column: &Column,
    key: &str,
    segment: &Segment,
    rows: &[usize],
) -> Vec<Value> {
    let mut plan = Plan::new(relation, []);
    assert!(plan.push_attribute(column, key));
    tree::texts(&plan, 0, segment, rows)
}

fn select(
    relation: &'static Relation,
    column: &Column,
    key: &str,
    text: &str,
    segment: &Segment,
) -> Vec<usize> {
    let mut filter = Filter::new(relation);
    let bound = Bound::OneOf(vec![text.as_bytes().to_vec()]);
    assert!(filter.require_attribute(column, key, &bound));
    let mut rows = Vec::new();
    filter.select(segment, 0..segment.len(), usize::MAX, &mut rows);
    rows
}

fn rows_with(values: &[Value], rows: &[usize]) -> Vec<usize> {
    let has = |(value, &row): (&Value, &usize)| (value == "checkout").then_some(row);
    values.iter().zip(rows).filter_map(has).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn attributes_read_as_members_of_their_object(bytes in vec(any::<u8>(), 0..3000)) {
        let mut draw = Draw(&bytes);
        check(&SPANS, &segment(&SPANS, &[draw.traces().encode_to_vec()]));
        check(&LOG_RECORDS, &segment(&LOG_RECORDS, &[draw.logs().encode_to_vec()]));
        check(&DATA_POINTS, &segment(&DATA_POINTS, &[draw.metrics().encode_to_vec()]));
    }
}

#[test]
fn other_columns_have_no_attributes() {
    let with = |relation: &'static Relation| -> Vec<&str> {
        let has = |column: &&Column| {
            let mut filter = Filter::new(relation);
            let bound = Bound::OneOf(vec![b"x".to_vec()]);
            let can_read = Plan::new(relation, []).push_attribute(column, "key");
            assert_eq!(filter.require_attribute(column, "key", &bound), can_read);
            assert_eq!(filter.is_empty(), !can_read);
            can_read
        };
        relation.columns.iter().filter(has).map(|column| column.name).collect()
    };
    let common = ["attributes", "resource_attributes", "scope_attributes"];
    assert_eq!(with(&SPANS), common);
    assert_eq!(with(&LOG_RECORDS), common);
    assert_eq!(
        with(&DATA_POINTS),
        ["attributes", "resource_attributes", "scope_attributes", "metadata"]
    );
}

#[test]
fn nothing_is_within_a_range_of_texts() {
    let column = SPANS.column("attributes").expect("a column");
    assert!(!Filter::new(&SPANS).require_attribute(column, "key", &Bound::Range(0..=1)));
    let empty = SegmentBuilder::new(SPANS.signal).finish();
    assert_eq!(select(&SPANS, column, "key", "value", &empty), Vec::<usize>::new());
}
