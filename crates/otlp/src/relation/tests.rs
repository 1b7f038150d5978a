//! Tests.

mod attributes;
mod coverage;
mod malformed;
mod values;
mod walk;
