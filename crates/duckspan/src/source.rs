//! Bytes of a file that DuckDB opened, and the memory for them.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;

use duckspan_tables::memory::{Answer, Grant};
use duckspan_tables::source::OpenFile;

/// Reads up to `len` bytes to `buffer`, which follow those that were read last, and returns how many, 0 at the end
/// of the file, or -1 when it failed, in which case the shim kept the exception.
pub type ReadCallback = extern "C" fn(file: *mut c_void, buffer: *mut u8, len: usize) -> isize;

/// The same from `offset` on, fewer than `len` bytes only at the end of the file. Where it is `aside`, other reads may
/// go on meanwhile.
pub type ReadAtCallback = extern "C" fn(
    file: *mut c_void,
    buffer: *mut u8,
    len: usize,
    offset: u64,
    aside: bool,
) -> isize;

/// An open file of the shim.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The shim's file; it outlives every use of this source.
    pub file: *mut c_void,
    /// How to read it.
    pub read: ReadCallback,
    /// How to read it at any place.
    pub read_at: ReadAtCallback,
    /// Its size in bytes; 0 if it is not known.
    pub size: u64,
    /// Whether it takes long to read it, however little is read.
    pub is_remote: bool,
    /// Whether it may be read aside.
    pub is_parallel: bool,
}

// SAFETY: DuckDB's file handles may be used from any thread, one at a time: who reads sees to it, and the shim has a
// handle for each of the reads that go on aside.
unsafe impl Send for Source {}
// SAFETY: as above.
unsafe impl Sync for Source {}

/// The shim kept an exception that says what went wrong.
#[derive(Debug)]
pub(crate) struct ReadFailed;

impl std::fmt::Display for ReadFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file could not be read")
    }
}

impl std::error::Error for ReadFailed {}

impl OpenFile for Source {
    fn size(&self) -> u64 {
        self.size
    }

    fn is_remote(&self) -> bool {
        self.is_remote
    }

    fn is_parallel(&self) -> bool {
        self.is_parallel
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        // An exception of DuckDB's stays with the shim: it must not pass through here.
        counted((self.read)(self.file, buffer.as_mut_ptr(), buffer.len()), buffer.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64, aside: bool) -> io::Result<usize> {
        let (bytes, len) = (buffer.as_mut_ptr(), buffer.len());
        counted((self.read_at)(self.file, bytes, len, offset, aside), len)
    }
}

/// What a callback says that it read.
fn counted(count: isize, len: usize) -> io::Result<usize> {
    match usize::try_from(count) {
        // Whatever a file system says that it read, there is no more than there was room for.
        Ok(count) => Ok(count.min(len)),
        Err(_) => Err(io::Error::other(ReadFailed)),
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
    /// How many there are in all: DuckDB's `memory_limit`.
    pub limit: extern "C" fn(client: *mut c_void) -> usize,
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

    fn limit(&self) -> usize {
        (self.limit)(self.client)
    }
}
