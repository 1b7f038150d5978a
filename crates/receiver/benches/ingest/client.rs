//! Closed loops of requests over a few connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use hyper::Request;
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::data;

const CONNECTIONS: usize = 2;
const CALLS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Grpc,
    Http,
    HttpJson,
}

/// Requests of one kind.
pub(crate) struct Load {
    protocol: Protocol,
    spans: usize,
    compression: &'static str,
    body: Bytes,
}

impl Load {
    pub(crate) fn all() -> Vec<Load> {
        vec![
            Load::new(Protocol::Grpc, 512, ""),
            Load::new(Protocol::Grpc, 10, ""),
            Load::new(Protocol::Grpc, 1, ""),
            Load::new(Protocol::Grpc, 8192, ""),
            Load::new(Protocol::Grpc, 512, "gzip"),
            Load::new(Protocol::Grpc, 512, "zstd"),
            Load::new(Protocol::Http, 512, ""),
            Load::new(Protocol::Http, 10, ""),
            Load::new(Protocol::HttpJson, 512, ""),
        ]
    }

    fn new(protocol: Protocol, spans: usize, compression: &'static str) -> Load {
        let request = data::request(spans);
        let message = match protocol {
            Protocol::HttpJson => serde_json::to_vec(&request).unwrap(),
            _ => request.encode_to_vec(),
        };
        let message = compress(compression, message);
        let body = match protocol {
            Protocol::Grpc => {
                let mut framed = vec![u8::from(!compression.is_empty())];
                framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
                framed.extend_from_slice(&message);
                framed
            }
            _ => {
                let kind = if protocol == Protocol::Http { "x-protobuf" } else { "json" };
                let head = format!(
                    "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/{kind}\r\ncontent-length: {}\r\n\r\n",
                    message.len()
                );
                [head.as_bytes(), &message].concat()
            }
        };
        Load { protocol, spans, compression, body: body.into() }
    }

    pub(crate) fn is_grpc(&self) -> bool {
        self.protocol == Protocol::Grpc
    }

    pub(crate) fn name(&self) -> String {
        let Load { protocol, spans, compression, .. } = self;
        format!("{protocol:?} {spans} spans {compression}")
    }
}

fn compress(compression: &str, message: Vec<u8>) -> Vec<u8> {
    match compression {
        "gzip" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            std::io::Write::write_all(&mut encoder, &message).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::stream::encode_all(&*message, 3).unwrap(),
        _ => message,
    }
}

/// Sends a load for a while; returns the rows sent.
pub(crate) fn run(address: SocketAddr, load: &Load, time: Duration) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + time;
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..CONNECTIONS {
            let sender = if load.is_grpc() { Some(connect(address).await) } else { None };
            for _ in 0..CALLS {
                let (body, sent, compression) =
                    (load.body.clone(), Arc::clone(&sent), load.compression);
                tasks.push(match sender.clone() {
                    Some(sender) => tokio::spawn(grpc(sender, compression, body, end, sent)),
                    None => tokio::spawn(http(address, body, end, sent)),
                });
            }
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
    sent.load(Ordering::Relaxed) * load.spans as u64
}

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut builder = h2::client::Builder::new();
    builder.max_send_buffer_size(4 << 20);
    let (sender, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender.ready().await.unwrap()
}

async fn grpc(
    sender: SendRequest<Bytes>,
    compression: &str,
    body: Bytes,
    end: Instant,
    sent: Arc<AtomicU64>,
) {
    while Instant::now() < end {
        let mut request =
            Request::post("http://test/opentelemetry.proto.collector.trace.v1.TraceService/Export")
                .version(hyper::Version::HTTP_2)
                .header("content-type", "application/grpc")
                .header("te", "trailers");
        if !compression.is_empty() {
            request = request.header("grpc-encoding", compression);
        }
        let mut sender = sender.clone().ready().await.unwrap();
        let (response, mut stream) = sender.send_request(request.body(()).unwrap(), false).unwrap();
        let mut rest = body.clone();
        while !rest.is_empty() {
            stream.reserve_capacity(rest.len());
            let capacity = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await;
            let capacity = capacity.unwrap().unwrap().min(rest.len());
            let last = capacity == rest.len();
            stream.send_data(rest.split_to(capacity), last).unwrap();
        }
        let mut body = response.await.unwrap().into_body();
        while let Some(data) = body.data().await {
            data.unwrap();
        }
        let trailers = body.trailers().await.unwrap().unwrap_or_default();
        assert_eq!(trailers["grpc-status"], "0");
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

async fn http(address: SocketAddr, body: Bytes, end: Instant, sent: Arc<AtomicU64>) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = [0; 4096];
    while Instant::now() < end {
        stream.write_all(&body).await.unwrap();
        let mut have = 0;
        while !answer[..have].windows(4).any(|window| window == b"\r\n\r\n") {
            have += stream.read(&mut answer[have..]).await.unwrap();
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        sent.fetch_add(1, Ordering::Relaxed);
    }
}
