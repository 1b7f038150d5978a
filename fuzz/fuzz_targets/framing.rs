//! Bytes as a stream of records in each framing, in blocks of any size.
#![no_main]

use duckspan_fuzz::common::oracle::framing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| framing::check(data));
