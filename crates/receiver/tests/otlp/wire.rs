//! Clients that send whatever a test wants to send.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use bytes::Bytes;
use h2::client::SendRequest;
use hyper::{HeaderMap, Request};
use serde_json::Value;

use crate::server::{PATIENCE, Server, block_on};

pub(crate) const TRACE_EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
pub(crate) const METRICS_EXPORT: &str =
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
pub(crate) const LOGS_EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// An answer over HTTP/1.1.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a listener");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_nodelay(true).expect("a socket option");
    stream
}

/// Sends a request over a connection of its own.
pub(crate) fn send(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = connect(server.address());
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).expect("the head is sent");
    // The receiver may answer, and close, before it has read everything.
    let _ = stream.write_all(body);
    read_answer(&mut stream)
}

pub(crate) fn post(server: &Server, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    send(server, "POST", path, headers, body)
}

pub(crate) fn post_json(server: &Server, path: &str, body: &str) -> Answer {
    post(server, path, &[("content-type", "application/json")], body.as_bytes())
}

pub(crate) fn post_protobuf(server: &Server, path: &str, body: &[u8]) -> Answer {
    post(server, path, &[("content-type", "application/x-protobuf")], body)
}

pub(crate) fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).expect("a head") {
            0 => panic!("closed after {:?}", String::from_utf8_lossy(&bytes)),
            len => bytes.extend_from_slice(&chunk[..len]),
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).expect("text");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let len: usize = headers.get("content-length").map_or(0, |len| len.parse().expect("a length"));
    let have = body.len();
    body.resize(len.max(have), 0);
    stream.read_exact(&mut body[have..]).expect("a whole body");
    Answer { status: status.parse().expect("a number"), headers, body }
}

/// The end of a gRPC call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) status: String,
    pub(crate) message: String,
    pub(crate) headers: HeaderMap,
    pub(crate) trailers: HeaderMap,
    /// The data, with its prefix.
    pub(crate) data: Vec<u8>,
}

impl Outcome {
    /// The status details: `google.rpc.Status` in protobuf.
    pub(crate) fn details(&self) -> Vec<u8> {
        use base64::Engine as _;
        let value = self.end("grpc-status-details-bin");
        base64::prelude::BASE64_STANDARD_NO_PAD.decode(value).expect("base64")
    }

    pub(crate) fn has_retry_info(&self) -> bool {
        let details = self.details();
        details.windows(9).any(|window| window == b"RetryInfo")
    }

    /// A value of the trailers, which are the headers where there is no message.
    pub(crate) fn end(&self, name: &str) -> String {
        let value = self.trailers.get(name).or_else(|| self.headers.get(name));
        value.map_or(String::new(), |value| value.to_str().expect("text").to_owned())
    }
}

/// A message in its gRPC frame.
pub(crate) fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut framed = vec![flag];
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(message);
    framed
}

/// An HTTP/2 connection; its frames are exchanged in a task of their own.
pub(crate) async fn connect_h2(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = tokio::net::TcpStream::connect(address).await.expect("a listener");
    let (sender, connection) = h2::client::handshake(stream).await.expect("a handshake");
    tokio::spawn(async move {
        let _ = connection.await;
    });
    sender.ready().await.expect("an open connection")
}

pub(crate) fn grpc_head(path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::post(format!("http://test{path}")).version(hyper::Version::HTTP_2);
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/grpc");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request")
}

/// One call on a connection of its own, with this body.
pub(crate) fn call(server: &Server, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Outcome {
    block_on(async {
        let mut sender = connect_h2(server.address()).await;
        call_on(&mut sender, path, headers, body).await
    })
}

pub(crate) async fn call_on(
    sender: &mut SendRequest<Bytes>,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Outcome {
    let (response, mut stream) =
        sender.send_request(grpc_head(path, headers), false).expect("a stream");
    let sent = send_all(&mut stream, body);
    let answer = async {
        let response = response.await.expect("a response");
        let (head, mut body) = response.into_parts();
        assert_eq!(head.status, 200, "gRPC answers 200 always");
        let mut outcome = Outcome { headers: head.headers, ..Outcome::default() };
        while let Some(data) = body.data().await {
            let data = data.expect("data");
            let _ = body.flow_control().release_capacity(data.len());
            outcome.data.extend_from_slice(&data);
        }
        outcome.trailers = body.trailers().await.expect("trailers").unwrap_or_default();
        outcome
    };
    // The receiver may answer before it has read everything.
    let mut outcome = both(sent, answer).await;
    outcome.status = outcome.end("grpc-status");
    outcome.message = outcome.end("grpc-message");
    outcome
}

/// Polls `aside` until it ends, and returns what `main` does.
async fn both<T>(aside: impl Future<Output = ()>, main: impl Future<Output = T>) -> T {
    let (mut aside, mut main) = (std::pin::pin!(aside), std::pin::pin!(main));
    let mut done = false;
    std::future::poll_fn(|cx| {
        done = done || aside.as_mut().poll(cx).is_ready();
        main.as_mut().poll(cx)
    })
    .await
}

/// Sends a body as the windows allow, as far as the receiver wants it.
pub(crate) async fn send_all(stream: &mut h2::SendStream<Bytes>, body: &[u8]) {
    let mut rest = Bytes::copy_from_slice(body);
    while !rest.is_empty() {
        stream.reserve_capacity(rest.len());
        let capacity = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await;
        let Some(Ok(capacity)) = capacity else { return };
        if stream.send_data(rest.split_to(capacity.min(rest.len())), false).is_err() {
            return;
        }
    }
    let _ = stream.send_data(Bytes::new(), true);
}
