//! What C++ calls to copy rows to files and upstreams.
#![allow(unsafe_code)]

use std::ffi::c_void;

use super::Str;
use crate::boundary::{CFault, Text, contain_drop, guard};
use crate::copy::{CopyFile, CopyRow, CopyRows, CopySender, CopyTo, Given, check_scope};
use crate::input::Input;

/// A name, and the text that belongs to it.
#[repr(C)]
pub struct Named {
    /// Of a column or an option.
    pub name: Str,
    /// The type of the column, or the value of the option.
    pub text: Str,
}

impl Named {
    fn list(named: *const Named, count: usize) -> Vec<(String, String)> {
        if count == 0 {
            return Vec::new();
        }
        // SAFETY: C++ lends `count` of them.
        let named = unsafe { std::slice::from_raw_parts(named, count) };
        named.iter().map(|named| (named.name.get(), named.text.get())).collect()
    }
}

/// A copy of rows with these columns to a path, with these options.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_new(
    path: Str,
    columns: *const Named,
    column_count: usize,
    options: *const Named,
    option_count: usize,
    fault: &mut CFault,
) -> *mut CopyTo {
    guard(fault, || {
        let columns = Named::list(columns, column_count);
        let columns: Vec<_> =
            columns.into_iter().map(|(name, kind)| Given { name, kind }).collect();
        let options = Named::list(options, option_count);
        Ok(Box::into_raw(Box::new(CopyTo::new(&path.get(), &columns, &options)?)))
    })
}

/// Frees a copy.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_free(copy: *mut CopyTo) {
    // SAFETY: made by `duckspan_copy_new`, freed once.
    contain_drop(unsafe { Box::from_raw(copy) });
}

/// Whether rows are sent to an upstream, for which there may be a secret.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_sends(copy: &CopyTo, fault: &mut CFault) -> bool {
    guard(fault, || Ok(copy.sends()))
}

/// Whether rows have to come one after the other, in the order of a column, those that are NULL last: then that one is in
/// `column`.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_is_ordered(
    copy: &CopyTo,
    column: &mut usize,
    fault: &mut CFault,
) -> bool {
    guard(fault, || {
        let by = copy.ordered_by();
        *column = by.unwrap_or_default();
        Ok(by.is_some())
    })
}

/// Tells a copy what a secret has. Where that is headers, `key` is the name of one.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_set_secret(
    copy: &mut CopyTo,
    name: Str,
    key: Str,
    value: Str,
    fault: &mut CFault,
) {
    guard(fault, || copy.set_secret(&name.get(), &key.get(), &value.get()));
}

/// Refuses the scope of a secret if no address begins with it.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_check_scope(scope: Str, fault: &mut CFault) {
    guard(fault, || check_scope(&scope.get()));
}

/// A file of a copy.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_file_new(copy: &CopyTo, fault: &mut CFault) -> *mut CopyFile {
    guard(fault, || Ok(Box::into_raw(Box::new(copy.file()?))))
}

/// Frees a file.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_file_free(file: *mut CopyFile) {
    // SAFETY: made by `duckspan_copy_file_new`, freed once.
    contain_drop(unsafe { Box::from_raw(file) });
}

/// Rows of a batch, which go to that sender if they are sent.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_rows_new(
    copy: &CopyTo,
    sender: Option<&CopySender>,
    fault: &mut CFault,
) -> *mut CopyRows {
    guard(fault, || Ok(Box::into_raw(Box::new(copy.rows(sender)))))
}

/// Frees rows; what is in no file yet is gone.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_rows_free(rows: *mut CopyRows) {
    // SAFETY: made by `duckspan_copy_rows_new`, freed once.
    contain_drop(unsafe { Box::from_raw(rows) });
}

/// Adds `count` rows: `columns` are flat `duckdb::Vector`s of the types that the copy was made for.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_rows_add(
    rows: &mut CopyRows,
    columns: *const *mut c_void,
    column_count: usize,
    count: usize,
    fault: &mut CFault,
) {
    guard(fault, || {
        // SAFETY: C++ lends so many.
        let handles = unsafe { std::slice::from_raw_parts(columns, column_count) };
        // SAFETY: they are flat vectors of `count` rows.
        let column = |at: usize| unsafe { Input::new(handles[at], count) };
        let places = rows.columns();
        let timestamps = places.timestamp.map(column).transpose()?;
        let signals = places.signal.map(column).transpose()?;
        let (resources, data) = (column(places.resource)?, column(places.data)?);
        for row in 0..count {
            // SAFETY: the types were checked when the copy was made.
            let row = unsafe {
                CopyRow {
                    timestamp: timestamps.and_then(|times| times.value(row)),
                    resource: resources.text(row),
                    data: data.text(row),
                    signal: signals.and_then(|signals| signals.text(row)),
                }
            };
            rows.push(row)?;
        }
        Ok(())
    })
}

/// Encodes the rest of the rows.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_rows_finish(rows: &mut CopyRows, fault: &mut CFault) {
    guard(fault, || rows.finish());
}

/// The bytes that a file gets next: all that is encoded of these rows. One thread at a time has a file.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_file_add(
    file: &CopyFile,
    rows: &mut CopyRows,
    fault: &mut CFault,
) -> Text {
    guard(fault, || Ok(Text::of(file.add(rows)?)))
}

/// The bytes that a file ends with.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_file_end(file: &CopyFile, fault: &mut CFault) -> Text {
    guard(fault, || Ok(Text::of(file.end()?)))
}

/// What sends the rows of a copy to that path.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_sender_new(
    copy: &CopyTo,
    path: Str,
    fault: &mut CFault,
) -> *mut CopySender {
    guard(fault, || Ok(Box::into_raw(Box::new(copy.sender(&path.get())?))))
}

/// Frees a sender; what is on its way is given up.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_sender_free(sender: *mut CopySender) {
    // SAFETY: made by `duckspan_copy_sender_new`, freed once.
    contain_drop(unsafe { Box::from_raw(sender) });
}

/// Sends what is encoded of these rows. Whether that is done: if not, it is called again.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_sender_add(
    sender: &CopySender,
    rows: &mut CopyRows,
    fault: &mut CFault,
) -> bool {
    guard(fault, || sender.send(rows))
}

/// Waits for what is on its way. Whether that is done: if not, it is called again. Then `warning` is what is to be
/// said of it, freed with `duckspan_text_free`.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_copy_sender_end(
    sender: &CopySender,
    warning: &mut Text,
    fault: &mut CFault,
) -> bool {
    guard(fault, || {
        let said = sender.finish()?;
        let done = said.is_some();
        *warning = said.map_or(Text::NONE, Text::new);
        Ok(done)
    })
}
