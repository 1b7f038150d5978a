//! Checks a protobuf message to the last field.
//!
//! One walk serves every message: the schema says what a field must look like. Attributes are most
//! of what OTLP carries, so the common shapes of a `KeyValue` are recognised at a glance first; so is
//! what stands around those of a span.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::limits::{MAX_VALUE_DEPTH, VALUES_TOO_DEEP};
use crate::modernize;
use crate::order::{Order, Place};
use crate::schema::role::tag;
use crate::schema::{
    ANY_VALUE, ARRAY_VALUE, Field, KEY_VALUE, KEY_VALUE_LIST, Kind, Message, Older, Role, Rule,
    SPAN, Step, WireType,
};
use crate::utf8;
use crate::wire::CheckingReader;

pub(crate) mod attribute;
pub(crate) mod span;
#[cfg(test)]
mod tests;

/// A message that was checked to its last field, and what was found. Only [`verify`] makes one; and who writes
/// protobuf in this crate, for what came of it.
#[derive(Debug, Clone)]
pub struct Verified<'a> {
    pub(crate) message: &'static Message,
    bytes: &'a [u8],
    pub(crate) needs: Needs,
}

/// Whether a well-formed message is canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Readers may take the bytes as they are: known fields ascend by number, singular fields occur
    /// once, at most one field of a oneof is present, scalars repeat packed in one field that is not
    /// empty, a bool is 0 or 1, 32-bit numbers have 32 bits, strings are UTF-8. Unknown fields may
    /// stand anywhere.
    Canonical,
    /// Well formed, but to be rewritten by [`crate::normalize`] first.
    Loose,
}

/// What is to be done with a well-formed message, so that it is canonical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Nothing,
    /// Nothing, but there are unknown fields.
    Dropping,
    /// The fields of these messages are to be sorted, in this order.
    Sorting(Vec<Range<usize>>),
    /// It is to be brought up to date first: it has fields of older versions.
    Modernizing,
    /// It is to be rewritten.
    Rewriting,
    /// Something: who wrote it knows that it is not canonical, and no more.
    Checking,
}

impl<'a> Verified<'a> {
    /// What this crate wrote: canonical, but that rows may stand as text ([`crate::kept`]), or something that came
    /// of JSON as loose as what it came of.
    pub(crate) fn written(message: &'static Message, bytes: &'a [u8], form: Form) -> Verified<'a> {
        let needs = match form {
            Form::Canonical => Needs::Nothing,
            Form::Loose => Needs::Checking,
        };
        Verified { message, bytes, needs }
    }

    /// Its bytes, as they came.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether it is canonical.
    pub fn form(&self) -> Form {
        match self.needs {
            Needs::Nothing | Needs::Dropping => Form::Canonical,
            Needs::Sorting(_) | Needs::Modernizing | Needs::Rewriting | Needs::Checking => {
                Form::Loose
            }
        }
    }

    /// Bytes that [`crate::normalize`] adds to it at most, for want of UTF-8 in its strings, or takes on the way
    /// because it is of an older version.
    pub fn growth(&self) -> usize {
        if matches!(self.needs, Needs::Nothing | Needs::Dropping | Needs::Sorting(_)) {
            return 0;
        }
        let Verified { message, bytes, .. } = *self;
        let mut walk = Walk::new(bytes);
        match walk.message(message, 0..bytes.len(), 0) {
            Ok(()) if walk.aged => {
                // There are two copies of what it grows to, while it is rewritten.
                let grown = modernize::growth(message, bytes);
                walk.growth + bytes.len() + grown.saturating_mul(2)
            }
            Ok(()) => walk.growth,
            Err(_) => 0,
        }
    }
}

/// Checks that `bytes` are a message of this type, down to the last field: structure, lengths, wire
/// types, nesting and UTF-8.
///
/// # Errors
/// If the bytes are malformed, with the offset of the fault.
pub fn verify<'a>(message: &'static Message, bytes: &'a [u8]) -> Result<Verified<'a>> {
    let mut walk = Walk::new(bytes);
    walk.message(message, 0..bytes.len(), 0).map_err(|error| *error)?;
    Ok(Verified { message, bytes, needs: walk.needs() })
}

/// The varint that protobuf takes a field of this kind to hold: of 32-bit kinds the low 32 bits count,
/// and any bool but 0 is true.
#[inline]
pub(crate) fn canonical_varint(kind: Kind, value: u64) -> u64 {
    match kind {
        Kind::Bool => u64::from(value != 0),
        Kind::Uint32 | Kind::Sint32 => u64::from(value as u32),
        Kind::Enum(_) => value as i32 as u64,
        _ => value,
    }
}

/// The error is boxed to keep the result in registers.
type Checked = std::result::Result<(), Box<Error>>;

/// What is known behind a field that was not simply the next one. It is copied out of here, so that what a
/// walk knows stays in registers.
struct Odd {
    end: usize,
    order: Order,
    /// Whether the field has to stand before others.
    is_early: bool,
}

/// Where the check of a message begins, and what is known of the fields before.
struct Start {
    at: usize,
    order: Order,
    sorted: bool,
}

pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    /// Whether more has to be done than to sort fields.
    loose: bool,
    /// Messages whose fields have to be sorted, each after those nested in it.
    unsorted: Vec<Range<usize>>,
    /// Whether there are fields that the schema does not have.
    unknown: bool,
    /// Whether there are fields of older versions.
    aged: bool,
    /// Bytes by which strings grow that are not UTF-8.
    growth: usize,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Walk<'a> {
        let unsorted = Vec::new();
        Walk { bytes, loose: false, unsorted, unknown: false, aged: false, growth: 0 }
    }

    /// Whether no message was found whose fields have to be sorted.
    pub(crate) fn is_sorted(&self) -> bool {
        self.unsorted.is_empty()
    }

    /// The messages whose fields have to be sorted, if that is all there is to do.
    pub(crate) fn into_unsorted(self) -> Option<Vec<Range<usize>>> {
        match self.needs() {
            Needs::Nothing | Needs::Dropping => Some(Vec::new()),
            Needs::Sorting(messages) => Some(messages),
            Needs::Modernizing | Needs::Rewriting | Needs::Checking => None,
        }
    }

    fn needs(self) -> Needs {
        match self.unsorted {
            // The order of these counts: what is brought up to date is checked anew, so nothing else that was found
            // holds of it.
            _ if self.aged => Needs::Modernizing,
            _ if self.loose => Needs::Rewriting,
            unsorted if unsorted.is_empty() && self.unknown => Needs::Dropping,
            unsorted if unsorted.is_empty() => Needs::Nothing,
            // To sort them would keep unknown fields, which are dropped where a message is rewritten.
            _ if self.unknown => Needs::Rewriting,
            unsorted => Needs::Sorting(unsorted),
        }
    }

    /// Checks a message that is nested in this many lists of values.
    pub(crate) fn message(
        &mut self,
        message: &'static Message,
        range: Range<usize>,
        lists: usize,
    ) -> Checked {
        let start = Start { at: range.start, order: Order::default(), sorted: true };
        self.fields(message, range, start, lists)
    }

    /// Checks a span; returns its start and end, if they were seen on the way.
    #[inline]
    pub(crate) fn span(
        &mut self,
        range: Range<usize>,
    ) -> std::result::Result<Option<[u64; 2]>, Box<Error>> {
        let bytes = &self.bytes[..range.end];
        let Some(head) = span::head(&bytes[range.start..]) else {
            return self.message(&SPAN, range, 0).map(|()| None);
        };
        let times = Some(head.times);
        if let Some(state) = &head.trace_state {
            self.text(range.start + state.start..range.start + state.end);
        }
        self.text(range.start + head.name.start..range.start + head.name.end);
        let mut at = range.start + head.end;
        if bytes.get(at) == Some(&span::ATTRIBUTE) {
            at = self.attributes(bytes, at, span::ATTRIBUTE, 0)?;
        }
        if head.is_tail(&bytes[at..]) {
            if !head.sorted {
                self.unsorted.push(range);
            }
            return Ok(times);
        }
        // What was seen at a glance is not looked at again: the walk goes on where the glance ended, and knows of the
        // order before.
        let start = Start { at, order: head.order(), sorted: head.sorted };
        self.fields(&SPAN, range, start, 0).map(|()| times)
    }

    /// Checks the fields of the message at `range` that are not checked yet.
    #[inline(always)]
    fn fields(
        &mut self,
        message: &'static Message,
        range: Range<usize>,
        start: Start,
        lists: usize,
    ) -> Checked {
        let mut reader = CheckingReader::within(self.bytes, start.at..range.end);
        let Start { mut order, mut sorted, .. } = start;
        while !reader.is_empty() {
            let (tag, width) = reader.small_tag();
            let step = message.step(tag);
            if step == Step::Other || !order.add_next(tag >> 3) {
                // A copy of the reader goes in and its place comes back: a reference would keep it in memory for the
                // whole walk.
                let odd = self.odd_field(message, reader.clone(), order, lists)?;
                reader.step(odd.end - reader.offset());
                order = odd.order;
                sorted &= !odd.is_early;
                continue;
            }
            reader.step(width);
            match step {
                Step::Fixed64 => drop(reader.fixed64()?),
                Step::Fixed32 => drop(reader.fixed32()?),
                Step::Bytes => _ = reader.len_range()?,
                Step::Text => {
                    let range = reader.len_range()?;
                    self.text(range);
                }
                Step::Varint if reader.has_digit() => reader.step(1),
                Step::Varint | Step::Field | Step::Other => {
                    if let Some(field) = message.field(u32::from(tag >> 3)) {
                        self.value(field, &mut reader, lists)?;
                    }
                }
            }
        }
        if !sorted {
            self.unsorted.push(range);
        }
        Ok(())
    }

    /// Checks a field that is not simply the next one.
    #[inline(never)]
    fn odd_field(
        &mut self,
        message: &'static Message,
        mut reader: CheckingReader<'a>,
        mut order: Order,
        lists: usize,
    ) -> std::result::Result<Odd, Box<Error>> {
        let start = reader.offset();
        let (number, wire_type) = reader.tag()?;
        let Some(field) = message.field(number) else {
            match message.older(number, wire_type) {
                Some(older) => self.older(older, &mut reader, lists)?,
                None => {
                    self.unknown = true;
                    reader.skip(number, wire_type)?;
                }
            }
            return Ok(Odd { end: reader.offset(), order, is_early: false });
        };
        let place = order.add(field);
        self.loose |= place == Place::Again;
        if wire_type == field.wire_type() as u8 {
            self.value(field, &mut reader, lists)?;
        } else if field.rule == Rule::Repeated && wire_type == field.kind.wire_type() as u8 {
            // One value of a repeated scalar, which should be packed.
            self.loose = true;
            self.scalar(field.kind, &mut reader)?;
        } else {
            return Err(wrong_type(message, field, wire_type, start));
        }
        Ok(Odd { end: reader.offset(), order, is_early: place == Place::Early })
    }

    /// Checks the value of a field of older versions.
    #[cold]
    fn older(&mut self, older: &Older, reader: &mut CheckingReader<'a>, lists: usize) -> Checked {
        self.aged = true;
        match older.kind {
            Kind::Message(message) => self.nested(message, reader, lists),
            Kind::String => {
                let range = reader.len_range()?;
                self.text(range);
                Ok(())
            }
            kind => self.scalar(kind, reader),
        }
    }

    /// Checks the value of a field that has the right wire type.
    #[inline(always)]
    fn value(
        &mut self,
        field: &'static Field,
        reader: &mut CheckingReader<'a>,
        lists: usize,
    ) -> Checked {
        match field.kind {
            Kind::Message(message) => self.messages(field, message, reader, lists),
            Kind::String => {
                let range = reader.len_range()?;
                self.text(range);
                Ok(())
            }
            Kind::Bytes | Kind::Id => Ok(_ = reader.len_range()?),
            kind if field.rule == Rule::Repeated => {
                let start = reader.offset();
                self.packed(kind, start, reader.nested()?)
            }
            kind => self.scalar(kind, reader),
        }
    }

    #[inline(always)]
    fn scalar(&mut self, kind: Kind, reader: &mut CheckingReader<'a>) -> Checked {
        match kind.wire_type() {
            WireType::Fixed64 => drop(reader.fixed64()?),
            WireType::Fixed32 => drop(reader.fixed32()?),
            WireType::Varint | WireType::Len => {
                let value = reader.varint()?;
                // A padded varint is not told from a minimal one: readers take both, and only what is read has to be
                // the same.
                self.loose |= canonical_varint(kind, value) != value;
            }
        }
        Ok(())
    }

    /// Checks nested messages: one, or as many of the same field as follow.
    #[inline(always)]
    fn messages(
        &mut self,
        field: &Field,
        message: &'static Message,
        reader: &mut CheckingReader<'a>,
        lists: usize,
    ) -> Checked {
        if message.role == Role::KeyValue {
            let (tag, start) = (field.number << 3 | WireType::Len as u8, reader.offset() - 1);
            // A tag may take more bytes than it needs.
            if reader.all()[start] == tag {
                // The first of them is recognised from its tag on, as the others are, so the walk goes back to it.
                let end = self.attributes(reader.all(), start, tag, lists)?;
                reader.step(end - reader.offset());
                return Ok(());
            }
        }
        self.nested(message, reader, lists)?;
        while again(field, reader) {
            self.nested(message, reader, lists)?;
        }
        Ok(())
    }

    /// Checks attributes of a message, of which one stands at `start` behind `tag`, and as many as follow;
    /// returns where they end.
    fn attributes(
        &mut self,
        message: &'a [u8],
        start: usize,
        tag: u8,
        lists: usize,
    ) -> std::result::Result<usize, Box<Error>> {
        let mut reader = CheckingReader::within(message, start..message.len());
        while reader.rest().first() == Some(&tag) {
            // An array in them is recognised too, so there has to be room for one more list.
            let end = if lists < MAX_VALUE_DEPTH {
                let run = attribute::plain_run(message, reader.offset(), tag);
                reader.step(run.plain - reader.offset());
                run.end
            } else {
                reader.offset()
            };
            // The first that is not recognised, and those whose text is to be looked at.
            // At least one is looked at closely, so that the loop around this ends, however little is recognised.
            while reader.offset() <= end && reader.eat(tag) {
                self.nested(&KEY_VALUE, &mut reader, lists)?;
            }
        }
        Ok(reader.offset())
    }

    #[inline(always)]
    fn nested(
        &mut self,
        message: &'static Message,
        reader: &mut CheckingReader<'a>,
        lists: usize,
    ) -> Checked {
        let start = reader.offset();
        let nested = reader.len_range()?;
        let checked = match message.role {
            Role::AnyValue => self.any_value(nested, lists),
            Role::KeyValue => self.key_value(nested, lists),
            Role::ValueList if lists == MAX_VALUE_DEPTH => return Err(too_deep(start)),
            Role::ValueList => self.message(message, nested, lists + 1),
            Role::Span => self.span(nested).map(drop),
            _ if is_small(message, &self.bytes[nested.clone()]) => Ok(()),
            _ => self.message(message, nested, lists),
        };
        checked.map_err(|error| Box::new(error.nested()))
    }

    /// Checks an attribute, which mostly is a key and a value.
    fn key_value(&mut self, range: Range<usize>, lists: usize) -> Checked {
        let mut reader = CheckingReader::within(self.bytes, range.clone());
        if reader.eat(tag::KEY)
            && let Ok(key) = reader.len_range()
            && reader.rest().first() == Some(&tag::VALUE)
            // A value that does not end with its attribute has unknown fields behind it, or is cut: the walk by the
            // schema tells.
            && let Some(mut value) = only_field(&reader)
        {
            self.text(key);
            return self.nested(&ANY_VALUE, &mut value, lists);
        }
        self.message(&KEY_VALUE, range, lists)
    }

    /// Checks a value, which mostly is one field.
    fn any_value(&mut self, range: Range<usize>, lists: usize) -> Checked {
        let reader = CheckingReader::within(self.bytes, range.clone());
        match *reader.rest() {
            [] | [tag::BOOL, 0 | 1] | [tag::DOUBLE, _, _, _, _, _, _, _, _] => Ok(()),
            [tag::INT, ref int @ ..] if is_minimal_varint(int) => Ok(()),
            [tag @ (tag::STRING | tag::ARRAY | tag::MAP), ..]
                if let Some(mut content) = only_field(&reader) =>
            {
                match tag {
                    tag::STRING => {
                        self.text(content.len_range()?);
                        Ok(())
                    }
                    tag::ARRAY => self.nested(&ARRAY_VALUE, &mut content, lists),
                    _ => self.nested(&KEY_VALUE_LIST, &mut content, lists),
                }
            }
            _ => self.message(&ANY_VALUE, range, lists),
        }
    }

    /// Checks the packed values of a repeated scalar, whose length stands at `start`.
    #[cold]
    fn packed(&mut self, kind: Kind, start: usize, mut values: CheckingReader<'a>) -> Checked {
        self.loose |= values.is_empty();
        if kind.wire_type() == WireType::Fixed64 {
            // Whole numbers of eight bytes need no look at each: any bits are a value.
            if !values.rest().len().is_multiple_of(8) {
                return Err(Box::new(Error::new("packed values end inside a value", start)));
            }
            return Ok(());
        }
        // Of the kinds that are varints only those of 64 bits repeat, so none is too wide; padded ones read the same.
        while !values.is_empty() {
            values.varint().map_err(Error::nested)?;
        }
        Ok(())
    }

    /// Notes whether a string is UTF-8.
    #[inline]
    pub(crate) fn text(&mut self, range: Range<usize>) {
        let text = &self.bytes[range];
        if !utf8::is_utf8(text) {
            self.loose = true;
            // Counted on the way, for who asks before memory is taken for what replaces it.
            self.growth += utf8::growth(text);
        }
    }
}

/// Steps over the tag of the same repeated field, if it stands next.
#[inline(always)]
fn again(field: &Field, reader: &mut CheckingReader<'_>) -> bool {
    let tag = field.number << 3 | WireType::Len as u8;
    field.rule == Rule::Repeated && field.number < 16 && reader.eat(tag)
}

/// Whether a message is empty, or one number of one byte: a status mostly is.
#[inline(always)]
fn is_small(message: &Message, bytes: &[u8]) -> bool {
    match *bytes {
        [] => true,
        [tag, 0..0x80] => message.step(tag) == Step::Varint,
        _ => false,
    }
}

/// A reader behind the tag of a message that is one field with a tag of one byte and a length.
fn only_field<'a>(message: &CheckingReader<'a>) -> Option<CheckingReader<'a>> {
    let mut field = message.clone();
    field.step(1);
    let mut value = field.clone();
    value.len_range().ok()?;
    value.is_empty().then_some(field)
}

/// Whether `bytes` are one varint without padding.
#[inline]
fn is_minimal_varint(bytes: &[u8]) -> bool {
    match bytes {
        [0..0x80] => true,
        [rest @ .., 1..0x80] if rest.len() < 9 => rest.iter().all(|&byte| byte >= 0x80),
        [rest @ .., 1] if rest.len() == 9 => rest.iter().all(|&byte| byte >= 0x80),
        _ => false,
    }
}

#[cold]
fn wrong_type(message: &Message, field: &Field, wire_type: u8, offset: usize) -> Box<Error> {
    let reason = format!(
        "{} of {} has wire type {wire_type} instead of {}",
        field.name,
        message.name,
        field.wire_type() as u8
    );
    Box::new(Error::new(reason, offset))
}

#[cold]
fn too_deep(offset: usize) -> Box<Error> {
    Box::new(Error::new(VALUES_TOO_DEEP, offset))
}
