//! Requests as files have them, in every form that [`file`](mod@crate::file) reads.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use crate::compression::Compression;
use crate::render;
use crate::segment::Segment;
use crate::signal::Signal;

#[cfg(test)]
mod tests;

/// How requests stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// OTLP/JSON, a request on each line.
    JsonLines,
    /// One OTLP/JSON document.
    Json,
    /// Protobuf, one request: many are written as one, as protobuf joins messages that follow each other.
    Protobuf,
    /// Protobuf, each request after its length in four bytes, the highest first, as the Collector's file exporter
    /// writes them.
    LengthPrefixed,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Encoding; 4] =
        [Encoding::JsonLines, Encoding::Json, Encoding::Protobuf, Encoding::LengthPrefixed];

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::JsonLines => "jsonl",
            Encoding::Json => "json",
            Encoding::Protobuf => "protobuf",
            Encoding::LengthPrefixed => "length_prefixed",
        }
    }

    /// The encoding of that SQL name.
    pub fn from_name(name: &str) -> Option<Encoding> {
        Encoding::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// What the name of a file suggests.
    pub fn of_path(path: &str) -> Encoding {
        let path = path.to_ascii_lowercase();
        let path = [".gz", ".zst"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(&path);
        match path.rsplit('.').next() {
            Some("json") => Encoding::Json,
            Some("pb" | "binpb" | "otlp" | "bin") => Encoding::Protobuf,
            _ => Encoding::JsonLines,
        }
    }

    /// Whether requests of several signals can stand in one file.
    fn takes_all_signals(self) -> bool {
        match self {
            Encoding::JsonLines | Encoding::LengthPrefixed => true,
            Encoding::Json | Encoding::Protobuf => false,
        }
    }
}

/// A request that is encoded, for one place in a file.
#[derive(Debug)]
pub struct Piece {
    signal: Signal,
    rows: usize,
    bytes: Vec<u8>,
}

impl Piece {
    /// The rows in it.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All rows of a segment, as one request.
    ///
    /// # Errors
    /// If there is no memory to compress it, or no length for it.
    pub fn new(
        segment: &Segment,
        encoding: Encoding,
        compression: Compression,
    ) -> io::Result<Piece> {
        let (signal, rows) = (segment.signal(), segment.len());
        let mut request = Vec::new();
        match encoding {
            Encoding::JsonLines | Encoding::Json => render::request(segment, &mut request),
            Encoding::Protobuf => segment.put_request(0..rows, &mut request),
            Encoding::LengthPrefixed => {
                request.extend_from_slice(&[0; size_of::<u32>()]);
                segment.put_request(0..rows, &mut request);
                let length = u32::try_from(request.len() - size_of::<u32>());
                let length = length.map_err(io::Error::other)?.to_be_bytes();
                request[..size_of::<u32>()].copy_from_slice(&length);
            }
        }
        let bytes = match encoding {
            // What is around them is written once, by who knows which is first.
            Encoding::Json => elements(&request).to_vec(),
            Encoding::JsonLines => {
                request.push(b'\n');
                compressed(compression, request)?
            }
            Encoding::Protobuf | Encoding::LengthPrefixed => compressed(compression, request)?,
        };
        Ok(Piece { signal, rows, bytes })
    }
}

/// What stands between the brackets of a request's only list.
fn elements(request: &[u8]) -> &[u8] {
    // A request has one member, its list, so the first bracket is that list's.
    let open = request.iter().position(|&byte| byte == b'[').map_or(request.len(), |at| at + 1);
    request[open..].strip_suffix(b"]}").unwrap_or_default()
}

/// Puts pieces together to a file.
#[derive(Debug)]
pub struct Output {
    encoding: Encoding,
    compression: Compression,
    /// That of the pieces so far.
    signal: Option<Signal>,
}

/// Why a file does not get a piece.
#[derive(Debug)]
pub enum Refused {
    /// It has rows of the first signal already, this is the second, and its encoding takes but one.
    SecondSignal(Signal, Signal),
    /// There is no memory to compress it.
    Io(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        Refused::Io(error)
    }
}

impl Output {
    /// A file without pieces.
    pub fn new(encoding: Encoding, compression: Compression) -> Output {
        Output { encoding, compression, signal: None }
    }

    /// The bytes that the file gets next.
    ///
    /// # Errors
    /// If the piece is of another signal than those before it, where a file has but one, or if there is no memory to
    /// compress it.
    pub fn add(&mut self, piece: Piece) -> Result<Vec<u8>, Refused> {
        // Remembered although it may be refused: the file is given up then.
        let first = self.signal.replace(piece.signal);
        if let Some(first) = first.filter(|&first| first != piece.signal)
            && !self.encoding.takes_all_signals()
        {
            return Err(Refused::SecondSignal(first, piece.signal));
        }
        Ok(match (self.encoding, first) {
            (Encoding::Json, None) => {
                let list = piece.signal.groups().name;
                let opening = format!("{{\"{list}\":[");
                compressed(self.compression, [opening.as_bytes(), &piece.bytes].concat())?
            }
            (Encoding::Json, Some(_)) => {
                compressed(self.compression, [b",", &piece.bytes[..]].concat())?
            }
            _ => piece.bytes,
        })
    }

    /// The bytes that the file ends with.
    ///
    /// # Errors
    /// If there is no memory to compress them.
    pub fn end(&self) -> io::Result<Vec<u8>> {
        match (self.encoding, self.signal) {
            (Encoding::Json, Some(_)) => compressed(self.compression, b"]}\n".to_vec()),
            (Encoding::Json, None) => compressed(self.compression, b"{}\n".to_vec()),
            _ => Ok(Vec::new()),
        }
    }
}

/// Bytes as a member of a gzip file or a frame of a zstd file: many of them, one after the other, are such a file too.
fn compressed(compression: Compression, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    match compression {
        Compression::None => Ok(bytes),
        Compression::Gzip => {
            let mut member = GzEncoder::new(Vec::new(), flate2::Compression::default());
            member.write_all(&bytes)?;
            member.finish()
        }
        // Each piece for itself, so threads compress beside one another, and the file only joins what they made.
        Compression::Zstd => zstd::bulk::compress(&bytes, zstd::DEFAULT_COMPRESSION_LEVEL),
    }
}
