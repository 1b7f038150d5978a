//! The viewer: its threads, and how they start and stop.
//!
//! A thread of its own owns the runtime, so that whoever drops the viewer may do so anywhere: a query's own thread too,
//! which may be who closes the database. In a child of `fork` there is no such thread, and nothing is done there.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::{fmt, net};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

use crate::engine::Engine;
use crate::gate::Gate;
use crate::limits::{ABORT, ACCEPT_PAUSE, CONNECTIONS, HEAD, HEAD_TIME, QUERIES, ROWS, STALL};
use crate::patient::Patient;
use crate::service::Service;

const THREAD: &str = "duckspan-viewer";

/// Where a viewer listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// There and nowhere else; at any port that is free for 0.
    Exactly(u16),
    /// There, or where it is taken at any port that is free.
    Preferably(u16),
}

/// What a viewer is started with.
pub struct Config {
    /// A host or an address of this machine.
    pub host: String,
    /// The port.
    pub port: Port,
    /// The database.
    pub engine: Arc<dyn Engine>,
    /// Whether its queries may write, for the page to know.
    pub write: bool,
}

/// A running viewer. It stops when it is dropped.
pub struct Viewer {
    host: String,
    address: SocketAddr,
    service: Arc<Service>,
    stop: watch::Sender<bool>,
    ended: Arc<Ended>,
    /// The process that the threads are in.
    process: u32,
}

impl Viewer {
    /// Starts a viewer. When it returns, browsers can connect.
    ///
    /// # Errors
    /// If it cannot listen where it should; nothing is left behind then.
    pub fn start(config: Config) -> io::Result<Viewer> {
        let listener = bind(&config.host, config.port)?;
        let address = listener.local_addr()?;
        // tokio takes it so; a blocking one would stop its only thread.
        listener.set_nonblocking(true)?;
        // With the port that was found, since the name of the cookie has it.
        let gate = Gate::new(&config.host, address.port())?;
        let service = Arc::new(Service::new(gate, config.engine, config.write, ROWS));
        let (stop, stopped) = watch::channel(false);
        let ended = Arc::new(Ended::default());
        let runtime = runtime()?;
        let (serves, ends) = (Arc::clone(&service), Ends(Arc::clone(&ended)));
        let run = move || {
            let _ends = ends;
            runtime.block_on(serve(listener, serves, stopped));
            runtime.shutdown_timeout(ABORT);
        };
        thread::Builder::new().name(THREAD.to_owned()).spawn(run)?;
        let process = std::process::id();
        Ok(Viewer { host: config.host, address, service, stop, ended, process })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its page is, for who has a cookie.
    pub fn place(&self) -> String {
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            net::IpAddr::V6(ip) if self.host.contains(':') => format!("[{ip}]"),
            _ => self.host.clone(),
        };
        format!("http://{host}:{}/", self.address.port())
    }

    /// A URL that opens the page, with a token that no other has.
    ///
    /// # Errors
    /// If the system has no random bits.
    pub fn url(&self) -> io::Result<String> {
        Ok(format!("{}?token={}", self.place(), self.service.gate.token()?))
    }

    /// Whether it runs in this process.
    pub fn is_running(&self) -> bool {
        self.is_here() && !*self.stop.borrow()
    }

    /// Stops: frees the port, ends queries and connections, in bounded time, any number of times. Whoever calls it in
    /// the midst of a query, for that held the database last, does not wait for itself.
    pub fn stop(&self) {
        if !self.is_here() {
            return;
        }
        self.stop.send_replace(true);
        self.service.engine.stop();
        // A thread of ours that waited for the end of its own would wait in vain.
        if !is_ours() {
            self.ended.wait();
        }
    }

    fn is_here(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        if self.is_here() {
            self.stop();
        } else {
            // Its locks may be held by threads that exist in the parent only.
            std::mem::forget(Arc::clone(&self.service));
            std::mem::forget(Arc::clone(&self.ended));
        }
    }
}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Whether this is a thread of a viewer.
fn is_ours() -> bool {
    thread::current().name() == Some(THREAD)
}

fn bind(host: &str, port: Port) -> io::Result<TcpListener> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let listen = |port: u16| {
        let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
        TcpListener::bind(&*addresses)
    };
    match port {
        Port::Exactly(port) => listen(port),
        Port::Preferably(port) => match listen(port) {
            // Only if it is taken: that it is forbidden, or that the host is not ours, no other port would change.
            Err(error) if error.kind() == ErrorKind::AddrInUse => listen(0),
            bound => bound,
        },
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(QUERIES + 1)
        .thread_name(THREAD)
        .enable_io()
        .enable_time()
        .build()
}

/// Serves until the viewer stops.
async fn serve(listener: TcpListener, service: Arc<Service>, mut stop: watch::Receiver<bool>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let accepting = tokio::spawn(accept(listener, service, stop.clone()));
    // An error says that the viewer is gone, which is a stop too.
    let _ = stop.wait_for(|stopped| *stopped).await;
    accepting.abort();
    let _ = accepting.await;
}

async fn accept(
    listener: tokio::net::TcpListener,
    service: Arc<Service>,
    stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Before it is accepted: who finds no place waits in the kernel's queue, and costs nothing here.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                let socket = Patient::new(stream, STALL);
                tokio::spawn(connection(socket, Arc::clone(&service), stop.clone(), place));
            }
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            // There may be no file descriptors left, and to ask at once again would keep a core busy.
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn connection(
    socket: Patient,
    service: Arc<Service>,
    mut stop: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { service.answer(request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(socket), answer);
    let (mut connection, mut stop) = (pin!(connection), pin!(stop.wait_for(|stopped| *stopped)));
    std::future::poll_fn(|cx| {
        // A client that breaks off, or sends nonsense, is no concern of ours; what is under way when the viewer stops
        // is broken off, and its query ends.
        match connection.as_mut().poll(cx).is_ready() || stop.as_mut().poll(cx).is_ready() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}

/// Whether the threads have ended.
#[derive(Default)]
struct Ended {
    ended: Mutex<bool>,
    changed: Condvar,
}

impl Ended {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end, but no longer than it may take.
    fn wait(&self) {
        let _ = self.changed.wait_timeout_while(self.lock(), 2 * ABORT, |ended| !*ended);
    }
}

/// Says that the threads have ended, even if they did so by a panic.
struct Ends(Arc<Ended>);

impl Drop for Ends {
    fn drop(&mut self) {
        *self.0.lock() = true;
        self.0.changed.notify_all();
    }
}
