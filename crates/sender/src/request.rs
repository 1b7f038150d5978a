//! A request, as it is written to a connection.

use std::io::{self, Write as _};

use bytes::Bytes;
use duckspan_otlp::Signal;
use flate2::write::GzEncoder;

use crate::endpoint::{Endpoint, Protocol};
use crate::options::Options;

/// Bytes of the frame around a message of gRPC: whether it is compressed, and its length.
const FRAME: usize = 5;

/// Rows of one signal, ready to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) signal: Signal,
    pub(crate) rows: u64,
    pub(crate) body: Bytes,
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
        let message = if options.gzip { gzip(&message)? } else { message };
        let body = match endpoint.protocol {
            Protocol::Grpc => framed(options.gzip, &message)?,
            Protocol::Http => message,
        };
        Ok(Request { signal, rows, body: body.into() })
    }
}

fn gzip(message: &[u8]) -> io::Result<Vec<u8>> {
    let mut member = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    member.write_all(message)?;
    member.finish()
}

fn framed(compressed: bool, message: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(message.len()).map_err(io::Error::other)?;
    let mut framed = Vec::with_capacity(FRAME + message.len());
    framed.push(compressed.into());
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    Ok(framed)
}
