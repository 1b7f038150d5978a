//! What Rust calls: functions of the shim that read and write vectors, each of which catches.
//!
//! Strings are laid out as DuckDB has them, in all of its releases.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::boundary::{Fault, FaultKind, Result};

/// A `duckdb::Vector`.
pub(crate) type Handle = *mut c_void;

unsafe extern "C" {
    /// Makes `vector` own `owner`; `release` is called with it when the vector's strings are dropped, or
    /// when this fails.
    pub(crate) fn duckspan_vector_keep(
        vector: Handle,
        owner: *mut c_void,
        release: extern "C" fn(*mut c_void),
    ) -> bool;
    /// Makes a flat vector of `values` values one of `rows` rows, each of which has the value that its
    /// index names.
    pub(crate) fn duckspan_vector_share(
        vector: Handle,
        indices: *const u32,
        rows: u64,
        values: u64,
    ) -> bool;
    /// Where the values of a flat vector stand.
    pub(crate) fn duckspan_vector_data(vector: Handle, data: &mut *mut c_void) -> bool;
    /// Where it says which of them are not NULL; null if none is and `writable` does not ask for it.
    pub(crate) fn duckspan_vector_validity(
        vector: Handle,
        writable: bool,
        words: &mut *mut u64,
    ) -> bool;
    /// A member of a vector of STRUCT.
    pub(crate) fn duckspan_vector_member(vector: Handle, index: u64, member: &mut Handle) -> bool;
    /// The elements of a vector of LIST, after room was made for so many.
    pub(crate) fn duckspan_vector_elements(
        vector: Handle,
        count: u64,
        elements: &mut Handle,
    ) -> bool;
}

/// The fault of a call that did not come to its end; the shim kept its exception.
pub(crate) fn check(ended: bool) -> Result<()> {
    let fault = || Fault::new(FaultKind::Callback, "DuckDB did not take what was read");
    ended.then_some(()).ok_or_else(fault)
}

/// Bytes of text that DuckDB keeps inside a string.
pub(crate) const INLINE: usize = 12;

/// DuckDB's string: a length, then up to [`INLINE`] bytes, or a prefix of four and a pointer.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) union DuckString {
    inlined: Inlined,
    pointer: Pointer,
}

/// A string that fits.
#[repr(C)]
#[derive(Clone, Copy)]
struct Inlined {
    length: u32,
    bytes: [u8; INLINE],
}

/// A string that lies elsewhere.
#[repr(C)]
#[derive(Clone, Copy)]
struct Pointer {
    length: u32,
    prefix: [u8; 4],
    data: *const u8,
}

impl DuckString {
    /// A string of this text; what is too long stays where it is.
    #[inline]
    pub(crate) fn new(text: &[u8]) -> DuckString {
        let length = text.len() as u32;
        if text.len() <= INLINE {
            // DuckDB compares short strings as two words, so what is behind their end has to be 0.
            let mut bytes = [0; INLINE];
            bytes[..text.len()].copy_from_slice(text);
            DuckString { inlined: Inlined { length, bytes } }
        } else {
            // Most unequal strings differ in them, and DuckDB then does not follow the pointer.
            let prefix = [text[0], text[1], text[2], text[3]];
            DuckString { pointer: Pointer { length, prefix, data: text.as_ptr() } }
        }
    }

    /// The text.
    ///
    /// # Safety
    /// What it points to is there for as long as the string is borrowed.
    pub(crate) unsafe fn text(&self) -> &[u8] {
        // SAFETY: the length stands first in both; up to so many bytes are inside, more at the pointer.
        unsafe {
            let length = self.inlined.length as usize;
            match length <= INLINE {
                true => &self.inlined.bytes[..length],
                false => std::slice::from_raw_parts(self.pointer.data, length),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_any_length() {
        for length in [0, 1, 4, INLINE - 1, INLINE, INLINE + 1, 1000] {
            let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let string = DuckString::new(&text);
            // SAFETY: `text` is there.
            assert_eq!(unsafe { string.text() }, text);
            assert_eq!(size_of_val(&string), 16);
        }
    }
}
