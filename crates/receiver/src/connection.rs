//! Accepting connections, and serving one.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::counters::count;
use crate::limits::{ACCEPT_PAUSE, Buffers, Limits, MAX_HEAD_SIZE};
use crate::reply::Reply;
use crate::room::{Place, Room};
use crate::service::Service;
use crate::socket::{Activity, InFlight, Socket};
use crate::stream::Stream;
use crate::tls::Tls;

/// What listeners and connections share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) service: Arc<Service>,
    pub(crate) room: Arc<Room>,
    pub(crate) tls: Option<Arc<Tls>>,
    /// Becomes true when the receiver stops.
    pub(crate) stop: watch::Receiver<bool>,
}

/// Accepts connections until it is dropped.
pub(crate) async fn accept(listener: TcpListener, context: Context) {
    let tally = &context.service.tally;
    loop {
        match listener.accept().await {
            // Others wait where they are until there is room for this one.
            Ok((stream, _)) => match context.room.enter().await {
                Some(place) => {
                    count(&tally.connections_accepted);
                    tokio::spawn(serve(stream, context.clone(), place));
                }
                None => count(&tally.connections_refused),
            },
            Err(error) => {
                count(&tally.accept_failures);
                // A connection that is gone already is no reason to wait; a lack of descriptors is.
                if !is_lost_connection(error.kind()) {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

fn is_lost_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

async fn serve(stream: TcpStream, context: Context, place: Place) {
    let Context { service, mut stop, tls, .. } = context;
    // Without it small answers wait for acknowledgements; a socket that refuses is gone already.
    let _ = stream.set_nodelay(true);
    let activity = Arc::clone(&place.activity);
    if stream.local_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback()) {
        activity.set_loopback();
    }
    let requests = Arc::clone(&activity);
    let mut stop = pin!(stop.wait_for(|stopped| *stopped));
    let mut go = pin!(requests.asked_to_go());
    let opening = open(stream, tls, &service.limits, &activity);
    let stream = match unless(opening, stop.as_mut(), go.as_mut()).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(_)) => return count(&service.tally.connections_failed),
        Err(Over::Stopping) => return,
        Err(Over::Displaced) => return count(&service.tally.connections_displaced),
    };
    let socket = Socket::new(stream, service.limits, Arc::clone(&activity));
    let builder = builder(&service.limits, &place.buffers);
    let answer = {
        let service = Arc::clone(&service);
        service_fn(move |request| {
            let in_flight = service.begin(&activity);
            answer(Arc::clone(&service), Arc::clone(&activity), request, in_flight)
        })
    };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), answer));
    let (mut stopping, mut stepped_back) = (false, false);
    let ended = std::future::poll_fn(|cx| {
        // Requests that are here go first: their answers leave in one write.
        stepped_back = !stepped_back && requests.is_busy();
        if stepped_back {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if !stopping && stop.as_mut().poll(cx).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        if go.as_mut().poll(cx).is_ready() {
            count(&service.tally.connections_displaced);
            connection.as_mut().graceful_shutdown();
            // What can be said at once is said; whoever needs the room does not wait for the rest.
            let _ = connection.as_mut().poll(cx);
            return Poll::Ready(Ok(()));
        }
        connection.as_mut().poll(cx)
    })
    .await;
    if ended.is_err() && !stopping {
        count(&service.tally.connections_failed);
    }
}

/// The stream of a connection. One that speaks no TLS where it has to is open too, to be told so in its own protocol.
async fn open(
    stream: TcpStream,
    tls: Option<Arc<Tls>>,
    limits: &Limits,
    activity: &Activity,
) -> io::Result<Stream> {
    let Some(tls) = tls else { return Ok(Stream::Plain(stream)) };
    let opened = tls.accept(stream, limits.header_timeout).await?;
    if let Stream::Plain(_) = opened {
        activity.set_unsecured();
    }
    Ok(opened)
}

/// Why a connection ends before its work is done.
enum Over {
    Stopping,
    Displaced,
}

/// What `work` gives, unless the receiver stops or the connection has to go before.
async fn unless<T>(
    work: impl Future<Output = T>,
    mut stop: Pin<&mut impl Future>,
    mut go: Pin<&mut impl Future>,
) -> Result<T, Over> {
    let mut work = pin!(work);
    std::future::poll_fn(|cx| {
        if stop.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(Over::Stopping));
        }
        if go.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(Over::Displaced));
        }
        work.as_mut().poll(cx).map(Ok)
    })
    .await
}

async fn answer(
    service: Arc<Service>,
    activity: Arc<Activity>,
    request: Request<Incoming>,
    in_flight: InFlight,
) -> Result<Response<Reply>, Infallible> {
    let response = service.answer(request, &activity).await;
    Ok(response.map(|reply| reply.holding(in_flight)))
}

fn builder(limits: &Limits, buffers: &Buffers) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(buffers.http1);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_connection_window_size(buffers.window)
        .initial_stream_window_size(buffers.window)
        .max_frame_size(buffers.frame)
        .max_header_list_size(MAX_HEAD_SIZE)
        .max_concurrent_streams(limits.max_streams.min(buffers.streams))
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout);
    builder
}
