//! Connections to an upstream.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::answer::{Failure, Retry, chain};
use crate::endpoint::{Endpoint, Protocol};
use crate::first::{Seen, Watched, no_http2};
use crate::options::{Credentials, OptionError};
use crate::request::Body;
use crate::tls::{self, Tls};

/// Bytes of the head of an answer at most.
const MAX_HEAD_SIZE: u32 = 64 << 10;

/// Whom to connect to.
pub(crate) struct Upstream {
    pub(crate) endpoint: Endpoint,
    tls: Option<Tls>,
}

/// A connection, which one request has at a time.
pub(crate) struct Connection {
    sending: Sending,
    seen: Arc<Seen>,
    /// What the connection ended with.
    ended: JoinHandle<Result<(), hyper::Error>>,
}

/// Time for a connection to end after a request of it has failed.
const TO_END: Duration = Duration::from_secs(1);

enum Sending {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Upstream {
    pub(crate) fn new(
        endpoint: Endpoint,
        credentials: &Credentials,
    ) -> Result<Upstream, OptionError> {
        let tls = endpoint.tls.then(|| Tls::new(&endpoint, credentials)).transpose()?;
        Ok(Upstream { endpoint, tls })
    }

    /// Connects, in as many steps as there are.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let tcp = self.reach().await?;
        // Without it small requests wait for acknowledgements; a socket that refuses is gone already.
        let _ = tcp.set_nodelay(true);
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(Tls { connector, name }) => {
                let stream = connector.connect(name.clone(), tcp).await;
                Box::new(stream.map_err(|error| unusable(tls::explain(&error, &self.endpoint)))?)
            }
        };
        let seen = Arc::<Seen>::default();
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&seen)));
        let fail = |error: hyper::Error| self.failure(&seen, &error);
        let (sending, ended) = match self.endpoint.protocol {
            Protocol::Http => {
                let (sending, connection) = http1::handshake(io).await.map_err(fail)?;
                (Sending::Http1(sending), tokio::spawn(connection))
            }
            Protocol::Grpc => {
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder.timer(TokioTimer::new()).max_header_list_size(MAX_HEAD_SIZE);
                let (sending, connection) = builder.handshake(io).await.map_err(fail)?;
                (Sending::Http2(sending), tokio::spawn(connection))
            }
        };
        Ok(Connection { sending, seen, ended })
    }

    /// A TCP connection to one of the addresses.
    async fn reach(&self) -> Result<TcpStream, Failure> {
        let Endpoint { host, port, .. } = &self.endpoint;
        let addresses = lookup_host((host.as_str(), *port)).await.map_err(|error| {
            Failure::new(Retry::IfKnown, format!("the host \"{host}\" is not known ({error})"))
        })?;
        let mut last = io::Error::new(ErrorKind::AddrNotAvailable, "the host has no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        let message = match last.kind() {
            ErrorKind::ConnectionRefused => {
                "connection refused: nothing listens at that port".to_owned()
            }
            _ => format!("it cannot be reached: {last}"),
        };
        Err(Failure::new(Retry::IfKnown, message))
    }

    /// Why a connection did not work.
    fn failure(&self, seen: &Seen, error: &hyper::Error) -> Failure {
        if let Some(reason) = seen.reason(&self.endpoint) {
            return unusable(reason);
        }
        let error = chain(error);
        if !seen.is_silent() {
            return Failure::new(Retry::Later(None), format!("the connection broke: {error}"));
        }
        let hint = match self.endpoint.protocol {
            Protocol::Http => String::new(),
            Protocol::Grpc => {
                format!(": {}", no_http2(&self.endpoint))
            }
        };
        let message = format!("it closed the connection without an answer ({error}){hint}");
        Failure::new(Retry::IfKnown, message)
    }
}

fn unusable(reason: String) -> Failure {
    Failure::new(Retry::IfMended, reason)
}

impl Connection {
    /// Waits until it takes another request; whether it does.
    pub(crate) async fn is_ready(&mut self) -> bool {
        match &mut self.sending {
            Sending::Http1(sending) => sending.ready().await.is_ok(),
            Sending::Http2(sending) => sending.ready().await.is_ok(),
        }
    }

    /// Sends a request, and waits for the head of its answer.
    pub(crate) async fn send(
        &mut self,
        upstream: &Upstream,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Failure> {
        let response = match &mut self.sending {
            Sending::Http1(sending) => sending.send_request(request).await,
            Sending::Http2(sending) => sending.send_request(request).await,
        };
        match response {
            Ok(response) => Ok(response),
            Err(error) => {
                // What it ended with says more than that it ended.
                let cause = timeout(TO_END, &mut self.ended).await.ok();
                let cause = cause.and_then(Result::ok).and_then(Result::err);
                Err(upstream.failure(&self.seen, cause.as_ref().unwrap_or(&error)))
            }
        }
    }
}
