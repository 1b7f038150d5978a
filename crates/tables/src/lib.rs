//! OTLP as tables: what the extension does that needs no DuckDB.
//!
//! A scan pulls batches of a file, or of rows that are held, and writes the columns that are wanted to vectors of
//! whoever asked. It knows these by a trait, [`vector::ColumnWriter`]; an open file is an [`source::OpenFile`], and who
//! lends memory a [`memory::Grant`]. So all of it is tested without DuckDB.
//!
//! - [`files`]: scans of files, with their [`options`]; [`rejects`]: what they skipped or repaired.
//! - [`columns`] of the unified relation, [`typed`] ones, and [`stored`] OTLP that stands in other tables.
//! - [`copy`]: rows that become files again, or requests to an upstream.
//! - What a query says, as a [`plan`] of [`expression`]s: [`conditions`] that bytes are told by, [`comparisons`] that are
//!   refused, [`members`] that are read as columns of their own, and functions from which a [`guard`] keeps the viewer.
//! - [`macros`]: functions written in SQL, and the relations that they are [`given`]; what is said of other
//!   [`functions`].
//! - What options say in words: a [`time`].
#![forbid(unsafe_code)]

pub mod columns;
pub mod comparisons;
pub mod conditions;
pub mod copy;
pub mod expression;
pub mod fault;
pub mod files;
pub mod functions;
pub mod given;
pub mod guard;
pub mod macros;
pub mod members;
pub mod memory;
pub mod options;
pub mod plan;
pub mod rejects;
pub mod scan;
pub mod source;
pub mod stored;
pub mod time;
pub mod typed;
pub mod vector;
