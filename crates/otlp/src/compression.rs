//! Gzip and zstd, expanded piece by piece for files or at once for requests.
//!
//! Nothing is expanded beyond the room the caller gives, so a small input cannot claim much memory.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::{Error, Result};

mod frames;
#[cfg(test)]
mod tests;

use frames::Frames;

/// Files may use zstd windows up to this power of two: 128 MiB, what `zstd --long` writes.
pub const FILE_WINDOW_LOG: u32 = 27;

/// Requests may use zstd windows up to this power of two: 8 MiB.
pub const REQUEST_WINDOW_LOG: u32 = 23;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Gzip, one member or several.
    Gzip,
    /// Zstd, one frame or several.
    Zstd,
}

impl Compression {
    /// Every compression.
    pub const ALL: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Zstd];

    /// The compression of bytes that begin like this; four bytes suffice.
    pub fn detect(head: &[u8]) -> Compression {
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// The name used in SQL: `none`, `gzip` or `zstd`.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }

    /// The compression of that SQL name.
    pub fn from_name(name: &str) -> Option<Compression> {
        Compression::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }
}

/// Expands a stream of bytes: all members of a gzip stream, or all frames of a zstd stream.
pub struct Decoder {
    engine: Engine,
    /// Inside a member or frame: the input must not end here.
    inside: bool,
    /// Bytes of input taken.
    taken: usize,
    failed: Option<Error>,
}

enum Engine {
    None,
    Gzip(Decompress),
    Zstd(Frames),
}

/// What one call of [`Decoder::decode`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes taken from the input.
    pub read: usize,
    /// Bytes written to the output.
    pub written: usize,
}

impl Decoder {
    /// A decoder at the start of a stream; zstd windows above `1 << window_log` bytes are refused.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new(compression: Compression, window_log: u32) -> Result<Decoder> {
        let engine = match compression {
            Compression::None => Engine::None,
            Compression::Gzip => Engine::Gzip(Decompress::new_gzip(15)),
            Compression::Zstd => {
                let frames = Frames::new(window_log);
                Engine::Zstd(frames.map_err(|error| corrupt("zstd", error, 0))?)
            }
        };
        Ok(Decoder { engine, inside: false, taken: 0, failed: None })
    }

    /// The compression it expands.
    pub fn compression(&self) -> Compression {
        match self.engine {
            Engine::None => Compression::None,
            Engine::Gzip(_) => Compression::Gzip,
            Engine::Zstd(_) => Compression::Zstd,
        }
    }

    /// Expands `input` into `out` until the one is used up or the other full. After a call that
    /// filled `out`, more may come without further input.
    ///
    /// # Errors
    /// If the stream is corrupt, with the offset in the compressed stream: of the fault, or for zstd of
    /// about its block. What precedes the fault has been written by earlier calls.
    pub fn decode(&mut self, input: &[u8], out: &mut [u8]) -> Result<Progress> {
        let mut done = Progress::default();
        while done.written < out.len() {
            let step = match &self.failed {
                Some(error) if done == Progress::default() => return Err(error.clone()),
                Some(_) => break,
                None => self.step(&input[done.read..], &mut out[done.written..]),
            };
            done.read += step.read;
            done.written += step.written;
            self.taken += step.read;
            if step == Progress::default() && self.failed.is_none() {
                break;
            }
        }
        Ok(done)
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Progress {
        // Before anything else: a zero starts no member, and would be told as damage.
        let padding = self.padding(input);
        if padding > 0 {
            return Progress { read: padding, written: 0 };
        }
        if !self.inside && !input.is_empty() && !self.may_start(input[0]) {
            let place = if self.taken == 0 { "" } else { " follow its end" };
            let reason = format!("bytes that are not {}{place}", self.compression().name());
            self.failed = Some(Error::new(reason, self.taken));
            return Progress::default();
        }
        let (progress, inside) = match &mut self.engine {
            Engine::None => (copy(input, out), Ok(false)),
            Engine::Gzip(member) => inflate(member, input, out),
            Engine::Zstd(frames) => frames.expand(input, out),
        };
        match inside {
            // A step that did nothing says nothing: at the end of the input a decoder that is done asks for more,
            // too.
            Ok(inside) if progress != Progress::default() => self.inside = inside,
            Ok(_) => {}
            Err(reason) => {
                let name = self.compression().name();
                self.failed = Some(corrupt(name, reason, self.taken + progress.read));
            }
        }
        progress
    }

    /// The zeros that stand next after a member of gzip: tapes and other blocks are filled up with them.
    fn padding(&self, input: &[u8]) -> usize {
        match self.engine {
            Engine::Gzip(_) if !self.inside && self.taken > 0 => {
                input.iter().take_while(|&&byte| byte == 0).count()
            }
            _ => 0,
        }
    }

    /// Whether a member or frame may start with `byte`.
    fn may_start(&self, byte: u8) -> bool {
        match self.engine {
            Engine::None => true,
            Engine::Gzip(_) => byte == 0x1f,
            Engine::Zstd(_) => matches!(byte, 0x28 | 0x50..=0x5f),
        }
    }

    /// Checks that the input may end here.
    ///
    /// # Errors
    /// If the stream is cut, or has failed before.
    pub fn finish(&self) -> Result<()> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None if self.inside => {
                let reason = format!("{} stream ends early", self.compression().name());
                Err(Error::truncated(reason, self.taken))
            }
            None => Ok(()),
        }
    }

    /// Goes back to the start of a stream.
    pub fn reset(&mut self) {
        self.inside = false;
        self.taken = 0;
        self.failed = None;
        match &mut self.engine {
            Engine::None => {}
            Engine::Gzip(member) => member.reset(true),
            Engine::Zstd(frames) => {
                self.failed = frames.reset().err().map(|error| corrupt("zstd", error, 0));
            }
        }
    }

    /// Replaces the content of `out` by a whole stream, expanded. Memory stays near `maximum`.
    ///
    /// # Errors
    /// If the stream is corrupt or cut, goes on after its end, or expands to more than `maximum`
    /// bytes.
    pub fn decode_whole(
        &mut self,
        input: &[u8],
        maximum: usize,
        out: &mut Vec<u8>,
    ) -> std::result::Result<(), DecompressError> {
        self.reset();
        // One byte beyond what is allowed tells a stream that just fits from one that goes on.
        let room = maximum.saturating_add(1);
        // Telemetry shrinks to a tenth or less, but what claims to is not believed at once: room is doubled as it
        // fills.
        out.resize(input.len().saturating_mul(4).clamp(1 << 10, 1 << 24).min(room), 0);
        let mut done = Progress::default();
        loop {
            let step = self.decode(&input[done.read..], &mut out[done.written..])?;
            done.read += step.read;
            done.written += step.written;
            if done.written > maximum {
                return Err(DecompressError::TooLarge { maximum });
            }
            if done.written < out.len() {
                break;
            }
            out.resize(out.len().saturating_mul(2).min(room), 0);
        }
        out.truncate(done.written);
        Ok(self.finish()?)
    }
}

fn copy(input: &[u8], out: &mut [u8]) -> Progress {
    let len = input.len().min(out.len());
    out[..len].copy_from_slice(&input[..len]);
    Progress { read: len, written: len }
}

/// What a step did, and whether the stream is inside a member or frame after it, or what is wrong.
type Step = (Progress, std::result::Result<bool, String>);

fn inflate(member: &mut Decompress, input: &[u8], out: &mut [u8]) -> Step {
    let (read, written) = (member.total_in(), member.total_out());
    let result = member.decompress(input, out, FlushDecompress::None);
    let progress = Progress {
        read: (member.total_in() - read) as usize,
        written: (member.total_out() - written) as usize,
    };
    let inside = match result {
        Ok(Status::StreamEnd) => {
            // The next member, if one follows, begins with a header of its own.
            member.reset(true);
            Ok(false)
        }
        Ok(_) => Ok(true),
        // That the same fault was met before, within this call, is no news.
        Err(error) => Err(error
            .message()
            .filter(|message| !message.starts_with("repeated call"))
            .unwrap_or("invalid data")
            .to_owned()),
    };
    (progress, inside)
}

fn corrupt(name: &str, reason: impl fmt::Display, offset: usize) -> Error {
    Error::new(format!("corrupt {name} stream: {reason}"), offset)
}

/// Why [`decompress`] failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecompressError {
    /// The bytes expand to more than the caller allows.
    TooLarge {
        /// The bytes allowed.
        maximum: usize,
    },
    /// The bytes are corrupt or cut, with the offset in the compressed bytes.
    Corrupt(Error),
}

impl fmt::Display for DecompressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecompressError::TooLarge { maximum } => {
                write!(f, "expands to more than {maximum} bytes")
            }
            DecompressError::Corrupt(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DecompressError {}

impl From<Error> for DecompressError {
    fn from(error: Error) -> DecompressError {
        DecompressError::Corrupt(error)
    }
}

/// Expands a whole request, refusing it once it is larger than `maximum` bytes.
///
/// # Errors
/// As [`Decoder::decode_whole`].
pub fn decompress(
    compression: Compression,
    input: &[u8],
    maximum: usize,
) -> std::result::Result<Vec<u8>, DecompressError> {
    let mut out = Vec::new();
    Decoder::new(compression, REQUEST_WINDOW_LOG)?.decode_whole(input, maximum, &mut out)?;
    Ok(out)
}
