//! The part of DuckDB's C API that reads and writes vectors, as `duckdb.h` declares it.
//!
//! Declared here, because a binding crate brings a DuckDB of its own along, while the extension runs in
//! the one that loads it: its functions are resolved when the extension is linked (a release) or loaded
//! (development). These functions are of the API's stable part, so all releases of DuckDB agree on them.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};

/// `duckdb_vector`: a `duckdb::Vector`.
pub(crate) type Handle = *mut c_void;

/// Bytes of text that DuckDB keeps inside a string.
pub(crate) const INLINE: usize = 12;

/// DuckDB's string, `duckdb_string_t`: a length, then up to [`INLINE`] bytes, or a prefix of four and a pointer.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) union DuckString {
    pub(crate) inlined: Inlined,
    pub(crate) pointer: Pointer,
}

/// A string that fits.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Inlined {
    pub(crate) length: u32,
    pub(crate) bytes: [u8; INLINE],
}

/// A string that lies elsewhere.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Pointer {
    pub(crate) length: u32,
    pub(crate) prefix: [u8; 4],
    pub(crate) data: *const u8,
}

unsafe extern "C" {
    pub(crate) fn duckdb_list_vector_get_child(vector: Handle) -> Handle;
    pub(crate) fn duckdb_list_vector_reserve(vector: Handle, capacity: u64) -> u32;
    pub(crate) fn duckdb_list_vector_set_size(vector: Handle, size: u64) -> u32;
    pub(crate) fn duckdb_string_t_data(string: *mut DuckString) -> *const c_char;
    pub(crate) fn duckdb_string_t_length(string: DuckString) -> u32;
    pub(crate) fn duckdb_struct_vector_get_child(vector: Handle, index: u64) -> Handle;
    pub(crate) fn duckdb_validity_row_is_valid(validity: *mut u64, row: u64) -> bool;
    pub(crate) fn duckdb_validity_set_row_invalid(validity: *mut u64, row: u64);
    pub(crate) fn duckdb_vector_ensure_validity_writable(vector: Handle);
    pub(crate) fn duckdb_vector_get_data(vector: Handle) -> *mut c_void;
    pub(crate) fn duckdb_vector_get_validity(vector: Handle) -> *mut u64;
}
