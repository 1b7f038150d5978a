//! Rows that snapshots keep, and how the rings take them back.
//!
//! A ring evicts rows at once, but their memory is free only when no snapshot has them. A reader may keep a snapshot for
//! as long as it likes, so what all of them keep has a limit: beyond it the oldest lose their rows, as those keep
//! most of what the ring let go of.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, Weak};

use duckspan_otlp::Signal;

use crate::snapshot::Snapshot;
use crate::state::State;
use crate::stats::Stats;
use crate::sync::{Mutex, MutexGuard};
use crate::view::View;

/// The rows of one ring at one moment, until they are taken back.
#[derive(Debug)]
pub(crate) struct Lease(Mutex<Held>);

#[derive(Debug)]
enum Held {
    Rows(Arc<View>),
    /// What they were is known still.
    TakenBack(Stats),
}

impl Lease {
    pub(crate) fn of(view: Arc<View>) -> Lease {
        Lease(Mutex::new(Held::Rows(view)))
    }

    /// The rows; `None` once they were taken back. They stay in memory while the caller has them.
    pub(crate) fn view(&self) -> Option<Arc<View>> {
        match &*self.held() {
            Held::Rows(view) => Some(Arc::clone(view)),
            Held::TakenBack(_) => None,
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        match &*self.held() {
            Held::Rows(view) => view.stats(0),
            Held::TakenBack(stats) => *stats,
        }
    }

    /// Lets go of the rows. Who reads a part of them keeps that part until it is done.
    fn take_back(&self) {
        let stats = self.stats();
        // Dropped without the lock: to free megabytes takes a while, and a reader may want to know that they are
        // gone.
        let rows = std::mem::replace(&mut *self.held(), Held::TakenBack(stats));
        drop(rows);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The leases of all snapshots of some rings, by signal, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Leases(Mutex<[VecDeque<Weak<Lease>>; 3]>);

impl Leases {
    /// Leases of what `load` returns, one for each of `signals`. Of two leases the one that is registered first is
    /// no newer than the other.
    pub(crate) fn lend<const N: usize>(
        &self,
        signals: [Signal; N],
        load: impl FnOnce() -> Arc<State>,
    ) -> [Snapshot; N] {
        let mut leases = self.leases();
        // Under the lock, so that leases stand in the order of the states that they hold.
        let state = load();
        signals.map(|signal| {
            let view = &state.views[signal as usize];
            let lease = Arc::new(Lease::of(Arc::clone(view)));
            let known = &mut leases[signal as usize];
            // Looked through only when the list would grow: on average a constant for each snapshot.
            if known.len() == known.capacity() {
                known.retain(|lease| lease.strong_count() > 0);
            }
            known.push_back(Arc::downgrade(&lease));
            Snapshot::of(lease, view)
        })
    }

    /// Takes the rows of the oldest snapshot of a signal back; `false` if there is none that has any.
    pub(crate) fn take_back_oldest(&self, signal: Signal) -> bool {
        let mut leases = self.leases();
        let known = &mut leases[signal as usize];
        let oldest = std::iter::from_fn(|| known.pop_front()).find_map(|lease| lease.upgrade());
        // Before rows are freed, so that nobody who wants a snapshot waits for that.
        drop(leases);
        oldest.inspect(|lease| lease.take_back()).is_some()
    }

    fn leases(&self) -> MutexGuard<'_, [VecDeque<Weak<Lease>>; 3]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
