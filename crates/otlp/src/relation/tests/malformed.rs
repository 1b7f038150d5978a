//! Bytes that are not what they were said to be: columns read something, and never panic.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::relation::{Bound, Filter, Plan, Relation, Summary, Values, Window};
use crate::segment::{Segment, SegmentBuilder};
use crate::verify::{Form, Verified};
use crate::wire::put_len;

/// A request of one row, said to be canonical.
fn segment(relation: &Relation, row: &[u8], resource: &[u8]) -> Option<Segment> {
    let mut scope = Vec::new();
    put_len(&mut scope, 1, resource);
    put_len(&mut scope, 2, row);
    let mut group = Vec::new();
    put_len(&mut group, 1, resource);
    put_len(&mut group, 2, &scope);
    let mut request = Vec::new();
    put_len(&mut request, 1, &group);
    let mut builder = SegmentBuilder::new(relation.signal);
    builder
        .push_verified(&Verified::written(relation.signal.data(), &request, Form::Canonical))
        .ok()?;
    Some(builder.finish())
}

fn read_all(relation: &Relation, segment: &Segment) {
    let plan = Plan::new(relation, relation.columns);
    let mut window = Window::new();
    window.open(&plan, segment, 0..segment.len());
    for (at, column) in relation.columns.iter().enumerate() {
        let mut values = Values::new(&column.kind);
        window.read(&plan, segment, at, &mut values);
        assert!(values.len() <= segment.len());
    }
}

fn filter_all(relation: &'static Relation, segment: &Segment) {
    let summary = Summary::new(segment);
    for column in relation.columns {
        for bound in [Bound::Range(0..=1000), Bound::OneOf(vec![b"0".to_vec()])] {
            let mut filter = Filter::new(relation);
            let mut rows = Vec::new();
            if filter.require(column, &bound) {
                filter.select(segment, 0..segment.len(), usize::MAX, &mut rows);
            }
            assert!(rows.is_empty() || summary.may_pass(&filter));
        }
    }
}

/// Bytes that look like fields: small numbers, all wire types, lengths that fit or do not.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    vec((0..200_u8, vec(any::<u8>(), 0..12)), 0..12).prop_map(|fields| {
        let mut bytes = Vec::new();
        for (tag, content) in fields {
            bytes.push(tag);
            if tag % 8 == 2 {
                bytes.push(content.len() as u8);
            }
            bytes.extend(content);
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn reading_never_panics(row in fields(), resource in fields()) {
        for relation in Relation::ALL {
            if let Some(segment) = segment(relation, &row, &resource) {
                read_all(relation, &segment);
                filter_all(relation, &segment);
            }
        }
    }
}
