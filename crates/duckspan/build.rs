//! Compiles the C++ shim, and links the extension to the DuckDB that is to load it.

fn main() {
    println!("cargo:rerun-if-changed=cpp");
    #[cfg(feature = "shim")]
    shim::compile();
}

#[cfg(feature = "shim")]
mod shim {
    use std::{env, fs};

    /// The folder of DuckDB's headers, and the one in which its library is found as `libduckdb.so` when
    /// the extension is linked and when it is loaded.
    const HEADERS: &str = "DUCKDB_INCLUDE";
    const LIBRARY: &str = "DUCKDB_LIBRARY";

    pub(super) fn compile() {
        let headers = folder(HEADERS);
        let sources = fs::read_dir("cpp").expect("the folder of the shim");
        let sources = sources.map(|entry| entry.expect("a file of the shim").path());
        cc::Build::new()
            .cpp(true)
            .std("c++17")
            .define("NDEBUG", None)
            .flag("-isystem")
            .flag(headers)
            .include("cpp")
            .warnings(true)
            .extra_warnings(true)
            .warnings_into_errors(true)
            .files(sources.filter(|path| path.extension().is_some_and(|name| name == "cpp")))
            .compile("duckspan_shim");
        let library = folder(LIBRARY);
        println!("cargo:rustc-link-search=native={library}");
        println!("cargo:rustc-link-lib=dylib=duckdb");
        if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
            for argument in ["--gc-sections", "--exclude-libs,ALL", "--strip-all"] {
                println!("cargo:rustc-cdylib-link-arg=-Wl,{argument}");
            }
            println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,{library}");
        }
    }

    fn folder(variable: &str) -> String {
        println!("cargo:rerun-if-env-changed={variable}");
        env::var(variable).unwrap_or_else(|_| {
            panic!(
                "{variable} is not set: build with `make extension`, which gets DuckDB and sets it"
            )
        })
    }
}
