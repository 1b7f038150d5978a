//! Rows that a filter selects are those whose columns meet its conditions, and no summary rules them out.

use std::ops::RangeInclusive;

use duckspan_otlp::relation::{
    Bound, Column, DATA_POINTS, Filter, LOG_RECORDS, Relation, SPANS, Summary, Type,
};
use duckspan_otlp::{Segment, SegmentBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::generated::segment;
use crate::tree::{self, Row};

/// Columns whose conditions are told without reading them.
const TOLD: [(&Relation, &[&str]); 3] = [
    (
        &SPANS,
        &[
            "start_time_unix_nano",
            "end_time_unix_nano",
            "duration_ns",
            "trace_id",
            "span_id",
            "parent_span_id",
            "trace_state",
            "service_name",
            "service_namespace",
            "service_instance_id",
            "name",
            "kind",
            "kind_number",
            "status_code",
            "status_code_number",
            "status_message",
            "dropped_attributes_count",
            "dropped_events_count",
            "dropped_links_count",
            "flags",
            "scope_name",
            "scope_version",
            "scope_dropped_attributes_count",
            "resource_dropped_attributes_count",
        ],
    ),
    (
        &LOG_RECORDS,
        &[
            "time_unix_nano",
            "observed_time_unix_nano",
            "service_name",
            "service_namespace",
            "service_instance_id",
            "severity",
            "severity_number",
            "severity_text",
            "event_name",
            "dropped_attributes_count",
            "trace_id",
            "span_id",
            "flags",
            "scope_name",
            "scope_version",
            "scope_dropped_attributes_count",
            "resource_dropped_attributes_count",
        ],
    ),
    (
        &DATA_POINTS,
        &[
            "time_unix_nano",
            "start_time_unix_nano",
            "service_name",
            "service_namespace",
            "service_instance_id",
            "name",
            "description",
            "unit",
            "kind",
            "as_int",
            "aggregation_temporality",
            "aggregation_temporality_number",
            "flags",
            "scale",
            "scope_name",
            "scope_version",
            "scope_dropped_attributes_count",
            "resource_dropped_attributes_count",
        ],
    ),
];

#[test]
fn the_columns_that_are_told_are_known() {
    for (relation, told) in TOLD {
        for column in relation.columns {
            let bounds = [Bound::Range(0..=0), Bound::OneOf(vec![b"x".to_vec()])];
            let can_tell = bounds.iter().any(|bound| Filter::new(relation).require(column, bound));
            assert_eq!(can_tell, told.contains(&column.name), "{}", column.name);
        }
    }
}

/// Conditions that the value of some row meets, and others that are close.
fn bounds(column: &Column, rows: &[Row]) -> Vec<Bound> {
    let values = rows.iter().map(|row| &row[column.name]);
    match column.kind {
        Type::Varchar => {
            let texts: Vec<Vec<u8>> =
                values.filter_map(Value::as_str).map(|text| text.as_bytes().to_vec()).collect();
            let odd = [b"".as_slice(), b"0", b"00", b"X", b"999", b"-1"].map(<[u8]>::to_vec);
            let one = texts.first().cloned().into_iter().collect();
            [vec![one], texts.chunks(3).map(<[_]>::to_vec).take(3).collect(), vec![odd.to_vec()]]
                .concat()
                .into_iter()
                .map(Bound::OneOf)
                .collect()
        }
        Type::Int32 | Type::UInt32 | Type::Int64 | Type::TimestampNs => {
            let numbers: Vec<i64> = values.filter_map(Value::as_i64).collect();
            let pairs = numbers.windows(2).take(4).flat_map(|pair| {
                [pair[0]..=pair[0], pair[0]..=pair[1], pair[0].saturating_add(1)..=i64::MAX]
            });
            pairs
                .chain([i64::MIN..=i64::MAX, 0..=0, RangeInclusive::new(1, 0)])
                .map(Bound::Range)
                .collect()
        }
        _ => Vec::new(),
    }
}

fn meets(value: &Value, bound: &Bound) -> bool {
    match bound {
        Bound::Range(range) => value.as_i64().is_some_and(|number| range.contains(&number)),
        Bound::OneOf(texts) => {
            value.as_str().is_some_and(|text| texts.iter().any(|one| one == text.as_bytes()))
        }
    }
}

/// The rows that a filter selects, a few at a time.
fn select(filter: &Filter, segment: &Segment) -> Vec<usize> {
    let (mut selected, mut next) = (Vec::new(), 0);
    while next < segment.len() {
        let mut some = Vec::new();
        next = filter.select(segment, next..segment.len(), 3, &mut some);
        assert!(some.len() <= 3);
        selected.extend(some);
    }
    selected
}

/// Asserts of each column, and of each pair of neighbouring columns, that conditions select what they
/// should.
fn check(relation: &'static Relation, segment: &Segment) {
    let summary = Summary::new(segment);
    let numbers: Vec<usize> =
        (0..segment.len()).filter(|&row| relation.has(segment, row)).collect();
    let rows = tree::rows(relation, segment);
    let everything = Filter::new(relation);
    assert!(everything.is_empty() && summary.may_pass(&everything));
    assert_eq!(select(&everything, segment), numbers);
    let mut before: Option<(&Column, Bound)> = None;
    for column in relation.columns {
        for bound in bounds(column, &rows) {
            let conditions: Vec<_> = before.iter().cloned().chain([(column, bound)]).collect();
            let mut filter = Filter::new(relation);
            if !conditions.iter().all(|(column, bound)| filter.require(column, bound)) {
                continue;
            }
            let passes =
                |row: &Row| conditions.iter().all(|(of, bound)| meets(&row[of.name], bound));
            let expected: Vec<usize> = numbers
                .iter()
                .zip(&rows)
                .filter_map(|(&number, row)| passes(row).then_some(number))
                .collect();
            assert_eq!(select(&filter, segment), expected, "{conditions:?}");
            assert!(expected.is_empty() || summary.may_pass(&filter), "{conditions:?}");
            before = if before.is_none() { conditions.into_iter().next_back() } else { None };
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn filters_select_what_their_conditions_say(bytes in vec(any::<u8>(), 0..3000)) {
        let mut draw = Draw(&bytes);
        check(&SPANS, &segment(&SPANS, &[draw.traces().encode_to_vec()]));
        check(&LOG_RECORDS, &segment(&LOG_RECORDS, &[draw.logs().encode_to_vec()]));
        check(&DATA_POINTS, &segment(&DATA_POINTS, &[draw.metrics().encode_to_vec()]));
    }
}

/// Spans of `services` services, each with a trace of its own, a second apart.
fn services(services: usize) -> Segment {
    let mut builder = SegmentBuilder::new(SPANS.signal);
    for service in 0..services {
        let span = json!({
            "traceId": format!("{:032x}", service + 1),
            "startTimeUnixNano": (service as u64 + 1) * 1_000_000_000,
        });
        let name =
            json!({ "key": "service.name", "value": { "stringValue": format!("s{service}") } });
        let record = json!({ "resourceSpans": [{
            "resource": { "attributes": [name] },
            "scopeSpans": [{ "spans": [span] }],
        }] });
        let mut transcoder = duckspan_otlp::json::Transcoder::new();
        let all = duckspan_otlp::json::Projection::ALL;
        transcoder
            .read(record.to_string().as_bytes(), duckspan_otlp::SignalSet::ALL, all)
            .expect("a record");
        let request = transcoder.request(SPANS.signal).expect("spans");
        builder.push_verified(&request).expect("room");
    }
    builder.finish()
}

#[test]
fn summaries_rule_out_what_is_not_there() {
    let one_of = |text: &str| Bound::OneOf(vec![text.as_bytes().to_vec()]);
    for (count, column, bound, may_pass) in [
        (3, "start_time_unix_nano", Bound::Range(0..=999_999_999), false),
        (3, "start_time_unix_nano", Bound::Range(0..=1_000_000_000), true),
        (3, "start_time_unix_nano", Bound::Range(3_000_000_000..=i64::MAX), true),
        (3, "start_time_unix_nano", Bound::Range(3_000_000_001..=i64::MAX), false),
        (3, "service_name", one_of("s2"), true),
        (3, "service_name", one_of("s3"), false),
        (64, "service_name", one_of("no such service"), false),
        (65, "service_name", one_of("no such service"), true),
        (3, "trace_id", one_of("00000000000000000000000000000003"), true),
        (3, "trace_id", one_of("3"), false),
        (3, "trace_id", one_of("0000000000000000000000000000000A"), false),
        (3, "name", one_of("nothing"), true),
        (0, "trace_id", one_of("00000000000000000000000000000003"), false),
        (0, "service_name", one_of("s2"), false),
        (0, "start_time_unix_nano", Bound::Range(0..=i64::MAX), false),
    ] {
        let summary = Summary::new(&services(count));
        let mut filter = Filter::new(&SPANS);
        assert!(filter.require(SPANS.column(column).expect("a column"), &bound));
        assert_eq!(summary.may_pass(&filter), may_pass, "{column} {bound:?} of {count}");
    }
}

#[test]
fn few_traces_are_taken_for_others() {
    let summary = Summary::new(&services(2000));
    let taken = (0..20_000).filter(|other| {
        let mut filter = Filter::new(&SPANS);
        let id = format!("{:032x}", 10_000 + other);
        let column = SPANS.column("trace_id").expect("a column");
        filter.require(column, &Bound::OneOf(vec![id.into_bytes()])) && summary.may_pass(&filter)
    });
    assert!(taken.count() < 20_000 / 30);
    assert!(summary.memory() < 2000 * 2 + 10_000);
    assert_eq!(summary.times(), Some(1_000_000_000..=2_000_000_000_000));
}
