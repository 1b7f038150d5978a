//! OTLP bytes to rows.
//!
//! Data flows one way: bytes of a file or request, in JSON or protobuf, become protobuf in one
//! canonical form; a [`segment::Segment`] keeps those bytes with an index of their rows; columns are
//! read from a segment when they are asked for.
//!
//! - [`schema`]: every OTLP message and field, as data; all other modules read it.
//! - [`wire`]: the protobuf wire format, and the reader that checks. [`verify`] checks a message to the last field
//!   and says whether it is canonical; [`normalize`] rewrites one that is not, [`utf8`] what is no text in it, and
//!   `modernize` what is of an older version. `trusted` is the reader of what was checked, for all that comes after.
//! - [`json`]: OTLP/JSON to canonical protobuf. [`kept`]: how much of a request is read, and a segment holds.
//! - [`segment`]: canonical protobuf with its rows; [`render`]: rows as canonical OTLP/JSON;
//!   [`relation`]: rows as typed columns.
//! - [`compression`], [`sniff`], [`split`], [`file`](mod@file): files to records to segments; [`detect`]
//!   tells the signal of a protobuf record.
//! - [`output`]: segments to requests to files; [`shift_times`]: requests of then as requests of now.
//!
//! The crate does no I/O of its own, knows no clock and no threads, and never panics on input.
#![forbid(unsafe_code)]

mod any_value;
pub mod compression;
#[cfg(test)]
#[path = "../tests/common/corpus.rs"]
#[allow(unreachable_pub)]
mod corpus;
pub mod detect;
pub mod error;
mod escape;
pub mod file;
pub mod json;
pub mod kept;
pub mod limits;
mod modernize;
pub mod normalize;
mod order;
pub mod output;
pub mod relation;
pub mod render;
pub mod repair;
pub mod schema;
pub mod segment;
mod shift;
pub mod signal;
pub mod sniff;
pub mod split;
mod trusted;
pub mod utf8;
pub mod verify;
pub mod wire;
#[cfg(test)]
mod work;
mod write;

pub use error::Error;
pub use repair::{Repair, Repaired, Repairs};
pub use segment::{Segment, SegmentBuilder};
pub use shift::shift_times;
pub use signal::{Signal, SignalSet};
