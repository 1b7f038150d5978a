//! What C++ calls to read OTLP from columns.
#![allow(unsafe_code)]

use std::ffi::c_void;

use super::Relation;
use crate::boundary::{CFault, Fault, FaultKind, guard};
use crate::input::Input;
use crate::stored;
use crate::vector::DuckVector;

/// Reads `count` rows, resource and data in flat vectors of VARCHAR, as the columns of a typed relation, into a
/// flat vector of STRUCT.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_stored_typed(
    relation: Relation,
    resources: *mut c_void,
    data: *mut c_void,
    count: usize,
    result: *mut c_void,
    fault: &mut CFault,
) {
    guard(fault, || {
        let untyped = || Fault::new(FaultKind::Internal, "a relation without types");
        let relation = relation.typed().ok_or_else(untyped)?;
        // SAFETY: the shim lends flat vectors of so many rows, and no other has the result.
        let (resources, data, mut result) = unsafe {
            let resources = Input::new(resources.cast(), count)?;
            (resources, Input::new(data.cast(), count)?, DuckVector::new(result.cast(), count))
        };
        // SAFETY: they are of VARCHAR.
        let row = |row| unsafe { data.text(row).map(|data| (resources.text(row), data)) };
        stored::write_typed(relation, (0..count).map(row), &mut result)
    });
}

/// Reads `count` values of OTLP, in a flat vector of VARCHAR or BLOB, as lists of rows, into a flat vector of LIST.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_stored_rows(
    values: *mut c_void,
    count: usize,
    result: *mut c_void,
    fault: &mut CFault,
) {
    guard(fault, || {
        // SAFETY: the shim lends flat vectors of so many rows, and no other has the result.
        let (values, mut result) =
            unsafe { (Input::new(values.cast(), count)?, DuckVector::new(result.cast(), count)) };
        // SAFETY: the vector holds strings.
        let value = |row| unsafe { values.bytes(row) };
        stored::write_rows((0..count).map(value), &mut result)
    });
}
