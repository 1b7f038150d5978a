//! DuckDB vectors that are read: the rows of an `INSERT`.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::marker::PhantomData;

use crate::boundary::Result;
use crate::shim::{DuckString, Handle, check, duckspan_vector_data, duckspan_vector_validity};

/// A flat vector that DuckDB lends to be read.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    data: *const c_void,
    /// Null where no value is NULL.
    validity: *const u64,
    len: usize,
    lent: PhantomData<&'a ()>,
}

impl<'a> Input<'a> {
    /// # Safety
    /// `handle` is a flat vector of `len` rows, which nobody writes to for as long as `'a`.
    pub(crate) unsafe fn new(handle: Handle, len: usize) -> Result<Input<'a>> {
        let (mut data, mut validity) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the caller says that the handle is valid.
        unsafe {
            check(duckspan_vector_data(handle, &mut data))?;
            check(duckspan_vector_validity(handle, false, &mut validity))?;
        }
        Ok(Input { data, validity, len, lent: PhantomData })
    }

    /// A value of a type that is 64 bits wide; `None` for NULL.
    ///
    /// # Safety
    /// The vector is of such a type.
    pub(crate) unsafe fn value(self, row: usize) -> Option<i64> {
        // SAFETY: the caller says that the type is as wide.
        unsafe { self.get::<i64>(row).copied() }
    }

    /// Text; `None` for NULL.
    ///
    /// # Safety
    /// The vector is of VARCHAR.
    pub(crate) unsafe fn text(self, row: usize) -> Option<&'a str> {
        // SAFETY: the caller says that the vector holds strings, which DuckDB keeps valid UTF-8 and in
        // memory for as long as the vector.
        unsafe { Some(std::str::from_utf8_unchecked(self.get::<DuckString>(row)?.text())) }
    }

    /// Bytes; `None` for NULL.
    ///
    /// # Safety
    /// The vector is of VARCHAR or BLOB.
    pub(crate) unsafe fn bytes(self, row: usize) -> Option<&'a [u8]> {
        // SAFETY: the caller says that the vector holds strings, which DuckDB keeps in memory as long as it.
        unsafe { Some(self.get::<DuckString>(row)?.text()) }
    }

    /// # Safety
    /// The vector is of a type as wide as `T`, of which any bits are valid.
    unsafe fn get<T>(self, row: usize) -> Option<&'a T> {
        assert!(row < self.len, "row beyond the vector");
        // SAFETY: `row` is inside the vector, by the contract of `new`, and its mask has a bit for each.
        unsafe {
            let is_null =
                // Without a mask nothing is NULL, which is how DuckDB has most vectors.
                !self.validity.is_null() && *self.validity.add(row / 64) >> (row % 64) & 1 == 0;
            (!is_null).then(|| &*self.data.cast::<T>().add(row))
        }
    }
}
