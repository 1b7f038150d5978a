//! Tells OTLP protobuf by its beginning.

use crate::error::Error;
use crate::schema::{Kind, Message, Rule, WireType};
use crate::signal::Signal;
use crate::verify::verify;
use crate::wire::CheckingReader;

/// Fields into fields to look at; an attribute's value is the sixth.
const LEVELS: usize = 6;

/// Bytes that [`begins_like_request`] looks at, at most: tags and lengths.
pub(crate) const LOOK_AHEAD: usize = LEVELS * 2 * 10;

const LEN: u8 = WireType::Len as u8;

/// Whether `bytes`, the first of a message of `len` bytes, begin like a request of some signal: the
/// first field, the first field in it, and so on, are known and fit into one another.
///
/// Where the bytes end, nothing more speaks against it.
pub(crate) fn begins_like_request(bytes: &[u8], len: u64) -> bool {
    Signal::ALL.into_iter().any(|signal| begins_like(signal.data(), bytes, len).unwrap_or(false))
}

/// Nothing if the bytes are no protobuf.
fn begins_like(mut message: &'static Message, bytes: &[u8], len: u64) -> Option<bool> {
    let mut reader = CheckingReader::new(bytes);
    let mut room = len;
    // Where the message is longer than what is known of it, an end is no fault.
    let is_cut = |error: Error| error.is_truncated() && (bytes.len() as u64) < len;
    for _ in 0..LEVELS {
        if room == 0 || reader.is_empty() {
            return Some(true);
        }
        let start = reader.offset();
        let (number, wire_type) = match reader.tag() {
            Err(error) => return Some(is_cut(error)),
            Ok(tag) => tag,
        };
        let known = message.kind_of(number, wire_type);
        let (kind, _) = known.filter(|&(kind, rule)| allows(kind, rule, wire_type))?;
        if wire_type != LEN {
            return Some(true);
        }
        let length = match reader.varint() {
            Err(error) => return Some(is_cut(error)),
            Ok(length) => length,
        };
        room = room.checked_sub((reader.offset() - start) as u64)?;
        if length > room {
            return None;
        }
        match kind {
            // An empty message says nothing: what follows it does.
            Kind::Message(_) if length == 0 => {}
            Kind::Message(child) => (message, room) = (child, length),
            _ => return Some(true),
        }
    }
    Some(true)
}

/// Whether `bytes`, the first of a message of `len` bytes that ends beyond them, are the beginning of a
/// sound request of some signal, so that nothing is wrong with it but that it is cut.
pub(crate) fn is_cut_request(bytes: &[u8], len: u64) -> bool {
    Signal::ALL.into_iter().any(|signal| is_cut(signal.data(), bytes, len))
}

fn is_cut(mut message: &'static Message, mut bytes: &[u8], mut room: u64) -> bool {
    while let Some(cut) = cut_field(message, bytes, room) {
        match cut {
            Cut::Inside(child, rest, length) => (message, bytes, room) = (child, rest, length),
            Cut::Here => return true,
        }
    }
    false
}

/// Where a message is cut.
enum Cut<'a> {
    /// In this field, a message of so many bytes, of which these are the first.
    Inside(&'static Message, &'a [u8], u64),
    /// Nowhere deeper.
    Here,
}

/// Steps over the fields of a message to the one that is cut; nothing if a fault comes before.
fn cut_field<'a>(message: &'static Message, bytes: &'a [u8], room: u64) -> Option<Cut<'a>> {
    let mut reader = CheckingReader::new(bytes);
    while !reader.is_empty() {
        let (number, wire_type) = match reader.tag() {
            Err(error) => return error.is_truncated().then_some(Cut::Here),
            Ok(tag) => tag,
        };
        let known = message.kind_of(number, wire_type);
        if known.is_some_and(|(kind, rule)| !allows(kind, rule, wire_type)) {
            return None;
        }
        if wire_type != LEN {
            match reader.skip(number, wire_type) {
                Err(error) => return error.is_truncated().then_some(Cut::Here),
                Ok(()) => continue,
            }
        }
        let length = match reader.varint() {
            Err(error) => return error.is_truncated().then_some(Cut::Here),
            Ok(length) => length,
        };
        if length > room.saturating_sub(reader.offset() as u64) {
            return None;
        }
        let rest = reader.rest();
        let child = match known {
            Some((Kind::Message(child), _)) => Some(child),
            _ => None,
        };
        if length > rest.len() as u64 {
            return Some(child.map_or(Cut::Here, |child| Cut::Inside(child, rest, length)));
        }
        let (content, next) = rest.split_at(length as usize);
        // What is whole is checked to its end: only the last field on each level may be cut.
        if child.is_some_and(|child| verify(child, content).is_err()) {
            return None;
        }
        reader = CheckingReader::within(bytes, bytes.len() - next.len()..bytes.len());
    }
    Some(Cut::Here)
}

/// Whether a field may be written with this wire type: repeated scalars are packed, or not.
fn allows(kind: Kind, rule: Rule, wire_type: u8) -> bool {
    wire_type == kind.wire_type() as u8 || (rule == Rule::Repeated && wire_type == LEN)
}
