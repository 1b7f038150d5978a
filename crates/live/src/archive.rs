//! Rows of a receiver on their way to where they stay: tables of another catalog, or Parquet files.
//!
//! ```text
//! rings ─ batch ─ SQL of ours ─→ target ─→ rows may be evicted, senders are answered
//! ```
//! A batch is all rows of a moment that are not archived yet. SQL reads it as `__otlp_archive(key, table)`, which
//! knows the batch by the key of its archive: not by the name of the catalog, which another one may have by now.
//! Rows and the mark of how far they go are stored together, so that a batch is there as a whole or not at all.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use duckspan_otlp::Signal;
use duckspan_ring::{Rings, Snapshot};

use crate::lock;
use crate::sql::{Connect, Sql, SqlError, quote};
use crate::table::LiveTable;
use crate::view::View;

mod durable;
mod folder;
mod options;
mod tables;
#[cfg(test)]
mod tests;
mod worker;

use folder::Folder;
pub(crate) use options::{ArchiveOptions, NEED_TARGET, OPTIONS};
use tables::Tables;
pub(crate) use worker::{Archive, Outcome, Prepared};

/// Ids of rows, by signal.
pub(crate) type Ends = [u64; Signal::ALL.len()];

/// An id that no receiver had: the time, so that they sort by it, and what the standard library takes from the system for
/// its hash maps.
pub(crate) fn unique_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    let random = RandomState::new().hash_one(now);
    format!("{now:016x}{random:016x}")
}

/// Where rows are archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Tables(Tables),
    Folder(Folder),
}

impl Target {
    /// A folder if it has a slash, else a schema.
    pub(crate) fn new(text: &str, options: &ArchiveOptions) -> Result<Target, String> {
        match text.contains(['/', '\\']) {
            true => Ok(Target::Folder(Folder::new(text, options))),
            false => Ok(Target::Tables(Tables::new(text, options)?)),
        }
    }

    /// Makes what is not there yet, and checks what is.
    fn prepare(&self, sql: &mut dyn Sql, source: &Source) -> Result<(), SqlError> {
        match self {
            Target::Tables(tables) => tables.prepare(sql, source),
            Target::Folder(folder) => folder.prepare(sql, source),
        }
    }

    /// Sees to a target that failed, of which parts may have been removed meanwhile.
    fn mend(
        &self,
        sql: &mut dyn Sql,
        source: &Source,
        detached: &mut Option<String>,
    ) -> Result<(), SqlError> {
        if let Target::Tables(tables) = self {
            tables.attach_anew(sql, source, detached)?;
        }
        self.prepare(sql, source)
    }

    /// The rows of a receiver that are archived already: those before these ids.
    fn ends(&self, sql: &mut dyn Sql, source: &Source) -> Result<Ends, SqlError> {
        match self {
            Target::Tables(tables) => tables.ends(sql, source),
            Target::Folder(folder) => folder.ends(sql, source),
        }
    }

    /// Stores the batch of `source`, whose rows go up to `ends`.
    fn write(&self, sql: &mut dyn Sql, source: &Source, batch: &mut Batch) -> Result<(), SqlError> {
        match self {
            Target::Tables(tables) => tables.write(sql, source, batch),
            Target::Folder(folder) => folder.write(sql, source, batch),
        }
    }

    /// SQL of all rows of a typed relation: those that are archived, and those of `live` that are not.
    pub(crate) fn union(&self, receiver: &str, live: &str, table: LiveTable) -> String {
        match self {
            Target::Tables(tables) => tables.union(receiver, live, table),
            Target::Folder(folder) => folder.union(receiver, live, table),
        }
    }
}

/// What rows come from, for SQL.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The receiver that they came to.
    pub(crate) receiver: String,
    /// By which `__otlp_archive` knows them.
    pub(crate) key: String,
}

impl Source {
    /// What to read the rows of a table from.
    fn table(&self, table: LiveTable) -> String {
        format!("__otlp_archive('{}', '{}')", self.key, table.name())
    }
}

/// Rows to be archived together.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    rows: [Snapshot; Signal::ALL.len()],
    /// The files that are stored of it, which somebody may have made part of larger ones when it is tried again.
    stored: Vec<String>,
}

impl Batch {
    /// All rows that are in the rings now, from these ids on.
    fn since(rings: &Rings, starts: Ends) -> Batch {
        loop {
            let snapshots = rings.snapshot_all();
            let rest = |signal: Signal| {
                snapshots[signal as usize].between(starts[signal as usize], u64::MAX)
            };
            // They are taken back from the oldest snapshots, so that is a rare thing.
            if let [Ok(traces), Ok(metrics), Ok(logs)] = Signal::ALL.map(rest) {
                return Batch { rows: [traces, metrics, logs], stored: Vec::new() };
            }
        }
    }

    fn rows(&self, signal: Signal) -> u64 {
        self.rows[signal as usize].rows()
    }

    fn first(&self, signal: Signal) -> u64 {
        self.rows[signal as usize].first_row_id()
    }

    fn end(&self, signal: Signal) -> u64 {
        self.rows[signal as usize].next_row_id()
    }

    fn ends(&self) -> Ends {
        Signal::ALL.map(|signal| self.end(signal))
    }

    fn is_empty(&self) -> bool {
        Signal::ALL.into_iter().all(|signal| self.rows(signal) == 0)
    }

    fn total(&self) -> u64 {
        Signal::ALL.into_iter().map(|signal| self.rows(signal)).sum()
    }
}

/// What is archived from where to where: one round of it at a time.
#[derive(Debug)]
pub(crate) struct Path {
    rings: Arc<Rings>,
    database: Arc<dyn Connect>,
    target: Target,
    source: Source,
    state: Mutex<PathState>,
}

#[derive(Debug, Default)]
struct PathState {
    /// What `__otlp_archive` reads.
    batch: Option<Batch>,
    /// What is to be tried again as it was, for parts of it may be stored.
    failed: Option<Batch>,
    /// The file of a catalog that we detached and could not attach again yet.
    detached: Option<String>,
}

/// What a round archived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    pub(crate) rows: u64,
    /// How far the target is then.
    pub(crate) ends: Ends,
    /// Whether these were all rows that were there: if not, those that came since the round before failed are left.
    pub(crate) is_all: bool,
}

/// The rows of the batch that is being archived by the path with that key; those of none between batches.
pub fn view(key: &str) -> Option<View> {
    let path = lock(&PATHS).get(key)?.upgrade()?;
    let batch = lock(&path.state).batch.clone();
    // A table without rows has its columns still, which is what a target is made ready by.
    let batch = batch.unwrap_or_else(|| Batch::since(&path.rings, [u64::MAX; 3]));
    Some(View::of(batch.rows))
}

/// The paths that SQL may name, by their key.
static PATHS: LazyLock<Mutex<HashMap<String, Weak<Path>>>> = LazyLock::new(Mutex::default);

impl Path {
    pub(crate) fn new(
        receiver: &str,
        rings: Arc<Rings>,
        database: Arc<dyn Connect>,
        target: Target,
    ) -> Arc<Path> {
        let source = Source { receiver: receiver.to_owned(), key: unique_id() };
        let state = Mutex::default();
        let path = Arc::new(Path { rings, database, target, source, state });
        lock(&PATHS).insert(path.source.key.clone(), Arc::downgrade(&path));
        path
    }

    /// Makes the target ready; returns how far it is.
    pub(crate) fn prepare(&self) -> Result<Ends, SqlError> {
        self.run(|sql| {
            self.target.prepare(sql, &self.source)?;
            self.target.ends(sql, &self.source)
        })
    }

    /// Archives rows that are there and not archived yet: those of a round that failed, else all.
    pub(crate) fn round(&self, starts: Ends) -> Result<Round, SqlError> {
        let (failed, mut detached) = {
            let mut state = lock(&self.state);
            (state.failed.take(), state.detached.take())
        };
        let is_all = failed.is_none();
        let mut batch = failed.unwrap_or_else(|| Batch::since(&self.rings, starts));
        if batch.is_empty() {
            return Ok(Round { rows: 0, ends: batch.ends(), is_all });
        }
        // Statements find it by the key, from connections and threads of DuckDB's: no lock is held while they run.
        lock(&self.state).batch = Some(batch.clone());
        let written = self.run(|sql| {
            if !is_all {
                self.target.mend(sql, &self.source, &mut detached)?;
            }
            self.target.write(sql, &self.source, &mut batch)
        });
        let mut state = lock(&self.state);
        // Whatever came of it: the batch holds rows in memory, and a catalog that could not be attached is to be
        // tried again.
        (state.batch, state.detached) = (None, detached);
        match written {
            Ok(()) => Ok(Round { rows: batch.total(), ends: batch.ends(), is_all }),
            Err(error) => {
                state.failed = Some(batch);
                Err(error)
            }
        }
    }

    /// By signal, how many rows from these ids on are in the rings.
    pub(crate) fn waiting(&self, starts: Ends) -> Ends {
        let batch = Batch::since(&self.rings, starts);
        Signal::ALL.map(|signal| batch.rows(signal))
    }

    /// Whether rows from these ids on have half of the room that there is.
    pub(crate) fn is_pressing(&self, starts: Ends) -> bool {
        let (limits, mut bytes) = (self.rings.limits(), 0);
        let waiting = self.waiting(starts);
        for signal in Signal::ALL {
            let (stats, waiting) = (self.rings.stats(signal), waiting[signal as usize]);
            // At half, since rows go on coming while the thread that is told to hurry writes what there is.
            if waiting > limits.max_rows / 2 {
                return true;
            }
            // Of rows that have come since there are more than of those that were counted.
            let rows = u128::from(stats.rows.max(waiting).max(1));
            bytes += u128::from(stats.bytes) * u128::from(waiting) / rows;
        }
        bytes > u128::from(limits.memory_limit / 2)
    }

    /// Makes statements fail, now and from now on.
    pub(crate) fn stop(&self) {
        self.database.stop("the receiver is detached");
    }

    fn run<T>(
        &self,
        body: impl FnOnce(&mut dyn Sql) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let mut connection = self.database.connect()?;
        // A panic is an error like others: the batch is tried again as it was, for parts of it may be stored.
        catch_unwind(AssertUnwindSafe(|| body(&mut *connection))).unwrap_or_else(|panic| {
            // To drop it may panic once more.
            std::mem::forget(panic);
            Err(SqlError("a fault of DuckSpan: please report it".to_owned()))
        })
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        lock(&PATHS).remove(&self.source.key);
    }
}
