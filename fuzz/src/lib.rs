//! What the fuzz targets check: the oracles of the tests of `duckspan-otlp`.

#[path = "../../crates/otlp/tests/common/mod.rs"]
pub mod common;
