//! Plans as tests write them, and how they hang together.

use duckspan_otlp::relation::{Relation, SPANS};

use super::*;
use crate::expression::{Member, Scanned};

pub(crate) fn column(table: u64, column: usize) -> Expression {
    Expression::Column(Binding { table, column })
}

pub(crate) fn member(table: u64, column: usize, key: &str, place: usize) -> Expression {
    let column = Binding { table, column };
    Expression::Member(Member { column, key: key.to_owned(), place })
}

/// An operator whose expressions are no columns.
pub(crate) fn operator<'a>(
    kind: OperatorKind,
    children: usize,
    expressions: Vec<Expression>,
) -> Operator<'a> {
    let tables = vec![Table { number: None, expressions }];
    Operator { kind, children, function: String::new(), scan: None, tables }
}

/// An operator with columns of its own.
pub(crate) fn table<'a>(
    kind: OperatorKind,
    children: usize,
    number: u64,
    expressions: Vec<Expression>,
) -> Operator<'a> {
    let tables = vec![Table { number: Some(number), expressions }];
    Operator { tables, ..operator(kind, children, Vec::new()) }
}

pub(crate) fn projection<'a>(number: u64, expressions: Vec<Expression>) -> Operator<'a> {
    table(OperatorKind::Projection, 1, number, expressions)
}

/// A scan of columns of a relation, each of which has a member `k`.
pub(crate) fn scan<'a>(
    number: u64,
    relation: Option<&'static Relation>,
    positions: &[usize],
) -> Operator<'a> {
    let scanned = |&position: &usize| {
        let name = relation.map_or("timestamp", |relation| relation.columns[position].name);
        Expression::Scanned(Scanned { position, name: name.to_owned() })
    };
    let expressions = positions.iter().map(scanned).collect();
    let has_member = Box::new(|_, key: &str| key == "k");
    let scan = Some(Scan { relation, has_member });
    Operator { scan, ..table(OperatorKind::LiveScan, 0, number, expressions) }
}

#[test]
fn parents_are_known_by_the_number_of_their_children() {
    let join = || operator(OperatorKind::Join, 2, Vec::new());
    let leaf = || operator(OperatorKind::Other, 0, Vec::new());
    // The last one is a query in parentheses.
    let plan = Plan::new(vec![join(), join(), leaf(), leaf(), leaf(), leaf()]);
    let parent = |operator, nth| Some(Parent { operator, nth });
    let found: Vec<_> = (0..6).map(|number| plan.parent(number)).collect();
    assert_eq!(found, [None, parent(0, 0), parent(1, 0), parent(1, 1), parent(0, 1), None]);
}

#[test]
fn columns_have_as_many_sources_as_there_are_of_rows() {
    let mut union = table(OperatorKind::Other, 2, 7, vec![column(1, 0)]);
    union.tables.push(Table { number: Some(7), expressions: vec![column(2, 0)] });
    let plan = Plan::new(vec![union, scan(1, Some(&SPANS), &[0]), scan(2, Some(&SPANS), &[0])]);
    let sources = |table, column| {
        plan.sources(Binding { table, column })
            .map(|(_, expression)| expression)
            .collect::<Vec<_>>()
    };
    assert_eq!(sources(7, 0), [&column(1, 0), &column(2, 0)]);
    assert_eq!(sources(1, 0).len(), 1);
    assert!(sources(7, 1).is_empty() && sources(8, 0).is_empty());
}
