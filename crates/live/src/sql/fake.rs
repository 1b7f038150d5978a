//! A database that is made up: it knows the statements of archives in tables, keeps what is committed, and fails when a test
//! says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::{Connect, Row, Sql, SqlError};
use crate::archive;
use crate::lock;
use crate::table::LiveTable;

/// Longer than what is waited for ever takes: a test fails then, and does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// What becomes of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It fails, and does nothing.
    Fails,
    /// It is done, but whoever asked for it is told that it failed.
    IsNotHeardOf,
    /// Whoever runs it panics.
    Panics,
    /// It runs until it is stopped.
    Hangs,
}

/// See above.
#[derive(Debug, Default)]
pub(crate) struct FakeDatabase {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    committed: Content,
    /// What a transaction made of it.
    begun: Option<Content>,
    /// What is to become of the next statement that has this in it.
    troubles: Vec<(&'static str, Trouble)>,
    stopped: Option<&'static str>,
    is_closed: bool,
}

/// What is stored.
#[derive(Debug, Clone, Default)]
struct Content {
    /// The id of the first row and the one behind the last, insert by insert.
    rows: BTreeMap<&'static str, Vec<(u64, u64)>>,
    /// How far each signal is.
    marks: BTreeMap<String, u64>,
}

impl FakeDatabase {
    pub(crate) fn new() -> Arc<FakeDatabase> {
        Arc::default()
    }

    /// Has trouble with the next statement that has `part` in it.
    pub(crate) fn trouble(&self, part: &'static str, trouble: Trouble) {
        lock(&self.state).troubles.push((part, trouble));
    }

    pub(crate) fn mark(&self, signal: &str, row_id: u64) {
        lock(&self.state).committed.marks.insert(signal.to_owned(), row_id);
    }

    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
    }

    /// The rows that a table has: the id of the first and the one behind the last, insert by insert.
    pub(crate) fn stored(&self, table: LiveTable) -> Vec<(u64, u64)> {
        lock(&self.state).committed.rows.get(table.name()).cloned().unwrap_or_default()
    }

    /// Waits until a table has the rows before that id.
    pub(crate) fn wait_for(&self, table: LiveTable, end: u64) {
        let waits = |state: &mut State| {
            let stored = state.committed.rows.get(table.name());
            stored.and_then(|rows| rows.last()).is_none_or(|&(_, last)| last < end)
        };
        let waited = self.changed.wait_timeout_while(lock(&self.state), PATIENCE, waits);
        assert!(!waited.expect("nobody panicked").1.timed_out(), "{end} rows were not stored");
    }

    /// Waits until a statement hangs.
    pub(crate) fn wait_for_trouble(&self) {
        let waits = |state: &mut State| !state.troubles.is_empty();
        let waited = self.changed.wait_timeout_while(lock(&self.state), PATIENCE, waits);
        assert!(!waited.expect("nobody panicked").1.timed_out(), "no statement had trouble");
    }
}

impl Connect for FakeDatabase {
    fn connect(&self) -> Result<Box<dyn Sql + '_>, SqlError> {
        let state = lock(&self.state);
        match state.stopped.or(state.is_closed.then_some("the database is closed")) {
            Some(reason) => Err(SqlError(reason.to_owned())),
            None => Ok(Box::new(Connection(self))),
        }
    }

    fn stop(&self, reason: &'static str) {
        lock(&self.state).stopped = Some(reason);
        self.changed.notify_all();
    }
}

struct Connection<'a>(&'a FakeDatabase);

impl Sql for Connection<'_> {
    fn run(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        let mut state = lock(&self.0.state);
        let trouble = state.troubles.iter().position(|(part, _)| sql.contains(part));
        let trouble = trouble.map(|at| state.troubles.remove(at).1);
        self.0.changed.notify_all();
        match trouble {
            None => Ok(state.run(sql)),
            Some(Trouble::Fails) => Err(SqlError("the disk is full".to_owned())),
            Some(Trouble::IsNotHeardOf) => {
                state.run(sql);
                Err(SqlError("the connection is lost".to_owned()))
            }
            Some(Trouble::Panics) => {
                drop(state);
                panic!("as the test wants")
            }
            Some(Trouble::Hangs) => {
                let waits = |state: &mut State| state.stopped.is_none();
                let waited = self.0.changed.wait_timeout_while(state, PATIENCE, waits);
                assert!(!waited.expect("nobody panicked").1.timed_out(), "it was not stopped");
                Err(SqlError("Interrupted!".to_owned()))
            }
        }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).begun = None;
    }
}

impl State {
    fn run(&mut self, sql: &str) -> Vec<Row> {
        match sql {
            "BEGIN TRANSACTION" => self.begun = Some(self.committed.clone()),
            "COMMIT" => self.committed = self.begun.take().expect("a transaction"),
            "ROLLBACK" => self.begun = None,
            _ if sql.starts_with("SELECT signal, row_id") => {
                let content = self.begun.as_ref().unwrap_or(&self.committed);
                let mark = |(signal, row_id): (&String, &u64)| {
                    vec![Some(signal.clone()), Some(row_id.to_string())]
                };
                return content.marks.iter().map(mark).collect();
            }
            _ => sql.split(';').for_each(|statement| self.insert(statement.trim())),
        }
        Vec::new()
    }

    fn insert(&mut self, statement: &str) {
        let Some(content) = &mut self.begun else { return };
        let texts: Vec<_> = statement.split('\'').skip(1).step_by(2).collect();
        if statement.contains("BY NAME FROM __otlp_archive(") {
            // Here is what DuckDB would do: it looks for the rows by the key.
            let [key, name] = texts[..] else { panic!("{statement}") };
            let table = LiveTable::ALL.into_iter().find(|table| table.name() == name);
            let table = table.expect("a table");
            let view = archive::view(key).expect("a batch");
            let rows = view.snapshot(table.signal().expect("a table with rows"));
            let ids = (rows.first_row_id(), rows.next_row_id());
            content.rows.entry(table.name()).or_default().push(ids);
        } else if let Some((_, values)) = statement.split_once(" VALUES (") {
            let row_id = values.trim_end_matches(')').rsplit(", ").next().expect("an id");
            let row_id = row_id.parse().expect("a number");
            content.marks.insert(texts[1].to_owned(), row_id);
        }
    }
}
