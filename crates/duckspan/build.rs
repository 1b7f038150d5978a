//! Compiles the C++ shim against the headers of the DuckDB that is linked in.

use std::env;

const SOURCES: [&str; 11] = [
    "cpp/attach.cpp",
    "cpp/catalog.cpp",
    "cpp/conditions.cpp",
    "cpp/extension.cpp",
    "cpp/live_scan.cpp",
    "cpp/live_write.cpp",
    "cpp/macros.cpp",
    "cpp/members.cpp",
    "cpp/read_otlp.cpp",
    "cpp/rejects.cpp",
    "cpp/scan.cpp",
];

fn main() {
    let duckdb = env::var_os("DEP_DUCKDB_INCLUDE").expect("libduckdb-sys publishes its headers");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .define("NDEBUG", None)
        .flag("-isystem")
        .flag(duckdb)
        .include("cpp")
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .files(SOURCES)
        .compile("duckspan_shim");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--gc-sections");
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
        println!("cargo:rustc-cdylib-link-arg=-Wl,--strip-all");
    }
    println!("cargo:rerun-if-changed=cpp");
}
