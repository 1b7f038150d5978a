//! The servers that are compared.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use duckspan_receiver::{Config, Receiver};
use duckspan_ring::{Limits, Rings};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};

const ANY_PORT: &str = "127.0.0.1:0";

/// So few that the ring is full after a moment, as it is for most of a receiver's life, and so many
/// that it does not fit into the caches.
const MAX_ROWS: u64 = 100_000;

/// A server. The sinks drop what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Receiver,
    TonicSink,
    HyperSink,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Receiver, Kind::TonicSink, Kind::HyperSink];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Receiver => "receiver",
            Kind::TonicSink => "tonic",
            Kind::HyperSink => "hyper",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Kind, String> {
        let mut all = Kind::ALL.into_iter();
        all.find(|kind| kind.name() == name).ok_or_else(|| format!("no server '{name}'"))
    }
}

/// Serves until standard input closes, at an address that is printed.
pub(crate) fn run(kind: Kind) -> Result<(), Box<dyn Error>> {
    let (address, _keep): (SocketAddr, Box<dyn Any>) = match kind {
        Kind::Receiver => {
            let limits = Limits { max_rows: MAX_ROWS, memory_limit: 512 << 20 };
            let config = Config::new(ANY_PORT.parse()?);
            let receiver = Receiver::start(config, Arc::new(Rings::new(limits)))?;
            (receiver.address(), Box::new(receiver))
        }
        Kind::TonicSink | Kind::HyperSink => {
            let (address, runtime) = sink(kind)?;
            (address, Box::new(runtime))
        }
    };
    writeln!(io::stdout(), "{address}")?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn sink(kind: Kind) -> io::Result<(SocketAddr, Runtime)> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind(ANY_PORT))?;
    let address = listener.local_addr()?;
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).ok();
            tokio::spawn(serve(kind, stream));
        }
    });
    Ok((address, runtime))
}

async fn serve(kind: Kind, stream: TcpStream) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_frame_size(1 << 20);
    let io = TokioIo::new(stream);
    let _ = match kind {
        Kind::TonicSink => builder.serve_connection(io, service_fn(tonic_call)).await,
        _ => builder.serve_connection(io, service_fn(hyper_call)).await,
    };
}

async fn hyper_call(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes());
    std::hint::black_box(body.map(|body| body.len()).unwrap_or(0));
    Ok(Response::new(Full::new(Bytes::new())))
}

async fn tonic_call(request: Request<Incoming>) -> Result<Response<tonic::body::Body>, Infallible> {
    let mut grpc = tonic::server::Grpc::new(Raw)
        .max_decoding_message_size(64 << 20)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd);
    Ok(grpc.unary(Drops, request).await)
}

/// A codec that passes bytes on.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        bytes::BufMut::put(buffer, item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

struct Drops;

impl tonic::server::UnaryService<Bytes> for Drops {
    type Response = Bytes;
    type Future = std::future::Ready<Result<tonic::Response<Bytes>, tonic::Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        std::hint::black_box(request.into_inner().len());
        std::future::ready(Ok(tonic::Response::new(Bytes::new())))
    }
}
