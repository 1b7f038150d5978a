//! Forwarding: what a source has is sent for as long as it has something, whether or not the upstream is there.
//!
//! Unlike a [`Sender`](crate::Sender) it has nobody who waits for it: a request is tried again until it is taken, or
//! refused for good, and what became of it is told to its source.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use crate::answer::{Failure, Retry, shown};
use crate::backoff::Backoff;
use crate::delivery::Delivery;
use crate::endpoint::Endpoint;
use crate::options::{OptionError, Options};
use crate::request::Request;
use crate::sender::{lock, runtime};

const THREAD: &str = "duckspan-forward";

/// How often a source that had nothing is asked again. What came meanwhile goes together, and fills no small ring.
const LOOK: Duration = Duration::from_millis(20);

/// What is to be forwarded. It is asked and told by the forwarder's own thread.
pub trait Source: Send + Sync + 'static {
    /// The next request, if there is something to send now. It may leave small ones for later, to be sent with what comes
    /// then, unless what is there is the last.
    fn next(&self, is_last: bool) -> Option<Request>;

    /// A request of so many rows and bytes is done with.
    fn settle(&self, request: &Request, outcome: Outcome);

    /// A request was not taken for this reason, and is tried again.
    fn wait(&self, reason: &str);
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The upstream took it.
    Taken {
        /// Rows that it did not take even so.
        rejected: u64,
        /// Why, or what else it said of them; mostly nothing.
        said: String,
    },
    /// The upstream refused it, and always would.
    Refused(String),
}

/// Forwards what a source has to one upstream, until it is stopped or dropped.
pub struct Forwarder {
    shared: Arc<Shared>,
    runtime: Mutex<Option<Runtime>>,
    /// The process that its thread is in.
    process: u32,
}

struct Shared {
    delivery: Delivery,
    source: Arc<dyn Source>,
    /// Whether what is there now is the last.
    drains: watch::Sender<bool>,
    /// One for each request that may be in flight; closed when the last ones are given up.
    places: Arc<Semaphore>,
    ended: Mutex<bool>,
    changed: Condvar,
}

impl Forwarder {
    /// Begins to forward. It connects when there is something to send.
    ///
    /// # Errors
    /// If certificates or keys cannot be read.
    pub fn start(
        endpoint: Endpoint,
        options: Options,
        source: Arc<dyn Source>,
    ) -> Result<Forwarder, OptionError> {
        let runtime = runtime(THREAD)?;
        let shared = Arc::new(Shared {
            places: Arc::new(Semaphore::new(options.in_flight.max(1) as usize)),
            delivery: Delivery::new(endpoint, options)?,
            source,
            drains: watch::Sender::new(false),
            ended: Mutex::new(false),
            changed: Condvar::new(),
        });
        runtime.spawn(Arc::clone(&shared).run());
        Ok(Forwarder { shared, runtime: Mutex::new(Some(runtime)), process: std::process::id() })
    }

    /// Nothing comes any more: what is left is sent, and given up if the upstream cannot be reached.
    pub fn drain(&self) {
        if self.is_here() {
            self.shared.drains.send_replace(true);
        }
    }

    /// Waits until nothing is left or it was given up, but no longer than that; then it ends.
    pub fn finish(&self, longest: Duration) {
        if !self.is_here() {
            return;
        }
        self.drain();
        let ended = lock(&self.shared.ended);
        let waited = self.shared.changed.wait_timeout_while(ended, longest, |ended| !*ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.stop();
    }

    /// Ends it, with what is in flight, and does not wait for that.
    pub fn stop(&self) {
        if self.is_here()
            && let Some(runtime) = lock(&self.runtime).take()
        {
            runtime.shutdown_background();
        }
    }

    /// Whether its thread is in this process: not in a child of `fork`, where its source may be locked for good.
    pub fn is_here(&self) -> bool {
        self.process == std::process::id()
    }
}

impl fmt::Debug for Forwarder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarder")
            .field("endpoint", self.shared.delivery.endpoint())
            .finish_non_exhaustive()
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        if self.is_here() {
            self.stop();
        } else {
            // Its locks may be held by a thread that exists in the parent only.
            std::mem::forget(Arc::clone(&self.shared));
            std::mem::forget(self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

impl Shared {
    async fn run(self: Arc<Shared>) {
        let _ended = Ended(&self);
        let mut drains = self.drains.subscribe();
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            // Asked before the source, so that nothing comes between the two.
            let is_last = *drains.borrow_and_update();
            if let Some(request) = self.source.next(is_last) {
                tokio::spawn(Arc::clone(&self).deliver(request, place));
            } else if is_last && self.is_idle() {
                return;
            } else {
                drop(place);
                pause(LOOK, &mut drains).await;
            }
        }
    }

    /// Whether nothing is in flight, but for one who asks.
    fn is_idle(&self) -> bool {
        self.places.available_permits() + 1 >= self.delivery.options.in_flight as usize
    }

    async fn deliver(self: Arc<Shared>, request: Request, place: OwnedSemaphorePermit) {
        let mut flight = Flight { source: &*self.source, request: Some(request) };
        if let Some(outcome) = self.outcome(flight.request.as_ref()).await {
            flight.settle(outcome);
        } else {
            // Nobody knows what would become of it.
            flight.request = None;
            self.places.close();
        }
        drop(place);
    }

    /// What becomes of a request in the end; `None` if that is not to be waited for.
    async fn outcome(&self, request: Option<&Request>) -> Option<Outcome> {
        let (request, mut backoff) = (request?, Backoff::new());
        let mut drains = self.drains.subscribe();
        loop {
            let is_last = *drains.borrow_and_update();
            let Failure { message, retry } = match self.delivery.attempt(request).await {
                Ok(partial) => {
                    let rejected = partial.rejected.min(request.rows);
                    return Some(Outcome::Taken { rejected, said: shown(&partial.message) });
                }
                Err(failure) => failure,
            };
            let asked = match retry {
                Retry::Never => return Some(Outcome::Refused(message)),
                Retry::Later(asked) => asked,
                Retry::IfMended | Retry::IfKnown => None,
            };
            self.source.wait(&message);
            let is_reached = matches!(retry, Retry::Later(_));
            if self.places.is_closed() || is_last && !is_reached {
                return None;
            }
            pause(backoff.next(asked), &mut drains).await;
        }
    }
}

/// Waits for so long, or until it is said that what is there is the last.
async fn pause(time: Duration, drains: &mut watch::Receiver<bool>) {
    // Whichever of both it is, and it cannot fail, for the sender is here.
    let _ = timeout(time, drains.changed()).await;
}

/// A request in flight, which is settled even if its delivery panics.
struct Flight<'a> {
    source: &'a dyn Source,
    request: Option<Request>,
}

impl Flight<'_> {
    fn settle(&mut self, outcome: Outcome) {
        if let Some(request) = self.request.take() {
            self.source.settle(&request, outcome);
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.settle(Outcome::Refused("a fault of DuckSpan: please report it".to_owned()));
        }
    }
}

/// Says that forwarding has ended, even if it did so by a panic.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.source.wait("a fault of DuckSpan, which ends it: please report it");
        }
        *lock(&self.0.ended) = true;
        self.0.changed.notify_all();
    }
}
