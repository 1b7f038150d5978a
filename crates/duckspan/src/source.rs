//! Bytes of a file that DuckDB opened, and the memory for them.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io::{self, Read};

use crate::memory::{Answer, Grant};

/// Reads up to `len` bytes to `buffer` and returns how many, 0 at the end of the file, or -1 when it
/// failed, in which case the shim kept the exception.
pub type ReadCallback = extern "C" fn(file: *mut c_void, buffer: *mut u8, len: usize) -> isize;

/// An open file of the shim.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The shim's file; it outlives every use of this source.
    pub file: *mut c_void,
    /// How to read it.
    pub read: ReadCallback,
    /// Its size in bytes; 0 if it is not known.
    pub size: u64,
}

// SAFETY: DuckDB's file handles may be used from any thread, one at a time, and `read` takes `&mut`.
unsafe impl Send for Source {}

/// The shim kept an exception that says what went wrong.
#[derive(Debug)]
pub(crate) struct ReadFailed;

impl std::fmt::Display for ReadFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file could not be read")
    }
}

impl std::error::Error for ReadFailed {}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (self.read)(self.file, buffer.as_mut_ptr(), buffer.len());
        match usize::try_from(count) {
            Ok(count) => Ok(count.min(buffer.len())),
            Err(_) => Err(io::Error::other(ReadFailed)),
        }
    }
}

/// Who lends memory: DuckDB's buffer manager, on behalf of a query.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Lender {
    /// The client that runs the query; it outlives every use of this.
    pub client: *mut c_void,
    /// Reserves so many bytes; if it does not, the shim kept an exception that says why.
    pub reserve: extern "C" fn(client: *mut c_void, bytes: usize) -> Answer,
    /// Gives back so many that were reserved.
    pub free: extern "C" fn(client: *mut c_void, bytes: usize),
}

// SAFETY: the buffer manager of a client may be used from any thread.
unsafe impl Send for Lender {}
// SAFETY: as above.
unsafe impl Sync for Lender {}

impl Grant for Lender {
    fn ask(&self, bytes: usize) -> Answer {
        (self.reserve)(self.client, bytes)
    }

    fn give_back(&self, bytes: usize) {
        (self.free)(self.client, bytes);
    }
}
