//! DuckDB vectors: the only place that writes into DuckDB's memory.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use duckspan_otlp::Segment;
use duckspan_otlp::relation::{self, Entry as Run};
use duckspan_ring::Part;

use crate::boundary::{Fault, FaultKind, Result, contain_drop};
use crate::shim::{
    DuckString, Handle, check, duckspan_vector_data, duckspan_vector_elements,
    duckspan_vector_keep, duckspan_vector_member, duckspan_vector_share, duckspan_vector_validity,
};

/// A flat vector of a chunk that DuckDB wants filled.
pub(crate) struct Vector {
    handle: Handle,
    capacity: usize,
    /// Its mask of what is not NULL; null until that is asked for.
    validity: *mut u64,
}

impl Vector {
    /// # Safety
    /// - `handle` is a flat vector with room for `capacity` rows, and stays so while this lives.
    /// - Nothing else uses it meanwhile.
    pub(crate) unsafe fn new(handle: Handle, capacity: usize) -> Vector {
        Vector { handle, capacity, validity: std::ptr::null_mut() }
    }

    /// The values of a vector of a type that is 64 bits wide (BIGINT, TIMESTAMP, …).
    pub(crate) fn values(&mut self) -> Result<&mut [i64]> {
        self.slice()
    }

    /// The values of a vector of UBIGINT.
    pub(crate) fn unsigned_values(&mut self) -> Result<&mut [u64]> {
        self.slice()
    }

    /// Writes `number` of the first so many rows; `None` is NULL.
    pub(crate) fn write_numbers<T: Plain>(
        &mut self,
        rows: usize,
        number: impl Fn(usize) -> Option<T>,
    ) -> Result<()> {
        let mut nulls = Vec::new();
        for (row, slot) in self.slice()?[..rows].iter_mut().enumerate() {
            match number(row) {
                Some(number) => *slot = number,
                None => nulls.push(row),
            }
        }
        nulls.into_iter().try_for_each(|row| self.set_null(row))
    }

    /// Makes a row NULL.
    pub(crate) fn set_null(&mut self, row: usize) -> Result<()> {
        assert!(row < self.capacity, "row beyond the vector");
        self.validity()?[row / 64] &= !(1 << (row % 64));
        Ok(())
    }

    /// Makes those rows NULL whose bit is not set, the first row's being the lowest of the first word.
    pub(crate) fn write_validity(&mut self, words: &[u64]) -> Result<()> {
        if !words.is_empty() {
            self.validity()?[..words.len()].copy_from_slice(words);
        }
        Ok(())
    }

    /// Writes text, one entry a row, to a vector of VARCHAR, and hands over its memory.
    pub(crate) fn write(&mut self, texts: Texts) -> Result<()> {
        if texts.is_cut {
            return Err(too_long());
        }
        assert!(texts.entries.len() <= self.capacity, "more rows than the vector holds");
        let strings = self.slice()?;
        for (string, entry) in strings.iter_mut().zip(&texts.entries) {
            *string = DuckString::new(entry.map_or(&[], |entry| entry.of(&texts.bytes)));
        }
        for (row, entry) in texts.entries.iter().enumerate() {
            if entry.is_none() {
                self.set_null(row)?;
            }
        }
        self.keep(Box::new(Pooled { bytes: texts.bytes, pool: texts.pool }))
    }

    /// Writes text that was read from `held`, a value a row, or for each row the one that `indices`
    /// names; most of it stays where it is, so the vector shares `held`.
    pub(crate) fn write_texts(
        &mut self,
        texts: &mut relation::Texts,
        indices: Option<&[u32]>,
        held: &Held,
    ) -> Result<()> {
        if texts.is_cut() {
            return Err(too_long());
        }
        let text = |index| DuckString::new(texts.get(index, held.segment()));
        let strings = self.slice::<DuckString>()?;
        match indices {
            None => {
                assert!(texts.len() <= strings.len(), "more rows than the vector holds");
                for (index, string) in strings[..texts.len()].iter_mut().enumerate() {
                    *string = text(index);
                }
            }
            Some(indices) => {
                gather(strings, &(0..texts.len()).map(text).collect::<Vec<_>>(), indices)
            }
        }
        self.keep(Box::new((held.clone(), texts.take_buffer())))
    }

    /// Writes plain values, a value a row, or for each row the one that `indices` names.
    pub(crate) fn write_plain<T: Plain>(
        &mut self,
        values: &[T],
        indices: Option<&[u32]>,
    ) -> Result<()> {
        let target = self.slice::<T>()?;
        match indices {
            None => target[..values.len()].copy_from_slice(values),
            Some(indices) => gather(target, values, indices),
        }
        Ok(())
    }

    /// The members of a vector of STRUCT.
    pub(crate) fn member(&mut self, index: usize) -> Result<Vector> {
        let mut member = std::ptr::null_mut();
        // SAFETY: the handle is a vector of STRUCT, by the contract of `new`, and DuckDB checks `index`.
        // Members are as long as the struct.
        unsafe {
            check(duckspan_vector_member(self.handle, index as u64, &mut member))?;
            Ok(Vector::new(member, self.capacity))
        }
    }

    /// The elements of a vector of LIST, with room for `count` of them.
    pub(crate) fn elements(&mut self, count: usize) -> Result<Vector> {
        let mut elements = std::ptr::null_mut();
        // SAFETY: the handle is a vector of LIST, by the contract of `new`; the elements have the room
        // that was asked for.
        unsafe {
            check(duckspan_vector_elements(self.handle, count as u64, &mut elements))?;
            Ok(Vector::new(elements, count))
        }
    }

    /// Gives each row the value, of the first so many that were written, that its index names. The vector
    /// is flat no more, so this is the last that is done to it.
    pub(crate) fn share(&mut self, indices: &[u32], values: usize) -> Result<()> {
        assert!(values <= self.capacity, "more values than the vector holds");
        assert!(
            indices.iter().all(|&index| (index as usize) < values),
            "an index beyond the values"
        );
        let (rows, values) = (indices.len() as u64, values as u64);
        // SAFETY: the handle is a flat vector, by the contract of `new`, with as many values; `indices`
        // lives for the call, and names none beyond them.
        check(unsafe { duckspan_vector_share(self.handle, indices.as_ptr(), rows, values) })
    }

    /// Makes `owner` live as long as the strings of the vector.
    fn keep(&mut self, owner: Owner) -> Result<()> {
        let owner = Box::into_raw(Box::new(owner)).cast();
        // SAFETY: the handle is valid, and `release` undoes `Box::into_raw` exactly once, also where this
        // fails. What the strings point to does not move when the box does.
        check(unsafe { duckspan_vector_keep(self.handle, owner, release) })
    }

    fn slice<T: Plain>(&mut self) -> Result<&mut [T]> {
        let mut data = std::ptr::null_mut();
        // SAFETY: the handle is valid by the contract of `new`.
        check(unsafe { duckspan_vector_data(self.handle, &mut data) })?;
        // SAFETY: a flat vector of a type as wide as `T` has `capacity` of them, by the contract of
        // `new`, and any bits are a valid `T`.
        Ok(unsafe { std::slice::from_raw_parts_mut(data.cast(), self.capacity) })
    }

    /// The mask of what is not NULL, in words of 64 rows.
    fn validity(&mut self) -> Result<&mut [u64]> {
        if self.validity.is_null() {
            // SAFETY: the handle is valid by the contract of `new`.
            check(unsafe { duckspan_vector_validity(self.handle, true, &mut self.validity) })?;
        }
        let words = self.capacity.div_ceil(64);
        // SAFETY: the mask of a vector has a bit for each row that there is room for.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.validity, words) })
    }
}

/// Types that DuckDB's vectors hold as they are, and of which any bits are valid.
pub(crate) trait Plain: Copy {}
impl Plain for u8 {}
impl Plain for i32 {}
impl Plain for u32 {}
impl Plain for i64 {}
impl Plain for u64 {}
impl Plain for f64 {}
impl Plain for DuckString {}
// Two numbers, laid out as DuckDB's list entries are.
impl Plain for Run<u64> {}

/// Gives each of `target` the value that its index names.
fn gather<T: Copy>(target: &mut [T], values: &[T], indices: &[u32]) {
    assert!(indices.len() <= target.len(), "more rows than the vector holds");
    for (slot, &index) in target.iter_mut().zip(indices) {
        *slot = values[index as usize];
    }
}

/// What the strings of a vector point into.
type Owner = Box<dyn Send>;

extern "C" fn release(owner: *mut c_void) {
    // SAFETY: `owner` came from `Box::into_raw` in `keep`, and C++ calls this once.
    contain_drop(unsafe { Box::from_raw(owner.cast::<Owner>()) });
}

/// A segment, and what keeps it in memory.
#[derive(Clone)]
pub(crate) enum Held {
    /// Of a file.
    File(Arc<Segment>),
    /// Of a ring.
    Ring(Part),
}

impl Held {
    pub(crate) fn segment(&self) -> &Segment {
        match self {
            Held::File(segment) => segment,
            Held::Ring(part) => part.segment(),
        }
    }
}

/// Windows are cut so that this happens to a row that is too large by itself.
fn too_long() -> Fault {
    let message = "A row takes more than 4 GiB of text, which is more than DuckDB holds in a value. \
                   Leave out the column, or read smaller members of it.";
    Fault::new(FaultKind::InvalidInput, message)
}

/// Where one row's text lies in the buffer.
#[derive(Clone, Copy)]
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
pub(crate) struct Texts {
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
    /// error of [`Vector::write`].
    #[inline]
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let start = self.bytes.len();
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
    pub(crate) fn repeat(&mut self, row: usize) {
        self.entries.push(self.entries[row]);
    }
}

#[cfg(test)]
impl Texts {
    /// The bytes of all rows.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text of a row; `None` for NULL.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let bytes = self.entries[row]?.of(&self.bytes);
        Some(std::str::from_utf8(bytes).expect("text"))
    }
}

/// Buffers that return here when DuckDB is done with them, so that a scan does not map fresh memory
/// for every chunk.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

/// Buffers kept for reuse per pool.
const POOLED_BUFFERS: usize = 4;

/// Larger buffers are freed rather than kept.
const POOLED_BYTES: usize = 16 << 20;

impl Pool {
    /// An empty column of text for about `rows` rows.
    pub(crate) fn texts(&self, rows: usize) -> Texts {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        // DuckDB's strings have 32 bits of length, and entries as many of place.
        let (entries, limit) = (Vec::with_capacity(rows), u32::MAX as usize);
        Texts { bytes, entries, limit, is_cut: false, pool: self.clone() }
    }
}

struct Pooled {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of rows; `None` where one found no room.
    fn written(limit: usize, rows: &[Option<&str>]) -> Option<Vec<Option<String>>> {
        let mut texts = Texts { limit, ..Pool::default().texts(rows.len()) };
        for row in rows {
            texts.push(|out| {
                out.extend_from_slice(row.unwrap_or_default().as_bytes());
                row.is_some()
            });
        }
        let found = (0..rows.len()).map(|row| texts.get(row).map(str::to_owned)).collect();
        (!texts.is_cut).then_some(found)
    }

    #[test]
    fn texts_stand_behind_each_other() {
        let rows = [Some("a"), None, Some(""), Some("bcd")];
        let expected = rows.map(|row| row.map(str::to_owned)).to_vec();
        assert_eq!(written(4, &rows), Some(expected));
    }

    /// Whether it is the first or the last, and though a smaller one would fit behind it.
    #[test]
    fn a_text_without_room_is_no_null() {
        for rows in [["abcde", "a"], ["a", "abcd"]] {
            assert_eq!(written(4, &rows.map(Some)), None);
        }
    }
}
