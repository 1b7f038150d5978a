//! Bodies of responses.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};

use crate::socket::InFlight;

/// A body of some bytes, and trailers after them in gRPC.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    bytes: Option<Bytes>,
    trailers: Option<HeaderMap>,
    /// The request counts as in flight until its answer is sent.
    in_flight: Option<InFlight>,
}

impl Reply {
    /// A body without bytes.
    pub(crate) fn empty() -> Reply {
        Reply::default()
    }

    /// A body of these bytes.
    pub(crate) fn of(bytes: impl Into<Bytes>) -> Reply {
        Reply { bytes: Some(bytes.into()).filter(|bytes| !bytes.is_empty()), ..Reply::default() }
    }

    /// The same body with trailers.
    pub(crate) fn with_trailers(mut self, trailers: HeaderMap) -> Reply {
        self.trailers = Some(trailers);
        self
    }

    /// The same body, which keeps its request in flight.
    pub(crate) fn holding(mut self, in_flight: InFlight) -> Reply {
        self.in_flight = Some(in_flight);
        self
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = self.bytes.take().map(Frame::data);
        let frame = data.or_else(|| self.trailers.take().map(Frame::trailers));
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.trailers {
            // A length would promise that nothing follows.
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}
