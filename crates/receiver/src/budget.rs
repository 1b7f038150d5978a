//! The bytes that requests in flight may hold, all together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(test)]
mod tests;

/// A number of bytes shared by every request in flight.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: AtomicUsize,
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
        Arc::new(Budget { limit, used: AtomicUsize::new(0) })
    }

    /// Bytes that are charged now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
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

    /// One of so many equal parts of all bytes that may be charged.
    pub(crate) fn share(&self, parts: usize) -> usize {
        self.budget.limit / parts
    }

    /// Charges `more` bytes.
    ///
    /// # Errors
    /// If they are not to be had; the charge stays as it was.
    pub(crate) fn add(&mut self, more: usize) -> Result<(), Exceeded> {
        let Budget { limit, used } = &*self.budget;
        if more > limit - self.bytes {
            return Err(Exceeded::Ever);
        }
        used.try_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(more).filter(|sum| sum <= limit)
        })
        .map_err(|_| Exceeded::Now)?;
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
