//! What happens to a request: it is routed, checked, read, decoded, stored and answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use duckspan_otlp::compression::Compression;
use duckspan_otlp::{Segment, Signal};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, Version};

use crate::auth::Token;
use crate::body::{Arriving, Payload};
use crate::budget::{Budget, Charge};
use crate::config::Config;
use crate::cors::{self, Origin};
use crate::counters::{Counters, Tally};
use crate::encoding::{Encoding, media_type};
use crate::export::{self, Accepted};
use crate::limits::{BLOCKING_SIZE, Limits};
use crate::refusal::{Reason, Refusal};
use crate::reply::Reply;
use crate::socket::{Activity, InFlight};
use crate::{grpc, http};

/// Where segments go; they are there to be queried when it returns.
pub(crate) type Store = Box<dyn Fn(Segment) + Send + Sync>;

/// What all connections of a receiver share.
pub(crate) struct Service {
    pub(crate) limits: Limits,
    pub(crate) tally: Tally,
    token: Option<Token>,
    origins: Vec<Origin>,
    store: Store,
    budget: Arc<Budget>,
    in_flight: Arc<AtomicUsize>,
    stopping: AtomicBool,
}

/// How a request is answered.
#[derive(Debug, Clone, Copy)]
enum Transport {
    Grpc,
    Http(Encoding),
}

impl Transport {
    fn of(head: &Parts) -> Transport {
        match grpc::is_grpc(media_type(&head.headers)) {
            true => Transport::Grpc,
            false => Transport::Http(http::answer_encoding(head)),
        }
    }

    fn signal(self, path: &str) -> Option<Signal> {
        match self {
            Transport::Grpc => grpc::signal(path),
            Transport::Http(_) => http::signal(path),
        }
    }

    fn unknown(self, path: &str) -> Refusal {
        match self {
            Transport::Grpc => grpc::unknown(path),
            Transport::Http(_) => http::unknown(path),
        }
    }

    fn refused(self, refusal: &Refusal, limits: &Limits) -> Response<Reply> {
        match self {
            Transport::Grpc => grpc::refused(refusal, limits),
            Transport::Http(encoding) => http::refused(encoding, refusal, limits),
        }
    }

    fn accepted(self, signal: Signal, accepted: &Accepted) -> Response<Reply> {
        match self {
            Transport::Grpc => grpc::accepted(signal, accepted),
            Transport::Http(encoding) => http::accepted(signal, encoding, accepted),
        }
    }
}

impl Service {
    pub(crate) fn new(config: &Config, store: Store) -> Service {
        Service {
            limits: config.limits,
            tally: Tally::default(),
            token: config.token.clone(),
            origins: config.cors_origins.clone(),
            store,
            budget: Budget::new(config.limits.in_flight_bytes),
            in_flight: Arc::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Requests that are not answered yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// A request of a connection begins.
    pub(crate) fn begin(&self, activity: &Arc<Activity>) -> InFlight {
        activity.begin(&self.in_flight)
    }

    /// Nothing is stored from now on.
    pub(crate) fn stop_storing(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// What was counted so far.
    pub(crate) fn counters(&self) -> Counters {
        Counters {
            in_flight_bytes: self.budget.used() as u64,
            in_flight_requests: self.in_flight() as u64,
            ..self.tally.read()
        }
    }

    /// Answers a request.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        activity: &Activity,
    ) -> Response<Reply> {
        let (head, body) = request.into_parts();
        let mut body = Arriving::new(body);
        let origin = cors::allowed(&self.origins, &head.headers);
        let mut response = if cors::is_preflight(&head) {
            cors::preflight(&head)
        } else {
            self.export(&head, &mut body).await
        };
        if !body.is_read() {
            activity.leave_unread();
            if head.version != Version::HTTP_2 {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        }
        if let Some(origin) = origin {
            cors::allow(origin, response.headers_mut());
        }
        response
    }

    async fn export(&self, head: &Parts, body: &mut Arriving) -> Response<Reply> {
        let transport = Transport::of(head);
        let signal = transport.signal(head.uri.path());
        let outcome = contained(self.handle(transport, signal, head, body)).await;
        self.tally.count(signal, &outcome);
        match (outcome, signal) {
            (Ok(accepted), Some(signal)) => transport.accepted(signal, &accepted),
            (Ok(_), None) => transport.refused(&transport.unknown(head.uri.path()), &self.limits),
            (Err(refusal), _) => transport.refused(&refusal, &self.limits),
        }
    }

    async fn handle(
        &self,
        transport: Transport,
        signal: Option<Signal>,
        head: &Parts,
        body: &mut Arriving,
    ) -> Result<Accepted, Refusal> {
        if let Some(token) = &self.token {
            token.check(&head.headers)?;
        }
        let signal = signal.ok_or_else(|| transport.unknown(head.uri.path()))?;
        let request = match transport {
            Transport::Grpc => self.read_grpc(signal, head, body).await?,
            Transport::Http(_) => self.read_http(signal, head, body).await?,
        };
        self.decode_and_store(request)
    }

    async fn read_grpc(
        &self,
        signal: Signal,
        head: &Parts,
        body: &mut Arriving,
    ) -> Result<export::Request, Refusal> {
        let named = grpc::check(head)?;
        let timeout = grpc::timeout(&head.headers).map_or(self.limits.request_timeout, |timeout| {
            timeout.min(self.limits.request_timeout)
        });
        let read = grpc::read(body, self.limits.max_request_size, Charge::new(&self.budget));
        let (payload, compressed) = within(timeout, read).await?;
        let compression = match (compressed, named) {
            (false, _) => Compression::None,
            (true, Some(compression)) => compression,
            (true, None) => {
                let message = "the message is compressed, but grpc-encoding does not say how";
                return Err(Refusal::new(Reason::CompressedUnnamed, message));
            }
        };
        Ok(export::Request { signal, encoding: Encoding::Protobuf, compression, payload })
    }

    async fn read_http(
        &self,
        signal: Signal,
        head: &Parts,
        body: &mut Arriving,
    ) -> Result<export::Request, Refusal> {
        let (encoding, compression) = http::check(head)?;
        let read = http::read(body, self.limits.max_request_size, Charge::new(&self.budget));
        let payload: Payload = within(self.limits.request_timeout, read).await?;
        Ok(export::Request { signal, encoding, compression, payload })
    }

    fn decode_and_store(&self, request: export::Request) -> Result<Accepted, Refusal> {
        let size = request.payload.bytes.len();
        let compressed = request.compression != Compression::None;
        let work = || self.decode_and_store_here(request);
        if size >= BLOCKING_SIZE || (compressed && size >= BLOCKING_SIZE / 8) {
            tokio::task::block_in_place(work)
        } else {
            work()
        }
    }

    fn decode_and_store_here(&self, request: export::Request) -> Result<Accepted, Refusal> {
        let decoded = request.decode(self.limits.max_request_size)?;
        if self.stopping.load(Ordering::Acquire) {
            return Err(Refusal::new(Reason::Stopping, "the receiver is stopping"));
        }
        if let Some(segment) = decoded.segment {
            (self.store)(segment);
        }
        drop(decoded.charge);
        Ok(decoded.accepted)
    }
}

/// The result of reading a body, if it arrives in time.
async fn within<T>(
    timeout: Duration,
    read: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    match tokio::time::timeout(timeout, read).await {
        Ok(result) => result,
        Err(_) => {
            let message = format!("the body did not arrive within {timeout:?}");
            Err(Refusal::new(Reason::TimedOut, message))
        }
    }
}

/// The outcome of a request; if it panics, that is a refusal, and other requests go on.
async fn contained(
    handle: impl Future<Output = Result<Accepted, Refusal>>,
) -> Result<Accepted, Refusal> {
    let mut handle = pin!(handle);
    std::future::poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| handle.as_mut().poll(cx))).unwrap_or_else(|_| {
            let message = "a fault of the receiver: please report it with the request";
            Poll::Ready(Err(Refusal::new(Reason::Fault, message)))
        })
    })
    .await
}
