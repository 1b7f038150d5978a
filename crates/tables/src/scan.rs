//! What DuckDB pulls rows from.

use std::sync::Arc;

use crate::fault::Result;
use crate::files::FileScan;
use crate::vector::Vector;

/// A thread's place in a scan.
///
/// The shim claims a batch, prepares it, then asks for windows of rows until one is empty; of each
/// window it fills the columns it needs, those with filters first.
pub trait Scan {
    /// Takes the next batch; called by one thread at a time per scan, so it should be quick. `false`
    /// when there is none left.
    fn claim(&mut self) -> Result<bool>;

    /// Moves to another file, if it is a scan of one.
    fn enter(&mut self, _file: Arc<FileScan>) {}

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

    /// The number of the batch in the order of the scan.
    fn batch(&self) -> u64 {
        0
    }

    /// Bounds of the values of a column in the batch; `None` where they are not known.
    fn bounds(&self, _column: usize) -> Option<Bounds> {
        None
    }

    /// What this thread looked at so far.
    fn counts(&self) -> ScanCounts {
        ScanCounts::default()
    }
}

/// Bounds of the values of a column that is 64 bits wide; they may be wider than need be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The least and the greatest value; `None` where every value is NULL.
    pub values: Option<(i64, i64)>,
    /// Whether there may be a NULL.
    pub nulls: bool,
}

impl Bounds {
    /// Bounds of what either bounds.
    pub fn or(self, other: Bounds) -> Bounds {
        let values = match (self.values, other.values) {
            (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
            (one, two) => one.or(two),
        };
        Bounds { values, nulls: self.nulls || other.nulls }
    }
}

/// A window ends when what is copied of its rows reaches this many bytes of protobuf, so that large rows, and
/// large things that rows share, do not pile up. A byte becomes ten of text at most.
///
/// cbindgen:ignore
pub const WINDOW_BYTES: usize = 8 << 20;

/// Rows of a window, by position.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    /// The first so many.
    First(usize),
    /// These.
    Selected(&'a [u32]),
}

impl Rows<'_> {
    /// How many they are.
    pub fn len(self) -> usize {
        match self {
            Rows::First(count) => count,
            Rows::Selected(rows) => rows.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The position in the window of the `index`th row.
    #[inline]
    pub fn get(self, index: usize) -> usize {
        match self {
            Rows::First(_) => index,
            Rows::Selected(rows) => rows[index] as usize,
        }
    }
}

/// A thread's place in a scan, as C++ holds it.
pub struct Cursor(pub Box<dyn Scan>);

/// How much was scanned.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct ScanCounts {
    /// Rows whose columns were looked at.
    pub rows: u64,
    /// Parts of the ring, or pieces of large ones.
    pub units: u64,
}
