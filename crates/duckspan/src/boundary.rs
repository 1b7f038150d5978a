//! Faults as they cross to C++, and the guard that stops panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use duckspan_tables::fault::{Fault, FaultKind, Result};

#[cfg(test)]
#[allow(unsafe_code)]
mod tests;

/// A fault on the far side of the boundary; `text` is to be freed with `duckspan_text_free`.
#[repr(C)]
#[derive(Debug)]
pub struct CFault {
    /// What to throw.
    pub kind: FaultKind,
    /// The message.
    pub text: Text,
}

/// UTF-8 text that Rust allocated and C++ hands back to be freed; empty where `data` is null.
#[repr(C)]
#[derive(Debug)]
pub struct Text {
    /// Its first byte.
    pub data: *mut u8,
    /// Its length in bytes.
    pub len: usize,
}

impl Text {
    pub(crate) const NONE: Text = Text { data: std::ptr::null_mut(), len: 0 };

    pub(crate) fn new(text: String) -> Text {
        Text::of(text.into_bytes())
    }

    /// Bytes that are no text, but handed out like it.
    pub(crate) fn of(bytes: Vec<u8>) -> Text {
        // As a boxed slice its length is its capacity, so that is all that is needed to free it.
        let bytes = Box::leak(bytes.into_boxed_slice());
        Text { data: bytes.as_mut_ptr(), len: bytes.len() }
    }
}

/// What a function returns beside a fault; nobody looks at it.
pub(crate) trait Fallback {
    const FALLBACK: Self;
}

macro_rules! fallbacks {
    ($($kind:ty = $value:expr),* $(,)?) => {
        $(impl Fallback for $kind {
            const FALLBACK: $kind = $value;
        })*
    };
}

fallbacks!(() = (), bool = false, u64 = 0, usize = 0, f64 = 0.0, Text = Text::NONE);

impl<T> Fallback for *const T {
    const FALLBACK: *const T = std::ptr::null();
}

impl<T> Fallback for *mut T {
    const FALLBACK: *mut T = std::ptr::null_mut();
}

/// Runs the body of a function that C++ calls; a fault or a panic in it is written to `fault`.
pub(crate) fn guard<T: Fallback>(fault: &mut CFault, body: impl FnOnce() -> Result<T>) -> T {
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let message = format!(
            "DuckSpan panicked: {}. This is a fault of DuckSpan, and the database is as it was: please \
             report it with the query at {}/issues",
            panic_message(&*panic),
            env!("CARGO_PKG_REPOSITORY")
        );
        contain_drop(panic);
        Err(Fault::new(FaultKind::Internal, message))
    });
    outcome.unwrap_or_else(|error| {
        *fault = CFault { kind: error.kind, text: Text::new(error.message) };
        T::FALLBACK
    })
}

/// Runs the body of a function that C++ calls for each piece of a result: a panic loses the piece, no more.
pub(crate) fn contain(body: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(body)) {
        contain_drop(panic);
    }
}

/// Runs the body of a function by which C++ gives something back: drops it, and a panic of that stops here.
pub(crate) fn contain_drop<T>(value: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // A payload may panic again when dropped: leak it rather than unwind into C++.
        std::mem::forget(panic);
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else {
        panic.downcast_ref::<String>().map_or("no message", String::as_str)
    }
}
