//! The database as the viewer sees it.

use std::sync::Arc;

use duckspan_live::sql::{Connect as _, Row, Sql as _, SqlError, quote};
use duckspan_otlp::relation::Relation;
use duckspan_viewer::{Answer, Column, Macro, QueryError, Running, Session, Value};
use serde_json::Value as Json;

use crate::boundary::{Fault, FaultKind, Result};
use crate::given;
use crate::sql::{Cell, Connection, Interrupter, StreamColumn, Work};

/// What a connection of ours has to have, each of which a client of DuckDB may not know. Times are in UTC, as those of
/// OTLP are. Python's would look for tables among the variables of its threads, which there are none of here.
const SETTINGS: [&str; 5] = [
    "SET TimeZone = 'UTC'",
    "SET errors_as_json = true",
    "SET enable_progress_bar = true",
    "SET enable_progress_bar_print = false",
    "SET python_enable_replacements = false",
];

/// The functions that pages may use, and what they are for.
const MACROS: &str = "SELECT DISTINCT function_name, array_to_string(parameters, ', '), description \
     FROM duckdb_functions() WHERE starts_with(function_name, 'otlp_') AND function_type LIKE '%macro' ORDER BY ALL";

/// The relations that are shown.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    /// The receiver that they are of, if they are one's.
    pub(super) live: Option<String>,
    pub(super) relations: Vec<(&'static Relation, String)>,
}

impl PartialEq for Shown {
    fn eq(&self, other: &Shown) -> bool {
        let names = |shown: &Shown| -> Vec<(&str, String)> {
            let relations = shown.relations.iter();
            relations.map(|(kind, name)| (kind.name, name.clone())).collect()
        };
        self.live == other.live && names(self) == names(other)
    }
}

/// A database whose relations are shown.
pub(super) struct Engine {
    work: Arc<Work>,
    shown: Shown,
    write: bool,
}

impl Engine {
    pub(super) fn new(work: Arc<Work>, shown: Shown, write: bool) -> Engine {
        Engine { work, shown, write }
    }

    /// Checks that the relations are there, and of their kinds.
    pub(super) fn check(&self) -> Result<()> {
        for (kind, name) in &self.shown.relations {
            given::check_name(kind, name)?;
        }
        let session = duckspan_viewer::Engine::session(self);
        let session = session.map_err(|message| Fault::new(FaultKind::Binder, message))?;
        for ((kind, name), found) in self.shown.relations.iter().zip(&session.relations) {
            let columns: Vec<_> = found.columns.iter().map(|(name, _)| name.clone()).collect();
            given::check_columns(kind, name, &columns)?;
        }
        Ok(())
    }

    /// Makes a connection ready: queries name relations by their kinds.
    fn prepare(&self, connection: &mut Connection) -> std::result::Result<(), QueryError> {
        for setting in SETTINGS {
            // One that is not known has no effect to be without.
            let _ = connection.run(setting);
        }
        for (kind, name) in &self.shown.relations {
            let Some(source) = source(kind, name) else { continue };
            let kind = kind.name;
            let view = connection.run(&format!("CREATE TEMP VIEW {kind} AS FROM {source}"));
            view.map_err(|error| {
                let QueryError { message, .. } = query_error(error);
                QueryError::new(format!(
                    "The relation {name}, which this viewer shows as {kind}, is not there. Its connections are their own: \
                     they see neither temporary tables and views of others nor what is not committed yet. {message}"
                ))
            })?;
        }
        Ok(())
    }

    fn describe(&self, connection: &mut Connection) -> std::result::Result<Session, QueryError> {
        self.prepare(connection)?;
        let mut rows = |sql: &str| connection.run(sql).map_err(query_error);
        let database =
            rows("SELECT version()")?.first().map(|row| text(row, 0)).unwrap_or_default();
        let mut relations = Vec::new();
        for (kind, name) in &self.shown.relations {
            let columns =
                rows(&format!("SELECT column_name, column_type FROM (DESCRIBE {})", kind.name))?;
            let columns = columns.into_iter().map(|row| (text(&row, 0), text(&row, 1))).collect();
            let (kind, name) = (kind.name.to_owned(), name.clone());
            relations.push(duckspan_viewer::Relation { kind, name, columns });
        }
        let macros = rows(MACROS)?.into_iter().map(|row| Macro {
            name: text(&row, 0),
            parameters: text(&row, 1),
            description: text(&row, 2),
        });
        let macros = macros.collect();
        Ok(Session { database, live: self.shown.live.clone(), relations, macros })
    }

    fn run(
        &self,
        connection: &mut Connection,
        sql: &str,
        answer: &mut dyn Answer,
    ) -> std::result::Result<(), QueryError> {
        // First of all, so that whoever goes away can end what takes longest: to prepare may look at files, too.
        if !answer.begin(Arc::new(Statement(connection.interrupter()))) {
            return Err(QueryError::new("nobody waits for the result"));
        }
        self.prepare(connection)?;
        if !self.write {
            connection.guard().map_err(query_error)?;
            // Besides looking at statements: a function in a SELECT may write as well.
            connection.run("BEGIN TRANSACTION READ ONLY").map_err(query_error)?;
        }
        let mut script = connection.parse(sql).map_err(query_error)?;
        self.check_statements(script.statements, script.is_query)?;
        let columns = script.submit().map_err(query_error)?;
        let column = |column: &'_ StreamColumn| (column.name.clone(), column.kind.clone());
        let columns: Vec<_> = columns.iter().map(column).collect();
        let lent: Vec<_> = columns.iter().map(|(name, kind)| Column { name, kind }).collect();
        answer.columns(&lent);
        loop {
            let more = script.next(|cell| match cell {
                Some(cell) => {
                    answer.value(value(cell));
                    true
                }
                None => answer.end_row(),
            });
            if !more.map_err(query_error)? {
                return Ok(());
            }
            answer.wait();
        }
    }

    fn check_statements(
        &self,
        statements: u64,
        is_query: bool,
    ) -> std::result::Result<(), QueryError> {
        if statements == 0 {
            return Err(QueryError::new("There is no statement to run."));
        }
        if self.write || statements == 1 && is_query {
            return Ok(());
        }
        Err(QueryError::new(if statements > 1 {
            "One statement runs at a time here: leave out the others."
        } else {
            "Only queries run here: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW and EXPLAIN of them. \
             CALL otlp_viewer(allow_write := true) starts a viewer that runs anything."
        }))
    }
}

impl duckspan_viewer::Engine for Engine {
    fn session(&self) -> std::result::Result<Session, String> {
        let opened = self.work.open().map_err(query_error);
        let session = opened.and_then(|mut work| self.describe(&mut work.connection));
        session.map_err(|error| error.message)
    }

    fn query(&self, sql: &str, answer: &mut dyn Answer) -> std::result::Result<(), QueryError> {
        let mut work = self.work.open().map_err(query_error)?;
        self.run(&mut work.connection, sql, answer)
    }

    fn stop(&self) {
        self.work.stop("the viewer is stopping");
    }
}

/// What relation of that kind is read from; `None` if it has that very name, and needs no other.
fn source(kind: &Relation, name: &str) -> Option<String> {
    let Some(path) = quote::path(name) else {
        return Some(format!("query_table({})", quote::text(name)));
    };
    let is_named_so = matches!(&path[..], [only] if only.eq_ignore_ascii_case(kind.name));
    let names: Vec<_> = path.iter().map(|name| quote::name(name)).collect();
    (!is_named_so).then(|| names.join("."))
}

/// What DuckDB says of an error: its kind, and all else as JSON; or else a text.
fn query_error(SqlError(text): SqlError) -> QueryError {
    // Before the JSON may stand what DuckDB puts in front of any error.
    let json = text.find('{').map(|start| &text[start..]);
    let error = json.and_then(|json| serde_json::from_str::<Json>(json).ok()).unwrap_or_default();
    let Some(message) = error["exception_message"].as_str() else { return QueryError::new(text) };
    let kind = error["exception_type"].as_str().unwrap_or("Unknown");
    let position = error["position"].as_str().and_then(|position| position.parse().ok());
    QueryError { message: format!("{kind} Error: {message}"), position }
}

fn value(cell: Cell<'_>) -> Value<'_> {
    match cell {
        Cell::Null => Value::Null,
        Cell::Boolean(value) => Value::Boolean(value),
        Cell::Integer(value) => Value::Integer(value),
        Cell::Float(value) => Value::Single(value),
        Cell::Double(value) => Value::Double(value),
        Cell::Text(text) => Value::Text(text),
    }
}

fn text(row: &Row, at: usize) -> String {
    row.get(at).cloned().flatten().unwrap_or_default()
}

/// A query that runs.
struct Statement(Interrupter);

impl Running for Statement {
    fn interrupt(&self) {
        self.0.interrupt();
    }

    fn progress(&self) -> Option<f64> {
        self.0.progress()
    }
}

#[cfg(test)]
mod tests;
