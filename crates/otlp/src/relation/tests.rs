//! Tests.

mod attributes;
mod coverage;
mod kept;
mod malformed;
mod values;
mod walk;
