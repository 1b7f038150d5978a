//! The first bytes of an upstream, which tell what it speaks when it is not what was expected.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use tokio_rustls::rustls::Error;

use crate::endpoint::{Endpoint, Protocol};
use crate::tls;

#[cfg(test)]
mod tests;

/// Bytes that tell enough.
const ENOUGH: usize = 5;

/// What a stream saw of the other side.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The first bytes that came, once some came.
    first: OnceLock<Vec<u8>>,
    /// What TLS failed for. Of HTTP/2's errors only its text would be left.
    fault: OnceLock<Error>,
}

impl Seen {
    /// Nothing came.
    pub(crate) fn is_silent(&self) -> bool {
        self.first.get().is_none()
    }

    /// Why nothing will ever come of it, if that can be told.
    pub(crate) fn reason(&self, endpoint: &Endpoint) -> Option<String> {
        let fault = self.fault.get().map(|fault| tls::reason(fault, endpoint));
        fault.or_else(|| mismatch(self.first.get()?, endpoint))
    }
}

/// A stream that remembers them.
pub(crate) struct Watched<S> {
    stream: S,
    seen: Arc<Seen>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, seen: Arc<Seen>) -> Watched<S> {
        Watched { stream, seen }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    fn read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = &buffer.filled()[before..];
        if !came.is_empty() {
            self.seen.first.get_or_init(|| came[..came.len().min(ENOUGH)].to_vec());
        }
        if let Poll::Ready(Err(error)) = &read
            && let Some(fault) = tls::fault_of(error)
        {
            self.seen.fault.get_or_init(|| fault.clone());
        }
        read
    }

    /// What cannot be written to has often said why: that is read first, and comes at once, if only as an end.
    fn written(&mut self, cx: &mut Context<'_>, written: Written) -> Written {
        if let Poll::Ready(Err(_)) = written {
            let mut scratch = [0; 1 << 10];
            if self.read(cx, &mut ReadBuf::new(&mut scratch)).is_pending() {
                return Poll::Pending;
            }
        }
        written
    }
}

type Written = Poll<io::Result<usize>>;

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Written {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Written {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, flushed.map_ok(|()| 0)).map_ok(drop)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What an upstream speaks by its first bytes, where that is not what the endpoint says, and what to write instead.
fn mismatch(first: &[u8], endpoint: &Endpoint) -> Option<String> {
    let (protocol, tls) = (endpoint.protocol, endpoint.tls);
    match (protocol, first) {
        // An alert of TLS.
        (_, [0x15, 3, ..]) if !tls => {
            let instead = endpoint.speaking(protocol, true);
            Some(format!("it wants TLS: send to '{instead}'"))
        }
        // HTTP/2 begins with a frame of settings.
        (Protocol::Grpc, [_, _, _, kind, _]) if *kind != 4 => {
            Some(format!("it does not answer in HTTP/2, as gRPC does: {}", no_http2(endpoint)))
        }
        (Protocol::Http, [0, _, _, 4, _]) => Some(format!(
            "it answers in HTTP/2, as gRPC does: if it is OTLP/gRPC, send to '{}'",
            endpoint.speaking(Protocol::Grpc, tls)
        )),
        (Protocol::Http, [_, _, _, _, _]) if first != b"HTTP/" => {
            Some("it does not answer in HTTP: is it an OTLP endpoint?".to_owned())
        }
        _ => None,
    }
}

/// What to do about an upstream that does not speak HTTP/2.
pub(crate) fn no_http2(endpoint: &Endpoint) -> String {
    let http = endpoint.speaking(Protocol::Http, endpoint.tls);
    let secure = match endpoint.tls {
        true => String::new(),
        false => format!(", and if it wants TLS, to '{}'", endpoint.speaking(Protocol::Grpc, true)),
    };
    format!("if it is OTLP/HTTP, send to '{http}'{secure}")
}
