//! Bytes as an OTLP/JSON record.
#![no_main]

use duckspan_fuzz::common::oracle::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| json::check(data));
