//! The bytes that requests in flight may hold, all together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limits::{ADVANCE_SHARE, SMALL_REQUEST, SMALL_SHARE};

#[cfg(test)]
mod tests;

/// A number of bytes shared by every request in flight.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: AtomicUsize,
    /// Those of them that are charged for what has not arrived yet.
    advanced: AtomicUsize,
}

/// Why bytes were not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// Other requests hold them.
    Now,
    /// There are not that many.
    Ever,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub(crate) fn new(limit: usize) -> Arc<Budget> {
        Arc::new(Budget { limit, used: AtomicUsize::new(0), advanced: AtomicUsize::new(0) })
    }

    /// Bytes that are charged now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Bytes that may be charged in all, if a request wants to have so many of them: large ones leave some to the
    /// small, but for one that takes most of them.
    fn limit_of(&self, request: usize) -> usize {
        match request {
            bytes if bytes <= SMALL_REQUEST || bytes > self.limit / 2 => self.limit,
            _ => self.limit - self.limit / SMALL_SHARE,
        }
    }
}

/// Takes more of a number that has a limit; tells whether it could.
fn take(used: &AtomicUsize, more: usize, limit: usize) -> bool {
    let taken = used.try_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
        used.checked_add(more).filter(|&sum| sum <= limit)
    });
    taken.is_ok()
}

/// What one request is charged, until it is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Charge {
    /// A charge of nothing yet.
    pub(crate) fn new(budget: &Arc<Budget>) -> Charge {
        Charge { budget: Arc::clone(budget), bytes: 0 }
    }

    /// An advance of nothing yet.
    pub(crate) fn advance(&self) -> Advance {
        Advance { budget: Arc::clone(&self.budget), bytes: 0 }
    }

    /// Charges `more` bytes.
    ///
    /// # Errors
    /// If they are not to be had; the charge stays as it was.
    pub(crate) fn add(&mut self, more: usize) -> Result<(), Exceeded> {
        let Budget { limit, used, .. } = &*self.budget;
        if more > limit - self.bytes {
            return Err(Exceeded::Ever);
        }
        let limit = self.budget.limit_of(self.bytes + more);
        if !take(used, more, limit) {
            return Err(Exceeded::Now);
        }
        self.bytes += more;
        Ok(())
    }

    /// Gives `fewer` bytes back.
    pub(crate) fn give_back(&mut self, fewer: usize) {
        let fewer = fewer.min(self.bytes);
        self.bytes -= fewer;
        self.budget.used.fetch_sub(fewer, Ordering::Relaxed);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

/// What a request is charged before it arrives, until it has: a part of the budget only, so that those who promise
/// much and send nothing take no room from those who send.
#[derive(Debug)]
pub(crate) struct Advance {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Advance {
    /// Raises it to so many bytes; tells whether they are to be had.
    pub(crate) fn raise(&mut self, bytes: usize) -> bool {
        let Budget { limit, advanced, .. } = &*self.budget;
        let more = bytes.saturating_sub(self.bytes);
        let taken = take(advanced, more, limit / ADVANCE_SHARE);
        self.bytes += if taken { more } else { 0 };
        taken
    }
}

impl Drop for Advance {
    fn drop(&mut self) {
        self.budget.advanced.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
