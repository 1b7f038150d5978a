//! What C++ calls to tell the conditions of a query.
#![allow(unsafe_code)]

use super::{Relation, Str};
use crate::boundary::{CFault, contain_drop, guard};
use crate::conditions::{Comparison, Conditions};

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

/// Adds that the column at a position of the relation compares so with a number, or with a time in
/// nanoseconds.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_conditions_number(
    conditions: &mut Conditions,
    column: usize,
    comparison: Comparison,
    number: i64,
    fault: &mut CFault,
) {
    guard(fault, || {
        conditions.number(column, comparison, number);
        Ok(())
    });
}

/// Adds that the column, or `column->>'key'` if there is a key, is one of `count` texts.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_conditions_texts(
    conditions: &mut Conditions,
    column: usize,
    key: Str,
    texts: *const Str,
    count: usize,
    fault: &mut CFault,
) {
    guard(fault, || {
        // SAFETY: the shim lends `count` texts, one at least.
        let texts = unsafe { std::slice::from_raw_parts(texts, count) };
        let key = (key.len > 0).then(|| key.get());
        conditions.texts(column, key, texts.iter().map(Str::get).collect());
        Ok(())
    });
}

/// Whether all of them are told without reading a column of that relation.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_conditions_are_told(
    conditions: &Conditions,
    relation: Relation,
    fault: &mut CFault,
) -> bool {
    guard(fault, || Ok(relation.typed().is_some_and(|typed| conditions.are_told(typed))))
}
