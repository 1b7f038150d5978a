//! The times of a request, all of them moved by as much: what happened then, as if it happened now.

use crate::error::Result;
use crate::schema::{Kind, Message, Role};
use crate::signal::Signal;
use crate::wire::CheckingReader;

#[cfg(test)]
mod tests;

/// Bytes of a time.
const TIME: usize = size_of::<u64>();

/// Moves every time of a request in canonical protobuf by so many nanoseconds: of rows, events and exemplars, and where
/// points begin. What is 0 says that there is no time, and stays; so does what would become 0 or less, or more than fits.
///
/// # Errors
/// If it is no request of that signal. Nothing is moved then.
pub fn shift_times(signal: Signal, request: &mut [u8], nanos: i64) -> Result<()> {
    let mut found = Vec::new();
    find(signal.data(), CheckingReader::new(request), &mut found)?;
    for at in found {
        if let Some(bytes) = request[at..].first_chunk_mut::<TIME>() {
            let time = u64::from_le_bytes(*bytes);
            let moved = time.checked_add_signed(nanos).filter(|&moved| time > 0 && moved > 0);
            *bytes = moved.unwrap_or(time).to_le_bytes();
        }
    }
    Ok(())
}

/// Finds where times stand. It goes as deep as the messages of OTLP do, for what nests without end, values, has none.
fn find(
    message: &'static Message,
    mut reader: CheckingReader<'_>,
    found: &mut Vec<usize>,
) -> Result<()> {
    while !reader.is_empty() {
        let (number, wire_type) = reader.tag()?;
        match message.field(number).map(|field| (field, field.kind)) {
            Some((_, Kind::Message(inner))) if inner.role != Role::KeyValue => {
                find(inner, reader.nested()?, found)?;
            }
            Some((field, _)) if field.is_time() => {
                found.push(reader.offset());
                reader.fixed64()?;
            }
            _ => reader.skip(number, wire_type)?,
        }
    }
    Ok(())
}
