//! Bounded memory of OTLP segments: one ring per signal, under one limit of bytes.
//!
//! A writer appends [`Segment`]s; the oldest rows make room for the newest. A reader takes a
//! [`Snapshot`], which no later append changes, though it may be taken back. Neither waits for the other, but
//! for the moment in which a snapshot is put on a list or taken off it.
//!
//! - What readers see is one immutable `State`, published whole: a writer builds the next one beside
//!   it, so that a panic on the way changes nothing (`sync.rs`, `state.rs`).
//! - Rows of a signal have consecutive ids in arrival order; rows of all signals have an arrival
//!   number, which decides what is oldest when bytes are short (`arrival.rs`).
//! - Memory is let go of part by part. Small requests are joined into parts of a 64th of the limit
//!   at most, large ones are cut into such parts (`size.rs`, `admit.rs`, `append.rs`, `coalesce.rs`).
//!   What makes up a whole part is copied into one segment for the first who reads it (`content.rs`).
//!
//! Bytes are those of allocations: buffers with their unused capacity, index and bookkeeping. What
//! the rings hold stays within the limit at every moment, copies in the making included, apart from
//! the tables that a merge needs for its resources, scopes and metrics. What snapshots keep alive beside
//! that has a limit of its own: beyond it the oldest lose their rows (`lease.rs`). It is kept but for the
//! parts that are being read, which [`Stats::pinned_bytes`] shows with all others. Two things are not the
//! rings': segments not yet appended, which are their owner's until [`Rings::append`] returns, and the copy
//! of a part that a reader makes, while it makes it.
#![forbid(unsafe_code)]

mod admit;
mod append;
mod arrival;
mod coalesce;
mod content;
mod lease;
mod part;
mod rings;
mod size;
mod snapshot;
mod state;
mod stats;
mod sync;
mod view;

pub use duckspan_otlp::{Segment, Signal};
pub use part::{Part, Run};
pub use rings::{Full, Keeper, Limits, Ring, Rings};
pub use snapshot::{Parts, Snapshot, TakenBack};
pub use stats::Stats;
