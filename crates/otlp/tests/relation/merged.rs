//! Merged segments read as those that they were merged from.

use duckspan_otlp::relation::{DATA_POINTS, LOG_RECORDS, Relation, SPANS};
use duckspan_otlp::{Segment, render};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use crate::draw::Draw;
use crate::generated::{assert_rows, segment};
use crate::tree;

/// The unified columns of all rows.
fn unified(segment: &Segment) -> Vec<(Option<i64>, String, String)> {
    let rows = (0..segment.len()).map(|row| {
        let (mut resource, mut data) = (Vec::new(), Vec::new());
        render::resource(segment, segment.resource_of(row), &mut resource);
        render::data(segment, row, &mut data);
        let [resource, data] = [resource, data].map(|text| String::from_utf8(text).expect("JSON"));
        (segment.time(row), resource, data)
    });
    rows.collect()
}

/// Merges the requests, the rows from `cut` on first, then the others, twice.
fn check(relation: &Relation, requests: &[Vec<u8>], cut: usize) {
    let whole = segment(relation, requests);
    let (cut, len) = (cut % (whole.len() + 1), whole.len());
    let turned = Segment::merge(relation.signal, &[(&whole, cut..len), (&whole, 0..cut)]);
    let back =
        Segment::merge(relation.signal, &[(&turned, len - cut..len), (&turned, 0..len - cut)]);
    assert_eq!(unified(&back), unified(&whole));
    assert_rows(&tree::rows(relation, &whole), &tree::rows(relation, &back));
    let foreseen: usize =
        whole.cut(0..len, usize::MAX, usize::MAX).iter().map(|run| run.memory).sum();
    assert!(back.memory() <= foreseen && foreseen <= whole.memory());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn merged_segments_read_the_same(bytes in vec(any::<u8>(), 0..6000), cut in any::<usize>()) {
        let mut draw = Draw(&bytes);
        let requests = [draw.metrics(), draw.metrics()].map(|request| request.encode_to_vec());
        check(&DATA_POINTS, &requests, cut);
        let requests = [draw.traces(), draw.traces()].map(|request| request.encode_to_vec());
        check(&SPANS, &requests, cut);
        let requests = [draw.logs(), draw.logs()].map(|request| request.encode_to_vec());
        check(&LOG_RECORDS, &requests, cut);
    }
}
