//! SQL of our own, on connections of its own.
//!
//! A database is held while a connection to it is open, and no longer: whoever closes it does not wait for us, and
//! who closes the last connection to it may be we.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::abi::Str;
use crate::boundary::contain;

unsafe extern "C" {
    /// Opens a connection; null if the database is closed.
    fn duckspan_sql_connect(database: *const c_void, connection: &mut *mut c_void) -> bool;
    /// Runs statements, and adds the rows of the last one.
    fn duckspan_sql_run(
        connection: *mut c_void,
        sql: Str,
        rows: *mut c_void,
        add: extern "C" fn(rows: *mut c_void, values: *const Str, count: usize),
    ) -> bool;
    /// Makes what runs on a connection fail; from any thread.
    fn duckspan_sql_interrupt(connection: *mut c_void) -> bool;
    /// Closes a connection.
    fn duckspan_sql_close(connection: *mut c_void) -> bool;
    /// Frees what names a database.
    fn duckspan_sql_forget(database: *mut c_void) -> bool;
    /// Why the last of these failed on this thread.
    fn duckspan_sql_error(
        text: *mut c_void,
        set: extern "C" fn(text: *mut c_void, message: Str),
    ) -> bool;
}

unsafe extern "C" {
    /// The C library's.
    fn atexit(handler: extern "C" fn()) -> std::ffi::c_int;
}

/// Has `handler` called when the process exits.
pub(crate) fn at_exit(handler: extern "C" fn()) {
    // SAFETY: the handler does not unwind. If there is no room for it, an exit may find statements running.
    unsafe { atexit(handler) };
}

/// A row of a result, its values as text.
pub(crate) type Row = Vec<Option<String>>;

/// Why a statement failed, in DuckDB's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqlError(pub(crate) String);

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs statements.
pub(crate) trait Sql {
    /// Runs a statement, or several; returns the rows of the last.
    fn run(&mut self, sql: &str) -> Result<Vec<Row>, SqlError>;
}

/// A database of the process, which may be closed by now.
#[derive(Debug)]
pub(crate) struct Database(*mut c_void);

// SAFETY: it is a weak pointer, which may be looked at from any thread at a time.
unsafe impl Send for Database {}
// SAFETY: as above.
unsafe impl Sync for Database {}

impl Database {
    /// Takes over a weak pointer of the shim's.
    pub(crate) fn new(database: *mut c_void) -> Database {
        Database(database)
    }

    /// Opens a connection; `None` if the database is closed.
    pub(crate) fn connect(&self) -> Result<Option<Connection>, SqlError> {
        let mut connection = std::ptr::null_mut();
        // SAFETY: the pointer is the shim's, and not freed yet.
        check(unsafe { duckspan_sql_connect(self.0, &mut connection) })?;
        let open = Arc::new(Mutex::new(Open(connection)));
        Ok((!connection.is_null()).then_some(Connection { connection, open }))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        unsafe { duckspan_sql_forget(self.0) };
    }
}

/// A connection of one thread.
pub(crate) struct Connection {
    connection: *mut c_void,
    open: Arc<Mutex<Open>>,
}

/// A connection while it is open, else null.
#[derive(Debug)]
struct Open(*mut c_void);

// SAFETY: other threads do nothing but interrupt it, under the lock.
unsafe impl Send for Open {}

/// Ends what runs on a connection.
#[derive(Debug, Clone)]
pub(crate) struct Interrupter(Arc<Mutex<Open>>);

impl Interrupter {
    /// Makes the statement fail that runs there, if one does.
    pub(crate) fn interrupt(&self) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.0.is_null() {
            // SAFETY: it stays open while the lock is held.
            unsafe { duckspan_sql_interrupt(open.0) };
        }
    }
}

impl Connection {
    pub(crate) fn interrupter(&self) -> Interrupter {
        Interrupter(Arc::clone(&self.open))
    }
}

impl Sql for Connection {
    fn run(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        let mut rows: Vec<Row> = Vec::new();
        let target: *mut Vec<Row> = &mut rows;
        // SAFETY: the connection is open, and `rows` outlives the call.
        check(unsafe {
            duckspan_sql_run(self.connection, Str::lend(sql), target.cast(), add_row)
        })?;
        Ok(rows)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).0 = std::ptr::null_mut();
        // SAFETY: nobody can interrupt it any more. This may close the database, and with it an archive of ours.
        unsafe { duckspan_sql_close(self.connection) };
    }
}

fn check(ended: bool) -> Result<(), SqlError> {
    if ended {
        return Ok(());
    }
    let mut message = String::new();
    let target: *mut String = &mut message;
    // SAFETY: `message` outlives the call.
    unsafe { duckspan_sql_error(target.cast(), set_text) };
    Err(SqlError(message))
}

extern "C" fn add_row(rows: *mut c_void, values: *const Str, count: usize) {
    contain(|| {
        // SAFETY: `run` lends both for the call.
        let (rows, values) =
            unsafe { (&mut *rows.cast::<Vec<Row>>(), std::slice::from_raw_parts(values, count)) };
        rows.push(values.iter().map(Str::get_or_null).collect());
    });
}

extern "C" fn set_text(text: *mut c_void, message: Str) {
    contain(|| {
        // SAFETY: `check` lends it for the call.
        unsafe { *text.cast::<String>() = message.get() };
    });
}
