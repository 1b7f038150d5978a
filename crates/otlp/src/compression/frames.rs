//! Zstd, frame by frame.

use std::io;

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::{Progress, Step};

/// Bytes that tell how long the header of a frame is, and no frame is shorter.
const FRAME_START: usize = 5;

/// Bytes of the header of a block.
const BLOCK_HEADER: usize = 3;

/// The frames of a zstd stream.
pub(super) struct Frames {
    decoder: Decoder<'static>,
    /// Bytes that complete the next block.
    wanted: usize,
    /// The last output was filled, so more may be held back.
    full: bool,
}

impl Frames {
    /// A stream at its start; windows above `1 << window_log` bytes are refused.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub(super) fn new(window_log: u32) -> io::Result<Frames> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(window_log))?;
        Ok(Frames { decoder, wanted: FRAME_START, full: false })
    }

    /// Goes back to the start of a stream.
    ///
    /// # Errors
    /// If zstd says so.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        (self.wanted, self.full) = (FRAME_START, false);
        self.decoder.reinit()
    }

    /// Expands some of `input`.
    ///
    /// Zstd does not say what it wrote before a fault, so it gets one block at a time, and none before
    /// it has written what it holds back.
    pub(super) fn expand(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        if std::mem::take(&mut self.full) {
            let held_back = self.run(&[], out);
            // Only when nothing is held back any more is the next block looked at.
            if held_back.0.written > 0 || held_back.1.is_err() {
                return held_back;
            }
        }
        self.run(&input[..input.len().min(self.wanted)], out)
    }

    fn run(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let mut input = InBuffer::around(input);
        let mut output = OutBuffer::around(out);
        let result = self.decoder.run(&mut input, &mut output);
        let progress = Progress { read: input.pos(), written: output.pos() };
        self.full = output.pos() == output.capacity();
        let inside = match result {
            Ok(0) => {
                self.wanted = FRAME_START;
                Ok(false)
            }
            Ok(hint) => {
                // A block and the header of the one after it: a fault there is to come by itself.
                self.wanted = if hint > BLOCK_HEADER { hint - BLOCK_HEADER } else { hint };
                Ok(true)
            }
            Err(error) => Err(error.to_string()),
        };
        (progress, inside)
    }
}
