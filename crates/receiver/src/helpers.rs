//! Long work, which would hold up other connections: few do it at a time, and connections take turns.
//!
//! The connection that had the least of it goes first; one that had little for long counts as the one that was
//! served last, so that nobody saves up turns. Requests that wait hold what arrived of them and nothing else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::socket::Activity;

#[cfg(test)]
mod tests;

/// Who may do long work.
pub(crate) struct Helpers(Mutex<Queue>);

struct Queue {
    /// Turns that nobody has.
    free: usize,
    /// The work that the connection that was served last had had by then.
    had: u64,
    waiting: Vec<Waiting>,
}

struct Waiting {
    activity: Arc<Activity>,
    turn: oneshot::Sender<Turn>,
}

/// Leave to do long work, until it is dropped.
pub(crate) struct Turn {
    helpers: Arc<Helpers>,
    activity: Arc<Activity>,
    begun: Instant,
}

impl Helpers {
    /// So many at a time.
    pub(crate) fn new(turns: usize) -> Arc<Helpers> {
        Arc::new(Helpers(Mutex::new(Queue { free: turns, had: 0, waiting: Vec::new() })))
    }

    /// Waits for the turn of a connection.
    pub(crate) async fn turn(self: &Arc<Helpers>, activity: &Arc<Activity>) -> Turn {
        let (turn, granted) = oneshot::channel();
        self.lock().waiting.push(Waiting { activity: Arc::clone(activity), turn });
        self.grant();
        granted.await.unwrap_or_else(|_| unreachable!("nobody is dropped from the queue who waits"))
    }

    /// Gives out the turns that are free.
    fn grant(self: &Arc<Helpers>) {
        loop {
            let Some(Waiting { activity, turn }) = self.lock().next() else { return };
            // Whoever went away just now gives it back by not taking it.
            let _ = turn.send(Turn { helpers: Arc::clone(self), activity, begun: Instant::now() });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Takes a free turn for whom it is for; of connections that had the same, for the one that waits longest.
    fn next(&mut self) -> Option<Waiting> {
        if self.free == 0 {
            return None;
        }
        self.waiting.retain(|waiting| !waiting.turn.is_closed());
        let had = |waiting: &Waiting| waiting.activity.worked().max(self.had);
        let (at, least) = self.waiting.iter().map(had).enumerate().min_by_key(|&(_, had)| had)?;
        self.had = least;
        self.free -= 1;
        let next = self.waiting.remove(at);
        next.activity.set_worked(least);
        Some(next)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = self.helpers.lock();
        queue.free += 1;
        let work = self.begun.elapsed().as_micros() as u64;
        self.activity.set_worked(self.activity.worked() + work.max(1));
        drop(queue);
        self.helpers.grant();
    }
}
