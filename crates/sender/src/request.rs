//! A request, as it is written to a connection.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use duckspan_otlp::Signal;
use flate2::write::GzEncoder;
use hyper::body::{Frame, SizeHint};

use crate::endpoint::{Endpoint, Protocol};
use crate::options::Options;

/// Bytes of the frame around a message of gRPC: whether it is compressed, and its length.
const FRAME: usize = 5;

/// Rows of one signal, ready to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) signal: Signal,
    pub(crate) rows: u64,
    pub(crate) body: Body,
}

impl Request {
    /// A request for that endpoint of an export message in protobuf, which has so many rows.
    ///
    /// # Errors
    /// If there is no memory to compress it, or no length for it.
    pub fn new(
        endpoint: &Endpoint,
        options: &Options,
        signal: Signal,
        rows: u64,
        message: Vec<u8>,
    ) -> io::Result<Request> {
        let message = if options.gzip { gzip([&message[..]])? } else { message };
        let body = match endpoint.protocol {
            Protocol::Grpc => framed(options.gzip, &message)?,
            Protocol::Http => message,
        };
        Ok(Request { signal, rows, body: Body::from(vec![body.into()]) })
    }

    /// The same of a message that lies in several pieces, which are sent from there if they are not to be compressed.
    ///
    /// # Errors
    /// As [`Request::new`].
    pub fn of_pieces(
        endpoint: &Endpoint,
        options: &Options,
        signal: Signal,
        rows: u64,
        mut pieces: Vec<Bytes>,
    ) -> io::Result<Request> {
        if options.gzip {
            pieces = vec![gzip(pieces.iter().map(|piece| &piece[..]))?.into()];
        }
        if endpoint.protocol == Protocol::Grpc {
            let head = frame(options.gzip, pieces.iter().map(Bytes::len).sum())?;
            pieces.insert(0, Bytes::copy_from_slice(&head));
        }
        Ok(Request { signal, rows, body: Body::from(pieces) })
    }

    /// What it has rows of.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Its bytes, in all its pieces.
    pub fn bytes(&self) -> u64 {
        self.body.bytes
    }
}

/// The body of a request: pieces behind each other, which clones share.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pieces: VecDeque<Bytes>,
    /// Those that are left.
    bytes: u64,
}

impl From<Vec<Bytes>> for Body {
    fn from(pieces: Vec<Bytes>) -> Body {
        let bytes = pieces.iter().map(|piece| piece.len() as u64).sum();
        Body { pieces: pieces.into(), bytes }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.pieces.pop_front();
        self.bytes -= next.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(next.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes)
    }
}

fn gzip<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> io::Result<Vec<u8>> {
    let mut member = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    pieces.into_iter().try_for_each(|piece| member.write_all(piece))?;
    member.finish()
}

fn framed(compressed: bool, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut framed = Vec::with_capacity(FRAME + message.len());
    framed.extend_from_slice(&frame(compressed, message.len())?);
    framed.extend_from_slice(message);
    Ok(framed)
}

/// What stands before a message of so many bytes.
fn frame(compressed: bool, bytes: usize) -> io::Result<[u8; FRAME]> {
    let mut frame = [compressed.into(); FRAME];
    frame[1..].copy_from_slice(&u32::try_from(bytes).map_err(io::Error::other)?.to_be_bytes());
    Ok(frame)
}
