//! Protobuf. A message is written in place, after a gap of one byte for its length; the few that
//! need a longer length are moved.

use std::ops::Range;

use duckspan_otlp::wire::{CheckingReader, put_len, put_tag, put_varint, zigzag};

use super::Writer;

/// How a program lays out the fields of a message. Both are valid and mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As the Collector does: its own order of fields, and ids that are absent are written empty.
    Collector,
    /// As SDKs do: ascending by number, nothing that is absent.
    Sdk,
}

/// Writes protobuf to the end of a buffer.
#[derive(Debug)]
pub struct Protobuf<'a> {
    out: &'a mut Vec<u8>,
    layout: Layout,
    sorted: Vec<u8>,
}

impl<'a> Protobuf<'a> {
    /// A writer of the fields of one message.
    pub fn new(out: &'a mut Vec<u8>, layout: Layout) -> Protobuf<'a> {
        Protobuf { out, layout, sorted: Vec::new() }
    }

    /// Writes a field with a length; `content` is told where it starts.
    fn sized(&mut self, number: u32, content: impl FnOnce(&mut Self, usize)) {
        put_tag(self.out, number, 2);
        let gap = self.out.len();
        self.out.push(0);
        content(self, gap + 1);
        close(self.out, gap);
    }

    fn nested(&mut self, number: u32, content: impl FnOnce(&mut Self)) {
        self.sized(number, |w, start| {
            content(w);
            if w.layout == Layout::Sdk {
                w.sort_fields(start);
            }
        });
    }

    /// Sorts the fields of the message that starts at `start` by number.
    fn sort_fields(&mut self, start: usize) {
        let mut fields = field_ranges(&self.out[start..]);
        if fields.is_sorted_by_key(|(number, _)| *number) {
            return;
        }
        fields.sort_by_key(|(number, _)| *number);
        self.sorted.clear();
        for (_, range) in fields {
            self.sorted.extend_from_slice(&self.out[start + range.start..start + range.end]);
        }
        self.out[start..].copy_from_slice(&self.sorted);
    }
}

/// The numbers and places of the fields of a message.
fn field_ranges(message: &[u8]) -> Vec<(u32, Range<usize>)> {
    let mut reader = CheckingReader::new(message);
    let mut fields = Vec::with_capacity(32);
    while !reader.is_empty() {
        let start = reader.offset();
        let Ok((number, wire_type)) = reader.tag() else { break };
        if reader.skip(number, wire_type).is_err() {
            break;
        }
        fields.push((number, start..reader.offset()));
    }
    fields
}

/// Writes the length of what follows the one-byte `gap`, moving it where the length is longer.
fn close(out: &mut Vec<u8>, gap: usize) {
    let len = out.len() - gap - 1;
    if len < 0x80 {
        out[gap] = len as u8;
        return;
    }
    let end = out.len();
    put_varint(out, len as u64);
    let mut varint = [0; 10];
    let width = out.len() - end;
    varint[..width].copy_from_slice(&out[end..]);
    out.truncate(end);
    out.resize(end + width - 1, 0);
    out.copy_within(gap + 1..end, gap + width);
    out[gap..gap + width].copy_from_slice(&varint[..width]);
}

impl Writer for Protobuf<'_> {
    fn string(&mut self, number: u32, _: &str, value: &str) {
        put_len(self.out, number, value.as_bytes());
    }

    fn bytes(&mut self, number: u32, _: &str, value: &[u8]) {
        put_len(self.out, number, value);
    }

    fn id(&mut self, number: u32, _: &str, value: &[u8]) {
        if !value.is_empty() || self.layout == Layout::Collector {
            put_len(self.out, number, value);
        }
    }

    fn bool(&mut self, number: u32, _: &str, value: bool) {
        put_tag(self.out, number, 0);
        self.out.push(u8::from(value));
    }

    fn uint32(&mut self, number: u32, _: &str, value: u32) {
        put_tag(self.out, number, 0);
        put_varint(self.out, u64::from(value));
    }

    fn sint32(&mut self, number: u32, _: &str, value: i32) {
        put_tag(self.out, number, 0);
        put_varint(self.out, zigzag(i64::from(value)));
    }

    fn int64(&mut self, number: u32, _: &str, value: i64) {
        put_tag(self.out, number, 0);
        put_varint(self.out, value as u64);
    }

    fn fixed32(&mut self, number: u32, _: &str, value: u32) {
        put_tag(self.out, number, 5);
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    fn fixed64(&mut self, number: u32, _: &str, value: u64) {
        put_tag(self.out, number, 1);
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    fn sfixed64(&mut self, number: u32, name: &str, value: i64) {
        self.fixed64(number, name, value as u64);
    }

    fn double(&mut self, number: u32, name: &str, value: f64) {
        self.fixed64(number, name, value.to_bits());
    }

    fn uint64s(&mut self, number: u32, _: &str, values: &[u64]) {
        self.sized(number, |w, _| values.iter().for_each(|&value| put_varint(w.out, value)));
    }

    fn fixed64s(&mut self, number: u32, _: &str, values: &[u64]) {
        put_tag(self.out, number, 2);
        put_varint(self.out, 8 * values.len() as u64);
        values.iter().for_each(|value| self.out.extend_from_slice(&value.to_le_bytes()));
    }

    fn doubles(&mut self, number: u32, _: &str, values: &[f64]) {
        put_tag(self.out, number, 2);
        put_varint(self.out, 8 * values.len() as u64);
        values.iter().for_each(|value| self.out.extend_from_slice(&value.to_le_bytes()));
    }

    fn message(&mut self, number: u32, _: &str, content: impl FnOnce(&mut Self)) {
        self.nested(number, content);
    }

    fn list(&mut self, _: u32, _: &str, items: impl FnOnce(&mut Self)) {
        items(self);
    }

    fn item(&mut self, number: u32, content: impl FnOnce(&mut Self)) {
        self.nested(number, content);
    }
}
