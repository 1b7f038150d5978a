//! The corpus of real OTLP files, which is no part of the repository.

use std::fs;
use std::path::PathBuf;

/// Where the corpus is; `None`, loudly, where there is none.
pub fn corpus() -> Option<PathBuf> {
    let default = "../../../shared/testdata/otlp";
    let path = std::env::var_os("DUCKSPAN_TESTDATA").map_or(default.into(), PathBuf::from);
    if path.join("counts.tsv").exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: no corpus at {} (set DUCKSPAN_TESTDATA)", path.display());
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
