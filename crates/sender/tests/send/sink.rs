//! An upstream that answers as it is told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// An answer: a status, headers, a body, and trailers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(&'static str, String)>,
}

/// That a request was taken, over HTTP.
pub(crate) fn ok() -> Answer {
    Answer::http(200, "application/x-protobuf", b"")
}

impl Answer {
    pub(crate) fn http(status: u16, content_type: &str, body: &[u8]) -> Answer {
        let headers = vec![("content-type", content_type.to_owned())];
        Answer { status, headers, body: body.to_vec(), trailers: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// A message in its frame, and a status behind it.
    pub(crate) fn grpc(message: &[u8]) -> Answer {
        let length = u32::try_from(message.len()).expect("a length").to_be_bytes();
        let body = [&[0], &length[..], message].concat();
        let trailers = vec![("grpc-status", "0".to_owned())];
        Answer { trailers, ..Answer::http(200, "application/grpc", &body) }
    }

    /// A status in headers that are trailers.
    pub(crate) fn grpc_status(code: u16, message: &str) -> Answer {
        let answer = Answer::http(200, "application/grpc", b"");
        answer.with("grpc-status", &code.to_string()).with("grpc-message", message)
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    came: Mutex<Vec<Came>>,
    connections: AtomicUsize,
    together: Option<Barrier>,
}

/// An upstream. It gives its answers one after the other, and the last one again and again.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

/// What a sink does beside that.
#[derive(Default)]
pub(crate) struct How {
    pub(crate) tls: Option<ServerConfig>,
    /// It waits until so many requests are there before it answers any.
    pub(crate) together: Option<usize>,
    /// It speaks HTTP/2, or HTTP/1, only.
    pub(crate) only: Option<u8>,
}

impl Sink {
    pub(crate) fn answering(answers: &[Answer]) -> Sink {
        Sink::new(answers, How::default())
    }

    pub(crate) fn new(answers: &[Answer], how: How) -> Sink {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers.iter().cloned().collect()),
            came: Mutex::default(),
            connections: AtomicUsize::new(0),
            together: how.together.map(Barrier::new),
        });
        let acceptor = how.tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let accepting = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepting.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&accepting), how.only));
            }
        });
        Sink { address, shared, _runtime: runtime }
    }

    /// How many connections came.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// All requests that came.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.shared.came.lock().expect("no panic").clone()
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    only: Option<u8>,
) {
    match acceptor {
        None => talk(stream, shared, only).await,
        Some(acceptor) => {
            // A client that does not trust us goes.
            if let Ok(stream) = acceptor.accept(stream).await {
                talk(stream, shared, only).await;
            }
        }
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
    only: Option<u8>,
) {
    let builder = Builder::new(TokioExecutor::new());
    let builder = match only {
        Some(1) => builder.http1_only(),
        Some(_) => builder.http2_only(),
        None => builder,
    };
    let service = service_fn(|request| answer(request, Arc::clone(&shared)));
    // A client that speaks something else, or goes away, is no fault of the test.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<impl hyper::body::Body<Data = Bytes, Error = Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let (path, headers) = (head.uri.path().to_owned(), head.headers);
    shared.came.lock().expect("no panic").push(Came { path, headers, body });
    if let Some(together) = &shared.together {
        together.wait().await;
    }
    let answer = {
        let mut answers = shared.answers.lock().expect("no panic");
        match answers.len() {
            1 => answers.front().cloned(),
            _ => answers.pop_front(),
        }
    };
    // One without answers never answers.
    let Some(answer) = answer else { std::future::pending().await };
    let trailers = headers_of(&answer.trailers);
    let body = Full::new(Bytes::from(answer.body)).with_trailers(async move {
        Some(Ok(trailers))
            .filter(|all: &Result<HeaderMap, _>| all.as_ref().is_ok_and(|all| !all.is_empty()))
    });
    let mut response = Response::new(body);
    *response.status_mut() = answer.status.try_into().expect("a status");
    response.headers_mut().extend(headers_of(&answer.headers));
    Ok(response)
}

fn headers_of(pairs: &[(&'static str, String)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, String)| {
        let value = HeaderValue::from_str(value).expect("a value");
        (HeaderName::from_static(name), value)
    };
    pairs.iter().map(pair).collect()
}
