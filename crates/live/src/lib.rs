//! Receivers that are attached: what comes in is tables, which go on to where rows stay.
//!
//! ```text
//! receiver ─→ rings ─┬─ View: a moment of them ─ LiveScan ─→ vectors of whoever asked
//!                    ├─ archive ─→ SQL of ours ─→ tables or files
//!                    └─ forward ─→ upstream
//! ```
//! [`Live`] is one of them, as its [`LiveOptions`] say. A transaction sees a [`View`], in which each [`LiveTable`] is
//! scanned by a [`LiveScan`]; a [`LiveInsert`] makes requests of rows again. Nothing here knows DuckDB: vectors are those of
//! `duckspan_tables`, and [`sql`] is run by whoever has a database. So all of it is tested without DuckDB.
#![forbid(unsafe_code)]

use std::sync::{Mutex, MutexGuard, PoisonError};

mod archive;
mod forward;
pub mod hints;
mod insert;
mod live;
mod options;
mod rows;
#[cfg(test)]
mod sample;
mod scan;
pub mod sql;
mod stats;
mod table;
mod tls;
mod view;

pub use archive::view as archive_view;
pub use insert::LiveInsert;
pub use live::Live;
pub use options::LiveOptions;
pub use rows::ScanOrder;
pub use scan::LiveScan;
pub use table::{LiveTable, TableColumn};
pub use view::View;

/// What a thread left that panicked is whole: it is written at once, or counted anew.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
