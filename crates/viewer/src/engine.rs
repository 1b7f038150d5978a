//! What a viewer needs of a database.

use std::fmt;
use std::sync::Arc;

/// A database.
pub trait Engine: Send + Sync + 'static {
    /// What the page is to know before it asks anything.
    ///
    /// # Errors
    /// Why that cannot be told, in a sentence.
    fn session(&self) -> Result<Session, String>;

    /// Runs a query on this thread and hands out its result, until the answer wants no more of it.
    ///
    /// # Errors
    /// Why there is no result, or no more of it.
    fn query(&self, sql: &str, answer: &mut dyn Answer) -> Result<(), QueryError>;

    /// Makes queries fail, now and from now on.
    fn stop(&self);
}

/// Where the result of a query goes.
pub trait Answer {
    /// The query begins; says whether anybody waits for it.
    fn begin(&mut self, running: Arc<dyn Running>) -> bool;

    /// Its columns.
    fn columns(&mut self, columns: &[Column<'_>]);

    /// A value of a row, from the first column to the last.
    fn value(&mut self, value: Value<'_>);

    /// It may take time until the next row is there.
    fn wait(&mut self);

    /// The row has all of its values; says whether more rows are wanted.
    fn end_row(&mut self) -> bool;
}

/// A query that runs; on any thread.
pub trait Running: Send + Sync {
    /// Ends it.
    fn interrupt(&self);

    /// How much of it is done, from 0 to 1, where that is known.
    fn progress(&self) -> Option<f64>;
}

/// A column of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type, as SQL has it.
    pub kind: &'a str,
}

/// A value of a result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// True or false.
    Boolean(bool),
    /// An integer that a double can hold.
    Integer(i64),
    /// A number of 32 bits.
    Single(f32),
    /// A number of 64 bits.
    Double(f64),
    /// Anything else, as text.
    Text(&'a str),
}

/// Why a query failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryError {
    /// What is wrong.
    pub message: String,
    /// Where in the query, in bytes from its start.
    pub position: Option<usize>,
}

impl QueryError {
    /// An error without a place.
    pub fn new(message: impl Into<String>) -> QueryError {
        QueryError { message: message.into(), position: None }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What the page is to know before it asks anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// The version of the database.
    pub database: String,
    /// The receiver whose rows are shown, if they are one's.
    pub live: Option<String>,
    /// The relations that there are.
    pub relations: Vec<Relation>,
    /// Functions that queries may use.
    pub macros: Vec<Macro>,
}

/// A relation that queries may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relation {
    /// Its kind, which queries know it by.
    pub kind: String,
    /// What it stands for.
    pub name: String,
    /// Its columns, by name and type.
    pub columns: Vec<(String, String)>,
}

/// A function that queries may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Macro {
    /// Its name.
    pub name: String,
    /// Its parameters, as one text.
    pub parameters: String,
    /// What it is for.
    pub description: String,
}
