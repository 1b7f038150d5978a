//! OpenTelemetry in DuckDB: the extension.
//!
//! This crate is the only one that knows DuckDB, and the only one with `unsafe`. The shim in `cpp/`
//! registers functions with DuckDB and turns its calls into the calls of [`abi`]; it holds no logic.
//!
//! # The boundary
//! - **Ownership.** A handle is made by a `*_new` or `*_open` function and freed by its `*_free`, once.
//!   Handles of DuckDB (vectors, values) are borrowed for the duration of a call. Text crosses as
//!   pointer and length.
//! - **Threads.** A [`scan::Cursor`] belongs to one thread at a time; [`files::FileScan`] and
//!   [`rejects::Rejects`] may be shared.
//! - **Faults.** No panic and no exception crosses. Every function of [`abi`] runs in
//!   [`boundary::guard`], and takes a [`boundary::CFault`] to write to: the shim throws what it finds
//!   there. But for those by which C++ gives something back: they run in [`boundary::contain_drop`], and
//!   cannot fail. Every function of [`shim`], which Rust calls, catches: it says whether it came to its
//!   end, and the shim keeps what it threw until Rust has returned. Tests in `crates/tidy` see to that.
//!
//! `abi.rs` and its folder, `input.rs`, `shim.rs`, `source.rs`, `sql.rs` and its folder, and `vector.rs` hold all
//! `unsafe` code. What needs none of this is in `duckspan_tables` and `duckspan_live`,
//! and tested without DuckDB.
#![deny(unsafe_code)]
// The generator of the C++ header reads `pub` items only.
#![allow(unreachable_pub)]

use duckspan_live::hints;
use duckspan_tables::{
    columns, comparisons, conditions, copy, expression, files, functions, given, macros, members,
    memory, options, plan, rejects, scan, stored, typed,
};

mod abi;
mod boundary;
mod input;
/// cbindgen:ignore
mod shim;
mod source;
mod sql;
mod vector;
mod viewer;
