//! Embeds the page that `make page` built, each of its files compressed.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

const PAGE: &str = "page/dist";

fn main() {
    println!("cargo:rerun-if-changed={PAGE}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder"));
    assert!(Path::new(PAGE).join("index.html").exists(), "the page is not built: run `make page`");
    let mut files = String::from("&[\n");
    for name in names() {
        let bytes = fs::read(Path::new(PAGE).join(&name)).expect("a file of the page");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes).expect("memory can be written to");
        let compressed = out.join(format!("{name}.gz"));
        fs::write(&compressed, encoder.finish().expect("memory can be written to"))
            .expect("the folder can be written to");
        writeln!(files, "    (\"/{name}\", include_bytes!({compressed:?})),").expect("a text");
    }
    files.push_str("]\n");
    fs::write(out.join("files.rs"), files).expect("the folder can be written to");
}

fn names() -> Vec<String> {
    let entries = fs::read_dir(PAGE).expect("the folder of the page");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a file of the page").file_name())
        .map(|name| name.into_string().expect("a name in Unicode"))
        .collect();
    names.sort();
    names
}
