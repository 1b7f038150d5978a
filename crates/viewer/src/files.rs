//! The files of the page, as they were when this was built.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::GzDecoder;

/// Path and contents, compressed by gzip.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file of the page.
pub(crate) struct File {
    pub(crate) media_type: &'static str,
    compressed: &'static [u8],
}

/// The file at a path, if there is one.
pub(crate) fn find(path: &str) -> Option<File> {
    let path = if path == "/" { "/index.html" } else { path };
    let &(name, compressed) = FILES.iter().find(|(name, _)| *name == path)?;
    Some(File { media_type: media_type(name), compressed })
}

impl File {
    pub(crate) fn compressed(&self) -> Bytes {
        Bytes::from_static(self.compressed)
    }

    /// As it is for clients that do not expand.
    pub(crate) fn plain(&self) -> Bytes {
        let mut bytes = Vec::new();
        // What was compressed here can be expanded, and memory can be written to.
        let _ = GzDecoder::new(self.compressed).read_to_end(&mut bytes);
        bytes.into()
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_there() {
        let page = find("/").expect("the page");
        assert_eq!(page.media_type, "text/html; charset=utf-8");
        let plain = page.plain();
        assert!(plain.starts_with(b"<!doctype html>") || plain.starts_with(b"<!DOCTYPE html>"));
        assert!(page.compressed().starts_with(b"\x1f\x8b"));
        for path in ["", "/..", "/../Cargo.toml", "/nowhere", "index.html"] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn files_say_what_they_are() {
        for (path, _) in FILES {
            let file = find(path).expect("a file");
            assert_ne!(file.media_type, "application/octet-stream", "{path}");
        }
    }
}
