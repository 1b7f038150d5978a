//! What C++ calls to tell the conditions of a query.
#![allow(unsafe_code)]

use super::{Relation, Str};
use crate::boundary::{CFault, contain_drop, guard};
use crate::conditions::{self, Conditions};
use crate::expression::{Comparison, Expression};

/// What a node of an expression is.
#[repr(u8)]
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "C++ makes them")]
pub enum NodeKind {
    /// Nothing that is known here.
    Other,
    /// The column, or `column->>'key'` if there is a text, which is the key.
    Column,
    /// A text.
    Text,
    /// NULL, as a text.
    Null,
    /// A number, or a time in nanoseconds.
    Number,
    /// True if all children are.
    And,
    /// True if one of the children is.
    Or,
    /// True if the first child is one of the others.
    In,
    /// The two children are equal.
    Equal,
    /// The first of two is less.
    Less,
    /// The first of two is less or equal.
    LessOrEqual,
    /// The first of two is greater.
    Greater,
    /// The first of two is greater or equal.
    GreaterOrEqual,
}

/// A node of an expression; its children follow it, each with its own.
#[repr(C)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// How many they are.
    pub children: usize,
    /// Of a text, or the key of a column.
    pub text: Str,
    /// Of a number.
    pub number: i64,
}

/// No conditions yet.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_conditions_new(fault: &mut CFault) -> *mut Conditions {
    guard(fault, || Ok(Box::into_raw(Box::default())))
}

/// Frees conditions.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_conditions_free(conditions: *mut Conditions) {
    // SAFETY: made by `duckspan_conditions_new`, freed once.
    contain_drop(unsafe { Box::from_raw(conditions) });
}

/// Adds that an expression of `count` nodes must be true of the column at a position of the relation, or, if there is a
/// key, of the member of it that is read.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_conditions_require(
    conditions: &mut Conditions,
    column: usize,
    key: Str,
    nodes: *const Node,
    count: usize,
    fault: &mut CFault,
) {
    guard(fault, || {
        let key = (key.len > 0).then(|| key.get());
        conditions.require(column, key.as_deref(), &expression(nodes, count));
        Ok(())
    });
}

/// Whether it is told without reading a column of that relation that an expression is true of the one at a position.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_condition_is_told(
    relation: Relation,
    column: usize,
    nodes: *const Node,
    count: usize,
    fault: &mut CFault,
) -> bool {
    guard(fault, || {
        let told = |typed| conditions::is_told(typed, column, &expression(nodes, count));
        Ok(relation.typed().is_some_and(told))
    })
}

fn expression(nodes: *const Node, count: usize) -> Expression {
    // SAFETY: the shim lends `count` nodes, one at least.
    read(&mut unsafe { std::slice::from_raw_parts(nodes, count) }.iter())
}

/// The expression whose nodes come next.
fn read<'a>(nodes: &mut impl Iterator<Item = &'a Node>) -> Expression {
    let Some(node) = nodes.next() else { return Expression::Other };
    let children: Vec<_> = (0..node.children).map(|_| read(nodes)).collect();
    match node.kind {
        NodeKind::Other => Expression::Other,
        NodeKind::Column => Expression::Subject((node.text.len > 0).then(|| node.text.get())),
        NodeKind::Text => Expression::Text(node.text.get()),
        NodeKind::Null => Expression::Null,
        NodeKind::Number => Expression::Number(node.number),
        NodeKind::And => Expression::All(children),
        NodeKind::Or => Expression::Any(children),
        NodeKind::In => Expression::In(children),
        NodeKind::Equal => compare(Comparison::Equal, children),
        NodeKind::Less => compare(Comparison::Less, children),
        NodeKind::LessOrEqual => compare(Comparison::LessOrEqual, children),
        NodeKind::Greater => compare(Comparison::Greater, children),
        NodeKind::GreaterOrEqual => compare(Comparison::GreaterOrEqual, children),
    }
}

fn compare(comparison: Comparison, sides: Vec<Expression>) -> Expression {
    let sides = <[Expression; 2]>::try_from(sides);
    sides.map_or(Expression::Other, |sides| Expression::Compare(comparison, Box::new(sides)))
}
