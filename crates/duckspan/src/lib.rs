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
//! - **Faults.** No panic and no exception crosses: every function of [`abi`] runs in
//!   [`boundary::guard`], every callback into C++ catches. A function that can fail takes a
//!   [`boundary::CFault`] to write to; the shim throws what it finds there.
//!
//! `abi.rs` and its folder, `capi.rs`, `input.rs`, `source.rs` and `vector.rs` hold all `unsafe` code.
#![deny(unsafe_code)]
// The generator of the C++ header reads `pub` items only.
#![allow(unreachable_pub)]

mod abi;
mod boundary;
/// cbindgen:ignore
mod capi;
mod columns;
mod conditions;
mod files;
mod given;
mod input;
mod live;
mod macros;
mod memory;
mod options;
mod rejects;
mod scan;
mod source;
mod typed;
mod vector;
