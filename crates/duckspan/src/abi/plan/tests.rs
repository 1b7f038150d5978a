//! Plans as the shim lends them, without it.

use duckspan_otlp::relation::SPANS;

use super::super::expression::NodeKind;
use super::*;
use crate::boundary::{FaultKind, Text};
use crate::expression::{Comparison, Expression, Time};

fn node(kind: NodeKind, children: usize) -> Node {
    let (text, column) = (Str::lend(""), Binding::default());
    Node { kind, time: Time::Other, children, text, number: 0, column }
}

/// `column->>'http.route'` of the table with a number.
fn lookup(table: u64) -> Node {
    let column = Binding { table, column: 0 };
    Node { text: Str::lend("http.route"), column, ..node(NodeKind::Lookup, 0) }
}

fn operator(kind: OperatorKind, children: usize) -> FlatOperator {
    FlatOperator {
        kind,
        children,
        tables: 1,
        function: Str::lend(""),
        table: LiveTable::Spans,
        relation: Relation::Spans,
        options: std::ptr::null(),
    }
}

fn table(number: u64) -> FlatTable {
    FlatTable { has_number: true, number, expressions: 1 }
}

fn fault() -> CFault {
    CFault { kind: FaultKind::None, text: Text::NONE }
}

#[test]
fn children_follow_what_they_are_part_of() {
    let text = |text| Node { text: Str::lend(text), ..node(NodeKind::Text, 0) };
    let moment = Node { time: Time::Moment, ..node(NodeKind::Other, 0) };
    let cast = Node { time: Time::WithoutZone, ..node(NodeKind::Cast, 1) };
    let nodes = [
        node(NodeKind::And, 2),
        node(NodeKind::Unordered, 2),
        text("a"),
        text("b"),
        cast,
        moment,
        // One that has too few children is nothing that is known.
        node(NodeKind::Between, 1),
        text("c"),
    ];
    let mut rest = nodes.iter();
    let Expression::All(all) = Node::read(&mut rest) else { panic!("all of two") };
    let [Expression::Compare(Comparison::Unordered, sides), Expression::Cast(cast)] = &all[..]
    else {
        panic!("{all:?}")
    };
    assert_eq!(**sides, ["a", "b"].map(|text| Expression::Text(text.to_owned())));
    assert_eq!((cast.from, cast.to), (Time::Moment, Time::WithoutZone));
    let Expression::Other(other) = Node::read(&mut rest) else { panic!("nothing known") };
    assert_eq!(other.children, [Expression::Text("c".to_owned())]);
    assert_eq!(rest.len(), 0);
}

#[test]
fn edits_are_handed_out_one_by_one() {
    let position = SPANS.columns.iter().position(|column| column.name == "attributes");
    let number = i64::try_from(position.expect("a column")).expect("a number");
    let operators = [operator(OperatorKind::Projection, 1), operator(OperatorKind::LiveScan, 0)];
    let tables = [table(2), table(1)];
    let nodes = [lookup(1), Node { number, ..node(NodeKind::Scanned, 0) }];
    let plan = FlatPlan {
        operators: operators.as_ptr(),
        operator_count: operators.len(),
        tables: tables.as_ptr(),
        table_count: tables.len(),
        nodes: nodes.as_ptr(),
        node_count: nodes.len(),
    };
    let mut fault = fault();
    let edits = duckspan_edits_new(&plan, &mut fault);
    let column = Binding::default();
    let mut edit = FlatEdit { kind: EditKind::Append, at: 9, column, key: Str::lend("") };
    let mut next = || {
        // SAFETY: made above, and freed below.
        let is_one = duckspan_edits_next(unsafe { &mut *edits }, &mut edit, &mut fault);
        is_one.then(|| (edit.kind as u8, edit.at, edit.column, edit.key.get()))
    };
    let first = next();
    assert_eq!(first, Some((EditKind::Read as u8, 1, column, "http.route".to_owned())));
    let second = next();
    let column = Binding { table: 1, column: 1 };
    assert_eq!(second, Some((EditKind::Replace as u8, 0, column, String::new())));
    assert_eq!(next(), None);
    duckspan_edits_free(edits);
    assert_eq!(fault.kind as u8, FaultKind::None as u8);
}
