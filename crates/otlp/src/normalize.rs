//! Rewrites a well-formed message in canonical form.
//!
//! Where only the order of fields is wrong, as in what the OpenTelemetry Collector writes, they are sorted
//! in place. Otherwise a message whose fields stand in order is rewritten as it is read; only one that
//! needs it has its fields collected and sorted. A message that came in several parts is read from all of them, so
//! nothing is copied to merge it.

use crate::limits::MAX_VALUE_DEPTH;
use crate::modernize::modernize;
use crate::order::{Order, Place, sort_messages};
use crate::repair::{Repair, Repairs, text::invalid_utf8};
use crate::schema::{Field, Kind, Message, Role, Rule, WireType};
use crate::utf8;
use crate::verify::attribute::is_plain;
use crate::verify::{Form, Needs, Verified, canonical_varint, verify};
use crate::wire::{CheckingReader, Value, put_len, put_tag, put_varint, varint_len};

#[cfg(test)]
mod tests;

/// Appends a message to `out` in canonical form: fields ascending by number, repeated singular messages merged, the
/// last of repeated scalars and of a oneof kept, scalars packed, numbers cut to their width, invalid UTF-8 replaced by
/// U+FFFD and counted, fields of older versions in the place they have today. Unknown fields are dropped.
pub fn normalize(verified: &Verified<'_>, out: &mut Vec<u8>, repairs: &mut Repairs) {
    let (message, bytes) = (verified.message, verified.bytes());
    match &verified.needs {
        Needs::Nothing => out.extend_from_slice(bytes),
        Needs::Sorting(messages) => {
            let start = out.len();
            out.extend_from_slice(bytes);
            sort_messages(&mut out[start..], messages);
        }
        Needs::Modernizing => {
            let mut modern = Vec::with_capacity(bytes.len());
            modernize(message, bytes, &mut modern);
            normalize(&Verified::written(message, &modern, Form::Loose), out, repairs);
        }
        Needs::Checking => match verify(message, bytes) {
            Ok(verified) => normalize(&verified, out, repairs),
            // Of bytes that are not what they were said to be, the part before the fault is taken.
            Err(_) => rewrite(message, bytes, out, repairs),
        },
        Needs::Dropping | Needs::Rewriting => {
            let before = repairs.of(Repair::InvalidUtf8);
            rewrite(message, bytes, out, repairs);
            let repaired = repairs.of(Repair::InvalidUtf8) > before;
            // The example is looked for in a second walk, as places are lost while a message is rewritten: once for a
            // file, not for each text.
            if repaired && repairs.wants(Repair::InvalidUtf8, "") {
                repairs.examples.extend(invalid_utf8(message, bytes));
            }
        }
    }
}

fn rewrite(message: &'static Message, bytes: &[u8], out: &mut Vec<u8>, repairs: &mut Repairs) {
    Normalizer { out, repairs, spare: Vec::new() }.message(message, &[bytes], 0);
}

struct Normalizer<'a, 'o> {
    out: &'o mut Vec<u8>,
    repairs: &'o mut Repairs,
    /// Empty vectors to collect fields in, kept for their capacity.
    spare: Vec<Vec<Entry<'a>>>,
}

/// A known field and one value of it.
#[derive(Clone, Copy)]
struct Entry<'a> {
    field: &'static Field,
    value: Value<'a>,
}

impl<'a> Normalizer<'a, '_> {
    /// Writes the fields of a message that stands in `parts`, nested in this many lists of values.
    fn message(&mut self, message: &'static Message, parts: &[&'a [u8]], lists: usize) {
        if let &[bytes] = parts
            && is_ordered(message, bytes)
        {
            return entries(message, bytes).for_each(|entry| self.field(&[entry], lists));
        }
        // One for each level that is open, and no more are ever made: messages nest, but few at a time.
        let mut collected = self.spare.pop().unwrap_or_default();
        collected.extend(parts.iter().flat_map(|part| entries(message, part)));
        keep_last_member(&mut collected);
        collected.sort_by_key(|entry| entry.field.number);
        for group in collected.chunk_by(|a, b| a.field.number == b.field.number) {
            self.field(group, lists);
        }
        collected.clear();
        self.spare.push(collected);
    }

    /// Writes a field of which these values were found, at least one.
    fn field(&mut self, entries: &[Entry<'a>], lists: usize) {
        let Some(last) = entries.last() else { return };
        let field = last.field;
        match field.kind {
            Kind::Message(message) if field.rule == Rule::Repeated => {
                for entry in entries {
                    self.nested(field, message, &[entry.bytes()], lists);
                }
            }
            Kind::Message(message) => match entries {
                [one] => self.nested(field, message, &[one.bytes()], lists),
                _ => {
                    let parts: Vec<_> = entries.iter().map(Entry::bytes).collect();
                    self.nested(field, message, &parts, lists);
                }
            },
            _ if field.rule != Rule::Repeated => self.scalar(last),
            kind if kind.wire_type() == WireType::Len => {
                entries.iter().for_each(|entry| self.scalar(entry));
            }
            _ => self.packed(field, entries),
        }
    }

    fn nested(
        &mut self,
        field: &Field,
        message: &'static Message,
        parts: &[&'a [u8]],
        lists: usize,
    ) {
        let number = u32::from(field.number);
        if let &[bytes] = parts
            && message.role == Role::KeyValue
            && is_plain(bytes)
        {
            // Most attributes are: a key, and one scalar in a value. There is nothing in them to put in order.
            return put_len(self.out, number, bytes);
        }
        let lists = lists + usize::from(message.role == Role::ValueList);
        put_tag(self.out, number, WireType::Len as u8);
        // A message is about as long as it was, so its length takes as many bytes, and nothing has to move.
        let expected = parts.iter().map(|part| part.len()).sum();
        self.with_len(expected, |this| {
            if lists <= MAX_VALUE_DEPTH {
                // What is deeper was refused before, unless bytes are normalized that nobody checked.
                this.message(message, parts, lists);
            }
        });
    }

    /// Writes the values of a repeated scalar as one field, or none if there are no values.
    fn packed(&mut self, field: &Field, entries: &[Entry<'a>]) {
        let start = self.out.len();
        put_tag(self.out, u32::from(field.number), WireType::Len as u8);
        let expected = entries.iter().map(|entry| entry.bytes().len().max(8)).sum();
        let len = self.with_len(expected, |this| {
            entries.iter().for_each(|entry| this.packed_part(field.kind, entry));
        });
        if len == 0 {
            // An empty list is written as none, so that the same message has one form.
            self.out.truncate(start);
        }
    }

    fn packed_part(&mut self, kind: Kind, entry: &Entry<'a>) {
        match entry.value {
            Value::Varint(value) => put_varint(self.out, canonical_varint(kind, value)),
            Value::Fixed64(value) => self.out.extend_from_slice(&value.to_le_bytes()),
            Value::Len(bytes, _) if kind.wire_type() == WireType::Varint => {
                let mut reader = CheckingReader::new(bytes);
                while !reader.is_empty()
                    && let Ok(value) = reader.varint()
                {
                    put_varint(self.out, canonical_varint(kind, value));
                }
            }
            Value::Len(bytes, _) => self.out.extend_from_slice(bytes),
            Value::Fixed32(_) | Value::Group => {}
        }
    }

    /// Writes what `write` writes with its length before it, and returns the length. Room is left for
    /// the `expected` length, so that bytes seldom have to move.
    fn with_len(&mut self, expected: usize, write: impl FnOnce(&mut Self)) -> usize {
        let start = self.out.len();
        let room = varint_len(expected as u64);
        self.out.resize(start + room, 0);
        write(self);
        let end = self.out.len();
        let len = end - start - room;
        let width = varint_len(len as u64);
        if width != room {
            self.out.resize(end.max(start + width + len), 0);
            self.out.copy_within(start + room..end, start + width);
            self.out.truncate(start + width + len);
        }
        for (index, byte) in self.out[start..start + width].iter_mut().enumerate() {
            let more = if index + 1 < width { 0x80 } else { 0 };
            *byte = (len >> (7 * index)) as u8 & 0x7f | more;
        }
        len
    }

    fn scalar(&mut self, entry: &Entry<'a>) {
        let field = entry.field;
        let number = u32::from(field.number);
        match entry.value {
            Value::Len(bytes, _)
                if matches!(field.kind, Kind::String) && str::from_utf8(bytes).is_err() =>
            {
                // Length first, text after it: so what replaces bad bytes is measured before it is written.
                self.repairs.count(Repair::InvalidUtf8);
                put_tag(self.out, number, WireType::Len as u8);
                put_varint(self.out, (bytes.len() + utf8::growth(bytes)) as u64);
                utf8::put_replaced(self.out, bytes);
            }
            Value::Len(bytes, _) => put_len(self.out, number, bytes),
            Value::Varint(value) => {
                put_tag(self.out, number, WireType::Varint as u8);
                put_varint(self.out, canonical_varint(field.kind, value));
            }
            Value::Fixed64(value) => {
                put_tag(self.out, number, WireType::Fixed64 as u8);
                self.out.extend_from_slice(&value.to_le_bytes());
            }
            Value::Fixed32(value) => {
                put_tag(self.out, number, WireType::Fixed32 as u8);
                self.out.extend_from_slice(&value.to_le_bytes());
            }
            Value::Group => {}
        }
    }
}

impl<'a> Entry<'a> {
    fn bytes(&self) -> &'a [u8] {
        match self.value {
            Value::Len(bytes, _) => bytes,
            _ => &[],
        }
    }
}

/// The known fields of a message in the order they stand in.
fn entries<'a>(message: &'static Message, bytes: &'a [u8]) -> impl Iterator<Item = Entry<'a>> {
    let mut reader = CheckingReader::new(bytes);
    std::iter::from_fn(move || {
        while !reader.is_empty() {
            let (number, wire_type) = reader.tag().ok()?;
            let value = reader.value(number, wire_type).ok()?;
            if let Some(field) = message.field(number)
                && may_hold(field, wire_type)
            {
                return Some(Entry { field, value });
            }
        }
        None
    })
}

fn may_hold(field: &Field, wire_type: u8) -> bool {
    wire_type == field.wire_type() as u8 || wire_type == field.kind.wire_type() as u8
}

/// Whether the fields of a message can be written in the order they stand in.
fn is_ordered(message: &'static Message, bytes: &[u8]) -> bool {
    let mut order = Order::default();
    // A second walk over the message, but without memory: most of what is to be rewritten is in order, and only deep
    // inside something is not.
    entries(message, bytes).all(|entry| order.add(entry.field) == Place::Canonical)
}

/// Removes every member of a oneof that a later, other member replaces.
fn keep_last_member(entries: &mut Vec<Entry<'_>>) {
    // Protobuf forgets a member when another is set. So of a member that comes, goes and comes again, only what came
    // last counts, and is not merged with what came first.
    let is_member = |entry: &Entry<'_>| entry.field.rule == Rule::Oneof;
    let Some(last) = entries.iter().rfind(|entry| is_member(entry)) else { return };
    let number = last.field.number;
    let replaced = |entry: &Entry<'_>| is_member(entry) && entry.field.number != number;
    let Some(replaced) = entries.iter().rposition(replaced) else { return };
    let mut index = 0;
    entries.retain(|entry| {
        index += 1;
        index > replaced + 1 || !is_member(entry)
    });
}
