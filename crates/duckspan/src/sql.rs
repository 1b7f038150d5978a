//! SQL of our own, on connections of its own.
//!
//! A database is held while a connection to it is open, and no longer: whoever closes it does not wait for us, and
//! who closes the last connection to it may be we.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use duckspan_live::sql::{Row, Sql, SqlError};

use crate::abi::Str;
use crate::boundary::contain;

mod stream;
mod work;

pub(crate) use stream::{Cell, Script, StreamColumn};
pub(crate) use work::Work;

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
    /// Reads statements, and says how many they are and whether the last one is a query.
    fn duckspan_sql_parse(
        connection: *mut c_void,
        sql: Str,
        script: &mut *mut c_void,
        statements: &mut u64,
        is_query: &mut bool,
    ) -> bool;
    /// Runs them; adds the columns of the last one, whose rows are fetched.
    fn duckspan_sql_submit(
        script: *mut c_void,
        columns: *mut c_void,
        add: extern "C" fn(columns: *mut c_void, name: Str, kind: Str, shown_as: u8),
    ) -> bool;
    /// The next rows, or none at the end; what they are read from is there until the next call.
    fn duckspan_sql_fetch(
        script: *mut c_void,
        rows: &mut u64,
        vectors: &mut *const *mut c_void,
    ) -> bool;
    /// Frees a script, and ends what runs of it.
    fn duckspan_sql_end(script: *mut c_void) -> bool;
    /// Has functions that do more than to read refused on a connection.
    fn duckspan_sql_guard(connection: *mut c_void) -> bool;
    /// Makes what runs on a connection fail; from any thread.
    fn duckspan_sql_interrupt(connection: *mut c_void) -> bool;
    /// How much is done of it, in percent, or less than 0; from any thread.
    fn duckspan_sql_progress(connection: *mut c_void, percentage: &mut f64) -> bool;
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

    /// How much is done of it, from 0 to 1, where that is known.
    pub(crate) fn progress(&self) -> Option<f64> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut percentage = -1.0;
        // SAFETY: it stays open while the lock is held.
        let is_known =
            !open.0.is_null() && unsafe { duckspan_sql_progress(open.0, &mut percentage) };
        (is_known && percentage >= 0.0).then_some(percentage / 100.0)
    }
}

impl Connection {
    pub(crate) fn interrupter(&self) -> Interrupter {
        Interrupter(Arc::clone(&self.open))
    }

    /// Has functions that do more than to read refused from now on.
    pub(crate) fn guard(&mut self) -> Result<(), SqlError> {
        // SAFETY: the connection is open.
        check(unsafe { duckspan_sql_guard(self.connection) })
    }

    /// Reads statements, to run them.
    pub(crate) fn parse(&mut self, sql: &str) -> Result<Script<'_>, SqlError> {
        Script::new(self.connection, sql)
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
