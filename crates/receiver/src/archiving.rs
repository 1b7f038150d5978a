//! What a receiver has to do with an archive that rows are copied to from the rings: it makes no room for new rows by
//! those that are not there yet, and on request answers senders only when theirs are.

use std::fmt;
use std::sync::Arc;

use duckspan_ring::Signal;
use tokio::sync::watch;

#[cfg(test)]
mod tests;

/// An archive, as the receiver sees it. Clones share it.
#[derive(Clone)]
pub struct Archiving {
    /// By signal, the id of the first row that is not archived.
    ends: watch::Sender<[u64; Signal::ALL.len()]>,
    acknowledges: bool,
    hurry: Arc<dyn Fn() + Send + Sync>,
}

impl Archiving {
    /// Nothing is archived yet. Whether it is to be waited for before senders are answered; and whom to tell, in
    /// a moment, that somebody waits for it.
    pub fn new(acknowledges: bool, hurry: impl Fn() + Send + Sync + 'static) -> Archiving {
        let (ends, _) = watch::channel([0; Signal::ALL.len()]);
        Archiving { ends, acknowledges, hurry: Arc::new(hurry) }
    }

    /// The rows of a signal before the one with this id are archived. It never is fewer of them.
    pub fn advance(&self, signal: Signal, end: u64) {
        self.ends.send_if_modified(|ends| {
            let known = &mut ends[signal as usize];
            let more = end > *known;
            *known = end.max(*known);
            more
        });
    }

    /// The id of the first row of a signal that is not archived.
    pub fn end(&self, signal: Signal) -> u64 {
        self.ends.borrow()[signal as usize]
    }

    /// Somebody waits.
    pub(crate) fn hurry(&self) {
        (self.hurry)();
    }

    /// Waits until the rows of a signal before the one with this id are archived, if senders are to wait for that.
    pub(crate) async fn acknowledged(&self, signal: Signal, end: u64) {
        if !self.acknowledges || self.end(signal) >= end {
            return;
        }
        let mut ends = self.ends.subscribe();
        self.hurry();
        // It cannot fail, for the sender is here.
        let _ = ends.wait_for(|ends| ends[signal as usize] >= end).await;
    }
}

impl fmt::Debug for Archiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archiving").field("ends", &*self.ends.borrow()).finish_non_exhaustive()
    }
}
