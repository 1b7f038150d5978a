//! Archives in tables: those of a schema of any catalog that has transactions.

use std::fmt::Write as _;

use duckspan_otlp::Signal;

use super::options::ArchiveOptions;
use super::{Batch, Ends, Source, quote};
use crate::sql::{Row, Sql, SqlError};
use crate::table::LiveTable;

/// The table that says how far each receiver is archived.
const MARKS: &str = "otlp_archive";

/// What DuckDB says of a database that it refuses until it is attached anew.
const REFUSED: &str = "has been invalidated";

/// A schema, and what is to be in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tables {
    catalog: String,
    schema: String,
    tables: Vec<LiveTable>,
}

impl Tables {
    /// `catalog.schema`, or the schema `main` of a catalog.
    pub(super) fn new(path: &str, options: &ArchiveOptions) -> Result<Tables, String> {
        let names = quote::path(path).unwrap_or_default();
        let (catalog, schema) = match &names[..] {
            [catalog] => (catalog.clone(), "main".to_owned()),
            [catalog, schema] => (catalog.clone(), schema.clone()),
            _ => {
                let wanted =
                    "neither a schema, as in 'lake.telemetry', nor a folder, which has a '/'";
                return Err(format!("archive '{path}' is {wanted}"));
            }
        };
        Ok(Tables { catalog, schema, tables: options.relations.tables() })
    }

    fn path(&self, table: &str) -> String {
        let Tables { catalog, schema, .. } = self;
        format!("{}.{}.{}", quote::name(catalog), quote::name(schema), quote::name(table))
    }

    pub(super) fn prepare(&self, sql: &mut dyn Sql, source: &Source) -> Result<(), SqlError> {
        let (catalog, schema) = (quote::name(&self.catalog), quote::name(&self.schema));
        sql.run(&format!("CREATE SCHEMA IF NOT EXISTS {catalog}.{schema}"))?;
        for &table in &self.tables {
            let (path, rows) = (self.path(table.name()), source.table(table));
            sql.run(&format!("CREATE TABLE IF NOT EXISTS {path} AS FROM {rows} LIMIT 0"))?;
            self.add_columns(sql, source, table)?;
        }
        let marks = self.path(MARKS);
        sql.run(&format!(
            "CREATE TABLE IF NOT EXISTS {marks} (receiver VARCHAR, signal VARCHAR, row_id BIGINT)"
        ))?;
        Ok(())
    }

    /// A checkpoint that fails, as on a full disk, has DuckDB refuse the database until it is attached anew, which nobody
    /// may be there to do. `detached` is its file, from when it was detached until it is attached.
    pub(super) fn attach_anew(
        &self,
        sql: &mut dyn Sql,
        source: &Source,
        detached: &mut Option<String>,
    ) -> Result<(), SqlError> {
        let catalog = quote::name(&self.catalog);
        let is_refused = |error: SqlError| error.0.contains(REFUSED);
        if detached.is_none() && self.ends(sql, source).is_err_and(is_refused) {
            // An encrypted one takes a key that we do not have.
            let is_it = format!("lower(database_name) = lower({})", quote::text(&self.catalog));
            let files = format!(
                "SELECT path FROM duckdb_databases() WHERE {is_it} AND type = 'duckdb' AND NOT encrypted AND path IS NOT NULL"
            );
            if let [row] = &sql.run(&files)?[..] {
                sql.run(&format!("DETACH {catalog}"))?;
                *detached = row.first().cloned().flatten();
            }
        }
        if let Some(file) = detached {
            sql.run(&format!("ATTACH IF NOT EXISTS {} AS {catalog}", quote::text(file)))?;
            *detached = None;
        }
        Ok(())
    }

    /// Adds the columns that a table of an older version lacks.
    fn add_columns(
        &self,
        sql: &mut dyn Sql,
        source: &Source,
        table: LiveTable,
    ) -> Result<(), SqlError> {
        let path = self.path(table.name());
        let there = columns(sql, &path)?;
        for (name, kind) in columns(sql, &source.table(table))? {
            if there.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                continue;
            }
            let column = format!("{} {kind}", quote::name(&name));
            sql.run(&format!("ALTER TABLE {path} ADD COLUMN {column}")).map_err(|error| {
                let reason =
                    format!("the table {path} lacks the column {column}, and cannot get it");
                SqlError(format!("{reason}: {error}"))
            })?;
        }
        Ok(())
    }

    pub(super) fn ends(&self, sql: &mut dyn Sql, source: &Source) -> Result<Ends, SqlError> {
        let (marks, receiver) = (self.path(MARKS), quote::text(&source.receiver));
        let rows =
            sql.run(&format!("SELECT signal, row_id FROM {marks} WHERE receiver = {receiver}"))?;
        let end = |signal: Signal| rows.iter().filter_map(|row| mark(row, signal)).max();
        Ok(Signal::ALL.map(|signal| end(signal).unwrap_or(0)))
    }

    pub(super) fn write(
        &self,
        sql: &mut dyn Sql,
        source: &Source,
        batch: &Batch,
    ) -> Result<(), SqlError> {
        // If it is not known how a commit ended, as when a server is gone, the mark says it.
        let ends = self.ends(sql, source)?;
        let signals = Signal::ALL
            .into_iter()
            .filter(|&signal| batch.rows(signal) > 0 && ends[signal as usize] < batch.end(signal));
        let signals: Vec<_> = signals.collect();
        if signals.is_empty() {
            return Ok(());
        }
        // Rows and mark become visible together, or neither does: that is what makes each row come once.
        sql.run("BEGIN TRANSACTION")?;
        let written = sql.run(&self.statements(source, batch, &signals));
        match written.and_then(|_| sql.run("COMMIT")) {
            Ok(_) => Ok(()),
            Err(error) => {
                // It fails if the transaction has ended already.
                let _ = sql.run("ROLLBACK");
                Err(error)
            }
        }
    }

    fn statements(&self, source: &Source, batch: &Batch, signals: &[Signal]) -> String {
        let (marks, receiver) = (self.path(MARKS), quote::text(&source.receiver));
        let mut statements = String::new();
        for &signal in signals {
            for &table in self.tables.iter().filter(|table| table.signal() == Some(signal)) {
                let (path, rows) = (self.path(table.name()), source.table(table));
                let _ = write!(statements, "INSERT INTO {path} BY NAME FROM {rows};");
            }
            let (name, end) = (quote::text(signal.name()), batch.end(signal));
            let mine = format!("receiver = {receiver} AND signal = {name}");
            let _ = write!(
                statements,
                "DELETE FROM {marks} WHERE {mine}; INSERT INTO {marks} VALUES ({receiver}, {name}, {end});"
            );
        }
        statements
    }

    /// Both halves see one moment each: rows that are archived between them are in the first, by the mark that it sees
    /// as well, or in the second. Where a transaction looked at the archive long before it looked at the ring, rows may
    /// have been archived and evicted between, and are in neither.
    pub(super) fn union(&self, receiver: &str, live: &str, table: LiveTable) -> String {
        let (path, marks) = (self.path(table.name()), self.path(MARKS));
        let receiver = quote::text(receiver);
        let signal = quote::text(table.signal().map_or("", Signal::name));
        let live = quote::name(live);
        let mark = format!(
            "coalesce((SELECT max(row_id) FROM {marks} WHERE receiver = {receiver} AND signal = {signal}), 0)"
        );
        let error = quote::text(
            "This transaction looked at the archive before it looked at the receiver, which has archived and evicted \
             rows since: begin another transaction, or read the receiver first",
        );
        format!(
            "SELECT * FROM {path} UNION ALL BY NAME SELECT * FROM {live}.main.{} WHERE rowid >= (SELECT CASE WHEN \
             least(archived, evicted + cleared) > mark THEN error({error}) ELSE mark END FROM (SELECT archived, \
             evicted, cleared, {mark} AS mark FROM {live}.main.stats WHERE signal = {signal}))",
            quote::name(table.name())
        )
    }
}

/// The names and types of the columns of a table or function.
fn columns(sql: &mut dyn Sql, relation: &str) -> Result<Vec<(String, String)>, SqlError> {
    let rows =
        sql.run(&format!("SELECT column_name, column_type FROM (DESCRIBE FROM {relation})"))?;
    let pair = |row: Row| {
        let mut values = row.into_iter().flatten();
        Some((values.next()?, values.next()?))
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// The id in a mark of that signal.
fn mark(row: &Row, signal: Signal) -> Option<u64> {
    match &row[..] {
        [Some(name), Some(id)] if name == signal.name() => id.parse().ok(),
        _ => None,
    }
}
