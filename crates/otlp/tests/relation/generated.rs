//! Generated data: every column of every row equals what the oracle reads.

use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, Relation, SPANS};
use duckspan_otlp::{Segment, SegmentBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use serde_json::Value;

use crate::draw::Draw;
use crate::oracle;
use crate::tree::{self, Row, parse};

/// A segment of these requests.
pub(crate) fn segment(relation: &Relation, requests: &[Vec<u8>]) -> Segment {
    let mut builder = SegmentBuilder::new(relation.signal);
    for request in requests {
        builder.push_protobuf(request).expect("a request that prost wrote");
    }
    builder.finish()
}

/// Asserts that rows are what they should be, and names the first column that is not.
pub(crate) fn assert_rows(expected: &[Row], got: &[Row]) {
    assert_eq!(expected.len(), got.len(), "rows");
    for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
        let names = |row: &Row| row.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(expected), names(got), "columns");
        for (name, expected) in expected {
            let got = &got[name];
            assert!(same(expected, got), "row {index}, {name}: {got} instead of {expected}");
        }
    }
}

/// Lists and maps as text are compared by what they say.
fn same(expected: &Value, got: &Value) -> bool {
    match (expected.as_object().and_then(|map| map.get("text")), got) {
        (Some(expected), Value::String(text)) => *expected == parse(text),
        _ => expected == got,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn spans_read_as_they_were_written(bytes in vec(any::<u8>(), 0..3000)) {
        let mut draw = Draw(&bytes);
        let requests = [draw.traces(), draw.traces()];
        let expected: Vec<Row> = requests.iter().flat_map(oracle::spans).collect();
        let segment = segment(&SPANS, &requests.map(|request| request.encode_to_vec()));
        assert_rows(&expected, &tree::rows(&SPANS, &segment));
    }

    #[test]
    fn log_records_read_as_they_were_written(bytes in vec(any::<u8>(), 0..3000)) {
        let mut draw = Draw(&bytes);
        let requests = [draw.logs(), draw.logs()];
        let expected: Vec<Row> = requests.iter().flat_map(oracle::log_records).collect();
        let segment = segment(&LOG_RECORDS, &requests.map(|request| request.encode_to_vec()));
        assert_rows(&expected, &tree::rows(&LOG_RECORDS, &segment));
    }

    #[test]
    fn data_points_read_as_they_were_written(bytes in vec(any::<u8>(), 0..3000)) {
        let mut draw = Draw(&bytes);
        let requests = [draw.metrics(), draw.metrics()];
        let expected: Vec<Row> = requests.iter().flat_map(oracle::data_points).collect();
        let segment = segment(&DATA_POINTS, &requests.map(|request| request.encode_to_vec()));
        assert_rows(&expected, &tree::rows(&DATA_POINTS, &segment));
    }
}
