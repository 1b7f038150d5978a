//! The encodings and compressions of requests, as headers name them.

use duckspan_otlp::compression::Compression;
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderName};

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// The media type of it.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }

    /// The encoding of that media type.
    pub(crate) fn of(media_type: &str) -> Option<Encoding> {
        [Encoding::Protobuf, Encoding::Json]
            .into_iter()
            .find(|encoding| encoding.media_type().eq_ignore_ascii_case(media_type))
    }
}

/// The media type of a request, without parameters; empty if there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(';').next().unwrap_or("").trim()
}

/// The compression that a header names, in one list or several; the list itself where it is not
/// understood.
pub(crate) fn compression(headers: &HeaderMap, header: &HeaderName) -> Result<Compression, String> {
    let mut compression = Compression::None;
    for value in headers.get_all(header) {
        let list = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        for name in list.split(',').map(str::trim) {
            match (compression, name) {
                (_, "" | "identity") => {}
                (Compression::None, "gzip" | "x-gzip") => compression = Compression::Gzip,
                (Compression::None, "zstd") => compression = Compression::Zstd,
                _ => return Err(list.trim().to_owned()),
            }
        }
    }
    Ok(compression)
}
