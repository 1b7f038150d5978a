//! What C++ calls to tell the conditions of a query.
#![allow(unsafe_code)]

use super::expression::Node;
use super::{Relation, Str};
use crate::boundary::{CFault, contain_drop, guard};
use crate::conditions::{self, Conditions};

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
        conditions.require(column, key.as_deref(), &Node::expression(nodes, count));
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
        let told = |typed| conditions::is_told(typed, column, &Node::expression(nodes, count));
        Ok(relation.typed().is_some_and(told))
    })
}
