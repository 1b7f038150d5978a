//! JSON objects to protobuf messages, as the plans of the schema say.

use std::ops::Range;

use super::Projection;
use super::noted::Noted;
use super::plan::{Habit, PLANS, Plan, START, Slot};
use super::row::Patterns;
use super::scan::{Cursor, Fault, Step};
use crate::kept::RowForm;
use crate::limits::MAX_VALUE_DEPTH;
use crate::order::{Run, sort_runs};
use crate::repair::Repair;
use crate::schema::{Kind, Role, Rule, WireType};
use crate::wire;
use crate::write::{close, open, put_scalar, put_tagged};

/// A value nested in more lists than allowed stands in at least this many arrays and objects.
const DEEP: usize = 3 * MAX_VALUE_DEPTH;

/// Reads the messages of one record.
pub(super) struct Reader<'a> {
    pub(super) cursor: Cursor<'a>,
    /// Protobuf, written back to back.
    pub(super) out: Vec<u8>,
    pub(super) noted: Noted,
    /// Whether something was written that only a merge makes canonical.
    pub(super) loose: bool,
    /// What the name of an older version stands for that was read last.
    older: Option<&'static (Slot, u32)>,
    pub(super) plans: &'static [Plan],
    pub(super) habits: &'a mut [Habit],
    /// The rows of each plan that are known.
    pub(super) patterns: &'a mut [Patterns],
    /// The fields written so far of every message that is open.
    pub(super) runs: Vec<Run>,
    pub(super) scratch: &'a mut Vec<u8>,
    pub(super) projection: Projection,
    pub(super) rows: RowForm,
    /// Whether rows may be told by what those before them were.
    pub(super) knows_rows: bool,
    /// Whether fields that the projection leaves out are read, for what is repaired in them.
    pub(super) reads_all: bool,
    /// Where elements stand, if somebody wants to know.
    pub(super) elements: Option<&'a mut Elements>,
}

/// The spans, log records and metrics of a record.
#[derive(Debug, Default)]
pub(super) struct Elements {
    /// Where each of them stands.
    pub(super) read: Vec<Range<usize>>,
    /// Where members of them stand that have no field.
    pub(super) foreign: Vec<usize>,
}

/// What is open around a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nest {
    /// Arrays and objects.
    pub(super) json: usize,
    /// `ArrayValue`s and `KeyValueList`s.
    pub(super) lists: usize,
}

/// Which members of a message were written, and in what order.
pub(super) struct Order {
    /// One bit per field number.
    seen: u32,
    /// The largest field number so far.
    last: u32,
    /// The slot read last.
    slot: usize,
    oneof: bool,
    unsorted: bool,
    duplicate: bool,
}

impl Order {
    pub(super) fn new() -> Order {
        Order { seen: 0, last: 0, slot: START, oneof: false, unsorted: false, duplicate: false }
    }

    /// Takes note that a member is written.
    #[inline(always)]
    pub(super) fn note(&mut self, slot: &Slot) {
        if slot.rule == Rule::Oneof {
            self.duplicate |= self.oneof;
            self.oneof = true;
        }
        if slot.number > self.last {
            self.last = slot.number;
        } else if self.has(slot) && !slot.appends() {
            self.duplicate = true;
        } else {
            // The number of the last one again is the next element of a repeated field.
            self.unsorted |= slot.number != self.last;
        }
        // A number of older versions is larger; such a field has an order of its own.
        self.seen |= 1_u32.wrapping_shl(slot.number);
    }

    /// Whether the member was written before.
    #[inline(always)]
    fn has(&self, slot: &Slot) -> bool {
        self.seen.wrapping_shr(slot.number) & 1 == 1
    }

    /// Whether a scalar at its default must be written: where it is told from absence, or replaces
    /// another value.
    #[inline(always)]
    fn keeps_default(&self, slot: &Slot) -> bool {
        slot.is_explicit() || self.has(slot)
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        record: &'a [u8],
        projection: Projection,
        habits: &'a mut [Habit],
        patterns: &'a mut [Patterns],
        scratch: &'a mut Vec<u8>,
    ) -> Reader<'a> {
        Reader {
            cursor: Cursor::new(record),
            out: Vec::new(),
            noted: Noted::default(),
            loose: false,
            older: None,
            plans: &PLANS,
            habits,
            patterns,
            runs: Vec::new(),
            scratch,
            projection,
            rows: RowForm::Messages,
            knows_rows: true,
            reads_all: false,
            elements: None,
        }
    }

    /// Reads an object into the content of a message; the cursor stands at its brace, inside of
    /// `nest`, which counts that brace.
    fn message(&mut self, index: usize, nest: Nest) -> Step {
        if self.cursor.opens_empty(b'}') {
            return Ok(());
        }
        let keep = self.projection.of(self.plans[index].role);
        let outer_runs = self.runs.len();
        let mut order = Order::new();
        loop {
            match self.member(index, &mut order)? {
                Some(slot) if keep >> slot.number & 1 == 1 => {
                    let start = self.out.len();
                    self.field(slot, &mut order, nest)?;
                    let end = self.out.len();
                    if end > start {
                        self.runs.push(Run { number: slot.number, start, end });
                    }
                }
                Some(slot) => self.dropped_field(slot, nest)?,
                None => self.other_member(index, keep, nest)?,
            }
            if !self.cursor.another_member()? {
                break;
            }
        }
        self.loose |= order.duplicate;
        // Where something is there twice, `normalize` rewrites the message, and sorts it as it does.
        if order.unsorted && !order.duplicate {
            sort_runs(&mut self.out, &mut self.runs[outer_runs..], self.scratch);
        }
        self.runs.truncate(outer_runs);
        Ok(())
    }

    /// Steps over a member name; returns its field, if it has one.
    #[inline(always)]
    fn member(&mut self, index: usize, order: &mut Order) -> Step<Option<&'static Slot>> {
        let plan: &'static Plan = &self.plans[index];
        // Senders write members in one order over and over: what followed the last one before mostly follows it now.
        let guess = usize::from(self.habits[index].next[order.slot]);
        self.cursor.token();
        if let Some(slot) = plan.slots.get(guess)
            && slot.eat_name(&mut self.cursor)
        {
            order.slot = guess;
            return Ok(Some(slot));
        }
        self.unexpected_member(index, order)
    }

    #[inline(never)]
    fn unexpected_member(
        &mut self,
        index: usize,
        order: &mut Order,
    ) -> Step<Option<&'static Slot>> {
        let plan: &'static Plan = &self.plans[index];
        let at = match plan.find(self.name()?) {
            Ok(at) => at,
            Err(older) => {
                self.older = older;
                return Ok(None);
            }
        };
        self.habits[index].next[order.slot] = at as u8;
        order.slot = at;
        Ok(Some(&plan.slots[at]))
    }

    /// Reads the value of a member that has no field today: but it may have had one in an older version.
    #[inline(never)]
    fn other_member(&mut self, index: usize, keep: u32, nest: Nest) -> Step {
        if let Some(elements) = &mut self.elements
            && self.plans[index].role.is_element()
        {
            elements.foreign.push(self.cursor.at);
        }
        let Some((slot, now)) = self.older.take() else {
            return self.cursor.skip(nest.json).map(drop);
        };
        if keep >> now & 1 == 0 {
            return self.dropped_field(slot, nest);
        }
        // It is the part of modernize() and normalize() to find the place that it has today.
        self.loose = true;
        let start = self.out.len();
        self.field(slot, &mut Order::new(), nest)?;
        let end = self.out.len();
        if end > start {
            self.runs.push(Run { number: slot.number, start, end });
        }
        Ok(())
    }

    /// Steps over a member name and its colon; returns the name without escapes.
    pub(super) fn name(&mut self) -> Step<&[u8]> {
        let (range, escaped) = self.cursor.name()?;
        if !escaped {
            return Ok(&self.cursor.bytes[range]);
        }
        self.scratch.clear();
        let mut name = Cursor { at: range.start, ..self.cursor };
        name.text(self.scratch, &mut Noted::default())?;
        Ok(self.scratch)
    }

    /// Steps over a field that the projection leaves out.
    fn dropped_field(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        let start = self.cursor.at;
        if !self.reads_all {
            // Grammar is checked either way; what is not read is not decoded.
            if self.cursor.skip(nest.json)? < DEEP {
                return Ok(());
            }
            // Only reading tells whether values are nested too deep.
            self.cursor.at = start;
        }
        let (len, noted, loose) = (self.out.len(), self.noted.clone(), self.loose);
        self.field(slot, &mut Order::new(), nest)?;
        self.out.truncate(len);
        self.loose = loose;
        if !self.reads_all {
            self.noted = noted;
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn field(&mut self, slot: &'static Slot, order: &mut Order, nest: Nest) -> Step {
        match (slot.rule, slot.kind) {
            (Rule::Repeated, Kind::Message(_) | Kind::String) => self.repeated(slot, order, nest),
            (Rule::Repeated, _) => self.packed(slot, order, nest),
            (_, Kind::Message(_)) => match self.cursor.token() {
                b'{' => self.nested(slot, order, nest),
                _ => self.mismatch(slot, nest),
            },
            (_, Kind::String | Kind::Bytes | Kind::Id) => match self.cursor.token() {
                b'"' => self.string(slot, order),
                _ => self.mismatch(slot, nest),
            },
            _ => self.number(slot, order, nest),
        }
    }

    /// Reads a string, id or bytes; the cursor stands at the quote.
    #[inline(always)]
    pub(super) fn string(&mut self, slot: &'static Slot, order: &mut Order) -> Step {
        let before = self.out.len();
        let len = match slot.kind {
            Kind::Id => self.id(slot)?,
            Kind::Bytes => self.bytes(slot)?,
            _ => Some(self.text(slot.number)?),
        };
        match len {
            Some(0) if order.keeps_default(slot) => order.note(slot),
            None | Some(0) => self.out.truncate(before),
            Some(_) => order.note(slot),
        }
        Ok(())
    }

    /// Reads a scalar of fixed width or a varint.
    #[inline(always)]
    fn number(&mut self, slot: &'static Slot, order: &mut Order, nest: Nest) -> Step {
        match self.scalar(slot, nest)? {
            None => {}
            // These are bits: minus zero, which a reader could tell from zero, is not left out.
            Some(0) if !order.keeps_default(slot) => {}
            Some(value) => {
                order.note(slot);
                put_tagged(&mut self.out, slot.number, slot.kind.wire_type(), value);
            }
        }
        Ok(())
    }

    /// Steps over a value of a type that the field cannot hold. `null` is as good as absent.
    #[inline(never)]
    pub(super) fn mismatch(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        if self.cursor.token() == b'n' {
            return self.cursor.literal("null");
        }
        self.wrong_element(slot, nest)
    }

    /// Steps over an array element of a type that the field cannot hold.
    #[inline(never)]
    fn wrong_element(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        // Told, and read as absent: to refuse a record for one value would lose all of its rows.
        self.noted.note(Repair::WrongType, Some(slot), self.cursor.at);
        self.cursor.skip(nest.json).map(drop)
    }

    /// Reads an array of objects or strings.
    fn repeated(&mut self, slot: &'static Slot, order: &mut Order, nest: Nest) -> Step {
        if self.cursor.token() != b'[' {
            return self.mismatch(slot, nest);
        }
        if self.cursor.opens_empty(b']') {
            return Ok(());
        }
        let nest = Nest { json: nest.json + 1, ..nest };
        let is_message = matches!(slot.kind, Kind::Message(_));
        loop {
            match self.cursor.token() {
                // Straight to the message: most of a record is elements of lists, and each would be asked for its
                // kind again.
                b'{' if is_message => self.nested(slot, order, nest)?,
                b'"' if !is_message => {
                    order.note(slot);
                    self.text(slot.number)?;
                }
                _ => self.wrong_element(slot, nest)?,
            }
            if !self.cursor.another_element()? {
                return Ok(());
            }
        }
    }

    /// Reads an object into a nested message; the cursor stands at its brace.
    #[inline(always)]
    pub(super) fn nested(&mut self, slot: &'static Slot, order: &mut Order, nest: Nest) -> Step {
        order.note(slot);
        let nest = Nest { json: nest.json + 1, ..nest };
        let plan: &'static Plan = &self.plans[slot.child];
        match plan.role {
            Role::KeyValue => self.key_value(slot, nest),
            Role::AnyValue => self.any_value(slot, nest),
            // Readers of protobuf recurse over lists of values, so the limit is one for both encodings, and told
            // where they are written.
            Role::ValueList if nest.lists == MAX_VALUE_DEPTH => Err(Fault::ValueDepth),
            Role::ValueList => self.plain(slot, Nest { lists: nest.lists + 1, ..nest }),
            Role::Metric => self.element(slot, nest, Self::plain),
            Role::Span | Role::LogRecord if self.knows_rows => self.element(slot, nest, Self::row),
            Role::Span | Role::LogRecord => self.element(slot, nest, Self::plain),
            row if row.is_row() && self.knows_rows => self.row(slot, nest),
            _ => match plan.implied {
                Some(number) => self.implied(slot, number, nest),
                None => self.plain(slot, nest),
            },
        }
    }

    /// Reads an element, and takes note of it if somebody wants to know.
    #[inline(always)]
    fn element(
        &mut self,
        slot: &'static Slot,
        nest: Nest,
        read: impl FnOnce(&mut Self, &'static Slot, Nest) -> Step,
    ) -> Step {
        let start = self.cursor.at;
        read(self, slot, nest)?;
        if let Some(elements) = &mut self.elements {
            elements.read.push(start..self.cursor.at);
        }
        Ok(())
    }

    /// Reads an object into a nested message, whichever it is.
    pub(super) fn plain(&mut self, slot: &'static Slot, nest: Nest) -> Step {
        let width = usize::from(self.habits[slot.child].width);
        let start = open(&mut self.out, slot.number, width);
        self.message(slot.child, nest)?;
        // The next message of this kind is likely to be about as long: a length of the right width need not be moved.
        self.habits[slot.child].width = close(&mut self.out, start, width) as u8;
        Ok(())
    }

    /// Reads an object into a nested message, which has the field of eight bytes with this number even where
    /// it is absent.
    #[cold]
    fn implied(&mut self, slot: &'static Slot, number: u32, nest: Nest) -> Step {
        let start = open(&mut self.out, slot.number, 1);
        self.message(slot.child, nest)?;
        let mut reader = wire::CheckingReader::new(&self.out[start..]);
        let mut found = false;
        while let Ok((known, wire_type)) = reader.tag() {
            found |= known == number;
            if reader.skip(known, wire_type).is_err() {
                break;
            }
        }
        if !found {
            // A sender of then had no way to say that there is no value: absent means 0.
            put_tagged(&mut self.out, number, WireType::Fixed64, 0);
        }
        close(&mut self.out, start, 1);
        Ok(())
    }

    /// Reads an array of scalars.
    fn packed(&mut self, slot: &'static Slot, order: &mut Order, nest: Nest) -> Step {
        if self.cursor.token() != b'[' {
            return self.mismatch(slot, nest);
        }
        if self.cursor.opens_empty(b']') {
            return Ok(());
        }
        let nest = Nest { json: nest.json + 1, ..nest };
        let before = self.out.len();
        let start = open(&mut self.out, slot.number, 1);
        loop {
            match self.cursor.token() {
                b'n' => self.wrong_element(slot, nest)?,
                _ => {
                    if let Some(value) = self.scalar(slot, nest)? {
                        put_scalar(&mut self.out, slot.kind.wire_type(), value);
                    }
                }
            }
            if !self.cursor.another_element()? {
                break;
            }
        }
        // Of elements that were all of a wrong type nothing is left, and an empty list is no field.
        if self.out.len() == start {
            self.out.truncate(before);
            return Ok(());
        }
        order.note(slot);
        close(&mut self.out, start, 1);
        Ok(())
    }
}
