//! Rows of a receiver on their way to an upstream, as they came.
//!
//! ```text
//! rings ─ a cursor for each signal ─ requests ─→ upstream
//! ```
//! The rings are the queue. They hold what came already, within `memory_limit`, so that nothing is held twice, nothing
//! is to be done for a request that comes, and what the upstream misses for an hour may wait as long as there is room. A
//! queue of requests of its own would hold each row twice, and be full long before the rings are. So what leaves the rings
//! before it was taken is dropped: rows that make room for others, and those that TRUNCATE removes. Rows of an `INSERT`
//! are forwarded like those that came.
//!
//! A segment that nobody joined yet is the bytes of its requests, which are sent from where they lie; of others, requests
//! are put together. What is in flight stays in memory until it is settled, and has a share of `memory_limit`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duckspan_otlp::Signal;
use duckspan_ring::{Keeper, Rings, Snapshot};
use duckspan_sender::{Endpoint, Forwarder, Options, Outcome, Request, Source};
use duckspan_tables::fault::{Fault, FaultKind, Result};
use duckspan_tables::time::now;

use crate::lock;

mod load;
mod options;
#[cfg(test)]
mod tests;

use load::{Load, Loaded};
pub(crate) use options::{ForwardOptions, NEED_UPSTREAM, OPTIONS};

/// A receiver's way to its upstream, in the background until it is dropped.
#[derive(Debug)]
pub(crate) struct Forward {
    queue: Arc<Queue>,
    forwarder: Forwarder,
}

/// What became of the rows of a signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// The id of the first row that was not taken for a request.
    next: u64,
    /// Rows that are in a request now.
    in_flight: u64,
    /// Rows that the upstream took.
    pub(crate) forwarded: u64,
    /// Rows that it refused for good.
    pub(crate) rejected: u64,
    /// Rows that were gone before they were taken for a request.
    dropped: u64,
}

impl Counts {
    /// Rows that are not forwarded yet, if `rows` are held.
    pub(crate) fn waiting(&self, rows: &Snapshot) -> u64 {
        self.in_flight + rows.next_row_id().saturating_sub(self.next.max(rows.first_row_id()))
    }

    /// Rows that never will be, if `rows` are held.
    pub(crate) fn dropped(&self, rows: &Snapshot) -> u64 {
        self.dropped + rows.first_row_id().saturating_sub(self.next)
    }
}

/// What became of forwarding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Forwarded {
    counts: [Counts; Signal::ALL.len()],
    /// When the upstream took something last, in nanoseconds since the epoch.
    pub(crate) time: Option<i64>,
    /// Why nothing is taken now.
    failing: Option<String>,
    /// Why rows were rejected last.
    refused: Option<String>,
}

impl Forwarded {
    pub(crate) fn of(&self, signal: Signal) -> &Counts {
        &self.counts[signal as usize]
    }

    /// Why nothing is taken now, or else why rows were rejected last.
    pub(crate) fn error(&self) -> Option<&str> {
        self.failing.as_deref().or(self.refused.as_deref())
    }
}

impl Forward {
    /// Begins to forward what is in the rings, and what will be.
    ///
    /// # Errors
    /// If what a secret has cannot be used.
    pub(crate) fn start(
        options: &ForwardOptions,
        endpoint: &Endpoint,
        rings: &Arc<Rings>,
        share: u64,
    ) -> Result<Forward> {
        let sending = options.sending();
        let queue = Arc::new(Queue {
            rings: Arc::clone(rings),
            endpoint: endpoint.clone(),
            sending: sending.clone(),
            keeps: options.keeps,
            share,
            turn: AtomicUsize::new(0),
            state: Mutex::default(),
        });
        Signal::ALL.into_iter().for_each(|signal| queue.keep_from(signal, 0));
        let source = Arc::clone(&queue) as Arc<dyn Source>;
        let forwarder = Forwarder::start(endpoint.clone(), sending, source);
        let forwarder = forwarder.map_err(|error| options.unusable(&error))?;
        Ok(Forward { queue, forwarder })
    }

    /// What became of forwarding; `None` in a child of `fork`, which has no part in it.
    pub(crate) fn outcome(&self) -> Option<Forwarded> {
        self.forwarder.is_here().then(|| lock(&self.queue.state).outcome.clone())
    }

    /// Nothing comes any more.
    pub(crate) fn drain(&self) {
        self.forwarder.drain();
    }

    /// Forwards what is left, for no longer than that; says what could not be.
    pub(crate) fn finish(&self, receiver: &str, longest: Duration) -> Option<String> {
        self.forwarder.finish(longest);
        let (snapshots, outcome) = (self.queue.rings.snapshot_all(), self.outcome()?);
        let waiting: u64 =
            snapshots.iter().zip(&outcome.counts).map(|(rows, counts)| counts.waiting(rows)).sum();
        let error = outcome.failing.unwrap_or_else(|| self.queue.told("there was no time"));
        (waiting > 0).then(|| format!("{waiting} rows of {receiver} were not forwarded to {error}"))
    }
}

/// The rows that are to be forwarded.
#[derive(Debug)]
struct Queue {
    rings: Arc<Rings>,
    endpoint: Endpoint,
    sending: Options,
    /// Whether rows stay in the rings until they are forwarded.
    keeps: bool,
    /// Bytes that requests in flight may hold.
    share: u64,
    /// Which signal is asked next.
    turn: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outcome: Forwarded,
    /// Bytes of requests in flight.
    in_flight: u64,
    /// The signals of which all was taken that was there. They rest until all do, so that what comes meanwhile goes
    /// together.
    rest: [bool; Signal::ALL.len()],
}

impl Queue {
    fn rests(&self, signal: Signal) -> bool {
        lock(&self.state).rest[signal as usize]
    }

    fn keep_from(&self, signal: Signal, row_id: u64) {
        if self.keeps {
            self.rings.keep_from(Keeper::Forward, signal, row_id);
        }
    }

    /// The next rows of a signal.
    fn take(&self, signal: Signal) -> Option<Request> {
        loop {
            let rows = self.rings.snapshot(signal);
            let (next, room) = self.pass(signal, &rows);
            if rows.next_row_id() == next {
                return None;
            }
            // Rows are taken back of old snapshots only, so that is a rare thing.
            match Load::within(self.share, room).add_since(next, &rows).ok()? {
                Loaded::Nothing => return None,
                Loaded::Rows(load) => return self.send(signal, load, rows.next_row_id()),
                Loaded::TooLarge(bytes) => self.drop_one(signal, bytes),
            }
        }
    }

    /// Passes over rows that are gone; returns where to go on, and for how many bytes there is room.
    fn pass(&self, signal: Signal, rows: &Snapshot) -> (u64, u64) {
        let mut state = lock(&self.state);
        let counts = &mut state.outcome.counts[signal as usize];
        counts.dropped = counts.dropped(rows);
        counts.next = counts.next.max(rows.first_row_id());
        (counts.next, self.share.saturating_sub(state.in_flight))
    }

    /// A request of these rows; those that were there end with the one before this id.
    fn send(&self, signal: Signal, load: Load, end: u64) -> Option<Request> {
        let rows = load.rows();
        // No load is too large to have a length.
        let pieces = load.into_pieces();
        let request =
            Request::of_pieces(&self.endpoint, &self.sending, signal, rows, pieces).ok()?;
        let mut state = lock(&self.state);
        state.in_flight += request.bytes();
        let counts = &mut state.outcome.counts[signal as usize];
        counts.next += rows;
        counts.in_flight += rows;
        let next = counts.next;
        self.keep_from(signal, next);
        state.rest[signal as usize] = next == end;
        Some(request)
    }

    fn drop_one(&self, signal: Signal, bytes: u64) {
        let Queue { share, .. } = self;
        let mut state = lock(&self.state);
        let counts = &mut state.outcome.counts[signal as usize];
        counts.next += 1;
        counts.dropped += 1;
        self.keep_from(signal, counts.next);
        let reason = format!(
            "a row of {bytes} bytes is dropped: {share}, a 16th of memory_limit, may be in flight"
        );
        state.outcome.refused = Some(self.told(&reason));
    }

    fn told(&self, what: &str) -> String {
        format!("{}: {what}", self.endpoint)
    }
}

impl Source for Queue {
    fn next(&self, is_last: bool) -> Option<Request> {
        let request = Signal::ALL.into_iter().find_map(|_| {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let signal = Signal::ALL[turn % Signal::ALL.len()];
            (is_last || !self.rests(signal)).then(|| self.take(signal)).flatten()
        });
        if request.is_none() {
            lock(&self.state).rest = Default::default();
        }
        request
    }

    fn settle(&self, request: &Request, outcome: Outcome) {
        let mut state = lock(&self.state);
        state.in_flight -= request.bytes();
        let Forwarded { counts, time, failing, refused } = &mut state.outcome;
        let counts = &mut counts[request.signal() as usize];
        let (rejected, said) = match outcome {
            Outcome::Taken { rejected, said } => {
                *time = now();
                (rejected, said)
            }
            Outcome::Refused(said) => (request.rows(), said),
        };
        counts.in_flight -= request.rows();
        counts.rejected += rejected;
        counts.forwarded += request.rows() - rejected;
        *failing = None;
        if rejected > 0 || !said.is_empty() {
            *refused = Some(self.told(if said.is_empty() { "it does not say why" } else { &said }));
        }
    }

    fn wait(&self, reason: &str) {
        lock(&self.state).outcome.failing = Some(self.told(reason));
    }
}

/// ATTACH would forward to itself.
pub(crate) fn to_itself(endpoint: &Endpoint) -> Fault {
    let message = format!(
        "forward '{endpoint}' is the receiver itself, which would get the same rows again and again: name another"
    );
    Fault::new(FaultKind::Binder, message)
}
