//! Files that are open elsewhere, and who lends the memory to read them to.

use std::io;
use std::sync::Arc;

use crate::memory::Grant;

/// A file that somebody has opened.
pub trait OpenFile: Send + Sync {
    /// Its size in bytes; 0 if it is not known.
    fn size(&self) -> u64;

    /// Whether it takes long to read it, however little is read.
    fn is_remote(&self) -> bool;

    /// Whether it may be read aside.
    fn is_parallel(&self) -> bool;

    /// Reads some of the bytes that follow those that were read last; 0 is the end of the file. No two threads may do
    /// so at a time.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Reads from `offset` on, until the buffer is full or the file ends. No two threads may do so at a time unless
    /// they read `aside`.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read_at(&self, buffer: &mut [u8], offset: u64, aside: bool) -> io::Result<usize>;
}

/// A file, shared by who reads it.
pub type Source = Arc<dyn OpenFile>;

/// Who lends memory, shared by who borrows it.
pub type Lender = Arc<dyn Grant>;
