//! Closed loops of requests over a few connections.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use duckspan_bench::compression::Compression;
use duckspan_bench::generator::{Format, Generator};
use duckspan_bench::writer::Layout;
use duckspan_otlp::Signal;
use h2::client::SendRequest;
use hyper::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::secure::{Folder, Stream};

const CONNECTIONS: usize = 2;
/// Calls at a time over each.
const CALLS: usize = 4;
const EXPORT: &str = "http://test/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// How requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    Http,
    HttpJson,
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(name: &str) -> Result<Protocol, String> {
        match name {
            "grpc" => Ok(Protocol::Grpc),
            "http" => Ok(Protocol::Http),
            "json" => Ok(Protocol::HttpJson),
            _ => Err(format!("no protocol '{name}'")),
        }
    }
}

/// A request, ready to be sent.
pub(crate) struct Load {
    protocol: Protocol,
    rows: usize,
    encoding: Option<&'static str>,
    body: Bytes,
    tls: Option<Folder>,
    /// Between the requests of one loop; none if each follows the answer to the one before it.
    interval: Duration,
}

/// When a loop sends.
#[derive(Debug, Clone, Copy)]
struct Pace {
    start: Instant,
    interval: Duration,
    end: Instant,
}

impl Pace {
    /// Waits until it is time for the request after so many others; says whether there is one.
    async fn next(&self, sent: u32) -> bool {
        if !self.interval.is_zero() {
            tokio::time::sleep_until((self.start + self.interval * sent).into()).await;
        }
        Instant::now() < self.end
    }
}

impl Load {
    pub(crate) fn new(
        protocol: Protocol,
        compression: Compression,
        rows: usize,
        rate: Option<f64>,
        tls: Option<Folder>,
    ) -> io::Result<Load> {
        let format = match protocol {
            Protocol::HttpJson => Format::JsonLines,
            Protocol::Grpc | Protocol::Http => Format::Protobuf,
        };
        let mut request = Vec::new();
        Generator::new(Some(Signal::Traces), 1).append(format, Layout::Sdk, rows, &mut request);
        let mut message = Vec::new();
        compression.write(&mut message, |out| out.write_all(&request))?;
        let encoding = match compression {
            Compression::None => None,
            Compression::Gzip => Some("gzip"),
            Compression::Zstd => Some("zstd"),
        };
        let head = match protocol {
            Protocol::Grpc => grpc_head(encoding, message.len()),
            Protocol::Http => http_head("x-protobuf", encoding, message.len()),
            Protocol::HttpJson => http_head("json", encoding, message.len()),
        };
        let interval = rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs_f64((rows * CONNECTIONS * CALLS) as f64 / rate)
        });
        Ok(Load { protocol, rows, encoding, body: [head, message].concat().into(), tls, interval })
    }
}

fn grpc_head(encoding: Option<&str>, len: usize) -> Vec<u8> {
    [&[u8::from(encoding.is_some())][..], &(len as u32).to_be_bytes()].concat()
}

fn http_head(kind: &str, encoding: Option<&str>, len: usize) -> Vec<u8> {
    let encoding = encoding.map(|name| format!("content-encoding: {name}\r\n"));
    format!(
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/{kind}\r\n\
         {}content-length: {len}\r\n\r\n",
        encoding.unwrap_or_default()
    )
    .into()
}

/// Sends a load for a while; returns the rows sent.
pub(crate) fn run(address: SocketAddr, load: &Load, time: Duration) -> io::Result<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let start = Instant::now();
    let pace = Pace { start, interval: load.interval, end: start + time };
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let sender = match load.protocol {
                Protocol::Grpc => Some(connect(address, load.tls.as_ref()).await?),
                Protocol::Http | Protocol::HttpJson => None,
            };
            for _ in 0..CALLS {
                let (body, encoding) = (load.body.clone(), load.encoding);
                match sender.clone() {
                    Some(sender) => tasks.spawn(grpc(sender, encoding, body, pace)),
                    None => tasks.spawn(http(address, body, pace)),
                };
            }
        }
        let mut requests = 0;
        while let Some(sent) = tasks.join_next().await {
            requests += u64::from(sent.map_err(io::Error::other)??);
        }
        Ok(requests * load.rows as u64)
    })
}

async fn connect(address: SocketAddr, tls: Option<&Folder>) -> io::Result<SendRequest<Bytes>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let stream: Box<dyn Stream> = match tls {
        Some(folder) => folder.connect(stream).await?,
        None => Box::new(stream),
    };
    let mut builder = h2::client::Builder::new();
    builder.max_send_buffer_size(4 << 20);
    let (sender, connection) = builder.handshake(stream).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    sender.ready().await.map_err(io::Error::other)
}

/// Sends one request after the other; returns how many.
async fn grpc(
    sender: SendRequest<Bytes>,
    encoding: Option<&str>,
    body: Bytes,
    pace: Pace,
) -> io::Result<u32> {
    let mut sent = 0;
    while pace.next(sent).await {
        call(sender.clone(), encoding, body.clone()).await.map_err(io::Error::other)?;
        sent += 1;
    }
    Ok(sent)
}

async fn call(
    sender: SendRequest<Bytes>,
    encoding: Option<&str>,
    mut rest: Bytes,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut request = Request::post(EXPORT)
        .version(hyper::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    let (response, mut stream) = sender.ready().await?.send_request(request.body(())?, false)?;
    while !rest.is_empty() {
        stream.reserve_capacity(rest.len());
        let capacity = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
        let capacity = capacity.ok_or("the stream was reset")??.min(rest.len());
        let is_last = capacity == rest.len();
        stream.send_data(rest.split_to(capacity), is_last)?;
    }
    let mut body = response.await?.into_body();
    while let Some(data) = body.data().await {
        data?;
    }
    match body.trailers().await?.unwrap_or_default().get("grpc-status") {
        Some(status) if status == "0" => Ok(()),
        status => Err(format!("grpc-status {status:?}").into()),
    }
}

/// Sends one request after the other over a connection; returns how many.
async fn http(address: SocketAddr, body: Bytes, pace: Pace) -> io::Result<u32> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = [0; 4096];
    let mut sent = 0;
    while pace.next(sent).await {
        stream.write_all(&body).await?;
        let mut have = 0;
        while !answer[..have].windows(4).any(|window| window == b"\r\n\r\n") {
            have += match stream.read(&mut answer[have..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => count,
            };
        }
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(io::Error::other(String::from_utf8_lossy(&answer[..have])));
        }
        sent += 1;
    }
    Ok(sent)
}
