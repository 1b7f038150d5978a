//! Takes the compression off a stream of bytes, layer by layer.

use std::io::{self, Read};

use crate::compression::{Compression, Decoder, FILE_WINDOW_LOG};
use crate::error::Error;

/// Compressed files in compressed files are unwrapped down to this depth.
const MAX_LAYERS: usize = 3;

/// Bytes read of the source, or of the layer below, at a time.
const BLOCK: usize = 256 << 10;

/// Bytes that tell a compression.
const MAGIC: usize = 4;

/// Why bytes could not be had.
pub(super) enum UnwrapError {
    /// The source failed.
    Source(io::Error),
    /// A compressed stream is damaged.
    Damaged(Error),
}

/// A stream of bytes without its compression.
pub(super) struct Unwrap<R> {
    source: R,
    consumed: u64,
    layers: Vec<Layer>,
    /// The first bytes of the innermost layer, read ahead to look at them.
    head: Vec<u8>,
    /// How the layers are to be found; `None` once they are.
    search: Option<Search>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Search {
    ByContent,
    Only(Compression),
}

struct Layer {
    decoder: Decoder,
    input: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Unwrap<R> {
    pub(super) fn new(source: R, compression: Option<Compression>) -> Unwrap<R> {
        let search = match compression {
            None => Search::ByContent,
            Some(compression) => Search::Only(compression),
        };
        let (layers, head) = (Vec::new(), Vec::new());
        Unwrap { source, consumed: 0, layers, head, search: Some(search) }
    }

    /// Whether a layer was found.
    pub(super) fn is_compressed(&self) -> bool {
        !self.layers.is_empty()
    }

    /// Bytes read of the source.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Reads some bytes to `out`, which is not empty; 0 at the end.
    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<usize, UnwrapError> {
        while let Some(search) = self.search {
            self.find_layer(search)?;
        }
        if self.head.is_empty() {
            return self.pull(self.layers.len(), out);
        }
        let count = self.head.len().min(out.len());
        out[..count].copy_from_slice(&self.head[..count]);
        self.head.drain(..count);
        Ok(count)
    }

    /// Adds the next layer, or ends the search.
    fn find_layer(&mut self, search: Search) -> Result<(), UnwrapError> {
        let found = match search {
            Search::Only(compression) => compression,
            Search::ByContent => {
                self.peek()?;
                Compression::detect(&self.head)
            }
        };
        if found != Compression::None {
            let head = std::mem::take(&mut self.head);
            self.push(found, head)?;
        }
        // Whoever names a compression gets one layer of it: what is inside is what they say it is.
        let goes_on = search == Search::ByContent && self.layers.len() < MAX_LAYERS;
        self.search = Some(search).filter(|_| goes_on && found != Compression::None);
        Ok(())
    }

    /// Reads ahead the first bytes of the innermost layer, fewer if it is shorter.
    fn peek(&mut self) -> Result<(), UnwrapError> {
        let mut next = [0; MAGIC];
        while self.head.len() < MAGIC {
            let wanted = MAGIC - self.head.len();
            match self.pull(self.layers.len(), &mut next[..wanted])? {
                0 => break,
                count => self.head.extend_from_slice(&next[..count]),
            }
        }
        Ok(())
    }

    fn push(&mut self, compression: Compression, input: Vec<u8>) -> Result<(), UnwrapError> {
        let decoder = Decoder::new(compression, FILE_WINDOW_LOG).map_err(UnwrapError::Damaged)?;
        self.layers.push(Layer { decoder, input, at: 0, ended: false });
        Ok(())
    }

    /// Reads from below the first `depth` layers.
    fn pull(&mut self, depth: usize, out: &mut [u8]) -> Result<usize, UnwrapError> {
        let Some(below) = depth.checked_sub(1) else { return self.read_source(out) };
        loop {
            let layer = &mut self.layers[below];
            let input = &layer.input[layer.at..];
            let progress = layer.decoder.decode(input, out).map_err(UnwrapError::Damaged)?;
            layer.at += progress.read;
            // What there is goes out at once, since what comes next may be damage: it is told once all before it was
            // read.
            if progress.written > 0 {
                return Ok(progress.written);
            }
            if layer.at < layer.input.len() {
                continue;
            }
            if layer.ended {
                layer.decoder.finish().map_err(UnwrapError::Damaged)?;
                return Ok(0);
            }
            self.refill(below)?;
        }
    }

    fn refill(&mut self, below: usize) -> Result<(), UnwrapError> {
        let mut input = std::mem::take(&mut self.layers[below].input);
        input.resize(BLOCK, 0);
        let read = self.pull(below, &mut input);
        // Whatever comes of reading, the buffer goes back to its layer with no more in it than was read.
        input.truncate(*read.as_ref().unwrap_or(&0));
        let layer = &mut self.layers[below];
        (layer.input, layer.at) = (input, 0);
        layer.ended = read? == 0;
        Ok(())
    }

    fn read_source(&mut self, out: &mut [u8]) -> Result<usize, UnwrapError> {
        loop {
            match self.source.read(out) {
                Ok(count) => {
                    self.consumed += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(UnwrapError::Source(error)),
            }
        }
    }
}
