//! Why a record was refused, and what was repaired in the records that were kept.

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

/// A value that could not be taken as it stood; its record was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// A string was not UTF-8; the offending bytes read as U+FFFD.
    InvalidUtf8,
    /// A `\u` escape named half a surrogate pair; it reads as U+FFFD.
    LoneSurrogate,
    /// A JSON value has the wrong type or is out of range; the field reads as absent.
    WrongType,
    /// An enum name is unknown; the field reads as 0.
    UnknownEnumName,
    /// An id was written in base64 instead of hex; it was decoded.
    Base64Id,
    /// An id is neither hex nor base64; it reads as absent.
    InvalidId,
    /// Bytes were not base64; the field reads as absent.
    InvalidBase64,
}

impl Repair {
    /// Every kind of repair, in discriminant order.
    pub const ALL: [Repair; 7] = [
        Repair::InvalidUtf8,
        Repair::LoneSurrogate,
        Repair::WrongType,
        Repair::UnknownEnumName,
        Repair::Base64Id,
        Repair::InvalidId,
        Repair::InvalidBase64,
    ];

    /// What was done, for people.
    pub fn description(self) -> &'static str {
        match self {
            Repair::InvalidUtf8 => "string with invalid UTF-8, read with U+FFFD",
            Repair::LoneSurrogate => "lone surrogate escape, read as U+FFFD",
            Repair::WrongType => "value of the wrong type or out of range, read as absent",
            Repair::UnknownEnumName => "unknown enum name, read as 0",
            Repair::Base64Id => "id written in base64 instead of hex, decoded",
            Repair::InvalidId => "id that is neither hex nor base64, read as absent",
            Repair::InvalidBase64 => "bytes that are not base64, read as absent",
        }
    }
}

/// How often each repair was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repairs([u64; Repair::ALL.len()]);

impl Repairs {
    /// Counts one repair.
    pub fn count(&mut self, repair: Repair) {
        self.0[repair as usize] += 1;
    }

    /// How often `repair` was made.
    pub fn of(&self, repair: Repair) -> u64 {
        self.0[repair as usize]
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Repairs) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    /// Whether nothing was repaired.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&count| count == 0)
    }
}
