//! What the receiver has done: counted while it runs, read at any time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use duckspan_otlp::{Repairs, Signal};

use crate::export::Accepted;
use crate::refusal::{Reason, Refusal};

/// What a receiver has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// What was sent to each signal; indexed by signal.
    pub signals: [SignalCounters; Signal::ALL.len()],
    /// Refused requests to no signal; indexed by [`Reason`].
    pub unrouted: [u64; Reason::ALL.len()],
    /// Bytes that requests hold while they are received and decoded.
    pub in_flight_bytes: u64,
    /// Requests that are being received or answered.
    pub in_flight_requests: u64,
    /// Connections that are open.
    pub connections: u64,
    /// Connections that were accepted, refused ones apart.
    pub connections_accepted: u64,
    /// Connections that were closed at once, because there was no room for them.
    pub connections_refused: u64,
    /// Connections that were closed to make room for others.
    pub connections_displaced: u64,
    /// Connections that ended in an error: other protocols, such as TLS; slow, abusive and lost clients.
    pub connections_failed: u64,
    /// Failures to accept a connection, such as for want of file descriptors.
    pub accept_failures: u64,
}

/// What was sent to one signal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignalCounters {
    /// Requests, refused ones too.
    pub requests: u64,
    /// Rows that were stored.
    pub accepted_rows: u64,
    /// Rows that were not, in requests that could be read: those of another signal.
    pub rejected_rows: u64,
    /// Requests that were stored but held something that was not.
    pub warnings: u64,
    /// Refused requests; indexed by [`Reason`].
    pub rejected: [u64; Reason::ALL.len()],
    /// Values that could not be taken as they stood, in rows that were stored.
    pub repairs: Repairs,
}

impl Counters {
    /// What was sent to a signal.
    pub fn signal(&self, signal: Signal) -> &SignalCounters {
        &self.signals[signal as usize]
    }

    /// Requests refused for a reason, whatever they were sent to.
    pub fn rejected(&self, reason: Reason) -> u64 {
        let routed: u64 = self.signals.iter().map(|signal| signal.rejected_for(reason)).sum();
        routed + self.unrouted[reason as usize]
    }
}

impl SignalCounters {
    /// Requests refused for a reason.
    pub fn rejected_for(&self, reason: Reason) -> u64 {
        self.rejected[reason as usize]
    }
}

/// Counts while the receiver runs.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    signals: [SignalTally; Signal::ALL.len()],
    unrouted: [AtomicU64; Reason::ALL.len()],
    pub(crate) connections_accepted: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) connections_displaced: AtomicU64,
    pub(crate) connections_failed: AtomicU64,
    pub(crate) accept_failures: AtomicU64,
}

#[derive(Debug, Default)]
struct SignalTally {
    requests: AtomicU64,
    accepted_rows: AtomicU64,
    rejected_rows: AtomicU64,
    warnings: AtomicU64,
    rejected: [AtomicU64; Reason::ALL.len()],
    repairs: Mutex<Repairs>,
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Tally {
    /// Counts a request and what became of it.
    pub(crate) fn count(&self, signal: Option<Signal>, outcome: Result<&Accepted, &Refusal>) {
        let Some(signal) = signal else {
            if let Err(refusal) = outcome {
                count(&self.unrouted[refusal.reason as usize]);
            }
            return;
        };
        let tally = &self.signals[signal as usize];
        count(&tally.requests);
        match outcome {
            Ok(accepted) => tally.accept(accepted),
            Err(refusal) => count(&tally.rejected[refusal.reason as usize]),
        }
    }

    /// Everything counted so far.
    pub(crate) fn read(&self) -> Counters {
        Counters {
            signals: self.signals.each_ref().map(SignalTally::read),
            unrouted: read_all(&self.unrouted),
            connections_accepted: read(&self.connections_accepted),
            connections_refused: read(&self.connections_refused),
            connections_displaced: read(&self.connections_displaced),
            connections_failed: read(&self.connections_failed),
            accept_failures: read(&self.accept_failures),
            ..Counters::default()
        }
    }
}

impl SignalTally {
    fn accept(&self, accepted: &Accepted) {
        self.accepted_rows.fetch_add(accepted.rows, Ordering::Relaxed);
        if accepted.rejected > 0 {
            self.rejected_rows.fetch_add(accepted.rejected, Ordering::Relaxed);
            count(&self.rejected[Reason::WrongSignal as usize]);
        } else if accepted.message.is_some() {
            count(&self.warnings);
        }
        if !accepted.repairs.is_empty() {
            lock(&self.repairs).add(&accepted.repairs);
        }
    }

    fn read(&self) -> SignalCounters {
        SignalCounters {
            requests: read(&self.requests),
            accepted_rows: read(&self.accepted_rows),
            rejected_rows: read(&self.rejected_rows),
            warnings: read(&self.warnings),
            rejected: read_all(&self.rejected),
            repairs: lock(&self.repairs).clone(),
        }
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn read_all<const N: usize>(counters: &[AtomicU64; N]) -> [u64; N] {
    counters.each_ref().map(read)
}

/// Counts stay counts, even if a thread panicked beside them.
fn lock(repairs: &Mutex<Repairs>) -> std::sync::MutexGuard<'_, Repairs> {
    repairs.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
