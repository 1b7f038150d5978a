//! The socket of a connection: it keeps the time limits, and reads on after a refusal.
//!
//! A client that begins a request head, or a frame, has to finish it in `header_timeout`; one that sends
//! nothing of a request for `idle_timeout` is closed. Bodies have a limit of their own, where they are read; data
//! that no open request asked for has none, so it counts as any other frame. From a client that does not take its
//! answers nothing more is read, for what is read becomes more answers.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Duration, Instant, Sleep, sleep_until};

use crate::frames::{Frames, PREFACE, Partial, Seen};
use crate::limits::{BUSY_GRACE, IDLE_GRACE, LINGER, Limits};
use crate::stream::Stream;

/// What the requests of a connection let its socket know, and others.
#[derive(Debug)]
pub(crate) struct Activity {
    begun: AtomicU64,
    in_flight: AtomicUsize,
    unread: AtomicBool,
    loopback: AtomicBool,
    unsecured: AtomicBool,
    accepted: Instant,
    /// When the last request was taken, in milliseconds after the connection was accepted; 0 if none was.
    taken: AtomicU64,
    /// Long work that was done for the connection, as its turns count it.
    worked: AtomicU64,
    going: AtomicBool,
    go: Notify,
}

impl Activity {
    /// That of a connection that was just accepted.
    pub(crate) fn new() -> Activity {
        Activity {
            begun: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            unread: AtomicBool::new(false),
            loopback: AtomicBool::new(false),
            unsecured: AtomicBool::new(false),
            accepted: Instant::now(),
            taken: AtomicU64::new(0),
            worked: AtomicU64::new(0),
            going: AtomicBool::new(false),
            go: Notify::new(),
        }
    }

    /// A request has begun; `all` counts those of every connection.
    pub(crate) fn begin(self: &Arc<Activity>, all: &Arc<AtomicUsize>) -> InFlight {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        all.fetch_add(1, Ordering::AcqRel);
        InFlight { connection: Arc::clone(self), all: Arc::clone(all) }
    }

    /// A request was taken.
    pub(crate) fn take(&self) {
        let after = self.accepted.elapsed().as_millis() as u64;
        self.taken.store(after.max(1), Ordering::Relaxed);
    }

    /// The connection came over the loopback interface.
    pub(crate) fn set_loopback(&self) {
        self.loopback.store(true, Ordering::Relaxed);
    }

    /// Whether it did.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback.load(Ordering::Relaxed)
    }

    /// The connection does not speak TLS, and should.
    pub(crate) fn set_unsecured(&self) {
        self.unsecured.store(true, Ordering::Relaxed);
    }

    /// Whether it should, and does not.
    pub(crate) fn is_unsecured(&self) -> bool {
        self.unsecured.load(Ordering::Relaxed)
    }

    /// Whether there are requests that are not answered yet.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0
    }

    /// A request is answered though its body was not read to the end.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Long work that was done for the connection.
    pub(crate) fn worked(&self) -> u64 {
        self.worked.load(Ordering::Relaxed)
    }

    /// Counts long work.
    pub(crate) fn set_worked(&self, worked: u64) {
        self.worked.store(worked, Ordering::Relaxed);
    }

    /// Whether the connection may be asked to make room for another.
    pub(crate) fn is_dispensable(&self, now: Instant) -> bool {
        let grace = if self.is_busy() { BUSY_GRACE } else { IDLE_GRACE };
        now >= self.last_taken() + grace
    }

    /// Whether it was asked to already.
    pub(crate) fn is_going(&self) -> bool {
        self.going.load(Ordering::Relaxed)
    }

    /// The connection that ranks least makes room first.
    pub(crate) fn rank(&self) -> (bool, bool, Instant) {
        (self.taken.load(Ordering::Relaxed) > 0, self.is_busy(), self.last_taken())
    }

    fn last_taken(&self) -> Instant {
        self.accepted + Duration::from_millis(self.taken.load(Ordering::Relaxed))
    }

    /// Asks the connection to make room for another.
    pub(crate) fn ask_to_go(&self) {
        self.going.store(true, Ordering::Relaxed);
        self.go.notify_one();
    }

    /// Waits until the connection is asked to go.
    pub(crate) async fn asked_to_go(&self) {
        self.go.notified().await;
    }
}

/// A request that is not answered yet.
#[derive(Debug)]
pub(crate) struct InFlight {
    connection: Arc<Activity>,
    all: Arc<AtomicUsize>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.connection.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.all.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A stream with time limits.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    limits: Limits,
    activity: Arc<Activity>,
    protocol: Protocol,
    /// When what is not complete began, and how many requests had begun by then.
    partial: Option<(Instant, u64)>,
    /// Since when the client does not take what is written.
    stalled: Option<Instant>,
    /// Reading waits until it does.
    waits: bool,
    active: Instant,
    /// Goes off at the deadline or before it.
    alarm: Pin<Box<Sleep>>,
    lingering: bool,
}

#[derive(Debug)]
enum Protocol {
    /// So many bytes of the preface of HTTP/2 have arrived, and no other.
    Unknown(usize),
    Http1,
    Http2(Frames),
}

impl Socket {
    /// A stream that was just accepted, and is secured if it is to be.
    pub(crate) fn new(stream: Stream, limits: Limits, activity: Arc<Activity>) -> Socket {
        let now = Instant::now();
        Socket {
            stream,
            limits,
            activity,
            protocol: Protocol::Unknown(0),
            partial: Some((now, 0)),
            stalled: None,
            waits: false,
            active: now,
            alarm: Box::pin(sleep_until(now + limits.header_timeout)),
            lingering: false,
        }
    }

    /// Takes note of bytes that arrived.
    fn note(&mut self, bytes: &[u8]) {
        if let Protocol::Unknown(matched) = self.protocol {
            let rest = &PREFACE[matched..];
            let len = bytes.len().min(rest.len());
            if bytes[..len] != rest[..len] {
                self.protocol = Protocol::Http1;
            } else if len == rest.len() {
                self.protocol = Protocol::Http2(Frames::new());
                // Once, for now the protocol is known.
                return self.note(&bytes[len..]);
            } else {
                self.protocol = Protocol::Unknown(matched + len);
            }
        }
        match &mut self.protocol {
            Protocol::Unknown(_) => {}
            Protocol::Http1 => self.note_head(),
            Protocol::Http2(frames) => {
                let seen = frames.feed(bytes);
                let partial = frames.partial();
                self.note_frames(seen, partial);
            }
        }
    }

    fn note_head(&mut self) {
        let now = Instant::now();
        self.active = now;
        // While a request is in flight, these are bytes of its body, which has a limit of its own.
        if self.activity.in_flight.load(Ordering::Relaxed) == 0 {
            let begun = self.activity.begun.load(Ordering::Relaxed);
            self.partial.get_or_insert((now, begun));
        }
    }

    fn note_frames(&mut self, seen: Seen, partial: Partial) {
        let now = Instant::now();
        if seen.head || (seen.data && self.activity.is_busy()) {
            self.active = now;
        }
        // Each frame has its own time, so that many small ones in a row are no slow one.
        if seen.completed || partial == Partial::Nothing {
            self.partial = None;
        }
        if partial != Partial::Nothing {
            self.partial.get_or_insert((now, 0));
        }
    }

    /// Takes note of whether something could be written.
    fn note_written(&mut self, cx: &mut Context<'_>, written: bool) {
        if !written {
            self.stalled.get_or_insert_with(Instant::now);
            return;
        }
        self.stalled = None;
        if std::mem::take(&mut self.waits) {
            cx.waker().wake_by_ref();
        }
    }

    fn deadline(&mut self) -> Instant {
        match (&self.protocol, &mut self.partial) {
            // A request has begun since: what was not complete was its head, and that is here.
            (Protocol::Http1, Some((_, begun)))
                if *begun != self.activity.begun.load(Ordering::Relaxed) =>
            {
                self.partial = None;
            }
            // Its time begins when no request is open any more.
            (Protocol::Http2(frames), Some((since, _)))
                if frames.partial() == Partial::Data && self.activity.is_busy() =>
            {
                *since = Instant::now();
            }
            _ => {}
        }
        let limits = &self.limits;
        let head = self.partial.map(|(since, _)| since + limits.header_timeout);
        let stalled = self.stalled.map(|since| since + limits.request_timeout);
        let idle = self.active + limits.idle_timeout;
        [head, stalled].into_iter().flatten().fold(idle, Instant::min)
    }

    /// Fails once the deadline has passed; else sees to it that the task wakes up then.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let deadline = self.deadline();
        // Most deadlines move away with each byte. To set the timer anew each time costs more than to let it go off and
        // look again, so it is moved only if it would be late.
        if self.alarm.deadline() > deadline {
            self.alarm.as_mut().reset(deadline);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the client is too slow"));
            }
            self.alarm.as_mut().reset(deadline);
        }
        Ok(())
    }

    /// The result of an operation, unless it waits past the deadline.
    fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match result {
            Poll::Pending => match self.check(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
            Poll::Ready(result) => {
                // What is written to a client over HTTP/1 answers a request of it. HTTP/2 has frames that keep a
                // connection open without any request, which `note_frames` tells from others.
                if matches!(self.protocol, Protocol::Http1) {
                    self.active = Instant::now();
                }
                Poll::Ready(result)
            }
        }
    }

    /// Drops what still arrives, for a while: closing a socket with bytes unread in it would take the
    /// answer away from the client.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 8 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return self.alarm.as_mut().poll(cx).map(Ok),
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The stream would not wake this up: `note_written` does, once the client takes something.
        if self.stalled.is_some() {
            self.waits = true;
            return self.in_time(cx, Poll::Pending);
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if result.is_ready() {
            self.note(&buffer.filled()[before..]);
        }
        self.in_time(cx, result)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_written(cx, result.is_ready());
        self.in_time(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note_written(cx, result.is_ready());
        self.in_time(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingering {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            let unread = self.activity.unread.load(Ordering::Relaxed);
            if !unread || !matches!(self.protocol, Protocol::Http1) {
                return Poll::Ready(Ok(()));
            }
            self.lingering = true;
            self.alarm.as_mut().reset(Instant::now() + LINGER);
        }
        self.linger(cx)
    }
}
