#!/bin/sh
# Runs a fuzz target from seeds, for some seconds: fuzz/run.sh protobuf 1800
#
# Needs `cargo install cargo-fuzz`, and the corpus of OTLP files for good seeds (DUCKSPAN_TESTDATA).
# Coverage needs a nightly compiler or RUSTC_BOOTSTRAP=1; sanitizers find nothing in safe code.
set -eu
cd "$(dirname "$0")"
target=${1:?name a target: $(cd fuzz_targets && ls | sed 's/\.rs$//' | tr '\n' ' ')}
seconds=${2:-60}
: "${DUCKSPAN_TESTDATA:=$PWD/../../shared/testdata/otlp}"
export DUCKSPAN_TESTDATA RUSTC_BOOTSTRAP=1
cargo run --quiet --example seeds -- corpus
exec cargo fuzz run -s none "$target" -- -max_total_time="$seconds" -rss_limit_mb=4000 \
    -max_len=8192 -timeout=20 -dict=corpus/otlp.dict
