//! What DuckDB pulls rows from.

use crate::boundary::Result;
use crate::vector::Vector;

/// A thread's place in a scan.
///
/// The shim claims a batch, prepares it, then asks for windows of rows until one is empty; of each
/// window it fills the columns it needs, those with filters first.
pub(crate) trait Scan {
    /// Takes the next batch; called by one thread at a time per scan, so it should be quick. `false`
    /// when there is none left.
    fn claim(&mut self) -> Result<bool>;

    /// Does the costly part of taking the batch; called without any lock held.
    fn prepare(&mut self) -> Result<()>;

    /// Moves to the next window of at most `max_rows` rows of the batch and returns how many it has;
    /// 0 at the end of the batch.
    fn next(&mut self, max_rows: usize) -> Result<usize>;

    /// Writes `rows` of the window, in their order, to a vector of the type of the `column`th column
    /// that was asked for when the scan was opened.
    fn fill(&mut self, column: usize, rows: Rows<'_>, vector: &mut Vector) -> Result<()>;

    /// What the user should be told, once.
    fn take_warning(&mut self) -> Option<String> {
        None
    }
}

/// Rows of a window, by position.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// The first so many.
    First(usize),
    /// These.
    Selected(&'a [u32]),
}

impl Rows<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Rows::First(count) => count,
            Rows::Selected(rows) => rows.len(),
        }
    }

    /// The position in the window of the `index`th row.
    #[inline]
    pub(crate) fn get(self, index: usize) -> usize {
        match self {
            Rows::First(_) => index,
            Rows::Selected(rows) => rows[index] as usize,
        }
    }
}

/// A thread's place in a scan, as C++ holds it.
pub struct Cursor(pub(crate) Box<dyn Scan>);
