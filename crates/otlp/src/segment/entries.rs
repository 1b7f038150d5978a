//! What of a request takes memory that does not show in its bytes.

use crate::schema::{Kind, Message, Role};
use crate::signal::Signal;
use crate::wire::{CheckingReader, Value};

#[cfg(test)]
mod tests;

/// The messages of a request that the index of a segment has entries for: its groups, the scopes in them, metrics and
/// rows, those of older versions too. Of a request that is cut, those before the cut.
pub fn entries(signal: Signal, request: &[u8]) -> usize {
    entries_in(signal.data(), request)
}

fn entries_in(message: &'static Message, bytes: &[u8]) -> usize {
    let mut reader = CheckingReader::new(bytes);
    let mut count = 0;
    while let Ok((number, wire_type)) = reader.tag()
        && let Ok(value) = reader.value(number, wire_type)
    {
        if let Value::Len(content, _) = value
            && let Some((Kind::Message(part), _)) = message.kind_of(number, wire_type)
        {
            count += match part.now.unwrap_or(part).role {
                Role::ResourceGroup | Role::ScopeGroup | Role::Metric | Role::MetricData => {
                    1 + entries_in(part, content)
                }
                Role::Span | Role::LogRecord | Role::DataPoint => 1,
                _ => 0,
            };
        }
    }
    count
}
