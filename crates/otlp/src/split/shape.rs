//! Tells OTLP protobuf by its beginning.

use crate::schema::{Kind, Message};
use crate::signal::Signal;
use crate::wire::Reader;

/// Fields into fields to look at; an attribute's value is the sixth.
const LEVELS: usize = 6;

/// Whether `bytes`, the first of a message of `len` bytes, begin like a request of some signal: the
/// first field, the first field in it, and so on, are known and fit into one another.
///
/// Where the bytes end, nothing more speaks against it.
pub(crate) fn begins_like_request(bytes: &[u8], len: u64) -> bool {
    Signal::ALL.into_iter().any(|signal| begins_like(signal.data(), bytes, len).unwrap_or(false))
}

/// Nothing if the bytes are no protobuf.
fn begins_like(mut message: &'static Message, bytes: &[u8], mut room: u64) -> Option<bool> {
    let mut reader = Reader::new(bytes);
    for _ in 0..LEVELS {
        if room == 0 || reader.is_empty() {
            return Some(true);
        }
        let start = reader.offset();
        let (number, wire_type) = match reader.tag() {
            Err(error) => return Some(error.is_truncated()),
            Ok(tag) => tag,
        };
        let field = message.field(number)?;
        if field.wire_type() as u8 != wire_type {
            return None;
        }
        let Kind::Message(child) = field.kind else { return Some(true) };
        let length = match reader.varint() {
            Err(error) => return Some(error.is_truncated()),
            Ok(length) => length,
        };
        room = room.checked_sub((reader.offset() - start) as u64)?;
        if length > room {
            return None;
        }
        room = length;
        message = child;
    }
    Some(true)
}
