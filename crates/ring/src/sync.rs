//! Publication: many readers, one writer at a time, neither waiting for the other.
//!
//! With the feature `loom` the parts below are loom's, so that the tests in `tests/loom.rs` see every
//! interleaving; a mutex stands in for the pointer of `arc_swap`, which loom cannot look into.
//! [`Counted`] is the `Arc` of what acts when the last owner drops it: loom has to see who that is.

use std::sync::{Arc, PoisonError};

#[cfg(not(feature = "loom"))]
use arc_swap::ArcSwap as Pointer;
#[cfg(not(feature = "loom"))]
pub(crate) use std::sync::Arc as Counted;
#[cfg(not(feature = "loom"))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64};
#[cfg(not(feature = "loom"))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(feature = "loom")]
pub(crate) use loom::sync::Arc as Counted;
#[cfg(feature = "loom")]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64};
#[cfg(feature = "loom")]
pub(crate) use loom::sync::{Mutex, MutexGuard};

/// A value that is replaced whole.
#[derive(Debug)]
pub(crate) struct Published<T> {
    current: Pointer<T>,
    writing: Mutex<()>,
}

impl<T> Published<T> {
    pub(crate) fn new(value: T) -> Published<T> {
        Published { current: Pointer::from_pointee(value), writing: Mutex::new(()) }
    }

    /// The value of now. Waits for nobody.
    pub(crate) fn load(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// The right to replace the value. Waits for other writers.
    ///
    /// A writer that panicked has published nothing half-done, so its poison means nothing.
    pub(crate) fn write(&self) -> Writer<'_, T> {
        let turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        Writer { published: self, _turn: turn }
    }
}

/// The only one who may replace a published value.
pub(crate) struct Writer<'a, T> {
    published: &'a Published<T>,
    _turn: MutexGuard<'a, ()>,
}

impl<T> Writer<'_, T> {
    pub(crate) fn current(&self) -> Arc<T> {
        self.published.load()
    }

    /// Replaces the value. The old one is freed here, unless a reader has it.
    pub(crate) fn publish(&mut self, value: T) {
        // A reader that loads at this moment gets one or the other, both whole.
        drop(self.published.current.swap(Arc::new(value)));
    }
}

#[cfg(feature = "loom")]
#[derive(Debug)]
struct Pointer<T>(Mutex<Arc<T>>);

#[cfg(feature = "loom")]
impl<T> Pointer<T> {
    fn from_pointee(value: T) -> Pointer<T> {
        Pointer(Mutex::new(Arc::new(value)))
    }

    fn load_full(&self) -> Arc<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn swap(&self, value: Arc<T>) -> Arc<T> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), value)
    }
}

#[cfg(all(test, not(feature = "loom")))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_panic_of_a_writer_stops_nobody() {
        let published = Published::new(1);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let writer = published.write();
            assert_eq!(*writer.current(), 2, "fails, with the turn taken");
        }));
        assert!(panicked.is_err() && published.writing.is_poisoned());
        assert_eq!(*published.load(), 1);
        published.write().publish(3);
        assert_eq!(*published.load(), 3);
    }
}
