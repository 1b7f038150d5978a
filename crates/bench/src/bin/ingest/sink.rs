//! Servers that drop what they take.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use bytes::{Buf as _, Bytes};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::Service;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::secure::Folder;
use crate::server::{ANY_PORT, Kind};

/// As the receiver's: a request of 512 spans fits into a frame,
const MAX_FRAME_SIZE: u32 = 512 << 10;
/// and several into the window of a connection.
const CONNECTION_WINDOW: u32 = 1 << 20;

type Answer = Response<tonic::body::Body>;

/// Starts a sink; it serves until its runtime is dropped.
pub(crate) fn start(
    kind: Kind,
    tls: Option<&Folder>,
) -> Result<(SocketAddr, Runtime), Box<dyn Error>> {
    let mut builder = Builder::new_multi_thread();
    if kind == Kind::TonicTuned {
        // As many as the receiver has.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        builder.worker_threads(cores.div_ceil(2).min(4));
    }
    let runtime = builder.enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind(ANY_PORT))?;
    let address = listener.local_addr()?;
    let secured = |server: Server| match tls {
        Some(folder) => Ok::<_, Box<dyn Error>>(server.tls_config(folder.tonic()?)?),
        None => Ok(server),
    };
    match kind {
        Kind::Tonic => runtime.spawn(tonic(listener, secured(Server::builder())?)),
        Kind::TonicTuned => runtime.spawn(tonic(listener, secured(tuned())?)),
        _ => runtime.spawn(hyper(listener)),
    };
    Ok((address, runtime))
}

fn tuned() -> Server {
    Server::builder()
        .max_frame_size(Some(MAX_FRAME_SIZE))
        .initial_connection_window_size(Some(CONNECTION_WINDOW))
}

async fn tonic(listener: TcpListener, server: Server) {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    server.serve_with_incoming(Export, incoming).await.ok();
}

async fn hyper(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).ok();
        let builder = auto::Builder::new(TokioExecutor::new());
        tokio::spawn(async move {
            builder.serve_connection(TokioIo::new(stream), service_fn(read)).await.ok();
        });
    }
}

/// Reads a body.
async fn read(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes());
    std::hint::black_box(body.map(|body| body.len()).unwrap_or(0));
    Ok(Response::new(Full::new(Bytes::new())))
}

/// A service whose every method is unary.
#[derive(Clone, Copy)]
struct Export;

impl Service<Request<tonic::body::Body>> for Export {
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let mut grpc = tonic::server::Grpc::new(Raw)
            .max_decoding_message_size(64 << 20)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd);
        Box::pin(async move { Ok(grpc.unary(Drops, request).await) })
    }
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
