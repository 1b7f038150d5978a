//! Finds the first string in a protobuf message that is not UTF-8.

use std::fmt::Write;
use std::ops::Range;

use super::{Repair, Repaired, shortened};
use crate::schema::{Field, Kind, MAX_NUMBER, Message, Rule};
use crate::wire::{CheckingReader, Value};

/// That string as an example, of a message that is well formed.
pub(crate) fn invalid_utf8(message: &'static Message, bytes: &[u8]) -> Option<Repaired> {
    let mut search = Search { bytes, path: String::new(), found: None };
    search.message(message, 0..bytes.len());
    search.found
}

struct Search<'a> {
    bytes: &'a [u8],
    path: String,
    found: Option<Repaired>,
}

impl Search<'_> {
    /// Looks through a message; `None` once nothing more is to be done.
    fn message(&mut self, message: &'static Message, range: Range<usize>) -> Option<()> {
        let mut reader = CheckingReader::within(self.bytes, range);
        let mut seen = [0; MAX_NUMBER + 1];
        while !reader.is_empty() {
            let (number, wire_type) = reader.tag().ok()?;
            let value = reader.value(number, wire_type).ok()?;
            if let (Some(field), Value::Len(content, start)) = (message.field(number), value) {
                // Elements are counted as they come, for the path to say which one it is.
                let index = &mut seen[usize::from(field.number)];
                let outer = self.enter(field, *index);
                *index += 1;
                self.value(field.kind, start..start + content.len())?;
                self.path.truncate(outer);
            }
        }
        Some(())
    }

    fn value(&mut self, kind: Kind, range: Range<usize>) -> Option<()> {
        let content = &self.bytes[range.clone()];
        match kind {
            Kind::Message(message) => self.message(message, range),
            Kind::String if str::from_utf8(content).is_err() => {
                self.found = Some(Repaired {
                    repair: Repair::InvalidUtf8,
                    field: "",
                    member: self.path.clone(),
                    value: format!("\"{}\"", shortened(content)),
                    record: 0,
                    offset: range.start as u64,
                });
                None
            }
            _ => Some(()),
        }
    }

    /// Adds a field to the path; returns its length before.
    fn enter(&mut self, field: &Field, index: usize) -> usize {
        let outer = self.path.len();
        let dot = if outer > 0 { "." } else { "" };
        let written = match field.rule {
            Rule::Repeated => write!(self.path, "{dot}{}[{index}]", field.name),
            _ => write!(self.path, "{dot}{}", field.name),
        };
        written.expect("a string takes what is written");
        outer
    }
}
