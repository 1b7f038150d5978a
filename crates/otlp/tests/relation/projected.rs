//! Records that are read only as far as some columns need them have the same values in these columns.

use duckspan_otlp::file::{Batches, Options, Worker};
use duckspan_otlp::json::Transcoder;
use duckspan_otlp::kept::{Kept, Projection};
use duckspan_otlp::relation::{
    Bound, Column, DATA_POINTS, Filter, LOG_RECORDS, Plan, Relation, SPANS,
};
use duckspan_otlp::verify::verify;
use duckspan_otlp::{Segment, SegmentBuilder, SignalSet, render};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use crate::draw::Draw;
use crate::tree;

/// A segment of the record, read as far as is needed.
fn segment(relation: &Relation, record: &[u8], needed: Kept) -> Segment {
    let mut transcoder = Transcoder::new();
    transcoder.read(record, SignalSet::only(relation.signal), needed).expect("JSON");
    let mut builder = SegmentBuilder::keeping(relation.signal, needed);
    if let Some(request) = transcoder.request(relation.signal) {
        builder.push_verified(&request).expect("room");
    }
    builder.finish()
}

/// The rows of a file, read as far as a plan needs them, as the extension does.
fn file(relation: &Relation, bytes: &[u8], plan: &Plan) -> Option<Segment> {
    let options = Options {
        signals: SignalSet::only(relation.signal),
        needed: plan.needs(),
        ..Options::default()
    };
    let mut batches = Batches::new(bytes, &options, bytes.len().max(1));
    let batch = batches.next_batch(|_| Ok(())).expect("memory does not fail")?;
    let decoded = Worker::new().decode(&batch, &options);
    assert!(decoded.rejects.is_empty(), "{:?}", decoded.rejects);
    decoded.segments.into_iter().next()
}

fn check(relation: &'static Relation, request: &[u8]) {
    let mut record = Vec::new();
    render::message(&verify(relation.signal.data(), request).expect("a request"), &mut record);
    let whole = segment(relation, &record, Kept::ALL);
    let all: Vec<usize> = (0..whole.len()).filter(|&row| relation.has(&whole, row)).collect();
    for column in relation.columns {
        let columns: [&Column; 1] = [column];
        let plan = Plan::new(relation, columns);
        let expected = tree::select(relation, &columns, &whole, &all);
        let part = segment(relation, &record, plan.needs());
        let name = column.name;
        assert_eq!(tree::select(relation, &columns, &part, &all), expected, "{name}");
        for bytes in [&record[..], request] {
            if let Some(part) = file(relation, bytes, &plan) {
                let rows: Vec<usize> =
                    (0..part.len()).filter(|&row| relation.has(&part, row)).collect();
                assert_eq!(tree::select(relation, &columns, &part, &rows), expected, "{name}");
            } else {
                assert!(all.is_empty(), "{name}");
            }
        }
        for bound in [Bound::Range(0..=i64::MAX), Bound::OneOf(vec![b"checkout".to_vec()])] {
            let mut filter = Filter::new(relation);
            if filter.require(column, &bound) {
                let part = segment(relation, &record, filter.needs());
                let select = |segment: &Segment| {
                    let mut rows = Vec::new();
                    filter.select(segment, 0..segment.len(), usize::MAX, &mut rows);
                    rows
                };
                assert_eq!(select(&part), select(&whole), "{} {bound:?}", column.name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn projections_keep_what_columns_need(bytes in vec(any::<u8>(), 0..2000)) {
        let mut draw = Draw(&bytes);
        check(&SPANS, &draw.traces().encode_to_vec());
        check(&LOG_RECORDS, &draw.logs().encode_to_vec());
        check(&DATA_POINTS, &draw.metrics().encode_to_vec());
    }
}

#[test]
fn nothing_is_needed_to_count_rows() {
    for relation in Relation::ALL {
        assert_eq!(Plan::new(relation, []).needs().parts, Projection::NOTHING);
        assert_eq!(Filter::new(relation).needs().parts, Projection::NOTHING);
    }
}

#[test]
fn columns_need_their_fields_only() {
    let projection = |relation: &Relation, names: &[&str]| {
        let columns = names.iter().map(|name| relation.column(name).expect("a column"));
        Plan::new(relation, columns).needs().parts
    };
    let nothing = Projection::NOTHING;
    for (relation, names, expected) in [
        (
            &SPANS,
            &["name", "duration_ns"][..],
            Projection { row: 1 << 5 | 1 << 7 | 1 << 8, ..nothing },
        ),
        (&SPANS, &["service_name"], Projection { resource: true, ..nothing }),
        (&SPANS, &["scope_schema_url"], Projection { scope: true, ..nothing }),
        (&SPANS, &["start_time_unix_nano"], Projection { row: 1 << 7, ..nothing }),
        (&SPANS, &["status_code"], Projection { row: 1 << 15, ..nothing }),
        (&LOG_RECORDS, &["body", "body_text"], Projection { row: 1 << 5, ..nothing }),
        (&DATA_POINTS, &["name", "unit"], Projection { metric: 1 << 1 | 1 << 3, ..nothing }),
        (&DATA_POINTS, &["kind", "is_monotonic"], nothing),
        (&DATA_POINTS, &["value"], Projection { row: 1 << 4 | 1 << 6, ..nothing }),
        (&DATA_POINTS, &["attributes"], Projection { row: 1 << 7 | 1 << 9 | 1 << 1, ..nothing }),
    ] {
        assert_eq!(projection(relation, names), expected, "{names:?}");
    }
}
