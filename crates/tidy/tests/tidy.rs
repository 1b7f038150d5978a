//! What compilers do not check: the header of the boundary is fresh and nothing but calls crosses it, and crates
//! depend one way.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{Visit, visit_item_fn};
use syn::{Block, Expr, ExprCall, ForeignItemFn, ItemFn, Stmt};

/// Tests run in the directory of their crate. What is compiled in would be that of another checkout, if one built
/// this test in the same target directory.
const ROOT: &str = "../..";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).expect("a file of the repository")
}

/// Modules of other crates whose types C++ sees, if only by name.
const SHARED: [(&str, &[&str]); 2] = [
    (
        "tables",
        &[
            "conditions",
            "copy",
            "copy/send",
            "expression",
            "fault",
            "files",
            "memory",
            "options",
            "plan",
            "rejects",
            "scan",
        ],
    ),
    ("live", &["insert", "live", "options", "rows", "scan", "table", "view"]),
];

/// The C++ header of the boundary says what the Rust side says. `make header` writes it anew.
#[test]
fn header_is_fresh() {
    let duckspan = Path::new(ROOT).join("crates/duckspan");
    let mut fresh = Vec::new();
    let config = cbindgen::Config::from_root_or_default(&duckspan);
    let builder = cbindgen::Builder::new().with_config(config).with_crate(&duckspan);
    // Some of what crosses the boundary is declared where it is used, and the generator does not follow `use`.
    let shared = SHARED.iter().flat_map(|(name, modules)| modules.iter().map(move |m| (name, m)));
    let builder = shared.fold(builder, |builder, (name, module)| {
        builder.with_src(Path::new(ROOT).join(format!("crates/{name}/src/{module}.rs")))
    });
    builder.generate().expect("the boundary has a header").write(&mut fresh);
    let path = duckspan.join("cpp/duckspan.h");
    if std::env::var_os("DUCKSPAN_WRITE_HEADER").is_some() {
        fs::write(&path, &fresh).expect("the header can be written");
    }
    let committed = fs::read(&path).expect("the header");
    assert!(committed == fresh, "cpp/duckspan.h is stale: run `make header`");
}

/// What each crate depends on of the others: data flows one way, and so do they.
const LAYERS: [(&str, &[&str]); 8] = [
    ("otlp", &[]),
    ("ring", &["otlp"]),
    ("receiver", &["otlp", "ring"]),
    ("sender", &["otlp"]),
    ("viewer", &["receiver"]),
    ("tables", &["otlp", "ring", "sender"]),
    ("live", &["otlp", "receiver", "ring", "sender", "tables"]),
    ("duckspan", &["live", "otlp", "receiver", "tables", "viewer"]),
];

#[test]
fn crates_depend_one_way() {
    let mut below = Vec::new();
    for (name, expected) in LAYERS {
        let manifest = read(&format!("crates/{name}/Cargo.toml"));
        let (_, rest) = manifest.split_once("\n[dependencies]\n").expect("dependencies");
        let lines = rest.lines().take_while(|line| !line.starts_with('['));
        let found: Vec<_> = lines
            .filter_map(|line| line.strip_prefix("duckspan-")?.split(['.', ' ']).next())
            .collect();
        assert_eq!(found, expected, "crates/{name}");
        assert!(found.iter().all(|other| below.contains(other)), "crates/{name} comes too early");
        below.push(name);
    }
}

/// Only the last crate knows DuckDB, C++ or `unsafe`.
#[test]
fn core_crates_are_pure() {
    for name in ["otlp", "ring", "tables"] {
        let manifest = read(&format!("crates/{name}/Cargo.toml"));
        for other in ["tokio", "cc.", "duckspan."] {
            assert!(!manifest.contains(&format!("\n{other}")), "crates/{name} depends on {other}");
        }
    }
    for name in ["otlp", "ring", "receiver", "sender", "tables", "live", "viewer"] {
        let lib = read(&format!("crates/{name}/src/lib.rs"));
        assert!(lib.contains("#![forbid(unsafe_code)]"), "crates/{name} may hold unsafe code");
    }
}

/// No panic crosses to C++: all that a function does that it calls is inside of a guard.
#[test]
fn what_cpp_calls_is_guarded() {
    let boundary = Boundary::read();
    assert!(boundary.exported.len() > 60, "the boundary was not found");
    for function in &boundary.exported {
        let name = function.sig.ident.to_string();
        let gives_back = name.ends_with("_free") || name == "release";
        let takes_pieces = ["add_column", "add_row", "set_text", "stop_all"].contains(&&*name);
        let guard = match gives_back {
            true => "contain_drop",
            false if takes_pieces => "contain",
            false => "guard",
        };
        assert!(is_guarded_by(&function.block, guard), "{name} is not all inside of {guard}(…)");
    }
}

/// No exception crosses to Rust: functions of C++ that it calls contain them, and are the shim's own, as those of
/// DuckDB throw. The one that registers is called by DuckDB's frames, so to say.
#[test]
fn what_rust_calls_contains() {
    let boundary = Boundary::read();
    let shim: String =
        sources("crates/duckspan/cpp", "cpp").iter().map(|path| read(path)).collect();
    assert!(boundary.imported.len() > 5, "the boundary was not found");
    for function in boundary.imported {
        let name = function.sig.ident.to_string();
        let start =
            shim.find(&format!(" {name}(")).unwrap_or_else(|| panic!("{name} is not the shim's"));
        let (_, body) = shim[start..].split_once("{\n").expect("a body");
        let (body, _) = body.split_once("\n}\n").expect("its end");
        let statements: Vec<_> = body.lines().filter(|line| !line.starts_with("\t\t")).collect();
        let is_contained =
            statements.iter().any(|line| line.starts_with("\treturn duckspan::Contain("));
        let owns = |line: &&&str| line.starts_with("\tOwner owner(") || line.starts_with("\t});");
        let others = statements.len() - statements.iter().filter(owns).count();
        assert!(name == "duckspan_register" || (is_contained && others == 1), "{name} may throw");
    }
}

/// DuckDB ends the whole database for an internal error, so no fault of ours is one.
#[test]
fn no_fault_is_internal_to_duckdb() {
    for path in sources("crates/duckspan/cpp", "cpp") {
        assert!(!read(&path).contains("throw InternalException"), "{path}");
    }
}

/// The functions that cross the boundary, as the Rust side declares them.
#[derive(Default)]
struct Boundary {
    exported: Vec<ItemFn>,
    imported: Vec<ForeignItemFn>,
}

impl Boundary {
    fn read() -> Boundary {
        let mut boundary = Boundary::default();
        // Tests stand in for either side.
        let is_test = |path: &String| path.ends_with("/tests.rs");
        for path in sources("crates/duckspan/src", "rs").into_iter().filter(|path| !is_test(path)) {
            let file = syn::parse_file(&read(&path)).expect("Rust");
            boundary.visit_file(&file);
        }
        boundary
    }
}

impl Visit<'_> for Boundary {
    fn visit_item_fn(&mut self, function: &ItemFn) {
        let abi = function.sig.abi.as_ref().and_then(|abi| abi.name.as_ref());
        if abi.is_some_and(|name| name.value() == "C") {
            self.exported.push(function.clone());
        }
        visit_item_fn(self, function);
    }

    fn visit_foreign_item_fn(&mut self, function: &ForeignItemFn) {
        self.imported.push(function.clone());
    }
}

/// Whether a body calls nothing but `guard`, behind pointers that become values.
fn is_guarded_by(body: &Block, guard: &str) -> bool {
    let calls = body.stmts.iter().skip_while(|statement| matches!(statement, Stmt::Local(_)));
    let is_guard = |statement: &Stmt| {
        let Stmt::Expr(Expr::Call(ExprCall { func, .. }), _) = statement else { return false };
        matches!(&**func, Expr::Path(path) if path.path.is_ident(guard))
    };
    !body.stmts.is_empty() && calls.clone().count() > 0 && calls.into_iter().all(is_guard)
}

/// The files of a folder, and of those in it, that have an extension.
fn sources(folder: &str, extension: &str) -> Vec<String> {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("a folder of the repository");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let path = |path: PathBuf| {
        let name = format!("{folder}/{}", path.file_name().expect("a name").to_string_lossy());
        match path.is_dir() {
            true => sources(&name, extension),
            false => vec![name],
        }
    };
    paths.flat_map(path).filter(|name| name.ends_with(&format!(".{extension}"))).collect()
}
