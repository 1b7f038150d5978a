//! What compilers do not check: the header of the boundary is fresh, and crates depend one way.

use std::fs;
use std::path::Path;

/// Tests run in the directory of their crate. What is compiled in would be that of another checkout, if one built
/// this test in the same target directory.
const ROOT: &str = "../..";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).expect("a file of the repository")
}

/// The C++ header of the boundary says what the Rust side says. `make header` writes it anew.
#[test]
fn header_is_fresh() {
    let duckspan = Path::new(ROOT).join("crates/duckspan");
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
    let manifest = read("crates/otlp/Cargo.toml");
    for crate_name in ["tokio", "cc."] {
        assert!(!manifest.contains(crate_name), "crates/otlp depends on {crate_name}");
    }
    let lib = read("crates/otlp/src/lib.rs");
    assert!(lib.contains("#![forbid(unsafe_code)]"), "crates/otlp may hold unsafe code");
}
