//! Bytes as a file, compressed or not, in batches of any size.
#![no_main]

use duckspan_fuzz::common::oracle::pipeline;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| pipeline::check(data));
