//! Canonical OTLP/JSON from canonical protobuf.

use crate::limits::MAX_VALUE_DEPTH;
use crate::schema::{self, Field, Key, Kind, Message, Rule};
use crate::segment::{MetricRef, OwnerRef, Segment};
use crate::signal::Signal;
use crate::wire::{Reader, unzigzag};

pub(crate) mod number;
pub(crate) mod text;

/// Messages inside of one another: a list of values takes up to three, what surrounds them fewer
/// than sixteen. Deeper ones show as `{}`.
const MAX_DEPTH: usize = 3 * MAX_VALUE_DEPTH + 16;

/// Appends any message as a JSON object.
pub fn message(message: &'static Message, bytes: &[u8], out: &mut Vec<u8>) {
    nested(message, Part::of(bytes), 0, out);
}

/// Appends the resource of that number
pub fn resource(segment: &Segment, number: usize, out: &mut Vec<u8>) -> bool {
    let resource = segment.resource(number);
    if resource.message.is_none() && resource.schema_url.is_none() {
        return false;
    }
    out.push(b'{');
    if let Some(message) = resource.message {
        fields(&schema::RESOURCE, Part::of(message), ALL, 0, out);
    }
    schema_url(resource, out);
    close(b'}', out);
    true
}

/// Appends a row.
pub fn data(segment: &Segment, row: usize, out: &mut Vec<u8>) {
    Renderer::new(segment).data(row, out);
}

/// Renders rows of a segment
pub struct Renderer<'a> {
    segment: &'a Segment,
    scope: Option<usize>,
    scope_text: Vec<u8>,
    metric: Option<&'a [u8]>,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl<'a> Renderer<'a> {
    /// A renderer of the rows of `segment`.
    pub fn new(segment: &'a Segment) -> Renderer<'a> {
        Renderer {
            segment,
            scope: None,
            scope_text: Vec::new(),
            metric: None,
            head: Vec::new(),
            tail: Vec::new(),
        }
    }

    /// Appends row
    pub fn data(&mut self, row: usize, out: &mut Vec<u8>) {
        self.enter_scope(self.segment.scope_of(row));
        let message = self.segment.message(row).unwrap_or_default();
        match self.segment.metric(row) {
            None => {
                let schema = match self.segment.signal() {
                    Signal::Traces => &schema::SPAN,
                    _ => &schema::LOG_RECORD,
                };
                out.push(b'{');
                fields(schema, Part::of(message), ALL, 0, out);
            }
            Some(metric) => self.metric(metric, self.segment.message(row), out),
        }
        out.extend_from_slice(&self.scope_text);
        close(b'}', out);
    }

    fn enter_scope(&mut self, number: usize) {
        if self.scope == Some(number) {
            return;
        }
        self.scope = Some(number);
        self.scope_text.clear();
        let scope = self.segment.scope(number);
        if let Some(message) = scope.message {
            self.scope_text.extend_from_slice(b"\"scope\":");
            object(&schema::INSTRUMENTATION_SCOPE, Part::of(message), 0, &mut self.scope_text);
            self.scope_text.push(b',');
        }
        schema_url(scope, &mut self.scope_text);
    }

    fn metric(&mut self, metric: MetricRef<'a>, point: Option<&[u8]>, out: &mut Vec<u8>) {
        let (Some(point), Some((field, data))) = (point, metric.data) else {
            out.push(b'{');
            return fields(&schema::METRIC, Part::of(metric.message), ALL, 0, out);
        };
        let Kind::Message(data_message) = field.kind else { return };
        let Kind::Message(point_message) = data_message.fields[0].kind else { return };
        if !self.metric.is_some_and(|known| std::ptr::eq(known, metric.message)) {
            self.metric = Some(metric.message);
            self.enter_metric(metric.message, field, data_message, data);
        }
        out.extend_from_slice(&self.head);
        object(point_message, Part::of(point), 0, out);
        out.extend_from_slice(&self.tail);
    }

    fn enter_metric(
        &mut self,
        metric: &[u8],
        field: &Field,
        data_message: &'static Message,
        data: &[u8],
    ) {
        let metric = Part::of(metric);
        let points = &data_message.fields[0];
        self.head.clear();
        self.head.push(b'{');
        fields(&schema::METRIC, metric, (0, field.number - 1), 0, &mut self.head);
        key(field, &mut self.head);
        self.head.push(b'{');
        key(points, &mut self.head);
        self.head.push(b'[');
        self.tail.clear();
        self.tail.extend_from_slice(b"],");
        fields(data_message, Part::of(data), (points.number + 1, u8::MAX), 0, &mut self.tail);
        close(b'}', &mut self.tail);
        self.tail.push(b',');
        fields(&schema::METRIC, metric, (field.number + 1, u8::MAX), 0, &mut self.tail);
    }
}

/// A message, or a value in one, among the bytes around it: blocks may be read beyond its end.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'a> Part<'a> {
    fn of(bytes: &'a [u8]) -> Part<'a> {
        Part { bytes, start: 0, end: bytes.len() }
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    #[inline(always)]
    pub(crate) fn content(self) -> &'a [u8] {
        &self.bytes[self.start..self.end]
    }

    #[inline(always)]
    pub(crate) fn next_is(&mut self, byte: u8) -> bool {
        let found = self.start < self.end && self.bytes[self.start] == byte;
        self.start += usize::from(found);
        found
    }

    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Option<u64> {
        let byte = *self.bytes.get(self.start)?;
        if byte < 0x80 {
            self.start += 1;
            return Some(byte.into());
        }
        self.long_varint()
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = *self.bytes.get(self.start)?;
            self.start += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    #[inline(always)]
    pub(crate) fn len(&mut self) -> Option<Part<'a>> {
        let len = self.varint()?;
        if len > self.end.checked_sub(self.start)? as u64 {
            return None;
        }
        let start = self.start;
        self.start += len as usize;
        Some(Part { bytes: self.bytes, start, end: self.start })
    }

    #[inline(always)]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = self.bytes.get(self.start..)?.first_chunk()?;
        self.start += N;
        Some(*array)
    }

    /// Bits of a scalar
    #[inline(always)]
    fn bits(&mut self, kind: Kind) -> Option<u64> {
        match kind.wire_type() {
            schema::WireType::Varint => self.varint(),
            schema::WireType::Fixed64 => self.array().map(u64::from_le_bytes),
            _ => self.array().map(|b| u32::from_le_bytes(b).into()),
        }
    }

    #[cold]
    pub(crate) fn skip(&mut self, number: u32, wire_type: u8) -> Option<()> {
        let mut reader = Reader::within(self.bytes, self.start..self.end);
        reader.skip(number, wire_type).ok()?;
        self.start = reader.offset();
        Some(())
    }
}

fn object(message: &'static Message, part: Part<'_>, depth: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    fields(message, part, ALL, depth, out);
    close(b'}', out);
}

const ALL: (u8, u8) = (0, u8::MAX);

/// Appends fields, each with a comma behind it.
fn fields(
    message: &'static Message,
    mut part: Part<'_>,
    (first, last): (u8, u8),
    depth: usize,
    out: &mut Vec<u8>,
) {
    let mut array = 0;
    while !part.is_empty() {
        let Some(tag) = part.varint() else { break };
        let (number, wire_type) = ((tag >> 3) as u32, tag as u8 & 7);
        let field = match message.field(number) {
            Some(field)
                if field.wire_type() as u8 == wire_type
                    && first <= field.number
                    && field.number <= last =>
            {
                field
            }
            _ => match part.skip(number, wire_type) {
                Some(()) => continue,
                None => break,
            },
        };
        if array != 0 && array != field.number {
            close(b']', out);
            out.push(b',');
            array = 0;
        }
        if field.rule == Rule::Repeated {
            let Some(mut element) = part.len() else { break };
            if field.kind.wire_type() != schema::WireType::Len && element.is_empty() {
                continue;
            }
            if array == 0 {
                key(field, out);
                out.push(b'[');
                array = field.number;
            }
            if let Kind::Message(message) = field.kind
                && std::ptr::eq(message, &schema::KEY_VALUE)
            {
                loop {
                    key_value(element, depth + 1, out);
                    out.push(b',');
                    if !part.next_is(tag as u8) {
                        break;
                    }
                    match part.len() {
                        Some(next) => element = next,
                        None => break,
                    }
                }
                continue;
            }
            bytes(field.kind, element, depth, out);
            out.push(b',');
        } else if wire_type == 2 {
            let Some(content) = part.len() else { break };
            if field.rule == Rule::Singular
                && content.is_empty()
                && !matches!(field.kind, Kind::Message(_))
            {
                continue;
            }
            key(field, out);
            bytes(field.kind, content, depth, out);
            out.push(b',');
        } else {
            let Some(bits) = part.bits(field.kind) else { break };
            if field.rule == Rule::Singular && narrow(field.kind, bits) == 0 {
                continue;
            }
            key(field, out);
            scalar(field.kind, bits, out);
            out.push(b',');
        }
    }
    if array != 0 {
        close(b']', out);
        out.push(b',');
    }
}

#[inline]
fn narrow(kind: Kind, bits: u64) -> u64 {
    match kind {
        Kind::Uint32 | Kind::Sint32 | Kind::Enum(_) => bits as u32 as u64,
        _ => bits,
    }
}

#[inline]
fn bytes(kind: Kind, part: Part<'_>, depth: usize, out: &mut Vec<u8>) {
    match kind {
        Kind::Message(message) => nested(message, part, depth + 1, out),
        Kind::String => text::string(part, out),
        Kind::Id => text::hex(part.content(), out),
        Kind::Bytes => text::base64(part.content(), out),
        _ => packed(kind, part, out),
    }
}

fn scalar(kind: Kind, bits: u64, out: &mut Vec<u8>) {
    match kind {
        Kind::Uint32 | Kind::Fixed32 => number::unsigned(bits as u32 as u64, out),
        Kind::Sint32 => number::signed(unzigzag(bits as u32 as u64), out),
        Kind::Enum(_) => number::signed(bits as i32 as i64, out),
        Kind::Bool if bits == 0 => out.extend_from_slice(b"false"),
        Kind::Bool => out.extend_from_slice(b"true"),
        Kind::Double => number::double(f64::from_bits(bits), out),
        Kind::Int64 | Kind::Sfixed64 => {
            out.push(b'"');
            number::signed(bits as i64, out);
            out.push(b'"');
        }
        _ => {
            out.push(b'"');
            number::unsigned(bits, out);
            out.push(b'"');
        }
    }
}

/// Appends the elements with commas between them.
fn packed(kind: Kind, mut part: Part<'_>, out: &mut Vec<u8>) {
    while !part.is_empty() {
        let Some(bits) = part.bits(kind) else { break };
        scalar(kind, bits, out);
        out.push(b',');
    }
    if out.last() == Some(&b',') {
        out.pop();
    }
}

fn nested(message: &'static Message, part: Part<'_>, depth: usize, out: &mut Vec<u8>) {
    if depth > MAX_DEPTH {
        out.extend_from_slice(b"{}");
    } else if std::ptr::eq(message, &schema::ANY_VALUE) {
        any_value(part, depth, out);
    } else {
        object(message, part, depth, out);
    }
}

#[inline(always)]
fn key_value(mut part: Part<'_>, depth: usize, out: &mut Vec<u8>) {
    let all = part;
    if part.next_is(0x0a)
        && let Some(key) = part.len()
        && part.next_is(0x12)
        && let Some(value) = part.len()
        && !key.is_empty()
    {
        out.extend_from_slice(b"{\"key\":");
        text::string(key, out);
        out.extend_from_slice(b",\"value\":");
        any_value(value, depth + 1, out);
        out.push(b'}');
    } else {
        object(&schema::KEY_VALUE, all, depth, out);
    }
}

#[inline(always)]
fn any_value(mut part: Part<'_>, depth: usize, out: &mut Vec<u8>) {
    if part.next_is(0x0a)
        && let Some(string) = part.len()
    {
        out.extend_from_slice(b"{\"stringValue\":");
        text::string(string, out);
        out.push(b'}');
    } else if part.next_is(0x18)
        && let Some(bits) = part.varint()
    {
        out.extend_from_slice(b"{\"intValue\":\"");
        number::signed(bits as i64, out);
        out.extend_from_slice(b"\"}");
    } else {
        object(&schema::ANY_VALUE, part, depth, out);
    }
}

/// Appends `"name":`.
#[inline]
fn key(field: &Field, out: &mut Vec<u8>) {
    out.extend_from_slice(&field.key.block);
    out.truncate(out.len() - (Key::SIZE - field.key.len));
}

/// Puts a bracket in the place of the last comma
#[inline]
fn close(bracket: u8, out: &mut Vec<u8>) {
    match out.last_mut() {
        Some(last) if *last == b',' => *last = bracket,
        _ => out.push(bracket),
    }
}

fn schema_url(owner: OwnerRef<'_>, out: &mut Vec<u8>) {
    if let Some(url) = owner.schema_url {
        out.extend_from_slice(b"\"schemaUrl\":");
        text::string(Part::of(url), out);
        out.push(b',');
    }
}
