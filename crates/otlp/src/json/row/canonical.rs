//! A cursor that steps over canonical JSON values only.

use zmij::Buffer;

use super::super::id::is_lower_hex;
use super::super::plan::{Plan, Slot};
use super::super::scan::Cursor;
use crate::kept::RowForm;
use crate::render::number;
use crate::schema::{Kind, Role, Rule};

#[cfg(test)]
mod tests;

/// Lists of values in one another that are still read here.
const MAX_LISTS: usize = 4;

/// Steps over values; every method gives up, with nothing, where they are not canonical.
pub(super) struct Canonical<'a> {
    pub(super) cursor: Cursor<'a>,
    plans: &'static [Plan],
    /// Whether doubles have to be written as they are rendered.
    exact: bool,
    /// The last integer that was read, without its sign.
    pub(super) magnitude: u64,
    /// Where doubles end, so far, that want a `.0`.
    pub(super) wholes: Vec<usize>,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Its default, which canonical text leaves out.
    Default,
    /// Something else.
    Other,
}

impl Holds {
    fn of(slot: &Slot, is_default: bool) -> Holds {
        match slot.rule {
            Rule::Singular if is_default => Holds::Default,
            _ => Holds::Other,
        }
    }
}

impl<'a> Canonical<'a> {
    pub(super) fn new(cursor: Cursor<'a>, plans: &'static [Plan], rows: RowForm) -> Canonical<'a> {
        Canonical { cursor, plans, exact: rows == RowForm::Text, magnitude: 0, wholes: Vec::new() }
    }

    /// Steps over the value of a field in an object that is nested in that many lists of values.
    #[inline(always)]
    pub(super) fn field(&mut self, slot: &'static Slot, lists: usize) -> Option<Holds> {
        match (slot.rule, slot.kind) {
            (Rule::Repeated, _) => self.list(slot, lists),
            (_, Kind::Message(_)) => self.message(slot, lists).map(|()| Holds::Other),
            (_, Kind::String) => self.string().map(|empty| Holds::of(slot, empty)),
            (_, Kind::Id) => self.hex().map(|empty| Holds::of(slot, empty)),
            (_, kind) => self.number(kind).map(|zero| Holds::of(slot, zero)),
        }
    }

    /// Steps over the elements of a repeated field.
    fn list(&mut self, slot: &'static Slot, lists: usize) -> Option<Holds> {
        self.expect(b"[")?;
        if self.cursor.eat(b"]") {
            return Some(Holds::Default);
        }
        loop {
            match slot.kind {
                Kind::Message(_) => self.message(slot, lists)?,
                Kind::String => drop(self.string()?),
                kind => drop(self.number(kind)?),
            }
            match self.cursor.peek() {
                b',' => self.cursor.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.cursor.at += 1;
        Some(Holds::Other)
    }

    /// Steps over a nested object.
    #[inline(always)]
    fn message(&mut self, slot: &'static Slot, lists: usize) -> Option<()> {
        match self.plans[slot.child].role {
            Role::KeyValue => self.attribute(lists),
            Role::AnyValue => self.any_value(lists),
            _ => self.object(slot.child, lists),
        }
    }

    /// Steps over an object whose members stand in their order, none at its default.
    fn object(&mut self, index: usize, lists: usize) -> Option<()> {
        self.expect(b"{")?;
        if self.cursor.eat(b"}") {
            return Some(());
        }
        let mut slots = self.plans[index].slots.iter();
        let mut oneof = false;
        loop {
            // The search goes on behind the member before, so members in another order find none.
            let slot = slots.find(|slot| slot.eat_name(&mut self.cursor))?;
            let member = slot.rule == Rule::Oneof;
            if member && oneof || self.field(slot, lists)? == Holds::Default {
                return None;
            }
            oneof |= member;
            if !self.another_member()? {
                return Some(());
            }
        }
    }

    /// Steps over a `KeyValue`.
    #[inline]
    fn attribute(&mut self, lists: usize) -> Option<()> {
        self.expect(b"{\"key\":\"")?;
        if self.rest_of_string()? {
            return None;
        }
        // Canonical text has the value last, and always; an attribute without one is read by the tables.
        self.expect(b",\"value\":")?;
        self.any_value(lists)?;
        self.expect(b"}")
    }

    /// Steps over an `AnyValue`.
    #[inline]
    fn any_value(&mut self, lists: usize) -> Option<()> {
        if self.cursor.eat(b"{\"stringValue\":\"") {
            self.rest_of_string()?;
        } else if self.cursor.eat(b"{\"intValue\":") {
            self.number(Kind::Int64)?;
        } else {
            self.rare_value(lists)?;
        }
        self.expect(b"}")
    }

    /// Steps over a value up to its last bracket.
    #[inline(never)]
    fn rare_value(&mut self, lists: usize) -> Option<()> {
        if self.cursor.eat(b"{\"boolValue\":") {
            return self.number(Kind::Bool).map(drop);
        }
        if self.cursor.eat(b"{\"doubleValue\":") {
            return self.number(Kind::Double).map(drop);
        }
        let values = match lists < MAX_LISTS {
            true if self.cursor.eat(b"{\"arrayValue\":{\"values\":[") => Self::any_value,
            true if self.cursor.eat(b"{\"kvlistValue\":{\"values\":[") => Self::attribute,
            _ => return None,
        };
        loop {
            values(self, lists + 1)?;
            if self.cursor.eat(b"]}") {
                return Some(());
            }
            self.expect(b",")?;
        }
    }

    /// Steps over a string; says whether it is empty.
    #[inline(always)]
    fn string(&mut self) -> Option<bool> {
        self.expect(b"\"")?;
        self.rest_of_string()
    }

    /// Steps over the rest of a string after its opening quote; says whether it is empty.
    #[inline(always)]
    fn rest_of_string(&mut self) -> Option<bool> {
        let start = self.cursor.at;
        loop {
            self.cursor.plain();
            match self.cursor.peek() {
                b'"' => break,
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
        self.cursor.at += 1;
        Some(self.cursor.at - start == 1)
    }

    /// Steps over an escape of two characters. Of those that have one, no other form is canonical.
    #[inline(never)]
    fn escape(&mut self) -> Option<()> {
        self.cursor.at += 1;
        let short = matches!(self.cursor.peek(), b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't');
        self.cursor.at += 1;
        short.then_some(())
    }

    /// Steps over a trace or span id; says whether it is empty.
    #[inline(always)]
    fn hex(&mut self) -> Option<bool> {
        if self.cursor.eat(b"\"\"") {
            return Some(true);
        }
        let len = match self.cursor.bytes.get(self.cursor.at..)? {
            [b'"', id @ ..] if is_lower_hex(id.first_chunk::<32>(), id.get(32)) => 32,
            [b'"', id @ ..] if is_lower_hex(id.first_chunk::<16>(), id.get(16)) => 16,
            _ => return None,
        };
        self.cursor.at += len + 2;
        Some(false)
    }

    /// Steps over a number or bool; says whether it is zero.
    #[inline(always)]
    fn number(&mut self, kind: Kind) -> Option<bool> {
        match kind {
            Kind::Fixed64 | Kind::Uint64 => self.quoted_integer(u64::MAX, 0)?,
            Kind::Int64 | Kind::Sfixed64 => {
                self.quoted_integer(i64::MAX.unsigned_abs(), i64::MIN.unsigned_abs())?;
            }
            Kind::Uint32 | Kind::Fixed32 => self.integer(u64::from(u32::MAX), 0)?,
            Kind::Enum(_) | Kind::Sint32 => {
                let (most, least) = (i32::MAX.unsigned_abs(), i32::MIN.unsigned_abs());
                self.integer(u64::from(most), u64::from(least))?;
            }
            Kind::Bool => return self.boolean(),
            Kind::Double => return self.double(),
            _ => return None,
        }
        Some(self.magnitude == 0)
    }

    #[inline(always)]
    fn quoted_integer(&mut self, most: u64, least: u64) -> Option<()> {
        self.expect(b"\"")?;
        self.integer(most, least)?;
        self.expect(b"\"")
    }

    /// Steps over an integer from minus `least` to `most`.
    #[inline(always)]
    fn integer(&mut self, most: u64, least: u64) -> Option<()> {
        let negative = self.cursor.eat(b"-");
        self.magnitude = self.cursor.decimal()?;
        let fits = match negative {
            true => (1..=least).contains(&self.magnitude),
            false => self.magnitude <= most,
        };
        fits.then_some(())
    }

    fn boolean(&mut self) -> Option<bool> {
        if self.cursor.eat(b"true") {
            return Some(false);
        }
        self.expect(b"false").map(|()| true)
    }

    fn double(&mut self) -> Option<bool> {
        let start = self.cursor.at;
        let number = self.cursor.number().ok()?;
        let text = &self.cursor.bytes[start..self.cursor.at];
        let value = number.to_f64(text)?;
        if !self.exact {
            return Some(value.to_bits() == 0);
        }
        if is_whole(text) {
            // `1` for `1.0` is so common, as JavaScript knows no other, that it is mended on the way.
            self.wholes.push(self.cursor.at);
            return Some(value.to_bits() == 0);
        }
        is_canonical_double(value, text).then_some(value.to_bits() == 0)
    }

    #[inline(always)]
    pub(super) fn expect<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        self.cursor.eat(text).then_some(())
    }

    /// Steps over a `,` and says yes, or over a `}` and says no.
    #[inline(always)]
    pub(super) fn another_member(&mut self) -> Option<bool> {
        let byte = self.cursor.peek();
        self.cursor.at += 1;
        match byte {
            b',' => Some(true),
            b'}' => Some(false),
            _ => None,
        }
    }
}

/// Digits that a double always tells apart: none with fewer of them has the same value.
const DIGITS: usize = 15;

/// Whether that text is what would be written for a double.
pub(super) fn is_canonical_double(value: f64, text: &[u8]) -> bool {
    is_shortest(text, value) || !is_whole(text) && is_written(value, text)
}

/// Whether a double is a whole number that would be written the same but for a `.0` at its end.
pub(super) fn is_whole(text: &[u8]) -> bool {
    // Below 10^15 every whole number is a double, and is written without an exponent.
    text.len() <= DIGITS && text.iter().all(|byte| matches!(byte, b'-' | b'0'..=b'9'))
}

/// Whether `text` is seen to be the shortest one for its value, and to need no exponent.
fn is_shortest(text: &[u8], value: f64) -> bool {
    // Doubles tell all numbers of 15 digits apart, so one that ends in another digit than 0 has no shorter form; and
    // below 10^-6 it would be written with an exponent.
    text.len() <= DIGITS + 1
        && text.iter().all(|byte| matches!(byte, b'-' | b'.' | b'0'..=b'9'))
        && matches!(text, [.., b'1'..=b'9'])
        && text.contains(&b'.')
        && value.abs() >= 1e-6
}

/// Whether a double is written as that text.
fn is_written(value: f64, text: &[u8]) -> bool {
    let mut buffer = Buffer::new();
    // In most cases the shortest digits are the text already; only where they have an exponent has ours another form.
    let plain = buffer.format_finite(value).as_bytes();
    if !plain.contains(&b'e') {
        return plain == text;
    }
    let mut written = Vec::new();
    number::double(value, &mut written);
    written == text
}
