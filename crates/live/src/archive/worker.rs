//! The thread that archives in the background.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use duckspan_otlp::Signal;
use duckspan_receiver::Archiving;
use duckspan_ring::Keeper;
use duckspan_tables::time::now;

use super::{ArchiveOptions, Ends, Path, Round};
use crate::lock;
use crate::sql::SqlError;

#[cfg(test)]
mod tests;

const THREAD: &str = "duckspan-archive";

/// After a failure the pause is doubled, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often is looked whether so much waits that there is soon no room.
const LOOK: Duration = Duration::from_millis(250);

/// Time that the thread has to end once its statement is interrupted.
const GOODBYE: Duration = Duration::from_secs(2);

/// What became of archiving.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// By signal, the id of the first row that is not archived.
    pub(crate) ends: Ends,
    /// When something was archived last, in nanoseconds since the epoch.
    pub(crate) time: Option<i64>,
    /// Why nothing is archived now.
    pub(crate) error: Option<String>,
    /// Rows that are not archived came no longer ago than this.
    pub(crate) lag: Duration,
}

/// A receiver's archive, in the background until it is dropped.
#[derive(Debug)]
pub(crate) struct Archive {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The process that the thread is in.
    process: u32,
}

#[derive(Debug)]
struct Shared {
    path: Arc<Path>,
    options: ArchiveOptions,
    archiving: Archiving,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// All that came before is archived.
    until: Instant,
    /// Rounds that were asked for, and those of them that are done.
    asked: u64,
    done: u64,
    /// Somebody waits for rows to be archived.
    hurry: bool,
    stops: bool,
    ended: bool,
    failures: u32,
    outcome: Outcome,
}

impl State {
    fn new(ends: Ends) -> State {
        State {
            until: Instant::now(),
            asked: 0,
            done: 0,
            hurry: false,
            stops: false,
            ended: false,
            failures: 0,
            outcome: Outcome { ends, ..Outcome::default() },
        }
    }
}

/// Tells an archive that somebody waits, once there is one.
#[derive(Debug, Clone, Default)]
struct Bell(Arc<Mutex<Weak<Shared>>>);

impl Bell {
    fn ring(&self) {
        let shared = lock(&self.0).upgrade();
        if let Some(shared) = shared {
            lock(&shared.state).hurry = true;
            shared.changed.notify_all();
        }
    }
}

/// An archive that has no thread yet, and a target that is ready.
#[derive(Debug)]
pub(crate) struct Prepared {
    path: Arc<Path>,
    options: ArchiveOptions,
    archiving: Archiving,
    bell: Bell,
    /// How far the target is.
    ends: Ends,
}

impl Prepared {
    /// Makes the target ready.
    pub(crate) fn new(path: Arc<Path>, options: &ArchiveOptions) -> Result<Prepared, SqlError> {
        let (ends, bell) = (path.prepare()?, Bell::default());
        let rung = bell.clone();
        let archiving = Archiving::new(options.acknowledges, move || rung.ring());
        Ok(Prepared { path, options: options.clone(), archiving, bell, ends })
    }

    /// As the receiver sees it.
    pub(crate) fn archiving(&self) -> Archiving {
        self.archiving.clone()
    }

    /// Begins to archive what comes after what is there.
    pub(crate) fn start(self) -> std::io::Result<Archive> {
        let Prepared { path, options, archiving, bell, ends } = self;
        let (state, changed) = (Mutex::new(State::new(ends)), Condvar::new());
        let shared = Arc::new(Shared { path, options, archiving, state, changed });
        shared.advance(ends);
        *lock(&bell.0) = Arc::downgrade(&shared);
        let runs = Arc::clone(&shared);
        let run = move || {
            let _ends = Ended(&runs);
            runs.run();
        };
        let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(run)?;
        Ok(Archive { shared, thread: Mutex::new(Some(thread)), process: std::process::id() })
    }
}

impl Archive {
    /// As the receiver sees it.
    pub(crate) fn archiving(&self) -> Archiving {
        self.shared.archiving.clone()
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let state = lock(&self.shared.state);
        Outcome { lag: state.until.elapsed(), ..state.outcome.clone() }
    }

    /// Archives what is there now, and waits for it, but no longer than that.
    ///
    /// # Errors
    /// Why it is not done.
    pub(crate) fn flush(&self, longest: Duration) -> Result<Outcome, String> {
        if !self.is_here() {
            return Err("a child of fork has no archive".to_owned());
        }
        let mut state = lock(&self.shared.state);
        state.asked += 1;
        let asked = state.asked;
        self.shared.changed.notify_all();
        let waits = |state: &mut State| state.done < asked && !state.ended;
        let (state, timeout) = self
            .shared
            .changed
            .wait_timeout_while(state, longest, waits)
            .unwrap_or_else(PoisonError::into_inner);
        match &state.outcome.error {
            Some(error) => Err(error.clone()),
            None if timeout.timed_out() => Err(format!("it takes longer than {longest:?}")),
            None if state.done < asked => Err("the receiver is detached".to_owned()),
            None => Ok(state.outcome.clone()),
        }
    }

    /// Ends the thread, and what it does.
    pub(crate) fn stop(&self) {
        if !self.is_here() {
            return;
        }
        lock(&self.shared.state).stops = true;
        self.shared.changed.notify_all();
        self.shared.path.stop();
        let Some(thread) = lock(&self.thread).take() else { return };
        // A statement of its own may have held the database last, and so be what ends it.
        if thread.thread().id() == thread::current().id() {
            return;
        }
        let waits = |state: &mut State| !state.ended;
        let ended =
            self.shared.changed.wait_timeout_while(lock(&self.shared.state), GOODBYE, waits);
        let ended = ended.is_ok_and(|(state, _)| state.ended);
        if ended {
            // Its last statement has run; how it ended is of no interest any more.
            let _ = thread.join();
        }
    }

    fn is_here(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        if self.is_here() {
            self.stop();
        } else {
            // Its locks may be held by a thread that exists in the parent only.
            std::mem::forget(Arc::clone(&self.shared));
        }
    }
}

impl Shared {
    fn run(&self) {
        while let Some(asked) = self.wait() {
            let (starts, begun) = (lock(&self.state).outcome.ends, Instant::now());
            self.note(asked, begun, self.path.round(starts));
        }
    }

    /// Waits until there is something to do; `None` if that is to end.
    fn wait(&self) -> Option<u64> {
        let mut state = lock(&self.state);
        let begun = Instant::now();
        loop {
            if state.stops {
                return None;
            }
            let pause = self.pause(state.failures);
            let rest = pause.saturating_sub(begun.elapsed());
            let waiting = self.path.waiting(state.outcome.ends).into_iter().sum::<u64>();
            if waiting == 0 {
                state.until = Instant::now();
            }
            let is_enough = waiting >= self.options.min_rows;
            let is_urgent = state.hurry || self.is_pressing(&state);
            let is_wanted =
                // After a failure even who is in a hurry waits for the pause to end: a target that is gone would be
                // asked without end.
                is_urgent && state.failures == 0 || rest.is_zero() && is_enough;
            if state.asked > state.done || is_wanted {
                state.hurry = false;
                return Some(state.asked);
            }
            let rest = if rest.is_zero() { pause } else { rest };
            // Nobody says when a ring fills up, as to ask would cost every request: so it is looked at in between.
            let rest = if self.options.keeps { rest.min(LOOK) } else { rest };
            state = match self.changed.wait_timeout(state, rest) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn pause(&self, failures: u32) -> Duration {
        let longest = LONGEST_PAUSE.max(self.options.interval);
        // Sixteen doublings are beyond any pause, and more than 31 would overflow.
        self.options.interval.saturating_mul(1 << failures.min(16)).min(longest)
    }

    /// Whether senders would soon be told to wait.
    fn is_pressing(&self, state: &State) -> bool {
        self.options.keeps && self.path.is_pressing(state.outcome.ends)
    }

    fn note(&self, asked: u64, begun: Instant, outcome: Result<Round, SqlError>) {
        let mut state = lock(&self.state);
        match outcome {
            Ok(Round { rows, ends, is_all }) => {
                // Else rows that came since the batch that failed wait still, and what was asked for is not done.
                if is_all {
                    (state.done, state.until) = (asked, begun);
                } else {
                    state.hurry = true;
                }
                state.failures = 0;
                state.outcome.error = None;
                // A batch that is tried again ends before what may be known by now, and marks never go back.
                state.outcome.ends = std::array::from_fn(|at| ends[at].max(state.outcome.ends[at]));
                if rows > 0 {
                    state.outcome.time = now();
                }
                self.advance(state.outcome.ends);
            }
            Err(error) => {
                state.done = asked;
                state.failures += 1;
                state.outcome.error = Some(error.0);
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Rows before these ids may be evicted, and their senders be answered.
    fn advance(&self, ends: Ends) {
        for signal in Signal::ALL {
            let end = ends[signal as usize];
            if self.options.keeps {
                self.path.rings.keep_from(Keeper::Archive, signal, end);
            }
            self.archiving.advance(signal, end);
        }
    }
}

/// Says that the thread has ended, even if it did so by a panic.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).ended = true;
        self.0.changed.notify_all();
    }
}
