//! The sender: requests in flight, and what became of them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use crate::answer::{Failure, Retry};
use crate::backoff::Backoff;
use crate::delivery::Delivery;
use crate::endpoint::Endpoint;
use crate::message::Partial;
use crate::options::{OptionError, Options};
use crate::request::Request;

const THREAD: &str = "duckspan-send";

/// Who we are, to upstreams.
pub(crate) const AGENT: &str = concat!("duckspan/", env!("CARGO_PKG_VERSION"));

/// Bytes of an answer at most.
pub(crate) const MAX_ANSWER: usize = 1 << 20;

/// Texts of an upstream that are kept.
const KEPT_TEXTS: usize = 3;

/// Sends requests to one upstream. What is in flight is given up when it is dropped.
pub struct Sender {
    shared: Arc<Shared>,
    /// Taken when it is dropped, never before.
    runtime: Option<Runtime>,
}

struct Shared {
    delivery: Delivery,
    /// One for each request that may be in flight; closed when one has failed for good.
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Rows of all requests that were to be sent.
    wanted: u64,
    report: Report,
    failed: Option<Failure>,
}

/// What became of requests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Rows of requests that the upstream took, those that it rejected among them.
    pub sent: u64,
    /// Rows that it rejected.
    pub rejected: u64,
    /// What it said of those, or of what it took; the first few that differ.
    pub said: Vec<String>,
}

/// A request failed for good, and with it what was to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    endpoint: Endpoint,
    reason: String,
    /// What became of other requests until then.
    pub report: Report,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failed to send to {}: {}", self.endpoint, self.reason)
    }
}

impl std::error::Error for Failed {}

impl Sender {
    /// A sender to that endpoint. It connects when it has something to send.
    ///
    /// # Errors
    /// If certificates or keys cannot be read.
    pub fn new(endpoint: Endpoint, options: Options) -> Result<Sender, OptionError> {
        let runtime = runtime(THREAD)?;
        let shared = Shared {
            places: Arc::new(Semaphore::new(options.in_flight.max(1) as usize)),
            delivery: Delivery::new(endpoint, options)?,
            state: Mutex::default(),
        };
        Ok(Sender { shared: Arc::new(shared), runtime: Some(runtime) })
    }

    /// Sends a request, once there is a place in flight for it; hands it back if there is none for so long.
    ///
    /// # Errors
    /// If a request failed for good.
    pub fn send(&self, request: Request, patience: Duration) -> Result<Option<Request>, Failed> {
        let Some(runtime) = &self.runtime else { return Ok(Some(request)) };
        let place = Arc::clone(&self.shared.places).acquire_owned();
        match runtime.block_on(async { timeout(patience, place).await }) {
            Ok(Ok(place)) => {
                // It is counted before it can be done with, or a report could have more rows than were wanted.
                self.shared.state().wanted += request.rows;
                runtime.spawn(Arc::clone(&self.shared).deliver(request, place));
                Ok(None)
            }
            Ok(Err(_)) => Err(self.shared.failed()),
            Err(_) => Ok(Some(request)),
        }
    }

    /// Waits for so long, as there is nothing to send yet.
    ///
    /// # Errors
    /// If a request failed for good.
    pub fn rest(&self, time: Duration) -> Result<(), Failed> {
        std::thread::sleep(time);
        match self.shared.places.is_closed() {
            true => Err(self.shared.failed()),
            false => Ok(()),
        }
    }

    /// Waits until nothing is in flight; `None` if that takes longer.
    ///
    /// # Errors
    /// If a request failed for good.
    pub fn finish(&self, patience: Duration) -> Result<Option<Report>, Failed> {
        let Some(runtime) = &self.runtime else { return Ok(None) };
        let all = self.shared.delivery.options.in_flight.max(1);
        match runtime
            .block_on(async { timeout(patience, self.shared.places.acquire_many(all)).await })
        {
            Ok(Ok(_)) => self.shared.all_sent().map(Some),
            Ok(Err(_)) => Err(self.shared.failed()),
            Err(_) => Ok(None),
        }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("endpoint", self.shared.delivery.endpoint())
            .finish_non_exhaustive()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Whoever drops it may hold a thread of DuckDB, and does not wait.
            runtime.shutdown_background();
        }
    }
}

/// One thread is enough: requests are encoded and compressed by those who send them.
pub(crate) fn runtime(thread: &str) -> Result<Runtime, OptionError> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        // To look up a host.
        .max_blocking_threads(1)
        .thread_name(thread)
        .enable_io()
        .enable_time()
        .build();
    runtime.map_err(|error| OptionError::new(format!("no thread can be started: {error}")))
}

impl Shared {
    async fn deliver(self: Arc<Shared>, request: Request, place: OwnedSemaphorePermit) {
        let outcome = self.try_until_taken(&request).await;
        let mut state = self.state();
        match outcome {
            Ok(partial) => state.report.add(request.rows, partial),
            Err(failure) => {
                // The first is told: others fail because of it, or like it.
                state.failed.get_or_insert(failure);
                self.places.close();
            }
        }
        drop(state);
        drop(place);
    }

    async fn try_until_taken(&self, request: &Request) -> Result<Partial, Failure> {
        let begun = Instant::now();
        let mut backoff = Backoff::new();
        loop {
            let failure = match self.delivery.attempt(request).await {
                Ok(partial) => return Ok(partial),
                Err(failure) => failure,
            };
            let asked = match failure.retry {
                Retry::Later(asked) => asked,
                Retry::IfKnown if self.delivery.is_known() => None,
                Retry::IfKnown | Retry::IfMended | Retry::Never => return Err(failure),
            };
            let wait = backoff.next(asked);
            if begun.elapsed() + wait > self.delivery.options.retry_for {
                return Err(self.gave_up(failure));
            }
            sleep(wait).await;
            // Another has failed for good: what this one would say is not heard any more.
            if self.places.is_closed() {
                return Err(failure);
            }
        }
    }

    fn gave_up(&self, failure: Failure) -> Failure {
        let message =
            format!("{} (tried again for {:?})", failure.message, self.delivery.options.retry_for);
        Failure { message, ..failure }
    }

    /// The report, once nothing is in flight. A request that ended in a panic is not in it.
    fn all_sent(&self) -> Result<Report, Failed> {
        let mut state = self.state();
        if state.report.sent == state.wanted {
            return Ok(state.report.clone());
        }
        state
            .failed
            .get_or_insert(Failure::never("a request was lost, which is a fault of DuckSpan"));
        drop(state);
        Err(self.failed())
    }

    fn failed(&self) -> Failed {
        let state = self.state();
        let reason = state.failed.as_ref().map_or(String::new(), |failure| failure.message.clone());
        Failed { endpoint: self.delivery.endpoint().clone(), reason, report: state.report.clone() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Report {
    fn add(&mut self, rows: u64, partial: Partial) {
        self.sent += rows;
        // An upstream may say any number.
        self.rejected += partial.rejected.min(rows);
        let text = crate::answer::shown(&partial.message);
        if !text.is_empty() && self.said.len() < KEPT_TEXTS && !self.said.contains(&text) {
            self.said.push(text);
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
