//! Results that are read as they come, a chunk at a time.

use std::ffi::c_void;
use std::marker::PhantomData;

use duckspan_live::sql::SqlError;

use super::{check, duckspan_sql_end, duckspan_sql_fetch, duckspan_sql_parse, duckspan_sql_submit};
use crate::abi::Str;
use crate::boundary::contain;
use crate::shim::{DuckString, Handle, duckspan_vector_data, duckspan_vector_validity};

/// Statements of a connection, and the result of the last one.
pub(crate) struct Script<'a> {
    script: *mut c_void,
    pub(crate) statements: u64,
    pub(crate) is_query: bool,
    columns: Vec<StreamColumn>,
    connection: PhantomData<&'a mut ()>,
}

/// A column of a result.
#[derive(Debug)]
pub(crate) struct StreamColumn {
    pub(crate) name: String,
    /// Its type, as SQL has it.
    pub(crate) kind: String,
    shown_as: u8,
}

/// A value of a result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f32),
    Double(f64),
    Text(&'a str),
}

/// DuckDB's numbers of the physical types that values are handed out as.
mod shown_as {
    pub(super) const BOOL: u8 = 1;
    pub(super) const UINT8: u8 = 2;
    pub(super) const INT8: u8 = 3;
    pub(super) const UINT16: u8 = 4;
    pub(super) const INT16: u8 = 5;
    pub(super) const UINT32: u8 = 6;
    pub(super) const INT32: u8 = 7;
    pub(super) const FLOAT: u8 = 11;
    pub(super) const DOUBLE: u8 = 12;
}

impl<'a> Script<'a> {
    pub(super) fn new(connection: *mut c_void, sql: &str) -> Result<Script<'a>, SqlError> {
        let (mut script, mut statements, mut is_query) = (std::ptr::null_mut(), 0, false);
        // SAFETY: the connection is open.
        check(unsafe {
            let sql = Str::lend(sql);
            duckspan_sql_parse(connection, sql, &mut script, &mut statements, &mut is_query)
        })?;
        Ok(Script { script, statements, is_query, columns: Vec::new(), connection: PhantomData })
    }

    /// Runs them; there has to be one.
    pub(crate) fn submit(&mut self) -> Result<&[StreamColumn], SqlError> {
        let columns: *mut Vec<StreamColumn> = &mut self.columns;
        // SAFETY: the script is not freed, and the columns outlive the call.
        check(unsafe { duckspan_sql_submit(self.script, columns.cast(), add_column) })?;
        Ok(&self.columns)
    }

    /// Hands out the values of the next rows, and `None` after each row, which says whether more are wanted; says
    /// whether there may be more.
    pub(crate) fn next(
        &mut self,
        mut take: impl FnMut(Option<Cell<'_>>) -> bool,
    ) -> Result<bool, SqlError> {
        let (mut rows, mut vectors) = (0, std::ptr::null());
        // SAFETY: the script is not freed.
        check(unsafe { duckspan_sql_fetch(self.script, &mut rows, &mut vectors) })?;
        // The end: a chunk without rows is nothing else to DuckDB.
        if rows == 0 {
            return Ok(false);
        }
        // SAFETY: there is one for each column, until the next call.
        let vectors = unsafe { std::slice::from_raw_parts(vectors, self.columns.len()) };
        let shown_as = self.columns.iter().map(|column| column.shown_as);
        let columns: Vec<_> = vectors
            .iter()
            .zip(shown_as)
            .map(|(&vector, shown_as)| Values::new(vector, shown_as))
            .collect::<Result<_, _>>()?;
        for at in 0..rows as usize {
            for column in &columns {
                // SAFETY: it has as many values as there are rows.
                take(Some(unsafe { column.get(at) }));
            }
            // Who wants no more rows gets none of this chunk either.
            if !take(None) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Drop for Script<'_> {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        unsafe { duckspan_sql_end(self.script) };
    }
}

/// The values of a column, flat.
struct Values {
    data: *const c_void,
    /// A bit for each that is not NULL; null if none is.
    validity: *const u64,
    shown_as: u8,
}

impl Values {
    fn new(vector: Handle, shown_as: u8) -> Result<Values, SqlError> {
        let (mut data, mut validity) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the vector is there.
        check(unsafe {
            duckspan_vector_data(vector, &mut data)
                && duckspan_vector_validity(vector, false, &mut validity)
        })?;
        Ok(Values { data, validity, shown_as })
    }

    /// The value of a row.
    ///
    /// # Safety
    /// The vector is as it was, and has that row.
    unsafe fn get(&self, at: usize) -> Cell<'_> {
        // SAFETY: as the caller promises; the numbers say what lies there.
        unsafe {
            if !self.validity.is_null() && *self.validity.add(at / 64) & (1 << (at % 64)) == 0 {
                return Cell::Null;
            }
            match self.shown_as {
                shown_as::BOOL => Cell::Boolean(*self.data.cast::<u8>().add(at) != 0),
                shown_as::UINT8 => Cell::Integer((*self.data.cast::<u8>().add(at)).into()),
                shown_as::INT8 => Cell::Integer((*self.data.cast::<i8>().add(at)).into()),
                shown_as::UINT16 => Cell::Integer((*self.data.cast::<u16>().add(at)).into()),
                shown_as::INT16 => Cell::Integer((*self.data.cast::<i16>().add(at)).into()),
                shown_as::UINT32 => Cell::Integer((*self.data.cast::<u32>().add(at)).into()),
                shown_as::INT32 => Cell::Integer((*self.data.cast::<i32>().add(at)).into()),
                shown_as::FLOAT => Cell::Float(*self.data.cast::<f32>().add(at)),
                shown_as::DOUBLE => Cell::Double(*self.data.cast::<f64>().add(at)),
                _ => {
                    let text = (*self.data.cast::<DuckString>().add(at)).text();
                    // DuckDB's text is UTF-8.
                    std::str::from_utf8(text).map_or(Cell::Null, Cell::Text)
                }
            }
        }
    }
}

extern "C" fn add_column(columns: *mut c_void, name: Str, kind: Str, shown_as: u8) {
    contain(|| {
        // SAFETY: `submit` lends them for the call.
        let columns = unsafe { &mut *columns.cast::<Vec<StreamColumn>>() };
        columns.push(StreamColumn { name: name.get(), kind: kind.get(), shown_as });
    });
}
