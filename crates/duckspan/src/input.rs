//! DuckDB vectors that are read: the rows of an `INSERT`.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use crate::capi::{
    DuckString, Handle, duckdb_string_t_data, duckdb_string_t_length, duckdb_validity_row_is_valid,
    duckdb_vector_get_data, duckdb_vector_get_validity,
};

/// A flat vector that DuckDB lends to be read.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    handle: Handle,
    len: usize,
    lent: PhantomData<&'a ()>,
}

impl<'a> Input<'a> {
    /// # Safety
    /// `handle` is a flat vector of `len` rows, which nobody writes to for as long as `'a`.
    pub(crate) unsafe fn new(handle: Handle, len: usize) -> Input<'a> {
        Input { handle, len, lent: PhantomData }
    }

    /// A value of a type that is 64 bits wide; `None` for NULL.
    ///
    /// # Safety
    /// The vector is of such a type.
    pub(crate) unsafe fn value(self, row: usize) -> Option<i64> {
        // SAFETY: the caller says that the type is as wide, and `get` that the row is there.
        unsafe { self.get::<i64>(row).copied() }
    }

    /// Text; `None` for NULL.
    ///
    /// # Safety
    /// The vector is of VARCHAR.
    pub(crate) unsafe fn text(self, row: usize) -> Option<&'a str> {
        // SAFETY: the caller says that the vector holds strings, which DuckDB keeps valid UTF-8 and in
        // memory for as long as the vector.
        unsafe {
            let string = std::ptr::from_ref(self.get::<DuckString>(row)?).cast_mut();
            let len = duckdb_string_t_length(*string) as usize;
            let bytes = std::slice::from_raw_parts(duckdb_string_t_data(string).cast::<u8>(), len);
            Some(std::str::from_utf8_unchecked(bytes))
        }
    }

    /// # Safety
    /// The vector is of a type as wide as `T`, of which any bits are valid.
    unsafe fn get<T>(self, row: usize) -> Option<&'a T> {
        assert!(row < self.len, "row beyond the vector");
        // SAFETY: the handle is valid by the contract of `new`, and `row` is inside of it.
        unsafe {
            let validity = duckdb_vector_get_validity(self.handle);
            if !validity.is_null() && !duckdb_validity_row_is_valid(validity, row as u64) {
                return None;
            }
            duckdb_vector_get_data(self.handle).cast::<T>().add(row).as_ref()
        }
    }
}
