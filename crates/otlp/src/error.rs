//! Why a record was refused.

use std::borrow::Cow;
use std::fmt;

#[cfg(test)]
mod tests;

/// Why bytes are not an OTLP record, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    reason: Cow<'static, str>,
    offset: usize,
    truncated: bool,
}

/// The result of reading a record.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error at `offset` bytes into the record.
    pub fn new(reason: impl Into<Cow<'static, str>>, offset: usize) -> Error {
        Error { reason: reason.into(), offset, truncated: false }
    }

    /// The record ends at `offset` where more was announced.
    pub fn truncated(reason: impl Into<Cow<'static, str>>, offset: usize) -> Error {
        Error { reason: reason.into(), offset, truncated: true }
    }

    /// What is wrong, without the place.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Bytes from the start of the record to the fault.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the fault is that the bytes end too early.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The same error, found inside a field whose length fits its parent: the record is not cut.
    #[must_use]
    pub fn nested(mut self) -> Error {
        self.truncated = false;
        self
    }

    /// The same error, `offset` bytes into the record.
    #[must_use]
    pub fn at(mut self, offset: usize) -> Error {
        self.offset = offset;
        self
    }

    /// The same error, of a record that starts `bytes` later.
    #[must_use]
    pub fn shifted(mut self, bytes: usize) -> Error {
        self.offset += bytes;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for Error {}
