//! The servers that are compared.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use duckspan_receiver::{Config, Receiver};
use duckspan_ring::{Limits, Rings};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};

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

    pub(crate) fn from_name(name: &str) -> Kind {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).unwrap()
    }
}

/// Serves until standard input closes, at an address that is printed.
pub(crate) fn run(kind: Kind) {
    let _keep: Box<dyn std::any::Any> = match kind {
        Kind::Receiver => {
            let limits = Limits { max_rows: 1_000_000, memory_limit: 512 << 20 };
            let config = Config::new("127.0.0.1:0".parse().unwrap());
            let receiver = Receiver::start(config, Arc::new(Rings::new(limits))).unwrap();
            println!("{}", receiver.address());
            Box::new(receiver)
        }
        Kind::TonicSink | Kind::HyperSink => Box::new(sink(kind)),
    };
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}

fn sink(kind: Kind) -> tokio::runtime::Runtime {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    println!("{}", listener.local_addr().unwrap());
    runtime.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(kind, stream));
        }
    });
    runtime
}

async fn serve(kind: Kind, stream: tokio::net::TcpStream) {
    let mut builder = Builder::new(TokioExecutor::new());
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
