//! What integration tests and fuzz targets share.
#![allow(dead_code, unreachable_pub)]

pub mod corpus;
pub mod loosen;
pub mod numbers;
pub mod oracle;
pub mod rows;
pub mod samples;
