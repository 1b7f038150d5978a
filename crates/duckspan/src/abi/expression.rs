//! Expressions as C++ hands them over: as flat lists of nodes.
#![allow(unsafe_code)]

use super::Str;
use crate::expression::{Binding, Cast, Comparison, Expression, Member, Other, Scanned, Time};

/// What a node of an expression is.
#[repr(u8)]
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "C++ makes them")]
pub enum NodeKind {
    /// Anything else, with the name of a function where it is one.
    Other,
    /// A column.
    Column,
    /// `column->>'key'`, with the key as its text.
    Lookup,
    /// A column of a scan, at a position of the relation, with the name that it has in the query as its text.
    Scanned,
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
    /// True if the first child is none of the others.
    NotIn,
    /// The first of three is between the others.
    Between,
    /// The child as a value of another type.
    Cast,
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
    /// The two are compared, but neither by order nor as equal.
    Unordered,
}

/// A node of an expression; its children follow it, each with its own.
#[repr(C)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Which time its values are.
    pub time: Time,
    /// How many children it has.
    pub children: usize,
    /// Of a text, the key of a lookup, or a name.
    pub text: Str,
    /// Of a number; the position of what is scanned, or the place of a lookup.
    pub number: i64,
    /// Of a column, or of the one in a lookup.
    pub column: Binding,
}

impl Node {
    /// The expression of `count` nodes that C++ lends.
    pub(super) fn expression(nodes: *const Node, count: usize) -> Expression {
        // SAFETY: the shim lends `count` nodes, one at least.
        Node::read(&mut unsafe { std::slice::from_raw_parts(nodes, count) }.iter())
    }

    /// The expression whose nodes come next.
    pub(super) fn read(nodes: &mut std::slice::Iter<'_, Node>) -> Expression {
        let Some(node) = nodes.next() else { return Expression::Other(Other::default()) };
        let first_time = nodes.as_slice().first().map_or(Time::Other, |child| child.time);
        let children = (0..node.children).map(|_| Node::read(nodes)).collect();
        let (text, column, time) = (|| node.text.get(), node.column, node.time);
        let place = usize::try_from(node.number).unwrap_or_default();
        match node.kind {
            NodeKind::Other => Expression::Other(Other { function: text(), time, children }),
            NodeKind::Column => Expression::Column(column),
            NodeKind::Lookup => Expression::Member(Member { column, key: text(), place }),
            NodeKind::Scanned => Expression::Scanned(Scanned { position: place, name: text() }),
            NodeKind::Text => Expression::Text(text()),
            NodeKind::Null => Expression::Null,
            NodeKind::Number => Expression::Number(node.number),
            NodeKind::And => Expression::All(children),
            NodeKind::Or => Expression::Any(children),
            NodeKind::In => Expression::In(children),
            NodeKind::NotIn => Expression::NotIn(children),
            NodeKind::Between => fixed(children, |values| Expression::Between(Box::new(values))),
            NodeKind::Cast => fixed(children, |[value]| {
                Expression::Cast(Box::new(Cast { value, from: first_time, to: time }))
            }),
            NodeKind::Equal => compare(Comparison::Equal, children),
            NodeKind::Less => compare(Comparison::Less, children),
            NodeKind::LessOrEqual => compare(Comparison::LessOrEqual, children),
            NodeKind::Greater => compare(Comparison::Greater, children),
            NodeKind::GreaterOrEqual => compare(Comparison::GreaterOrEqual, children),
            NodeKind::Unordered => compare(Comparison::Unordered, children),
        }
    }
}

fn compare(comparison: Comparison, sides: Vec<Expression>) -> Expression {
    fixed(sides, |sides| Expression::Compare(comparison, Box::new(sides)))
}

/// An expression of so many children; nothing that is known, if they are fewer or more.
fn fixed<const N: usize>(
    children: Vec<Expression>,
    make: impl FnOnce([Expression; N]) -> Expression,
) -> Expression {
    match <[Expression; N]>::try_from(children) {
        Ok(children) => make(children),
        Err(children) => Expression::Other(Other { children, ..Other::default() }),
    }
}
