//! DuckDB vectors: the only place that writes into DuckDB's memory.
#![allow(unsafe_code)]

use std::ffi::c_void;

use duckspan_otlp::relation;
use duckspan_tables::vector::{ColumnWriter, Slots, Width, gather, too_long};
pub(crate) use duckspan_tables::vector::{Held, Texts, Vector};

use crate::boundary::{Result, contain_drop};
use crate::shim::{
    DuckString, Handle, check, duckspan_vector_data, duckspan_vector_elements,
    duckspan_vector_keep, duckspan_vector_member, duckspan_vector_share, duckspan_vector_validity,
};

// With the shim its functions are there, which those of the tests stand in for.
/// cbindgen:ignore
#[cfg(all(test, not(feature = "shim")))]
mod tests;

/// A flat vector of a chunk that DuckDB wants filled.
pub(crate) struct DuckVector {
    handle: Handle,
    capacity: usize,
    /// Its mask of what is not NULL; null until that is asked for.
    validity: *mut u64,
}

impl DuckVector {
    /// # Safety
    /// - `handle` is a flat vector with room for `capacity` rows, and stays so while this lives.
    /// - Nothing else uses it meanwhile.
    /// - It is of the type that is written to it.
    pub(crate) unsafe fn new(handle: Handle, capacity: usize) -> DuckVector {
        DuckVector { handle, capacity, validity: std::ptr::null_mut() }
    }

    /// Writes a text for each of the first so many rows.
    fn write_strings<'a>(
        &mut self,
        count: usize,
        texts: impl Iterator<Item = &'a [u8]>,
    ) -> Result<()> {
        let strings = self.slice::<DuckString>()?;
        assert!(count <= strings.len(), "more rows than the vector holds");
        for (string, text) in strings.iter_mut().zip(texts) {
            *string = DuckString::new(text);
        }
        Ok(())
    }

    /// Makes `owner` live as long as the strings of the vector.
    fn keep(&mut self, owner: Owner) -> Result<()> {
        let owner = Box::into_raw(Box::new(owner)).cast();
        // SAFETY: the handle is valid, and `release` undoes `Box::into_raw` exactly once, also where this
        // fails. What the strings point to does not move when the box does.
        check(unsafe { duckspan_vector_keep(self.handle, owner, release) })
    }

    fn slice<T: AnyBits>(&mut self) -> Result<&mut [T]> {
        let mut data = std::ptr::null_mut();
        // SAFETY: the handle is valid by the contract of `new`.
        check(unsafe { duckspan_vector_data(self.handle, &mut data) })?;
        // SAFETY: a flat vector of a type as wide as `T` has `capacity` of them, by the contract of
        // `new`, and any bits are a valid `T`.
        Ok(unsafe { std::slice::from_raw_parts_mut(data.cast(), self.capacity) })
    }
}

impl ColumnWriter for DuckVector {
    fn slots(&mut self, width: Width) -> Result<Slots<'_>> {
        Ok(match width {
            Width::Byte => Slots::Byte(self.slice()?),
            Width::Int32 => Slots::Int32(self.slice()?),
            Width::UInt32 => Slots::UInt32(self.slice()?),
            Width::Int64 => Slots::Int64(self.slice()?),
            Width::UInt64 => Slots::UInt64(self.slice()?),
            Width::Double => Slots::Double(self.slice()?),
            Width::Run => Slots::Run(self.slice()?),
        })
    }

    fn validity(&mut self) -> Result<&mut [u64]> {
        if self.validity.is_null() {
            // SAFETY: the handle is valid by the contract of `new`.
            check(unsafe { duckspan_vector_validity(self.handle, true, &mut self.validity) })?;
        }
        let words = self.capacity.div_ceil(64);
        // SAFETY: the mask of a vector has a bit for each row that there is room for.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.validity, words) })
    }

    fn write(&mut self, texts: Texts) -> Result<()> {
        if texts.is_cut() {
            return Err(too_long());
        }
        self.write_strings(texts.len(), texts.iter().map(Option::unwrap_or_default))?;
        let vector: &mut Vector = self;
        texts.nulls().try_for_each(|row| vector.set_null(row))?;
        self.keep(Box::new(texts.into_buffer()))
    }

    fn write_texts(
        &mut self,
        texts: &mut relation::Texts,
        indices: Option<&[u32]>,
        held: &Held,
    ) -> Result<()> {
        if texts.is_cut() {
            return Err(too_long());
        }
        let text = |index| texts.get(index, held.segment());
        match indices {
            None => self.write_strings(texts.len(), (0..texts.len()).map(text))?,
            Some(indices) => {
                let strings: Vec<_> =
                    (0..texts.len()).map(|index| DuckString::new(text(index))).collect();
                gather(self.slice()?, &strings, indices);
            }
        }
        self.keep(Box::new((held.clone(), texts.take_buffer())))
    }

    fn member(&mut self, index: usize) -> Result<Box<Vector>> {
        let mut member = std::ptr::null_mut();
        // SAFETY: the handle is a vector of STRUCT, by the contract of `new`, and DuckDB checks `index`.
        // Members are as long as the struct.
        unsafe {
            check(duckspan_vector_member(self.handle, index as u64, &mut member))?;
            Ok(Box::new(DuckVector::new(member, self.capacity)))
        }
    }

    fn elements(&mut self, count: usize) -> Result<Box<Vector>> {
        let mut elements = std::ptr::null_mut();
        // SAFETY: the handle is a vector of LIST, by the contract of `new`; the elements have the room
        // that was asked for.
        unsafe {
            check(duckspan_vector_elements(self.handle, count as u64, &mut elements))?;
            Ok(Box::new(DuckVector::new(elements, count)))
        }
    }

    fn share(&mut self, indices: &[u32], values: usize) -> Result<()> {
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
}

/// Types that DuckDB's vectors hold as they are, and of which any bits are valid.
trait AnyBits: Copy {}
impl AnyBits for u8 {}
impl AnyBits for i32 {}
impl AnyBits for u32 {}
impl AnyBits for i64 {}
impl AnyBits for u64 {}
impl AnyBits for f64 {}
impl AnyBits for DuckString {}
// Two numbers, laid out as DuckDB's list entries are.
impl AnyBits for relation::Entry<u64> {}

/// What the strings of a vector point into.
type Owner = Box<dyn Send>;

extern "C" fn release(owner: *mut c_void) {
    // SAFETY: `owner` came from `Box::into_raw` in `keep`, and C++ calls this once.
    contain_drop(unsafe { Box::from_raw(owner.cast::<Owner>()) });
}
