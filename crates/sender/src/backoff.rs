//! How long to wait before a request is sent again.

use std::time::Duration;

#[cfg(test)]
mod tests;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// Doubles from wait to wait. Each is between half of that and all, so that senders that failed together do not come
/// back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Backoff {
        Backoff { next: FIRST }
    }

    /// The next wait: what the upstream asks for, where it does.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let wait = self.next;
        self.next = (2 * wait).min(LONGEST);
        asked.unwrap_or_else(|| wait.mul_f64(0.5 + fastrand::f64() / 2.0))
    }
}
