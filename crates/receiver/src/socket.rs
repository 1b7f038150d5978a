//! The socket of a connection: it keeps the time limits, and reads on after a refusal.
//!
//! A client that begins a request head, or a frame, has to finish it in `header_timeout`; one that sends
//! nothing of a request for `idle_timeout` is closed. Bodies have a limit of their own, where they are read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::frames::{Frames, PREFACE};
use crate::limits::{LINGER, Limits};

/// What the requests of a connection let its socket know.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    begun: AtomicU64,
    in_flight: AtomicUsize,
    unread: AtomicBool,
}

impl Activity {
    /// A request has begun; `all` counts those of every connection.
    pub(crate) fn begin(self: &Arc<Activity>, all: &Arc<AtomicUsize>) -> InFlight {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        all.fetch_add(1, Ordering::AcqRel);
        InFlight { connection: Arc::clone(self), all: Arc::clone(all) }
    }

    /// Whether there are requests that are not answered yet.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0
    }

    /// A request is answered though its body was not read to the end.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
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

/// A TCP stream with time limits.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    limits: Limits,
    activity: Arc<Activity>,
    protocol: Protocol,
    /// When what is not complete began, and how many requests had begun by then.
    partial: Option<(Instant, u64)>,
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
    /// A stream that was just accepted.
    pub(crate) fn new(stream: TcpStream, limits: Limits, activity: Arc<Activity>) -> Socket {
        let now = Instant::now();
        Socket {
            stream,
            limits,
            activity,
            protocol: Protocol::Unknown(0),
            partial: Some((now, 0)),
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
                let partial = frames.is_partial();
                self.note_frames(seen.completed, seen.request, partial);
            }
        }
    }

    fn note_head(&mut self) {
        let now = Instant::now();
        self.active = now;
        if self.activity.in_flight.load(Ordering::Relaxed) == 0 {
            let begun = self.activity.begun.load(Ordering::Relaxed);
            self.partial.get_or_insert((now, begun));
        }
    }

    fn note_frames(&mut self, completed: bool, request: bool, partial: bool) {
        if request {
            self.active = Instant::now();
        }
        if completed || !partial {
            self.partial = None;
        }
        if partial {
            self.partial.get_or_insert_with(|| (Instant::now(), 0));
        }
    }

    fn deadline(&mut self) -> Instant {
        if let (Protocol::Http1, Some((_, begun))) = (&self.protocol, self.partial)
            && begun != self.activity.begun.load(Ordering::Relaxed)
        {
            self.partial = None;
        }
        let idle = self.active + self.limits.idle_timeout;
        self.partial.map_or(idle, |(since, _)| idle.min(since + self.limits.header_timeout))
    }

    /// Fails once the deadline has passed; else sees to it that the task wakes up then.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let deadline = self.deadline();
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
        self.in_time(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
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
