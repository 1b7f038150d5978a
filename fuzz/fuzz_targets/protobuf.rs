//! Bytes as a protobuf request of each signal.
#![no_main]

use duckspan_fuzz::common::oracle::protobuf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| protobuf::check(data));
