//! What may be around a file or a request.

use std::io::{self, Write};
use std::str::FromStr;

use flate2::write::GzEncoder;

/// A compression, at the level that is its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// The bytes as they are.
    None,
    /// One gzip member.
    Gzip,
    /// One zstd frame.
    Zstd,
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(name: &str) -> Result<Compression, String> {
        match name {
            "none" => Ok(Compression::None),
            "gzip" => Ok(Compression::Gzip),
            "zstd" => Ok(Compression::Zstd),
            _ => Err(format!("no compression '{name}'")),
        }
    }
}

impl Compression {
    /// Writes to `out` what `content` writes, compressed.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(
        self,
        mut out: &mut dyn Write,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Compression::None => content(out)?,
            Compression::Gzip => {
                let mut encoder = GzEncoder::new(&mut out, flate2::Compression::default());
                content(&mut encoder)?;
                encoder.finish()?;
            }
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(&mut out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                content(&mut encoder)?;
                encoder.finish()?;
            }
        }
        out.flush()
    }
}
