//! Attributes, which make up most of OTLP: as compact JSON writes them, key before value, they are
//! read without looking anything up.

use super::plan::Slot;
use super::read::{Nest, Order, Reader};
use super::scan::{Fault, Step};
use super::write::{close, open};
use crate::limits::MAX_VALUE_DEPTH;

impl Reader<'_> {
    /// Reads a `KeyValue`; the cursor stands at its brace.
    pub(super) fn key_value(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        let start = open(&mut self.out, slot.number, 1);
        if self.cursor.chunk() == Some(b"{\"key\":\"") {
            self.cursor.at += b"{\"key\":".len();
            self.key_first(slot.child, nest)?;
        } else {
            self.message(slot.child, nest)?;
        }
        close(&mut self.out, start, 1);
        Ok(())
    }

    /// Reads the rest of a `KeyValue` whose first member is its key; the cursor stands at the quote
    /// of that key.
    #[inline(always)]
    fn key_first(&mut self, index: usize, nest: Nest) -> Step {
        let [key, value] = self.plans[index].slots.as_slice() else { return Err(Fault::Name) };
        let start = self.out.len();
        let mut order = Order::new();
        self.string(key, &mut order)?;
        if self.cursor.eat(b",\"value\":") {
            match self.cursor.token() {
                b'{' => {
                    order.note(value);
                    self.any_value(value, Nest { json: nest.json + 1, ..nest })?;
                }
                _ => self.mismatch(nest)?,
            }
        }
        if self.cursor.another_member()? {
            self.members(index, &mut order, nest)?;
        }
        self.finish(&order, start);
        Ok(())
    }

    /// Reads an `AnyValue`; the cursor stands at its brace.
    pub(super) fn any_value(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        if nest.lists > MAX_VALUE_DEPTH {
            return Err(Fault::ValueDepth);
        }
        let start = open(&mut self.out, slot.number, 1);
        match self.value_slot(slot.child) {
            Some(slot) => {
                let mut order = Order::new();
                self.field(slot, &mut order, nest)?;
                if self.cursor.another_member()? {
                    self.members(slot.child, &mut order, nest)?;
                }
                self.finish(&order, start);
            }
            None => self.message(slot.child, nest)?,
        }
        close(&mut self.out, start, 1);
        Ok(())
    }

    /// Steps over the brace and the first name of an `AnyValue`, if it is a known one; returns its slot.
    #[inline(always)]
    fn value_slot(&mut self, index: usize) -> Option<&'static Slot> {
        let letter = self.cursor.chunk::<3>()?[2];
        let slot = self.plans[index].slots.iter().find(|slot| slot.name.as_bytes()[0] == letter)?;
        let brace = self.cursor.at;
        self.cursor.at += 1;
        if slot.eat_name(&mut self.cursor) {
            return Some(slot);
        }
        self.cursor.at = brace;
        None
    }
}
