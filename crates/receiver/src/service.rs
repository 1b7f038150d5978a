//! What happens to a request: it is routed, checked, read, decoded, stored and answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use duckspan_otlp::compression::Compression;
use duckspan_otlp::{Segment, Signal};
use duckspan_ring::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, Version};
use tokio::time::timeout;

use crate::archiving::Archiving;
use crate::auth::Token;
use crate::body::Arriving;
use crate::budget::{Budget, Charge};
use crate::config::Config;
use crate::cors::{self, Origin};
use crate::counters::{Counters, Tally};
use crate::encoding::{Encoding, media_type};
use crate::export::{self, Accepted};
use crate::helpers::Helpers;
use crate::limits::{Limits, workers};
use crate::refusal::{Reason, Refusal};
use crate::reply::Reply;
use crate::socket::{Activity, InFlight};
use crate::welcome::{self, Page};
use crate::{grpc, host, http};

/// Where segments go; they are there to be queried when it returns, with the id of the next row to come. Or there is
/// no room for them beside rows that are not archived.
pub(crate) type Store = Box<dyn Fn(Segment) -> Result<u64, Full> + Send + Sync>;

/// What all connections of a receiver share.
pub(crate) struct Service {
    pub(crate) limits: Limits,
    pub(crate) tally: Tally,
    /// What was bound.
    host: String,
    token: Option<Token>,
    origins: Vec<Origin>,
    archiving: Option<Archiving>,
    page: Page,
    store: Store,
    budget: Arc<Budget>,
    helpers: Arc<Helpers>,
    in_flight: Arc<AtomicUsize>,
    stopping: AtomicBool,
}

/// How a request is answered.
#[derive(Debug, Clone, Copy)]
enum Transport {
    Grpc,
    Http(Encoding),
}

/// What the head of a request says.
struct Asked {
    transport: Transport,
    /// Where it was sent to, if that is a place.
    signal: Option<Signal>,
    terms: Result<Terms, Refusal>,
}

/// What became of the rows of a request.
struct Stored {
    accepted: Accepted,
    /// Their signal, and the id of a row that came after them; `None` if there are none.
    rows: Option<(Signal, u64)>,
}

/// How a request is to be read.
struct Terms {
    signal: Signal,
    encoding: Encoding,
    /// How it is compressed if it is; `None` if that is not said.
    compression: Option<Compression>,
    timeout: Duration,
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
            host: config.address.host(),
            token: config.token.clone(),
            origins: config.cors_origins.clone(),
            archiving: config.archiving.clone(),
            page: config.page.clone(),
            store,
            budget: Budget::new(config.limits.in_flight_bytes),
            helpers: Helpers::new(workers()),
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
        activity: &Arc<Activity>,
    ) -> Response<Reply> {
        let (head, body) = request.into_parts();
        let mut body = Arriving::new(body);
        let is_http2 = head.version == Version::HTTP_2;
        let page = cors::allowed(&self.origins, &head.headers);
        let may_look = page.is_ok() && !activity.is_unsecured();
        let mut response = if may_look && cors::is_preflight(&head) {
            cors::preflight(&head)
        } else if may_look && self.welcomes(&head, activity) {
            welcome::response(&self.page)
        } else {
            let asked = self.read_head(&head, page.as_ref().err(), activity);
            // A body may take its time, and heads are large.
            drop(head);
            self.export(asked, &mut body, activity).await
        };
        if !body.is_read() {
            // Over HTTP/1 the rest of it stands before the next request, so there can be none; a stream of HTTP/2 just
            // ends.
            activity.leave_unread();
            if !is_http2 {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        }
        if let Ok(Some(origin)) = page {
            cors::allow(origin, response.headers_mut());
        }
        response
    }

    /// Whether somebody looks at the receiver with a browser, and may.
    fn welcomes(&self, head: &Parts, activity: &Activity) -> bool {
        let is_ours =
            || !activity.is_loopback() || host::check(&self.host, &self.origins, head).is_ok();
        welcome::is_asked(head) && matches!(Transport::of(head), Transport::Http(_)) && is_ours()
    }

    /// What a request asks for.
    fn read_head(&self, head: &Parts, refusal: Option<&Refusal>, activity: &Activity) -> Asked {
        let transport = Transport::of(head);
        let signal = transport.signal(head.uri.path());
        let leave = match refusal {
            Some(refusal) => Err(refusal.clone()),
            None => self.check(transport, head, activity),
        };
        let terms = match (leave, signal) {
            // Before the path: who may not send does not learn what there is.
            (Err(refusal), _) => Err(refusal),
            (Ok(()), None) => Err(transport.unknown(head.uri.path())),
            (Ok(()), Some(signal)) => self.terms(transport, signal, head),
        };
        Asked { transport, signal, terms }
    }

    /// Checks that the client may send at all.
    fn check(
        &self,
        transport: Transport,
        head: &Parts,
        activity: &Activity,
    ) -> Result<(), Refusal> {
        if activity.is_unsecured() {
            let message = "this port speaks TLS only: send to https:// instead of http://";
            return Err(Refusal::new(Reason::Unsecured, message));
        }
        // Pages cannot send gRPC, for browsers speak HTTP/2 over TLS only; and it names hosts as it likes.
        if activity.is_loopback() && matches!(transport, Transport::Http(_)) {
            host::check(&self.host, &self.origins, head)?;
        }
        self.token.as_ref().map_or(Ok(()), |token| token.check(&head.headers))
    }

    fn terms(&self, transport: Transport, signal: Signal, head: &Parts) -> Result<Terms, Refusal> {
        let timeout = self.limits.request_timeout;
        Ok(match transport {
            Transport::Grpc => Terms {
                signal,
                encoding: Encoding::Protobuf,
                compression: grpc::check(head)?,
                timeout: grpc::timeout(&head.headers).map_or(timeout, |other| other.min(timeout)),
            },
            Transport::Http(_) => {
                let (encoding, compression) = http::check(head)?;
                Terms { signal, encoding, compression: Some(compression), timeout }
            }
        })
    }

    async fn export(
        &self,
        asked: Asked,
        body: &mut Arriving,
        activity: &Arc<Activity>,
    ) -> Response<Reply> {
        let Asked { transport, signal, terms } = asked;
        let outcome = match terms {
            Ok(terms) => {
                let handled = contained(self.handle(transport, &terms, body, activity)).await;
                handled.map(|accepted| (terms.signal, accepted))
            }
            Err(refusal) => Err(refusal),
        };
        self.tally.count(signal, outcome.as_ref().map(|(_, accepted)| accepted));
        match outcome {
            Ok((signal, accepted)) => {
                // Not when it was sent: a connection that sends what is refused would keep its place before others.
                activity.take();
                transport.accepted(signal, &accepted)
            }
            Err(refusal) => transport.refused(&refusal, &self.limits),
        }
    }

    async fn handle(
        &self,
        transport: Transport,
        terms: &Terms,
        body: &mut Arriving,
        activity: &Arc<Activity>,
    ) -> Result<Accepted, Refusal> {
        let read = self.read(transport, terms, body);
        let request = within(terms.timeout, read).await?;
        let Stored { accepted, rows } = self.decode_and_store(request, activity).await?;
        if let (Some((signal, end)), Some(archiving)) = (rows, &self.archiving)
            && timeout(terms.timeout, archiving.acknowledged(signal, end)).await.is_err()
        {
            let message =
                "the rows are not archived yet, and may be stored twice if they are sent again";
            return Err(Refusal::new(Reason::TimedOut, message));
        }
        Ok(accepted)
    }

    async fn read(
        &self,
        transport: Transport,
        terms: &Terms,
        body: &mut Arriving,
    ) -> Result<export::Request, Refusal> {
        let Terms { signal, encoding, compression, .. } = *terms;
        let (limit, charge) = (self.limits.max_request_size, Charge::new(&self.budget));
        let (payload, compressed) = match transport {
            Transport::Grpc => grpc::read(body, limit, charge).await?,
            Transport::Http(_) => (http::read(body, limit, charge).await?, true),
        };
        let compression = match (compressed, compression) {
            (false, _) => Compression::None,
            (true, Some(compression)) => compression,
            (true, None) => {
                let message = "the message is compressed, but grpc-encoding does not say how";
                return Err(Refusal::new(Reason::CompressedUnnamed, message));
            }
        };
        Ok(export::Request { signal, encoding, compression, payload })
    }

    async fn decode_and_store(
        &self,
        request: export::Request,
        activity: &Arc<Activity>,
    ) -> Result<Stored, Refusal> {
        let (request, is_long) = request.begin(self.limits.max_request_size)?;
        if !is_long {
            return self.decode_and_store_here(request);
        }
        // The runtime hands the other connections of this thread to another one meanwhile. How many may do so at a time
        // is limited by turns, or each bomb would have a thread.
        let _turn = self.helpers.turn(activity).await;
        tokio::task::block_in_place(|| self.decode_and_store_here(request))
    }

    fn decode_and_store_here(&self, request: export::Request) -> Result<Stored, Refusal> {
        let decoded = request.decode(self.limits.max_request_size)?;
        if self.stopping.load(Ordering::Acquire) {
            return Err(Refusal::new(Reason::Stopping, "the receiver is stopping"));
        }
        let rows = decoded.segment.map(|segment| self.store(segment)).transpose()?;
        // Only now: until the ring has counted the rows, they are a request in flight.
        drop(decoded.charge);
        Ok(Stored { accepted: decoded.accepted, rows })
    }

    /// Stores rows; returns their signal, and the id of the next row to come.
    fn store(&self, segment: Segment) -> Result<(Signal, u64), Refusal> {
        let signal = segment.signal();
        match (self.store)(segment) {
            Ok(end) => Ok((signal, end)),
            Err(Full) => {
                self.archiving.iter().for_each(Archiving::hurry);
                let message =
                    "memory is full of rows that are not archived or forwarded yet, try again";
                Err(Refusal::new(Reason::Overload, message))
            }
        }
    }
}

/// The result of reading a body, if it arrives in time.
async fn within<T>(
    time: Duration,
    read: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    match timeout(time, read).await {
        Ok(result) => result,
        Err(_) => {
            let message = format!("the body did not arrive within {time:?}");
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
        // What a panic leaves half done is dropped with the request; what is shared are counters, and charges that are
        // given back when dropped.
        catch_unwind(AssertUnwindSafe(|| handle.as_mut().poll(cx))).unwrap_or_else(|_| {
            let message = "a fault of the receiver: please report it with the request";
            Poll::Ready(Err(Refusal::new(Reason::Fault, message)))
        })
    })
    .await
}
