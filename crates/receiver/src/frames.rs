//! Follows the frames of HTTP/2 as they arrive, to tell a slow client from an idle one.

#[cfg(test)]
mod tests;

/// What every HTTP/2 client sends first.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADER: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Where the bytes of a connection stand between its frames.
#[derive(Debug)]
pub(crate) struct Frames {
    header: [u8; HEADER],
    /// Bytes of the header that are here.
    have: usize,
    /// Bytes of the payload that are not.
    missing: usize,
    /// A block of headers goes on in the next frame.
    open_block: bool,
    /// No frame was complete yet.
    fresh: bool,
}

/// What some bytes brought.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// A frame came to its end, or a block of headers to its last frame's.
    pub(crate) completed: bool,
    /// A part of the head of a request was among them.
    pub(crate) head: bool,
    /// So was a part of a body, be the request open or not.
    pub(crate) data: bool,
}

/// What has begun and not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partial {
    Nothing,
    /// A frame of data.
    Data,
    /// Another frame, or a block of headers.
    Other,
}

impl Frames {
    /// At the end of the preface.
    pub(crate) fn new() -> Frames {
        Frames { header: [0; HEADER], have: 0, missing: 0, open_block: false, fresh: true }
    }

    /// Takes the bytes that arrived next.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Seen {
        let mut seen = Seen::default();
        while !bytes.is_empty() {
            bytes = if self.have < HEADER { self.head(bytes) } else { self.payload(bytes) };
            if self.have == HEADER {
                seen.head |= matches!(self.kind(), HEADERS | CONTINUATION);
                seen.data |= self.kind() == DATA;
                if self.missing == 0 {
                    self.have = 0;
                    self.fresh = false;
                    seen.completed |= !self.open_block;
                }
            }
        }
        seen
    }

    /// What has begun and not ended; more must come in any case if nothing has come yet.
    pub(crate) fn partial(&self) -> Partial {
        let data = self.have == HEADER && self.kind() == DATA;
        match (self.fresh || self.open_block, self.have) {
            (false, 0) => Partial::Nothing,
            (false, _) if data => Partial::Data,
            _ => Partial::Other,
        }
    }

    fn kind(&self) -> u8 {
        self.header[3]
    }

    fn head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(bytes.len().min(HEADER - self.have));
        self.header[self.have..self.have + taken.len()].copy_from_slice(taken);
        self.have += taken.len();
        if self.have == HEADER {
            let [high, middle, low, kind, flags, ..] = self.header;
            self.missing = u32::from_be_bytes([0, high, middle, low]) as usize;
            if matches!(kind, HEADERS | CONTINUATION) {
                self.open_block = flags & END_HEADERS == 0;
            }
        }
        rest
    }

    fn payload<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let taken = bytes.len().min(self.missing);
        self.missing -= taken;
        &bytes[taken..]
    }
}
