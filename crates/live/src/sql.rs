//! SQL of our own, and who runs it: DuckDB, or a test.

use std::fmt;

#[cfg(test)]
pub(crate) mod fake;
pub mod quote;

/// A row of a result, its values as text.
pub type Row = Vec<Option<String>>;

/// Why a statement failed, in the words of who ran it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError(pub String);

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs statements.
pub trait Sql {
    /// Runs a statement, or several; returns the rows of the last.
    ///
    /// # Errors
    /// Why one of them failed.
    fn run(&mut self, sql: &str) -> Result<Vec<Row>, SqlError>;
}

/// A database that statements run on for a purpose, until it is closed or the purpose is gone.
pub trait Connect: fmt::Debug + Send + Sync {
    /// Opens a connection, which holds the database until it is dropped.
    ///
    /// # Errors
    /// If the database is closed, or statements were stopped.
    fn connect(&self) -> Result<Box<dyn Sql + '_>, SqlError>;

    /// Makes statements fail, now and from now on. One that is about to begin does not notice.
    fn stop(&self, reason: &'static str);
}
