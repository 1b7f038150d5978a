//! Attributes and their values, which make up most of OTLP: as compact JSON writes them, they are read
//! without looking anything up. Whatever is written in another way is read as any message is.

use super::plan::Slot;
use super::read::{Nest, Reader};
use super::scan::Step;
use crate::schema::WireType;
use crate::schema::role::tag::{self, number};
use crate::write::{close, open, put_tagged};

impl Reader<'_> {
    /// Reads a `KeyValue`; the cursor stands at its brace.
    pub(super) fn key_value(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        let (brace, before) = (self.cursor.at, self.out.len());
        if self.compact_key_value(slot.number).is_some() {
            return Ok(());
        }
        self.cursor.at = brace;
        self.out.truncate(before);
        self.plain(slot, nest)
    }

    /// Reads an `AnyValue`; the cursor stands at its brace.
    pub(super) fn any_value(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        let (brace, before) = (self.cursor.at, self.out.len());
        // What was written in vain is taken back, so that the tables find all as it was.
        if self.compact_any_value(slot.number).is_some() {
            return Ok(());
        }
        self.cursor.at = brace;
        self.out.truncate(before);
        self.plain(slot, nest)
    }

    /// Reads a `KeyValue` whose key comes first; nothing if this is none, or a rare one.
    #[inline(always)]
    fn compact_key_value(&mut self, field: u32) -> Option<()> {
        self.expect(b"{\"key\":\"")?;
        let start = open(&mut self.out, field, 1);
        let key = open(&mut self.out, number(tag::KEY), 1);
        self.cursor.plain_text(&mut self.out);
        // An empty key is left out by canonical protobuf, which is done by the tables.
        if self.out.len() == key {
            return None;
        }
        close(&mut self.out, key, 1);
        self.expect(b"\",\"value\":")?;
        self.compact_any_value(number(tag::VALUE))?;
        self.expect(b"}")?;
        close(&mut self.out, start, 1);
        Some(())
    }

    /// Reads an `AnyValue` with a scalar in it; nothing if this is none, or a rare one.
    #[inline(always)]
    fn compact_any_value(&mut self, field: u32) -> Option<()> {
        let start = open(&mut self.out, field, 1);
        // In the order of how often they occur.
        if self.cursor.eat(b"{\"stringValue\":\"") {
            let text = open(&mut self.out, number(tag::STRING), 1);
            self.cursor.plain_text(&mut self.out);
            close(&mut self.out, text, 1);
            self.expect(b"\"}")?;
        } else if self.cursor.eat(b"{\"intValue\":\"") {
            let int = self.cursor.number().ok().filter(|number| !number.fraction)?.to_i64()?;
            put_tagged(&mut self.out, number(tag::INT), WireType::Varint, int as u64);
            self.expect(b"\"}")?;
        } else if self.cursor.eat(b"{\"boolValue\":") {
            let bool = self.boolean().ok()?;
            put_tagged(&mut self.out, number(tag::BOOL), WireType::Varint, bool);
            self.expect(b"}")?;
        } else {
            self.expect(b"{\"doubleValue\":")?;
            let from = self.cursor.at;
            let written = self.cursor.number().ok()?;
            let double = written.to_f64(&self.cursor.bytes[from..self.cursor.at])?;
            put_tagged(&mut self.out, number(tag::DOUBLE), WireType::Fixed64, double.to_bits());
            self.expect(b"}")?;
        }
        close(&mut self.out, start, 1);
        Some(())
    }

    #[inline(always)]
    fn expect<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        self.cursor.eat(text).then_some(())
    }
}
