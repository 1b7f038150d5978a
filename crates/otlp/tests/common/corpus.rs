//! The corpus of real OTLP files, which is no part of the repository.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// Where the corpus is; `None` where there is none, of which the harness cannot keep the word back.
///
/// # Panics
/// If it is not where `DUCKSPAN_TESTDATA` says: then it was to be there.
pub fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("DUCKSPAN_TESTDATA").map(PathBuf::from);
    let path = named.clone().unwrap_or("../../../shared/testdata/otlp".into());
    if path.join("counts.tsv").exists() {
        return Some(path);
    }
    assert!(named.is_none(), "no corpus at {}, where DUCKSPAN_TESTDATA says", path.display());
    // Not by `eprintln`, which a test that passes prints nothing of.
    let said = "SKIPPED, for there is no corpus: name its folder in DUCKSPAN_TESTDATA\n";
    std::io::stderr().write_all(said.as_bytes()).expect("stderr");
    None
}

/// The names of the files in the corpus, relative to it, and their content.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let table = fs::read_to_string(corpus.join("counts.tsv")).expect("counts.tsv");
    let names = table.lines().skip(1).filter_map(|line| line.split('\t').next());
    let read =
        |name: &str| (name.to_owned(), fs::read(corpus.join(name)).expect("a file of the corpus"));
    names.map(read).collect()
}

/// The same, and the files that the repository has.
#[allow(dead_code)]
pub fn files_and_ours() -> Vec<(String, Vec<u8>)> {
    let ours = fs::read_dir("../../test/data").expect("a folder of the repository");
    let read = |path: PathBuf| (path.display().to_string(), fs::read(path).expect("a file"));
    let ours = ours.map(|entry| read(entry.expect("an entry").path()));
    ours.chain(files()).collect()
}
