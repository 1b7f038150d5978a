//! The messages of answers: `Export…ServiceResponse` and `google.rpc.Status`, read field by field.

use std::time::Duration;

use duckspan_otlp::wire::{CheckingReader, Value};

#[cfg(test)]
mod tests;

/// What an upstream says of a request that it took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Partial {
    /// Rows that it did not take.
    pub(crate) rejected: u64,
    /// Why, or a warning.
    pub(crate) message: String,
}

/// Reads a response; what cannot be read says nothing.
pub(crate) fn partial(response: &[u8]) -> Partial {
    let mut partial = Partial::default();
    let Some(Value::Len(success, _)) = field(response, 1) else { return partial };
    if let Some(Value::Varint(rejected)) = field(success, 1) {
        // A negative number is no number of rows.
        partial.rejected = u64::try_from(rejected.cast_signed()).unwrap_or(0);
    }
    if let Some(Value::Len(message, _)) = field(success, 2) {
        partial.message = String::from_utf8_lossy(message).into_owned();
    }
    partial
}

/// What a status says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Status {
    pub(crate) message: String,
    /// Of its `RetryInfo`.
    pub(crate) retry: Option<Duration>,
}

/// Reads a `google.rpc.Status`; what cannot be read says nothing.
pub(crate) fn status(bytes: &[u8]) -> Status {
    let mut status = Status::default();
    for (number, value) in fields(bytes) {
        match (number, value) {
            (2, Value::Len(message, _)) => {
                status.message = String::from_utf8_lossy(message).into_owned();
            }
            (3, Value::Len(detail, _)) => status.retry = status.retry.or_else(|| retry(detail)),
            _ => {}
        }
    }
    status
}

/// The delay of an `Any` that is a `RetryInfo`.
fn retry(any: &[u8]) -> Option<Duration> {
    let Some(Value::Len(b"type.googleapis.com/google.rpc.RetryInfo", _)) = field(any, 1) else {
        return None;
    };
    let Some(Value::Len(info, _)) = field(any, 2) else { return Some(Duration::ZERO) };
    let Some(Value::Len(delay, _)) = field(info, 1) else { return Some(Duration::ZERO) };
    let number = |at| match field(delay, at) {
        Some(Value::Varint(number)) => number,
        _ => 0,
    };
    let (seconds, nanos) = (number(1).cast_signed(), number(2) as u32);
    Some(Duration::new(u64::try_from(seconds).unwrap_or(0), nanos.min(999_999_999)))
}

/// The last value of a field.
fn field(message: &[u8], number: u32) -> Option<Value<'_>> {
    fields(message).filter(|&(at, _)| at == number).last().map(|(_, value)| value)
}

/// The fields of a message, up to what cannot be read.
fn fields(message: &[u8]) -> impl Iterator<Item = (u32, Value<'_>)> {
    let mut reader = CheckingReader::new(message);
    std::iter::from_fn(move || {
        if reader.is_empty() {
            return None;
        }
        let (number, wire_type) = reader.tag().ok()?;
        Some((number, reader.value(number, wire_type).ok()?))
    })
}
