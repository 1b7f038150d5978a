//! Every function that C++ calls. Each turns pointers into references and calls safe code.
//!
//! Pointers are valid for the call and handles come from the function that makes them, as the crate's
//! documentation says; the shim keeps that contract, and the `SAFETY` notes below rest on it.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::Arc;

use duckspan_otlp::relation;

use crate::boundary::{CFault, Fallback, Fault, FaultKind, Result, Text, contain_drop, guard};
use crate::columns::{Column, Unified};
use crate::conditions::Conditions;
use crate::files::{self, FileColumns, FileScan, Label, Opening};
use crate::functions::Function;
use crate::macros::{self, Macro};
use crate::memory::Memory;
use crate::options::{self, FileOptions};
use crate::rejects::{self, Rejects, RejectsScan};
use crate::scan::{Cursor, Rows, Scan};
use crate::source::{Lender, Source};
use crate::typed::{TypedColumns, Wanted};
use crate::vector::DuckVector;

mod conditions;
mod copy;
mod expression;
mod given;
mod hints;
mod live;
mod plan;
mod stored;
mod types;
mod viewer;

use types::CType;

unsafe extern "C-unwind" {
    /// Registers everything; may throw, which DuckDB expects of an entry point.
    fn duckspan_register(loader: *mut c_void);
}

/// The entry point that `LOAD duckspan` calls, with a `duckdb::ExtensionLoader`.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn duckspan_duckdb_cpp_init(loader: *mut c_void) {
    // SAFETY: DuckDB passes a loader that lives for the call.
    unsafe { duckspan_register(loader) }
}

/// Text that C++ lends for a call.
#[repr(C)]
pub struct Str {
    /// Its first byte, UTF-8; dangling where `len` is 0.
    pub data: *const u8,
    /// Its length in bytes.
    pub len: usize,
}

impl Str {
    pub(crate) fn get(&self) -> String {
        if self.len == 0 {
            return String::new();
        }
        // SAFETY: C++ lends `len` bytes at `data`.
        let bytes = unsafe { std::slice::from_raw_parts(self.data, self.len) };
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// The text, or `None` where it is null.
    pub(crate) fn get_or_null(&self) -> Option<String> {
        (!self.data.is_null()).then(|| self.get())
    }

    /// Text that is lent to C++ for a call.
    pub(crate) fn lend(text: &str) -> Str {
        Str { data: text.as_ptr(), len: text.len() }
    }

    /// The texts of a list that C++ lends.
    fn list(texts: *const Str, count: usize) -> Vec<String> {
        // SAFETY: C++ lends `count` texts at `texts`.
        unsafe { lent(texts, count) }.iter().map(Str::get).collect()
    }

    const fn of(text: &'static str) -> Str {
        Str { data: text.as_ptr(), len: text.len() }
    }
}

impl Fallback for Str {
    const FALLBACK: Str = Str::of("");
}

/// Frees text that Rust handed out.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_text_free(text: Text) {
    let bytes = std::ptr::slice_from_raw_parts_mut(text.data, text.len);
    // SAFETY: `Text::new` leaked exactly this slice, unless it is null, and C++ frees it once.
    contain_drop((!text.data.is_null()).then(|| unsafe { Box::from_raw(bytes) }));
}

/// A list of named and typed things: the columns of a relation, or the parameters of a function.
#[repr(u8)]
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "C++ makes them")]
pub enum Relation {
    /// `read_otlp`: timestamp, resource, data.
    Unified,
    /// The named parameters of `read_otlp`.
    FileParameters,
    /// The named parameters of the functions that read typed relations.
    TypedFileParameters,
    /// `read_otlp_rejects`.
    Rejects,
    /// `read_otlp_spans`.
    Spans,
    /// `read_otlp_log_records`.
    LogRecords,
    /// `read_otlp_data_points`.
    DataPoints,
}

impl Relation {
    /// The typed relation it is, if it is one.
    fn typed(self) -> Option<&'static relation::Relation> {
        match self {
            Relation::Spans => Some(&relation::SPANS),
            Relation::LogRecords => Some(&relation::LOG_RECORDS),
            Relation::DataPoints => Some(&relation::DATA_POINTS),
            _ => None,
        }
    }

    fn width(self) -> usize {
        if let Some(typed) = self.typed() {
            return typed.columns.len();
        }
        match self {
            Relation::FileParameters => options::UNIFIED_PARAMETERS.len(),
            Relation::TypedFileParameters => options::PARAMETERS.len(),
            Relation::Rejects => rejects::COLUMNS.len(),
            _ => Unified::ALL.len(),
        }
    }

    fn column(self, position: usize) -> CColumn {
        if let Some(typed) = self.typed() {
            let relation::Column { name, kind, .. } = typed.columns[position];
            return CColumn::new(&Column { name, kind }, false);
        }
        match self {
            Relation::FileParameters => CColumn::new(&options::UNIFIED_PARAMETERS[position], false),
            Relation::TypedFileParameters => CColumn::new(&options::PARAMETERS[position], false),
            Relation::Rejects => CColumn::new(&rejects::COLUMNS[position], false),
            _ => CColumn::new(&Unified::ALL[position].column(), position >= Unified::VISIBLE),
        }
    }
}

/// A column of a relation.
#[repr(C)]
pub struct CColumn {
    /// Its name; static.
    pub name: Str,
    /// Its type.
    pub kind: CType,
    /// Whether it is left out of `SELECT *`.
    pub is_virtual: bool,
}

impl Fallback for CColumn {
    const FALLBACK: CColumn =
        CColumn { name: Str::FALLBACK, kind: CType::FALLBACK, is_virtual: false };
}

impl CColumn {
    fn new(column: &Column, is_virtual: bool) -> CColumn {
        CColumn { name: Str::of(column.name), kind: CType::of(&column.kind), is_virtual }
    }
}

/// The number of columns of a relation, virtual ones last.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_relation_width(relation: Relation, fault: &mut CFault) -> usize {
    guard(fault, || Ok(relation.width()))
}

/// The column of a relation at `position`, which is below its width.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_relation_column(
    relation: Relation,
    position: usize,
    fault: &mut CFault,
) -> CColumn {
    guard(fault, || Ok(relation.column(position)))
}

/// What a function does that is not written in SQL, for people.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_function_description(name: Str, fault: &mut CFault) -> Text {
    guard(fault, || Ok(Text::new(function(&name)?.description())))
}

/// A statement that uses that function, by its number; empty beyond the last one.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_function_example(name: Str, number: usize, fault: &mut CFault) -> Str {
    guard(fault, || Ok(Str::of(function(&name)?.examples.get(number).copied().unwrap_or_default())))
}

fn function(name: &Str) -> Result<&'static Function> {
    let name = name.get();
    let undescribed = || Fault::new(FaultKind::Internal, format!("nothing is said of {name}"));
    Function::find(&name).ok_or_else(undescribed)
}

/// A function that is written in SQL; all of it is static.
#[repr(C)]
pub struct CMacro {
    /// `CREATE MACRO …`.
    pub sql: Str,
    /// What it does, for people.
    pub description: Str,
    /// A statement that uses it.
    pub example: Str,
}

impl Fallback for CMacro {
    const FALLBACK: CMacro =
        CMacro { sql: Str::FALLBACK, description: Str::FALLBACK, example: Str::FALLBACK };
}

/// The number of functions that are written in SQL.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_macro_count(fault: &mut CFault) -> usize {
    guard(fault, || Ok(macros::all().len()))
}

/// The function at `position`, which is below their number.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_macro(position: usize, fault: &mut CFault) -> CMacro {
    guard(fault, || {
        let none = || Fault::new(FaultKind::Internal, "a macro beyond their number");
        let Macro { sql, description, example } = macros::all().nth(position).ok_or_else(none)?;
        let (description, example) = (Str::of(description), Str::of(example));
        Ok(CMacro { sql: Str::of(sql), description, example })
    })
}

/// Options at their defaults of the function that reads files as that relation.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_options_new(
    relation: Relation,
    fault: &mut CFault,
) -> *mut FileOptions {
    guard(fault, || Ok(Box::into_raw(Box::new(FileOptions::new(relation.typed())))))
}

/// Frees options.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_options_free(options: *mut FileOptions) {
    // SAFETY: made by `duckspan_file_options_new`, freed once.
    contain_drop(unsafe { Box::from_raw(options) });
}

/// Sets an option to a value, as DuckDB writes it; null where it is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_options_set(
    options: &mut FileOptions,
    name: Str,
    value: Str,
    fault: &mut CFault,
) {
    guard(fault, || options.set(&name.get(), value.get_or_null().as_deref()));
}

/// Whether the column at a position of the relation is to be VARIANT where it is JSON.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_options_is_variant(
    options: &FileOptions,
    column: usize,
    fault: &mut CFault,
) -> bool {
    guard(fault, || Ok(options.is_variant(column)))
}

/// The rejects of a database: one per load, shared by its functions.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_rejects_new(fault: &mut CFault) -> *const Rejects {
    guard(fault, || Ok(Arc::into_raw(Arc::default())))
}

/// Gives up a share of the rejects.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_rejects_free(rejects: *const Rejects) {
    // SAFETY: made by `duckspan_rejects_new`, freed once.
    contain_drop(unsafe { Arc::from_raw(rejects) });
}

/// What the scans of files of a database know of each other's memory: one per load.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_memory_new(fault: &mut CFault) -> *const Memory {
    guard(fault, || Ok(Arc::into_raw(Arc::default())))
}

/// Gives up a share of it.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_memory_free(memory: *const Memory) {
    // SAFETY: made by `duckspan_memory_new`, freed once.
    contain_drop(unsafe { Arc::from_raw(memory) });
}

/// Begins a scan of the rejects; `columns` are positions in the relation.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_rejects_scan(
    rejects: &Rejects,
    columns: *const u32,
    count: usize,
    fault: &mut CFault,
) -> *mut Cursor {
    guard(fault, || {
        let columns = positions(columns, count, rejects::COLUMNS.len())?;
        Ok(cursor(RejectsScan::new(rejects, columns)))
    })
}

/// What a scan of a file is opened with.
#[repr(C)]
pub struct FileScanInput {
    /// The path as DuckDB names it.
    pub filename: Str,
    /// DuckDB's number of the query.
    pub query_id: u64,
    /// How many files the query reads.
    pub files: u64,
    /// The open file.
    pub source: Source,
    /// The columns to be read, as positions in the relation.
    pub columns: *const u32,
    /// For each of them the key of the one member that is read of it; empty for the column itself.
    pub keys: *const Str,
    /// How many they are.
    pub column_count: usize,
    /// What is asked of rows.
    pub conditions: *const Conditions,
    /// The rejects of the database.
    pub rejects: *const Rejects,
    /// What its scans know of each other's memory.
    pub memory: *const Memory,
    /// Who grants it.
    pub lender: Lender,
}

/// Begins a scan of a file.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_scan_open(
    input: &FileScanInput,
    options: &FileOptions,
    fault: &mut CFault,
) -> *const FileScan {
    guard(fault, || {
        let columns = match options.relation {
            Some(typed) => {
                let columns = positions(input.columns, input.column_count, typed.columns.len())?;
                // SAFETY: the shim lends them.
                let conditions = unsafe { &*input.conditions };
                let keys = keys(input.keys, input.column_count);
                let wanted = columns.into_iter().zip(keys);
                let wanted = wanted.map(|(column, key)| Wanted { column, key });
                FileColumns::Typed(Arc::new(TypedColumns::new(typed, wanted, conditions)))
            }
            None => {
                let columns = positions(input.columns, input.column_count, Unified::ALL.len())?;
                FileColumns::Unified(columns.into_iter().map(|at| Unified::ALL[at]).collect())
            }
        };
        // SAFETY: live shares; counting them once more makes these ours.
        let (rejects, memory) = unsafe {
            Arc::increment_strong_count(input.rejects);
            Arc::increment_strong_count(input.memory);
            (Arc::from_raw(input.rejects), Arc::from_raw(input.memory))
        };
        let opening = Opening {
            label: Label { filename: input.filename.get().into(), query_id: input.query_id },
            files: input.files,
            source: Arc::new(input.source),
            columns,
            rejects,
            memory,
            lender: Arc::new(input.lender),
        };
        Ok(Arc::into_raw(Arc::new(FileScan::open(opening, options))))
    })
}

/// About how many rows a file of `size` bytes holds, 0 if its size is not known; for the optimizer.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_rows_estimate(path: Str, size: u64, fault: &mut CFault) -> u64 {
    guard(fault, || Ok(files::rows_estimate(&path.get(), size)))
}

/// Gives up the scan of a file; cursors may live on but may not claim.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_scan_free(scan: *const FileScan) {
    // SAFETY: made by `duckspan_file_scan_open`, freed once.
    contain_drop(unsafe { Arc::from_raw(scan) });
}

/// How much of the file was read, in percent; negative if that is not known.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_scan_progress(scan: &FileScan, fault: &mut CFault) -> f64 {
    guard(fault, || Ok(scan.progress()))
}

/// Whether it is of use to read the file ahead.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_scan_is_read_ahead(scan: &FileScan, fault: &mut CFault) -> bool {
    guard(fault, || Ok(scan.is_read_ahead()))
}

/// Reads a part of the file ahead, unless enough was read already; on any thread.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_scan_read_ahead(scan: &FileScan, fault: &mut CFault) {
    guard(fault, || {
        scan.read_ahead();
        Ok(())
    });
}

/// A thread's place in the scan of a file.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_file_scan_cursor(
    scan: *const FileScan,
    fault: &mut CFault,
) -> *mut Cursor {
    guard(fault, || {
        // SAFETY: a live share of the scan; counting it once more makes this one ours.
        let scan = unsafe {
            Arc::increment_strong_count(scan);
            Arc::from_raw(scan)
        };
        Ok(cursor(scan.cursor()))
    })
}

/// Moves a cursor that is at the end of a batch to another file of the same query.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_enter(
    cursor: &mut Cursor,
    scan: *const FileScan,
    fault: &mut CFault,
) {
    guard(fault, || {
        // SAFETY: a live share of the scan; counting it once more makes this one ours.
        let scan = unsafe {
            Arc::increment_strong_count(scan);
            Arc::from_raw(scan)
        };
        cursor.0.enter(scan);
        Ok(())
    });
}

/// Frees a cursor.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_free(cursor: *mut Cursor) {
    // SAFETY: made by a function above, freed once.
    contain_drop(unsafe { Box::from_raw(cursor) });
}

/// Takes the next batch: `false` when there is none left.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_claim(cursor: &mut Cursor, fault: &mut CFault) -> bool {
    guard(fault, || cursor.0.claim())
}

/// Does the costly part of taking the batch.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_prepare(cursor: &mut Cursor, fault: &mut CFault) {
    guard(fault, || cursor.0.prepare());
}

/// Moves to the next window of the batch and returns its number of rows, at most `max_rows`.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_next(
    cursor: &mut Cursor,
    max_rows: usize,
    fault: &mut CFault,
) -> usize {
    guard(fault, || cursor.0.next(max_rows))
}

/// Writes rows of the window to `vector`, a flat `duckdb::Vector` of the column's type with room for
/// `count` rows: those at `rows`, or the first `count` where that is null.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_fill(
    cursor: &mut Cursor,
    column: usize,
    rows: *const u32,
    count: usize,
    vector: *mut c_void,
    fault: &mut CFault,
) {
    guard(fault, || {
        let rows = if rows.is_null() {
            Rows::First(count)
        } else {
            // SAFETY: the shim lends `count` positions at `rows`.
            Rows::Selected(unsafe { std::slice::from_raw_parts(rows, count) })
        };
        // SAFETY: the shim lends a flat vector with room for `count` rows.
        let mut vector = unsafe { DuckVector::new(vector.cast(), count) };
        cursor.0.fill(column, rows, &mut vector)
    });
}

/// What the user should be told, once; null if nothing.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_warning(cursor: &mut Cursor, fault: &mut CFault) -> Text {
    guard(fault, || Ok(cursor.0.take_warning().map_or(Text::NONE, Text::new)))
}

fn cursor(scan: impl Scan + 'static) -> *mut Cursor {
    Box::into_raw(Box::new(Cursor(Box::new(scan))))
}

/// A list that C++ lends.
///
/// # Safety
/// There are `count` of them at `data`, for as long as the list is used.
unsafe fn lent<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        // It may have no place in memory.
        return &[];
    }
    // SAFETY: the caller says so.
    unsafe { std::slice::from_raw_parts(data, count) }
}

/// The positions that C++ lends, each below `width`.
fn positions(data: *const u32, count: usize, width: usize) -> Result<Vec<usize>> {
    // SAFETY: the shim lends `count` positions at `data`.
    let lent = unsafe { lent(data, count) };
    if lent.iter().any(|&position| position as usize >= width) {
        return Err(Fault::new(FaultKind::Internal, "a column beyond the relation"));
    }
    Ok(lent.iter().map(|&position| position as usize).collect())
}

/// The keys that C++ lends, one for each of `count` columns; none where it is empty.
fn keys(data: *const Str, count: usize) -> Vec<Option<String>> {
    // SAFETY: the shim lends `count` keys at `data`.
    let lent = unsafe { lent(data, count) };
    lent.iter().map(|key| (key.len > 0).then(|| key.get())).collect()
}
