//! Tests.

mod attributes;
mod coverage;
mod malformed;
mod walk;
