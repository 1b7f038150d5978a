//! Generated OTLP data of any size, and what the machine can do with it.
//!
//! - [`generator`]: requests of an imaginary fleet of services, the same for the same seed;
//!   [`spans`], [`logs`] and [`metrics`] fill them, [`writer`] writes them as JSON or protobuf.
//! - [`compression`]: what may be around a file or a request.
//! - [`slicer`]: a SIMD pass over JSON lines that cuts out every span: the upper bound of a reader.
//! - [`probe`]: times a job and compares it with others of the same run.
//!
//! The binaries are `generate`, which writes files, `limits`, which measures on such files, and
//! `ingest`, which sends such requests to a receiver or to a sink that drops them.
#![deny(unsafe_code)]

pub mod compression;
pub mod fleet;
pub mod generator;
pub mod logs;
pub mod metrics;
pub mod probe;
pub mod rng;
#[allow(unsafe_code)] // SIMD intrinsics
pub mod slicer;
pub mod spans;
pub mod writer;
