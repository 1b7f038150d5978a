//! Plans without DuckDB, and what becomes of them.

use duckspan_otlp::relation::SPANS;

use super::*;
use crate::plan::tests::{column, member, operator, projection, scan, table};
use crate::plan::{Operator, Table};

/// A scan of one column, the attributes as it were.
fn attributes<'a>(number: u64) -> Operator<'a> {
    scan(number, Some(&SPANS), &[0])
}

fn edited(operators: Vec<Operator<'_>>) -> Vec<Edit> {
    edits(&Plan::new(operators))
}

fn read(scan: usize) -> Edit {
    Edit::Read { scan, column: 0, key: "k".to_owned() }
}

fn replace(place: usize, table: u64, column: usize) -> Edit {
    Edit::Replace { place, by: Binding { table, column } }
}

fn append(projection: usize, table: u64, column: usize) -> Edit {
    Edit::Append { projection, column: Binding { table, column }, key: "k".to_owned() }
}

#[test]
fn a_member_becomes_the_next_column_of_a_scan() {
    let filter = operator(OperatorKind::Filter, 1, vec![member(1, 0, "k", 1)]);
    let plan = vec![projection(2, vec![member(1, 0, "k", 0)]), filter, attributes(1)];
    // Asked for twice, below and above the filter, it is one.
    assert_eq!(edited(plan), [read(2), replace(0, 1, 1), replace(1, 1, 1)]);
}

#[test]
fn what_a_scan_computes_beside_its_columns_is_none() {
    let mut scan = attributes(1);
    scan.tables.push(Table { number: None, expressions: vec![member(1, 0, "other", 1)] });
    let plan = vec![projection(2, vec![member(1, 0, "k", 0)]), scan];
    assert_eq!(edited(plan), [read(1), replace(0, 1, 1)]);
}

#[test]
fn members_are_looked_for_in_what_expressions_are_made_of() {
    let inner =
        crate::expression::Other { children: vec![member(1, 0, "k", 0)], ..Default::default() };
    let plan = vec![projection(2, vec![Expression::Other(inner)]), attributes(1)];
    assert_eq!(edited(plan), [read(1), replace(0, 1, 1)]);
}

#[test]
fn other_members_stay() {
    let plan = vec![projection(2, vec![member(1, 0, "other", 0)]), attributes(1)];
    assert_eq!(edited(plan), []);
    // What hides a column hands it on by a number of its own only.
    let view = projection(2, vec![column(1, 0)]);
    let plan = vec![projection(3, vec![member(1, 0, "k", 0)]), view, attributes(1)];
    assert_eq!(edited(plan), []);
}

#[test]
fn views_hand_on_one_column_more_each() {
    let aggregate =
        table(OperatorKind::Aggregate, 1, 4, vec![member(3, 1, "k", 0), member(3, 1, "k", 1)]);
    let outer = projection(3, vec![column(9, 0), column(2, 0)]);
    let inner = projection(2, vec![column(1, 0)]);
    let plan = vec![aggregate, outer, inner, attributes(1)];
    assert_eq!(
        edited(plan),
        [read(3), replace(0, 3, 2), replace(1, 3, 2), append(2, 1, 1), append(1, 2, 1)]
    );
}

#[test]
fn several_members_are_several_columns() {
    let spans = scan(1, Some(&SPANS), &[0, 1]);
    let view = projection(2, vec![column(1, 0), column(1, 1)]);
    let above =
        projection(3, vec![member(2, 0, "k", 0), member(2, 1, "k", 1), member(2, 0, "k", 2)]);
    let second = Edit::Read { scan: 2, column: 1, key: "k".to_owned() };
    assert_eq!(
        edited(vec![above, view, spans]),
        [
            read(2),
            second,
            replace(0, 2, 2),
            replace(1, 2, 3),
            replace(2, 2, 2),
            append(1, 1, 2),
            append(1, 1, 3)
        ]
    );
}

#[test]
fn joins_pass_the_columns_of_both_sides() {
    let above = projection(3, vec![member(1, 0, "k", 0), member(2, 0, "k", 1)]);
    let join = operator(OperatorKind::Join, 2, vec![]);
    let plan = vec![above, join, attributes(1), attributes(2)];
    assert_eq!(edited(plan), [read(2), read(3), replace(0, 1, 1), replace(1, 2, 1)]);
}

#[test]
fn a_view_that_makes_something_of_a_column_hides_it() {
    let made = crate::expression::Other { children: vec![column(1, 0)], ..Default::default() };
    let view = projection(2, vec![Expression::Other(made)]);
    let plan = vec![projection(3, vec![member(2, 0, "k", 0)]), view, attributes(1)];
    assert_eq!(edited(plan), []);
}

#[test]
fn nothing_is_added_below_what_takes_columns_by_their_place() {
    // As a DISTINCT or a window, which hand out the columns of what is below them.
    let distinct = operator(OperatorKind::Other, 1, vec![member(1, 0, "k", 1)]);
    let plan = vec![projection(2, vec![member(1, 0, "k", 0)]), distinct, attributes(1)];
    assert_eq!(edited(plan), []);
    // Nor where such a thing is deeper: the view would have nothing to hand on.
    let distinct = operator(OperatorKind::Other, 1, vec![]);
    let view = projection(2, vec![column(1, 0)]);
    let plan = vec![projection(3, vec![member(2, 0, "k", 0)]), view, distinct, attributes(1)];
    assert_eq!(edited(plan), []);
}

#[test]
fn a_union_gets_no_columns_but_its_sides_read_members() {
    let mut union = table(OperatorKind::Other, 2, 4, vec![column(2, 0)]);
    union.tables.push(Table { number: Some(4), expressions: vec![column(3, 0)] });
    let above = projection(5, vec![member(4, 0, "k", 0)]);
    let (left, right) = (projection(2, vec![column(1, 0), member(1, 0, "k", 1)]), attributes(3));
    let plan = vec![above, union, left, attributes(1), right];
    assert_eq!(edited(plan), [read(3), replace(1, 1, 1)]);
}

#[test]
fn in_a_cte_tables_of_a_receiver_read_members_and_files_do_not() {
    let plan = |kind| {
        let cte = table(OperatorKind::Cte, 2, 4, vec![column(2, 0)]);
        let inside = projection(2, vec![member(1, 0, "k", 0)]);
        let outside = projection(5, vec![member(3, 0, "k", 1)]);
        let read = Operator { kind, ..attributes(1) };
        vec![cte, inside, read, outside, Operator { kind, ..attributes(3) }]
    };
    let outside = [read(4), replace(1, 3, 1)];
    assert_eq!(edited(plan(OperatorKind::FileScan)), outside);
    let [of_outside, replaced_outside] = outside;
    assert_eq!(
        edited(plan(OperatorKind::LiveScan)),
        [read(2), of_outside, replace(0, 1, 1), replaced_outside]
    );
}

#[test]
fn what_is_read_as_no_column_of_anything_stays() {
    // An INSERT takes the columns of its child by their place.
    let insert = operator(OperatorKind::Other, 1, vec![]);
    let filter = operator(OperatorKind::Filter, 1, vec![member(1, 0, "k", 0)]);
    assert_eq!(edited(vec![insert, filter, attributes(1)]), []);
}
