//! Requests of older versions of OTLP, 0.5 to 0.19, as what they say today.
//!
//! The schema says which field took the place of which. A field of old counts only where that of today is
//! absent: senders were to write one of them, but some wrote both.

use crate::schema::role::tag;
use crate::schema::{
    Field, Kind, MAX_NUMBER, Message, Older, Role, Rule, STRING_KEY_VALUE, WireType,
};
use crate::wire::{CheckingReader, Value, put_len, varint_len};
use crate::write::{close, open, put_tagged};

#[cfg(test)]
mod tests;

/// Appends `bytes`, a well-formed message, to `out`, with the fields of today in place of older ones. They
/// may be in any order.
pub(crate) fn modernize(message: &'static Message, bytes: &[u8], out: &mut Vec<u8>) {
    let now = message.now.unwrap_or(message);
    let found = Found::of(message, bytes);
    // Where a field may occur once the last counts, so what is of today comes last.
    for (older, value) in old_fields(message, bytes) {
        if !found.has(now, older.now) {
            put_older(older, now, value, out);
        }
    }
    put_implied(message, now, &found, out);
    for part in parts(message, bytes) {
        match part {
            Part::Known(
                Field { kind: Kind::Message(inner), number, .. },
                Value::Len(bytes, _),
                _,
            ) if !is_timeless(inner) => {
                put_nested(u32::from(*number), inner, bytes, out);
            }
            // The default says nothing, and is not to replace what an older field says.
            Part::Known(field, value, _) if says_nothing(field, value) => {}
            Part::Known(_, _, field) => out.extend_from_slice(field),
            Part::Older(..) => {}
        }
    }
}

/// Bytes that [`modernize`] adds at most.
pub(crate) fn growth(message: &'static Message, bytes: &[u8]) -> usize {
    /// What a field or message of old grows by, as the lengths around it do.
    const ONE: usize = 48;
    let own = if message.now.is_some() { ONE } else { 0 };
    let grown = parts(message, bytes).map(|part| match part {
        Part::Known(Field { kind: Kind::Message(inner), .. }, Value::Len(bytes, _), _)
            if !is_timeless(inner) =>
        {
            growth(inner, bytes)
        }
        Part::Known(..) => 0,
        Part::Older(Older { kind: Kind::Message(inner), .. }, Value::Len(bytes, _)) => {
            ONE + growth(inner, bytes)
        }
        Part::Older(..) => ONE,
    });
    grown.fold(own, usize::saturating_add)
}

/// Whether a message is the same in all versions, and all that is in it.
fn is_timeless(message: &'static Message) -> bool {
    matches!(message.role, Role::KeyValue | Role::AnyValue)
}

/// A field of a message.
enum Part<'a> {
    /// One of today, its value, and all of its bytes.
    Known(&'static Field, Value<'a>, &'a [u8]),
    /// One of older versions.
    Older(&'static Older, Value<'a>),
}

/// The fields of a message in the order they stand in, without those that no version has.
fn parts<'a>(message: &'static Message, bytes: &'a [u8]) -> impl Iterator<Item = Part<'a>> {
    let mut reader = CheckingReader::new(bytes);
    std::iter::from_fn(move || {
        while !reader.is_empty() {
            let start = reader.offset();
            let (number, wire_type) = reader.tag().ok()?;
            let value = reader.value(number, wire_type).ok()?;
            if let Some(field) = message.field(number) {
                return Some(Part::Known(field, value, &bytes[start..reader.offset()]));
            }
            if let Some(older) = message.older(number, wire_type) {
                return Some(Part::Older(older, value));
            }
        }
        None
    })
}

fn old_fields<'a>(
    message: &'static Message,
    bytes: &'a [u8],
) -> impl Iterator<Item = (&'static Older, Value<'a>)> {
    parts(message, bytes).filter_map(|part| match part {
        Part::Older(older, value) => Some((older, value)),
        Part::Known(..) => None,
    })
}

/// Whether a field is as good as absent: a message says something even if it is empty.
fn says_nothing(field: &Field, value: Value<'_>) -> bool {
    let has_default = field.rule == Rule::Singular && !matches!(field.kind, Kind::Message(_));
    has_default && is_default(value)
}

fn is_default(value: Value<'_>) -> bool {
    match value {
        Value::Varint(bits) | Value::Fixed64(bits) => bits == 0,
        Value::Fixed32(bits) => bits == 0,
        Value::Len(bytes, _) => bytes.is_empty(),
        Value::Group => true,
    }
}

/// Which fields a message has.
struct Found {
    /// One bit for each number of those of today.
    known: u32,
    /// The same, of those that took the place of what there is.
    replaced: u32,
}

impl Found {
    fn of(message: &'static Message, bytes: &[u8]) -> Found {
        const _: () = assert!(MAX_NUMBER < u32::BITS as usize);
        let mut found = Found { known: 0, replaced: 0 };
        for part in parts(message, bytes) {
            match part {
                Part::Known(field, value, _) => {
                    found.known |= u32::from(!says_nothing(field, value)) << field.number;
                }
                Part::Older(older, _) => found.replaced |= 1 << older.now,
            }
        }
        found
    }

    /// Whether a field of today is there, or another of its oneof.
    fn has(&self, message: &'static Message, number: u8) -> bool {
        let is_member = |field: &Field| field.rule == Rule::Oneof;
        let alone = message.field(number.into()).is_none_or(|field| !is_member(field));
        match alone {
            true => self.known >> number & 1 == 1,
            false => {
                let members = message.fields.iter().filter(|field| is_member(field));
                members.fold(0, |all, field| all | 1 << field.number) & self.known != 0
            }
        }
    }
}

/// Appends an old field as the one that took its place.
fn put_older(older: &'static Older, now: &'static Message, value: Value<'_>, out: &mut Vec<u8>) {
    let Some(field) = now.field(older.now.into()) else { return };
    let number = u32::from(field.number);
    match (older.kind, field.kind, value) {
        (Kind::Message(label), _, Value::Len(bytes, _)) if label.role == Role::Label => {
            put_attribute(number, bytes, out);
        }
        (Kind::Message(inner), _, Value::Len(bytes, _)) => put_nested(number, inner, bytes, out),
        (Kind::Sfixed64, Kind::Double, Value::Fixed64(bits)) => {
            // Integers beyond 2^53 are rounded: a histogram of today has no other kind of sum.
            let double = bits as i64 as f64;
            put_tagged(out, number, WireType::Fixed64, double.to_bits());
        }
        (Kind::Enum(_), _, Value::Varint(code)) => {
            // Of the codes of old all but the first are errors.
            put_tagged(out, number, WireType::Varint, if code == 0 { 0 } else { ERROR });
        }
        (_, _, Value::Fixed64(bits)) => put_tagged(out, number, WireType::Fixed64, bits),
        (_, _, Value::Len(bytes, _)) => put_len(out, number, bytes),
        _ => {}
    }
}

/// `STATUS_CODE_ERROR`.
const ERROR: u64 = 2;

/// Appends the fields that older versions had no way to leave out, at their default: today they would be absent.
fn put_implied(message: &Message, now: &'static Message, found: &Found, out: &mut Vec<u8>) {
    let is_there = |number: u8| found.replaced >> number & 1 == 1 || found.has(now, number);
    // Points without a value have flags that say so.
    let flags = now.fields.iter().find(|field| field.name == "flags");
    let may_be_unset = flags.is_some_and(|flags| is_there(flags.number));
    for older in message.older {
        let counts = found.replaced >> older.now & 1 == 1 && !found.has(now, older.now);
        let number = match older.rule {
            Rule::Implied => older.now,
            _ if counts && older.implies > 0 && !may_be_unset => older.implies,
            _ => continue,
        };
        if !is_there(number) {
            put_tagged(out, number.into(), WireType::Fixed64, 0);
        }
    }
}

fn put_nested(number: u32, message: &'static Message, bytes: &[u8], out: &mut Vec<u8>) {
    let width = varint_len(bytes.len() as u64);
    let start = open(out, number, width);
    modernize(message, bytes, out);
    close(out, start, width);
}

/// Appends a label as an attribute, whose value is a text.
fn put_attribute(number: u32, label: &[u8], out: &mut Vec<u8>) {
    let (mut key, mut text) = (&[][..], &[][..]);
    for part in parts(&STRING_KEY_VALUE, label) {
        match part {
            Part::Known(Field { name: "key", .. }, Value::Len(bytes, _), _) => key = bytes,
            Part::Known(Field { name: "value", .. }, Value::Len(bytes, _), _) => text = bytes,
            _ => {}
        }
    }
    let attribute = open(out, number, 1);
    if !key.is_empty() {
        put_len(out, tag::number(tag::KEY), key);
    }
    let value = open(out, tag::number(tag::VALUE), 1);
    put_len(out, tag::number(tag::STRING), text);
    close(out, value, 1);
    close(out, attribute, 1);
}
