//! The columns that rows are written to, and the text that they are written as.

use std::sync::{Arc, Mutex, PoisonError};

use duckspan_otlp::Segment;
use duckspan_otlp::relation::{self, Entry as Run};
use duckspan_ring::Part;

use crate::fault::{Fault, FaultKind, Result};

#[cfg(any(test, feature = "sample"))]
pub mod sample;
#[cfg(test)]
mod tests;

/// A flat vector of a chunk that somebody wants filled.
pub type Vector = dyn ColumnWriter;

/// How a vector is written to: DuckDB's, or one of tests.
pub trait ColumnWriter {
    /// The values of a vector of a type that is laid out as `width` says.
    ///
    /// # Errors
    /// If whoever has the vector fails.
    fn slots(&mut self, width: Width) -> Result<Slots<'_>>;

    /// The mask of what is not NULL, in words of 64 rows, the first in the lowest bit.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    fn validity(&mut self) -> Result<&mut [u64]>;

    /// Writes text, one entry a row, to a vector of VARCHAR, and hands over its memory.
    ///
    /// # Errors
    /// If a text found no room, or as [`ColumnWriter::slots`].
    fn write(&mut self, texts: Texts) -> Result<()>;

    /// Writes text that was read from `held`, a value a row, or for each row the one that `indices`
    /// names; most of it stays where it is, so the vector shares `held`.
    ///
    /// # Errors
    /// As [`ColumnWriter::write`].
    fn write_texts(
        &mut self,
        texts: &mut relation::Texts,
        indices: Option<&[u32]>,
        held: &Held,
    ) -> Result<()>;

    /// The members of a vector of STRUCT.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    fn member(&mut self, index: usize) -> Result<Box<Vector>>;

    /// The elements of a vector of LIST, with room for `count` of them.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    fn elements(&mut self, count: usize) -> Result<Box<Vector>>;

    /// Gives each row the value, of the first so many that were written, that its index names. The vector
    /// is flat no more, so this is the last that is done to it.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    fn share(&mut self, indices: &[u32], values: usize) -> Result<()>;
}

impl Vector {
    /// The values of a vector of a type that is 64 bits wide (BIGINT, TIMESTAMP, …).
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    pub fn values(&mut self) -> Result<&mut [i64]> {
        i64::slots(self)
    }

    /// The values of a vector of UBIGINT.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    pub fn unsigned_values(&mut self) -> Result<&mut [u64]> {
        u64::slots(self)
    }

    /// Writes `number` of the first so many rows; `None` is NULL.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    pub fn write_numbers<T: Plain>(
        &mut self,
        rows: usize,
        number: impl Fn(usize) -> Option<T>,
    ) -> Result<()> {
        // The mask and the values are borrowed from the same vector, one at a time; and NULL is rare.
        let mut nulls = Vec::new();
        for (row, slot) in T::slots(self)?[..rows].iter_mut().enumerate() {
            match number(row) {
                Some(number) => *slot = number,
                None => nulls.push(row),
            }
        }
        nulls.into_iter().try_for_each(|row| self.set_null(row))
    }

    /// Makes a row NULL.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    ///
    /// # Panics
    /// If there is no such row.
    pub fn set_null(&mut self, row: usize) -> Result<()> {
        self.validity()?[row / 64] &= !(1 << (row % 64));
        Ok(())
    }

    /// Makes those rows NULL whose bit is not set, the first row's being the lowest of the first word.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    pub fn write_validity(&mut self, words: &[u64]) -> Result<()> {
        // No words mean no NULL: the mask of a vector that DuckDB hands out says so already, if it exists at all.
        if !words.is_empty() {
            self.validity()?[..words.len()].copy_from_slice(words);
        }
        Ok(())
    }

    /// Writes plain values, a value a row, or for each row the one that `indices` names.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`].
    pub fn write_plain<T: Plain>(&mut self, values: &[T], indices: Option<&[u32]>) -> Result<()> {
        let target = T::slots(self)?;
        match indices {
            None => target[..values.len()].copy_from_slice(values),
            Some(indices) => gather(target, values, indices),
        }
        Ok(())
    }
}

/// How the values of a vector are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Of BOOLEAN: a byte.
    Byte,
    /// Of INTEGER.
    Int32,
    /// Of UINTEGER.
    UInt32,
    /// Of BIGINT and times.
    Int64,
    /// Of UBIGINT.
    UInt64,
    /// Of DOUBLE.
    Double,
    /// Of LIST: where its elements begin, and how many they are.
    Run,
}

/// The values of a vector, as many as there is room for.
#[derive(Debug)]
pub enum Slots<'a> {
    /// See [`Width::Byte`].
    Byte(&'a mut [u8]),
    /// See [`Width::Int32`].
    Int32(&'a mut [i32]),
    /// See [`Width::UInt32`].
    UInt32(&'a mut [u32]),
    /// See [`Width::Int64`].
    Int64(&'a mut [i64]),
    /// See [`Width::UInt64`].
    UInt64(&'a mut [u64]),
    /// See [`Width::Double`].
    Double(&'a mut [f64]),
    /// See [`Width::Run`].
    Run(&'a mut [Run<u64>]),
}

/// Types of values that vectors hold as they are.
pub trait Plain: Copy {
    /// The values of a vector of this type.
    ///
    /// # Errors
    /// As [`ColumnWriter::slots`], or if the vector gives others than it was asked for.
    fn slots(vector: &mut Vector) -> Result<&mut [Self]>;
}

macro_rules! plain {
    ($($kind:ty = $width:ident),* $(,)?) => {
        $(impl Plain for $kind {
            fn slots(vector: &mut Vector) -> Result<&mut [$kind]> {
                match vector.slots(Width::$width)? {
                    Slots::$width(values) => Ok(values),
                    _ => Err(Fault::new(FaultKind::Internal, "a vector gave values of another type")),
                }
            }
        })*
    };
}

plain!(u8 = Byte, i32 = Int32, u32 = UInt32, i64 = Int64, u64 = UInt64, f64 = Double, Run<u64> = Run);

/// Gives each of `target` the value that its index names.
///
/// # Panics
/// If there are more rows than the vector holds, or an index beyond the values.
pub fn gather<T: Copy>(target: &mut [T], values: &[T], indices: &[u32]) {
    assert!(indices.len() <= target.len(), "more rows than the vector holds");
    for (slot, &index) in target.iter_mut().zip(indices) {
        *slot = values[index as usize];
    }
}

/// A segment, and what keeps it in memory.
#[derive(Debug, Clone)]
pub enum Held {
    /// Of a file.
    File(Arc<Segment>),
    /// Of a ring.
    Ring(Part),
}

impl Held {
    /// The segment.
    pub fn segment(&self) -> &Segment {
        match self {
            Held::File(segment) => segment,
            Held::Ring(part) => part.segment(),
        }
    }
}

/// Windows are cut so that this happens to a row that is too large by itself.
pub fn too_long() -> Fault {
    let message = "A row takes more than 4 GiB of text, which is more than DuckDB holds in a value. \
                   Leave out the column, or read smaller members of it.";
    Fault::new(FaultKind::InvalidInput, message)
}

/// Where one row's text lies in the buffer.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    len: u32,
}

impl Entry {
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..][..self.len as usize]
    }
}

/// The text of a column of rows, in one buffer.
#[derive(Debug)]
pub struct Texts {
    bytes: Vec<u8>,
    /// A row each; `None` for NULL.
    entries: Vec<Option<Entry>>,
    /// Bytes that they may take.
    limit: usize,
    /// Whether a text found no room.
    is_cut: bool,
    pool: Pool,
}

impl Texts {
    /// Adds the text that `write` appends; NULL if `write` says `false`. What finds no room makes an
    /// error of [`ColumnWriter::write`].
    #[inline]
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let start = self.bytes.len();
        // After one that found no room nothing more is written: the column is an error by now.
        let written = !self.is_cut && write(&mut self.bytes);
        if self.bytes.len() > self.limit {
            self.bytes.truncate(start);
            self.is_cut = true;
        }
        let len = self.bytes.len() - start;
        // They fit: what is beyond the limit was taken back just now.
        let entry = Entry { start: start as u32, len: len as u32 };
        self.entries.push((written && !self.is_cut).then_some(entry));
    }

    /// Adds a row once more that was added before, sharing its bytes.
    #[inline]
    pub fn repeat(&mut self, row: usize) {
        self.entries.push(self.entries[row]);
    }
}

impl Texts {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a text found no room.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The texts of all rows, in UTF-8; `None` for NULL.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        self.entries.iter().map(|entry| entry.map(|entry| entry.of(&self.bytes)))
    }

    /// The rows that are NULL.
    pub fn nulls(&self) -> impl Iterator<Item = usize> {
        let is_null = |(row, entry): (usize, &Option<Entry>)| entry.is_none().then_some(row);
        self.entries.iter().enumerate().filter_map(is_null)
    }

    /// The buffer, which goes back to where it came from when it is dropped, and does not move before.
    pub fn into_buffer(self) -> Pooled {
        Pooled { bytes: self.bytes, pool: self.pool }
    }

    /// The bytes of all rows.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Buffers that return here when DuckDB is done with them, so that a scan does not map fresh memory
/// for every chunk.
#[derive(Debug, Clone, Default)]
pub struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

/// Buffers kept for reuse per pool.
const POOLED_BUFFERS: usize = 4;

/// Larger buffers are freed rather than kept.
const POOLED_BYTES: usize = 16 << 20;

impl Pool {
    /// An empty column of text for about `rows` rows.
    pub fn texts(&self, rows: usize) -> Texts {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        // DuckDB's strings have 32 bits of length, and entries as many of place.
        let (entries, limit) = (Vec::with_capacity(rows), u32::MAX as usize);
        Texts { bytes, entries, limit, is_cut: false, pool: self.clone() }
    }
}

/// A buffer of a pool.
#[derive(Debug)]
pub struct Pooled {
    bytes: Vec<u8>,
    pool: Pool,
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let mut free = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < POOLED_BUFFERS && self.bytes.capacity() <= POOLED_BYTES {
            self.bytes.clear();
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}
