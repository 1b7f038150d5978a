//! The receiver: its threads, and how they start and stop.
//!
//! A thread of its own owns the runtime, so that the runtime is never dropped where that is not allowed,
//! whoever drops the receiver. In a child of `fork` there is no such thread: nothing is done there, neither
//! to the sockets of the parent nor to wait for it.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use duckspan_ring::Rings;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::config::{Config, HttpPort};
use crate::connection::{Context, accept};
use crate::counters::Counters;
use crate::limits::{ABORT, GOODBYE, workers};
use crate::listen::{StartError, bind};
use crate::room::Room;
use crate::service::{Service, Store};

#[cfg(test)]
mod tests;

const THREAD: &str = "duckspan-otlp";

/// A running OTLP receiver. It stops when it is dropped.
pub struct Receiver {
    address: SocketAddr,
    http_address: Option<SocketAddr>,
    running: Arc<Running>,
    /// The process that the threads are in.
    process: u32,
}

struct Running {
    context: Context,
    stop: watch::Sender<bool>,
    ended: Arc<Ended>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Receiver {
    /// Starts a receiver that appends to `rings`. When it returns, clients can connect.
    ///
    /// # Errors
    /// If it cannot listen where it should; nothing is left behind then.
    pub fn start(config: Config, rings: Arc<Rings>) -> Result<Receiver, StartError> {
        Receiver::start_with(&config, Box::new(move |segment| rings.try_append(segment)))
    }

    pub(crate) fn start_with(config: &Config, store: Store) -> Result<Receiver, StartError> {
        let fail = |error| StartError::new(&config.address, error);
        let mut listeners = bind(&config.address)?;
        let address = local_address(&listeners).map_err(fail)?;
        let http_address = match bind_second(config, address)? {
            None => None,
            Some(more) if more.is_empty() => Some(address),
            Some(more) => {
                let http_address = local_address(&more).map_err(fail)?;
                listeners.extend(more);
                Some(http_address)
            }
        };
        let running = Running::start(config, listeners, store).map_err(fail)?;
        let process = std::process::id();
        Ok(Receiver { address, http_address, running: Arc::new(running), process })
    }

    /// Where it listens, with the port that was chosen for port 0. `localhost` may be `[::1]` too.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens besides, if a second port was asked for.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http_address
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        let Context { service, room, .. } = &self.running.context;
        Counters { connections: room.open() as u64, ..service.counters() }
    }

    /// Whether it runs in this process: not once it has stopped, and never in a child of `fork`.
    pub fn is_running(&self) -> bool {
        self.is_here() && !self.running.ended.is_ended()
    }

    /// Stops: frees the port at once, gives requests `drain_timeout` to finish and ends the rest. When it
    /// returns, nothing more arrives in the rings. It may be called from any thread and any number of
    /// times; it waits for `drain_timeout` and a second at most.
    pub fn stop(&self) {
        if self.is_here() {
            self.running.stop();
        }
    }

    fn is_here(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if self.is_here() {
            self.running.stop();
        } else {
            // Its locks may be held by threads that exist in the parent only.
            std::mem::forget(Arc::clone(&self.running));
        }
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Running {
    fn start(config: &Config, listeners: Vec<TcpListener>, store: Store) -> io::Result<Running> {
        let (stop, stopped) = watch::channel(false);
        let context = Context {
            service: Arc::new(Service::new(config, store)),
            room: Room::new(config.limits.connection_bytes, config.tls.is_some()),
            tls: config.tls.clone(),
            stop: stopped,
        };
        let ended = Arc::new(Ended::default());
        let (started, outcome) = mpsc::channel();
        let thread = {
            let (context, ends) = (context.clone(), Ends(Arc::clone(&ended)));
            let run = move || run(listeners, context, &started, ends);
            thread::Builder::new().name(THREAD.to_owned()).spawn(run)?
        };
        outcome.recv().unwrap_or_else(|_| Err(io::Error::other("its thread ended")))?;
        Ok(Running { context, stop, ended, thread: Mutex::new(Some(thread)) })
    }

    fn stop(&self) {
        self.stop.send_replace(true);
        let longest = self.context.service.limits.drain_timeout + 2 * ABORT;
        if self.ended.wait(longest)
            && let Some(thread) = lock(&self.thread).take()
        {
            // Its last statement has run; how it ended is of no interest any more.
            let _ = thread.join();
        }
    }
}

/// Listens at the second port that is asked for: nowhere else where that is the first one.
fn bind_second(config: &Config, first: SocketAddr) -> Result<Option<Vec<TcpListener>>, StartError> {
    let (port, required) = match config.http_port {
        None => return Ok(None),
        Some(HttpPort::Exactly(port)) => (port, true),
        Some(HttpPort::IfFree(port)) => (port, false),
    };
    if port == first.port() {
        return Ok(Some(Vec::new()));
    }
    match bind(&config.address.with_port(port)) {
        Err(error) if required => Err(error),
        bound => Ok(bound.ok()),
    }
}

/// The first address of sockets that listen.
fn local_address(listeners: &[TcpListener]) -> io::Result<SocketAddr> {
    listeners.first().ok_or(io::ErrorKind::AddrNotAvailable)?.local_addr()
}

/// The thread that owns the runtime.
fn run(
    listeners: Vec<TcpListener>,
    context: Context,
    started: &mpsc::Sender<io::Result<()>>,
    ends: Ends,
) {
    match runtime(&listeners) {
        Ok(runtime) => {
            let served = runtime.block_on(serve(listeners, context, started));
            // Whoever started the receiver waits for this, unless it is gone.
            let _ = served.map_err(|error| started.send(Err(error)));
            runtime.shutdown_timeout(ABORT);
        }
        Err(error) => drop(started.send(Err(error))),
    }
    drop(ends);
}

fn runtime(listeners: &[TcpListener]) -> io::Result<Runtime> {
    for listener in listeners {
        listener.set_nonblocking(true)?;
    }
    Builder::new_multi_thread()
        .worker_threads(workers())
        // Whoever does long work leaves its place to another thread.
        .max_blocking_threads(workers())
        .thread_name(THREAD)
        .enable_io()
        .enable_time()
        .build()
}

/// Serves until the receiver stops.
async fn serve(
    listeners: Vec<TcpListener>,
    mut context: Context,
    started: &mpsc::Sender<io::Result<()>>,
) -> io::Result<()> {
    let listeners: Vec<_> =
        listeners.into_iter().map(tokio::net::TcpListener::from_std).collect::<Result<_, _>>()?;
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, context.clone())))
        .collect();
    let _ = started.send(Ok(()));
    // An error says that the receiver is gone, which is a stop too.
    let _ = context.stop.wait_for(|stopped| *stopped).await;
    for task in &accepting {
        task.abort();
    }
    for task in accepting {
        let _ = task.await;
    }
    drain(&context).await;
    context.service.stop_storing();
    Ok(())
}

/// Waits for connections to end, as long as requests are in flight and there is time.
async fn drain(context: &Context) {
    let Context { service, room, .. } = context;
    let deadline = Instant::now() + service.limits.drain_timeout;
    loop {
        let quiet = service.in_flight() == 0;
        let patience = GOODBYE.min(deadline.saturating_duration_since(Instant::now()));
        let closed = timeout(patience, room.empty()).await.is_ok();
        if closed || Instant::now() >= deadline || (quiet && service.in_flight() == 0) {
            return;
        }
    }
}

/// Whether the threads have ended.
#[derive(Default)]
struct Ended {
    ended: Mutex<bool>,
    changed: Condvar,
}

impl Ended {
    fn is_ended(&self) -> bool {
        *lock(&self.ended)
    }

    /// Waits for the end, or for so long; tells which.
    fn wait(&self, longest: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(lock(&self.ended), longest, |ended| !*ended);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Says that the threads have ended, even if they did so by a panic.
struct Ends(Arc<Ended>);

impl Drop for Ends {
    fn drop(&mut self) {
        *lock(&self.0.ended) = true;
        self.0.changed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
