//! Work on a database: statements that run for a purpose, and that end with it, or with the process.
//!
//! Nobody who closes a database waits for them, and a statement may be what holds it last. When the process exits,
//! the statics of the DuckDB that loaded us go: by then none may run. (Those of a DuckDB that is linked into us stay.)

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};
use std::time::{Duration, Instant};

use duckspan_live::sql::{Connect, Row, Sql, SqlError};

use super::{Connection, Database, Interrupter};
use crate::boundary::contain;

unsafe extern "C" {
    /// Has it called when the process exits, before what was there by then is destroyed.
    fn duckspan_sql_at_exit(handler: extern "C" fn()) -> bool;
}

/// Time that statements have to end when the process exits.
const AT_EXIT_PATIENCE: Duration = Duration::from_secs(2);

/// Work on a database.
#[derive(Debug)]
pub(crate) struct Work {
    database: Database,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What runs, by number.
    running: Vec<(u64, Interrupter)>,
    begun: u64,
    /// Why statements are not to run any more.
    stopped: Option<&'static str>,
}

static ALL: Mutex<Vec<Weak<Work>>> = Mutex::new(Vec::new());

/// The process that statements run in.
static PROCESS: AtomicU32 = AtomicU32::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work {
    pub(crate) fn new(database: Database) -> Arc<Work> {
        static AT_EXIT: Once = Once::new();
        AT_EXIT.call_once(|| {
            PROCESS.store(std::process::id(), Ordering::Relaxed);
            // SAFETY: the handler does not unwind. If there is no room for it, an exit may find statements running.
            unsafe { duckspan_sql_at_exit(stop_all) };
        });
        let work = Arc::new(Work { database, state: Mutex::default() });
        let mut all = lock(&ALL);
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&work));
        work
    }

    /// Opens a connection, which holds the database until it is dropped.
    pub(crate) fn open(&self) -> Result<WorkConnection<'_>, SqlError> {
        let Some(connection) = self.database.connect()? else {
            return Err(SqlError("the database is closed".to_owned()));
        };
        let mut state = lock(&self.state);
        if let Some(reason) = state.stopped {
            drop(state);
            return Err(SqlError(reason.to_owned()));
        }
        // Registered under the lock that `stop` takes: it is either seen by it, or sees that it is over.
        state.begun += 1;
        let number = state.begun;
        state.running.push((number, connection.interrupter()));
        Ok(WorkConnection { connection, _ends: Ends { work: self, number } })
    }

    fn is_running(&self) -> bool {
        !lock(&self.state).running.is_empty()
    }
}

impl Connect for Work {
    fn connect(&self) -> Result<Box<dyn Sql + '_>, SqlError> {
        Ok(Box::new(self.open()?))
    }

    fn stop(&self, reason: &'static str) {
        // Interrupted without the lock, which those who end meanwhile take.
        let running = {
            let mut state = lock(&self.state);
            state.stopped.get_or_insert(reason);
            state.running.clone()
        };
        running.iter().for_each(|(_, running)| running.interrupt());
    }
}

/// A connection for the work. Fields are dropped in this order: it may hold the database last, and to close that takes time,
/// in which statements have not ended.
pub(crate) struct WorkConnection<'a> {
    pub(crate) connection: Connection,
    _ends: Ends<'a>,
}

impl Sql for WorkConnection<'_> {
    fn run(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        self.connection.run(sql)
    }
}

/// Says that statements have ended, even if they did so by a panic.
struct Ends<'a> {
    work: &'a Work,
    number: u64,
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        lock(&self.work.state).running.retain(|&(number, _)| number != self.number);
    }
}

/// When the process exits, no statement may run on.
extern "C" fn stop_all() {
    contain(|| {
        if PROCESS.load(Ordering::Relaxed) != std::process::id() {
            // In a child of fork none does, and locks may be held by threads that exist in the parent only.
            return;
        }
        let all: Vec<_> = lock(&ALL).iter().filter_map(Weak::upgrade).collect();
        let deadline = Instant::now() + AT_EXIT_PATIENCE;
        loop {
            // Again and again: DuckDB takes no notice of being interrupted in the moment before a statement begins.
            all.iter().for_each(|work| work.stop("the process ends"));
            if !all.iter().any(|work| work.is_running()) || Instant::now() >= deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // The last owner may be a database that is gone by now.
        all.into_iter().for_each(std::mem::forget);
    });
}
