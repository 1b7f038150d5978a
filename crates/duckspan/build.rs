//! Compiles the C++ shim, and links the extension to the DuckDB that is to load it.

fn main() {
    println!("cargo:rerun-if-changed=cpp");
    #[cfg(feature = "shim")]
    shim::compile();
}

#[cfg(feature = "shim")]
mod shim {
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    /// The folder of DuckDB's headers, and the one in which its library is found as `libduckdb.so` when
    /// the extension is linked and when it is loaded.
    const HEADERS: &str = "DUCKDB_INCLUDE";
    const LIBRARY: &str = "DUCKDB_LIBRARY";

    /// The shim, in as many parts as there are usually processors. DuckDB's headers take ten seconds to
    /// compile, and the files of a part share them; so names in a part's anonymous namespaces are unique.
    const PARTS: [&[&str]; 2] = [
        &[
            "address",
            "archive",
            "attach",
            "boundary",
            "catalog",
            "comparisons",
            "hints",
            "live_scan",
            "live_write",
            "members",
            "vector",
            "viewer",
        ],
        &[
            "conditions",
            "copy",
            "exit",
            "extension",
            "guard",
            "macros",
            "plan",
            "read_otlp",
            "rejects",
            "relation",
            "scan",
            "secret",
            "sql",
            "stored",
        ],
    ];

    pub(super) fn compile() {
        check_parts();
        let headers = folder(HEADERS);
        cc::Build::new()
            .cpp(true)
            .std("c++17")
            .define("NDEBUG", None)
            .flag("-isystem")
            .flag(&headers)
            // A header of DuckDB's own includes that of a library which its source comes with.
            .flag("-isystem")
            .flag(format!("{headers}/../../third_party/fmt/include"))
            .include("cpp")
            .warnings(true)
            .extra_warnings(true)
            .warnings_into_errors(true)
            .files(PARTS.iter().enumerate().map(|(number, names)| join(number, names)))
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

    /// A file that no part has would be missed when the extension is loaded.
    fn check_parts() {
        for file in fs::read_dir("cpp").expect("the folder of the shim") {
            let path = file.expect("a file").path();
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            let is_listed = PARTS.iter().any(|part| part.contains(&name));
            let is_source = path.extension().is_some_and(|ending| ending == "cpp");
            assert!(is_listed || !is_source, "{} is in no part: see build.rs", path.display());
        }
    }

    /// A source that includes those of a part.
    fn join(number: usize, names: &[&str]) -> PathBuf {
        let includes: String =
            names.iter().map(|name| format!("#include \"{name}.cpp\"\n")).collect();
        let out = env::var_os("OUT_DIR").expect("cargo names a folder for what is built");
        let path = Path::new(&out).join(format!("shim_{number}.cpp"));
        fs::write(&path, includes).expect("the folder can be written to");
        path
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
