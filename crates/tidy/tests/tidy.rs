//! What compilers do not check: the header of the boundary is fresh, and crates depend one way.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The C++ header of the boundary says what the Rust side says. `make header` writes it anew.
#[test]
fn header_is_fresh() {
    let duckspan = root().join("crates/duckspan");
    let mut fresh = Vec::new();
    cbindgen::generate(&duckspan).expect("the boundary has a header").write(&mut fresh);
    let path = duckspan.join("cpp/duckspan.h");
    if std::env::var_os("DUCKSPAN_WRITE_HEADER").is_some() {
        fs::write(&path, &fresh).expect("the header can be written");
    }
    let committed = fs::read(&path).expect("the header");
    assert!(committed == fresh, "cpp/duckspan.h is stale: run `make header`");
}

/// Only the last crate knows DuckDB, C++ or `unsafe`.
#[test]
fn core_crates_are_pure() {
    let manifest = fs::read_to_string(root().join("crates/otlp/Cargo.toml")).expect("a manifest");
    for crate_name in ["libduckdb-sys", "tokio", "cc."] {
        assert!(!manifest.contains(crate_name), "crates/otlp depends on {crate_name}");
    }
    let lib = fs::read_to_string(root().join("crates/otlp/src/lib.rs")).expect("lib.rs");
    assert!(lib.contains("#![forbid(unsafe_code)]"), "crates/otlp may hold unsafe code");
}
