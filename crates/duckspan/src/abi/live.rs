//! What C++ calls for attached receivers.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::Arc;

use duckspan_live::{
    Live, LiveInsert, LiveOptions, LiveScan, LiveTable, ScanOrder, TableColumn, View, archive_view,
};

use super::types::CType;
use super::{Str, keys};
use crate::boundary::{CFault, Fallback, Fault, FaultKind, Result, Text, contain_drop, guard};
use crate::conditions::Conditions;
use crate::input::Input;
use crate::scan::{Bounds, Cursor, ScanCounts};
use crate::sql::{Database, Work};
use crate::viewer::{Viewers, page_of};

/// A table of an attached receiver.
#[repr(C)]
pub struct CTable {
    /// Which one.
    pub table: LiveTable,
    /// Its name; static.
    pub name: Str,
    /// What it is, for people; static.
    pub comment: Str,
    /// The number of its columns, virtual ones last.
    pub width: usize,
}

impl CTable {
    fn of(table: LiveTable) -> CTable {
        let (name, comment) = (Str::of(table.name()), Str::of(table.comment()));
        CTable { table, name, comment, width: table.width() }
    }
}

impl Fallback for CTable {
    const FALLBACK: CTable =
        CTable { table: LiveTable::Stats, name: Str::FALLBACK, comment: Str::FALLBACK, width: 0 };
}

/// A column of such a table.
#[repr(C)]
pub struct CTableColumn {
    /// Its name; static.
    pub name: Str,
    /// What it is, for people; static.
    pub comment: Str,
    /// Its type.
    pub kind: CType,
    /// Whether it is left out of `SELECT *`.
    pub is_virtual: bool,
}

impl CTableColumn {
    fn of(found: &TableColumn) -> CTableColumn {
        CTableColumn {
            name: Str::of(found.column.name),
            comment: Str::of(found.comment),
            kind: CType::of(&found.column.kind),
            is_virtual: found.is_virtual,
        }
    }
}

impl Fallback for CTableColumn {
    const FALLBACK: CTableColumn = CTableColumn {
        name: Str::FALLBACK,
        comment: Str::FALLBACK,
        kind: CType::FALLBACK,
        is_virtual: false,
    };
}

/// Bounds of the values of a column.
#[repr(C)]
pub struct CBounds {
    /// Whether anything is known.
    pub known: bool,
    /// Whether there may be a NULL.
    pub nulls: bool,
    /// Whether there may be a value.
    pub values: bool,
    /// No value is less.
    pub min: i64,
    /// No value is greater.
    pub max: i64,
}

impl CBounds {
    fn of(bounds: Option<Bounds>) -> CBounds {
        let known = bounds.is_some();
        let values = bounds.and_then(|bounds| bounds.values);
        let (min, max) = values.unwrap_or_default();
        let nulls = bounds.is_some_and(|bounds| bounds.nulls);
        CBounds { known, nulls, values: values.is_some(), min, max }
    }
}

impl Fallback for CBounds {
    const FALLBACK: CBounds = CBounds { known: false, nulls: true, values: true, min: 0, max: 0 };
}

impl Fallback for ScanCounts {
    const FALLBACK: ScanCounts = ScanCounts { rows: 0, units: 0 };
}

/// The number of tables of an attached receiver.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_table_count(fault: &mut CFault) -> usize {
    guard(fault, || Ok(LiveTable::ALL.len()))
}

/// The table at `position`, which is below their number.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_table(position: usize, fault: &mut CFault) -> CTable {
    guard(fault, || Ok(CTable::of(LiveTable::ALL[position])))
}

/// The column at `position` of a table, which is below its width.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_table_column(
    table: LiveTable,
    position: usize,
    fault: &mut CFault,
) -> CTableColumn {
    guard(fault, || Ok(CTableColumn::of(&table.column(position))))
}

/// The options of `ATTACH 'path' (TYPE otlp)`, at their defaults.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_options_new(path: Str, fault: &mut CFault) -> *mut LiveOptions {
    guard(fault, || Ok(Box::into_raw(Box::new(LiveOptions::new(&path.get())?))))
}

/// Frees options.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_options_free(options: *mut LiveOptions) {
    // SAFETY: made by `duckspan_live_options_new`, freed once.
    contain_drop(unsafe { Box::from_raw(options) });
}

/// Sets an option, or adds an element to one that is a list.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_options_set(
    options: &mut LiveOptions,
    name: Str,
    value: Str,
    fault: &mut CFault,
) {
    guard(fault, || options.set(&name.get(), &value.get()));
}

/// Where rows are forwarded to; empty if nowhere.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_options_forward(options: &LiveOptions, fault: &mut CFault) -> Text {
    guard(fault, || Ok(options.forward().map_or(Text::NONE, Text::new)))
}

/// Sets what the secret for that has; `key` is the name of a header, or empty.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_options_set_secret(
    options: &mut LiveOptions,
    name: Str,
    key: Str,
    value: Str,
    fault: &mut CFault,
) {
    guard(fault, || options.set_secret(&name.get(), &key.get(), &value.get()));
}

/// Bytes of memory for everything that is kept and received.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_options_memory(options: &LiveOptions, fault: &mut CFault) -> u64 {
    guard(fault, || Ok(options.memory_limit()))
}

/// Starts a receiver, in place of `previous` if that is not null. `database` is a weak pointer to the database that it
/// is attached to, and Rust's from now on.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_start(
    options: &LiveOptions,
    previous: Option<&Live>,
    database: *mut c_void,
    viewers: *const Viewers,
    fault: &mut CFault,
) -> *const Live {
    guard(fault, || {
        // SAFETY: a live share; counting it once more makes this one ours.
        let viewers = unsafe {
            Arc::increment_strong_count(viewers);
            Arc::from_raw(viewers)
        };
        let work = Work::new(Database::new(database));
        let live = Live::start(options, previous, work, page_of(&viewers))?;
        Ok(Arc::into_raw(Arc::new(live)))
    })
}

/// Stops to receive, archives and forwards what is left, in bounded time; what could not be, or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_detach(live: &Live, fault: &mut CFault) -> Text {
    guard(fault, || Ok(live.detach().map_or(Text::NONE, Text::new)))
}

/// Archives what is there now, and waits for it; returns how many rows were not archived before.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_flush(live: &Live, fault: &mut CFault) -> u64 {
    guard(fault, || live.flush())
}

/// Archives what is there now to a schema or folder, once; returns how many rows were not there yet. `database` as in
/// `duckspan_live_start`.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_archive(
    live: &Live,
    target: Str,
    database: *mut c_void,
    fault: &mut CFault,
) -> u64 {
    guard(fault, || live.archive_once(&target.get(), Work::new(Database::new(database))))
}

/// SQL of all rows of a table, archived ones too, in the catalog of that name; empty if nothing is archived.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_union(
    live: &Live,
    catalog: Str,
    table: LiveTable,
    fault: &mut CFault,
) -> Text {
    guard(fault, || Ok(live.union(&catalog.get(), table)?.map_or(Text::NONE, Text::new)))
}

/// The table of that name, if there is one; else `stats`, which has no rows to archive.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_archive_table(name: Str, fault: &mut CFault) -> CTable {
    guard(fault, || {
        let name = name.get();
        let table = LiveTable::ALL.into_iter().find(|table| table.name() == name);
        Ok(CTable::of(table.unwrap_or(LiveTable::Stats)))
    })
}

/// The rows that are being archived by the archive with that key; null if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_archive_view(key: Str, fault: &mut CFault) -> *mut View {
    guard(fault, || {
        let view = archive_view(&key.get());
        Ok(view.map_or(std::ptr::null_mut(), |view| Box::into_raw(Box::new(view))))
    })
}

/// Stops when dropped, where a panic is contained.
struct Stop<'a>(&'a Live);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Stops to receive, and gives up what is kept.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_free(live: *const Live) {
    // SAFETY: made by `duckspan_live_start`, freed once.
    let live = unsafe { Arc::from_raw(live) };
    contain_drop(Stop(&live));
    contain_drop(live);
}

/// Whether `options` ask for another receiver than this one.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_differs(
    live: &Live,
    options: &LiveOptions,
    fault: &mut CFault,
) -> bool {
    guard(fault, || Ok(live.differs(options)))
}

/// The address it is bound to.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_path(live: &Live, fault: &mut CFault) -> Text {
    guard(fault, || Ok(Text::new(live.path().to_owned())))
}

/// The second port it is bound to, or `none`; empty if there was nothing to say about it.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_http_port(live: &Live, fault: &mut CFault) -> Text {
    guard(fault, || Ok(live.http_port().map_or(Text::NONE, Text::new)))
}

/// What whoever attached it should know; empty if that is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_warning(live: &Live, fault: &mut CFault) -> Text {
    guard(fault, || Ok(live.warning().map_or(Text::NONE, Text::new)))
}

/// Bytes of memory held for rows.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_memory(live: &Live, fault: &mut CFault) -> u64 {
    guard(fault, || Ok(live.memory()))
}

/// What came of removing rows.
#[repr(C)]
pub struct Truncated {
    /// How many there were.
    pub rows: u64,
    /// What the transaction sees then; to be freed with `duckspan_view_free`.
    pub view: *mut View,
}

impl Fallback for Truncated {
    const FALLBACK: Truncated = Truncated { rows: 0, view: std::ptr::null_mut() };
}

/// Removes the rows that a table has in a view, and none that came since.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_truncate(
    live: &Live,
    view: &View,
    table: LiveTable,
    fault: &mut CFault,
) -> Truncated {
    guard(fault, || {
        let (rows, view) = live.truncate(view, table)?;
        Ok(Truncated { rows, view: Box::into_raw(Box::new(view)) })
    })
}

/// The rows of every table at this moment.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_view_new(live: &Live, fault: &mut CFault) -> *mut View {
    guard(fault, || Ok(Box::into_raw(Box::new(live.view()))))
}

/// Gives up a view.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_view_free(view: *mut View) {
    // SAFETY: made by `duckspan_view_new`, freed once.
    contain_drop(unsafe { Box::from_raw(view) });
}

/// What a transaction sees that saw `view`, after it inserted into a table: that table anew.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_view_after_insert(
    live: &Live,
    view: &View,
    table: LiveTable,
    fault: &mut CFault,
) -> *mut View {
    guard(fault, || Ok(Box::into_raw(Box::new(live.view_after_insert(view, table)))))
}

/// Rows that a table has in a view.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_view_rows(view: &View, table: LiveTable, fault: &mut CFault) -> u64 {
    guard(fault, || view.rows(table))
}

/// The same or more, without counting them.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_view_rows_at_most(
    view: &View,
    table: LiveTable,
    fault: &mut CFault,
) -> u64 {
    guard(fault, || Ok(view.rows_at_most(table)))
}

/// Bounds of the values of a column of a table in a view.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_view_bounds(
    view: &View,
    table: LiveTable,
    column: usize,
    fault: &mut CFault,
) -> CBounds {
    guard(fault, || Ok(CBounds::of(view.bounds(table, column))))
}

/// What a scan of a table is opened with.
#[repr(C)]
pub struct LiveScanInput {
    /// Which table.
    pub table: LiveTable,
    /// In which order.
    pub order: ScanOrder,
    /// The columns to be read, as positions in the table; those beyond it are left alone.
    pub columns: *const u32,
    /// For each of them the key of the one member that is read of it; empty for the column itself.
    pub keys: *const Str,
    /// How many they are.
    pub column_count: usize,
    /// What is asked of rows.
    pub conditions: *const Conditions,
}

/// Begins a scan. It does not need the view afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_scan_open(
    view: &View,
    input: &LiveScanInput,
    fault: &mut CFault,
) -> *mut LiveScan {
    guard(fault, || {
        let columns = match input.column_count {
            0 => Vec::new(),
            count => {
                // SAFETY: the shim lends `count` positions at `columns`.
                let positions = unsafe { std::slice::from_raw_parts(input.columns, count) };
                let positions = positions.iter().map(|&position| position as usize);
                positions.zip(keys(input.keys, count)).collect()
            }
        };
        // SAFETY: the shim lends them.
        let conditions = unsafe { &*input.conditions };
        let scan = LiveScan::open(view, input.table, input.order, columns, conditions)?;
        Ok(Box::into_raw(Box::new(scan)))
    })
}

/// Gives up a scan; its cursors may live on.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_scan_free(scan: *mut LiveScan) {
    // SAFETY: made by `duckspan_live_scan_open`, freed once.
    contain_drop(unsafe { Box::from_raw(scan) });
}

/// Pieces that threads can scan at a time.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_scan_units(scan: &LiveScan, fault: &mut CFault) -> usize {
    guard(fault, || Ok(scan.units()))
}

/// How much was claimed, in percent.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_scan_progress(scan: &LiveScan, fault: &mut CFault) -> f64 {
    guard(fault, || Ok(scan.progress()))
}

/// A thread's place in a scan.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_scan_cursor(scan: &LiveScan, fault: &mut CFault) -> *mut Cursor {
    guard(fault, || Ok(Box::into_raw(Box::new(Cursor(scan.cursor())))))
}

/// The number of the batch in the order of the scan.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_batch(cursor: &Cursor, fault: &mut CFault) -> u64 {
    guard(fault, || Ok(cursor.0.batch()))
}

/// Bounds of the values of a column in the batch.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_bounds(
    cursor: &Cursor,
    column: usize,
    fault: &mut CFault,
) -> CBounds {
    guard(fault, || Ok(CBounds::of(cursor.0.bounds(column))))
}

/// What the thread looked at so far.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_cursor_counts(cursor: &Cursor, fault: &mut CFault) -> ScanCounts {
    guard(fault, || Ok(cursor.0.counts()))
}

/// Begins to insert rows into a table.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_insert_new(
    live: *const Live,
    table: LiveTable,
    fault: &mut CFault,
) -> *mut LiveInsert {
    guard(fault, || {
        // SAFETY: a live share of the receiver; counting it once more makes this one ours.
        let live = unsafe {
            Arc::increment_strong_count(live);
            Arc::from_raw(live)
        };
        Ok(Box::into_raw(Box::new(LiveInsert::new(live, table)?)))
    })
}

/// Frees an insert; what was not appended is gone.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_insert_free(insert: *mut LiveInsert) {
    // SAFETY: made by `duckspan_live_insert_new`, freed once.
    contain_drop(unsafe { Box::from_raw(insert) });
}

/// Adds `count` rows: `columns` are three flat `duckdb::Vector`s, of TIMESTAMP, JSON and JSON.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_insert_rows(
    insert: &mut LiveInsert,
    columns: *const *mut c_void,
    count: usize,
    fault: &mut CFault,
) {
    guard(fault, || {
        // SAFETY: the shim lends three flat vectors of these types with `count` rows.
        let [timestamps, resources, data] = unsafe {
            let handles = std::slice::from_raw_parts(columns, 3);
            [0, 1, 2].map(|at| Input::new(handles[at], count))
        };
        let (timestamps, resources, data) = (timestamps?, resources?, data?);
        for row in 0..count {
            // SAFETY: the types are those.
            let (timestamp, resource, data) =
                unsafe { (timestamps.value(row), resources.text(row), data.text(row)) };
            insert.push(timestamp, resource, data)?;
        }
        Ok(())
    });
}

/// Appends what is left; returns how many rows were inserted.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_insert_finish(insert: &mut LiveInsert, fault: &mut CFault) -> u64 {
    guard(fault, || insert.finish())
}

/// The one error of what cannot be done to an attached receiver.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_live_refuse(what: Str, database: Str, fault: &mut CFault) {
    guard(fault, || refuse(&what.get(), &database.get()));
}

fn refuse(what: &str, database: &str) -> Result<()> {
    let message = format!(
        "{what} is not possible in \"{database}\": it is an OTLP receiver, whose tables are fixed and \
         hold what arrives. INSERT appends rows, TRUNCATE removes them all; to keep or change them, \
         copy them to another database: CREATE TABLE … AS FROM \"{database}\".traces"
    );
    Err(Fault::new(FaultKind::Binder, message))
}
