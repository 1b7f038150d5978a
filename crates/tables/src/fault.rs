//! What goes wrong, in words for who asked.

use std::fmt;

/// Which exception the shim throws for a fault.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// No fault.
    None,
    /// `BinderException`: the call is wrong.
    Binder,
    /// `InvalidInputException`: the data is wrong.
    InvalidInput,
    /// `IOException`: the machine does not do what it was asked.
    Io,
    /// Whatever exception the shim caught in a callback; it kept it.
    Callback,
    /// `ExecutorException`: DuckSpan is wrong.
    Internal,
}

/// Why a call failed.
#[derive(Debug)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong, where, and what to do.
    pub message: String,
}

/// The result of a call that may fail.
pub type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    /// A fault of that kind.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Fault {
        Fault { kind, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
