//! What a row is made of, whoever wrote it: its members, and the values in them.

use std::ops::Range;

use super::super::plan::{Plan, Slot};
use super::super::scan::Cursor;
use super::value::{Content, Value};
use crate::schema::{Kind, Role, Rule};

/// Lists of values in one another that are still looked into.
const MAX_LISTS: usize = 4;

/// Reads what a row is made of; every method gives up, with nothing, where something seldom occurs, or is to be
/// repaired.
pub(super) struct Outline<'a> {
    pub(super) cursor: Cursor<'a>,
    plans: &'static [Plan],
    /// The values so far.
    pub(super) gaps: Vec<Gap>,
    /// The number of the field of the row that is open.
    member: u32,
}

/// A value that may be another in each row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    pub(super) value: Value,
    pub(super) filling: Filling,
}

/// What fills a gap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filling {
    pub(super) content: Content,
    pub(super) kind: Kind,
    pub(super) slot: &'static Slot,
    /// The number of the field of the row that it is part of.
    pub(super) member: u32,
    /// Whether a row is another one where it is at its default.
    pub(super) tells_default: bool,
    /// Which of the two times of the row it is.
    pub(super) time: Option<u8>,
}

/// A field, and what stands in it: nothing, if it is as good as absent.
pub(super) struct Field {
    pub(super) slot: &'static Slot,
    pub(super) nodes: Vec<Node>,
}

impl Field {
    /// Whether both say what one field or oneof is: which of them holds is for others to find out.
    fn excludes(&self, other: &Field) -> bool {
        let is_member = |field: &Field| field.slot.rule == Rule::Oneof && !field.nodes.is_empty();
        self.slot.number == other.slot.number || is_member(self) && is_member(other)
    }
}

/// A value, or an element of a repeated field.
pub(super) enum Node {
    /// The value of that index.
    Gap(usize),
    /// A text that is always the same.
    Text(Range<usize>),
    /// A nested message; its fields by number.
    Message(Vec<Field>),
}

impl<'a> Outline<'a> {
    pub(super) fn new(cursor: Cursor<'a>, plans: &'static [Plan]) -> Outline<'a> {
        Outline { cursor, plans, gaps: Vec::new(), member: 0 }
    }

    /// Reads a row.
    pub(super) fn row(&mut self, index: usize) -> Option<Vec<Field>> {
        self.fields(index, 0, true)
    }

    /// Reads the fields of a message.
    fn fields(&mut self, index: usize, lists: usize, is_row: bool) -> Option<Vec<Field>> {
        let plan = &self.plans[index];
        let mut fields: Vec<Field> = Vec::new();
        if self.cursor.token() != b'{' || plan.implied.is_some() {
            return None;
        }
        if self.cursor.opens_empty(b'}') {
            return Some(fields);
        }
        loop {
            let (name, escaped) = self.cursor.name().ok()?;
            let slot =
                &plan.slots[plan.find(&self.cursor.bytes[name]).ok().filter(|_| !escaped)?];
            if is_row {
                self.member = slot.number;
            }
            let first = self.gaps.len();
            let nodes = self.nodes(slot, lists)?;
            // Times count for the row alone: an event in it has one of the same name, at another depth. A time that is 0
            // in this row is no field of it, but its gap is that of rows in which it is not.
            if is_row && let Some(gap) = self.gaps.get_mut(first) {
                let time = plan.times.iter().position(|&time| time == slot.number);
                gap.filling.time = time.map(|time| time as u8);
            }
            let field = Field { slot, nodes };
            if fields.iter().any(|known| known.excludes(&field)) {
                return None;
            }
            fields.push(field);
            if !self.cursor.another_member().ok()? {
                break;
            }
        }
        // Canonical order. No number occurs twice, so nothing is said about the order of equals.
        fields.sort_by_key(|field| field.slot.number);
        Some(fields)
    }

    /// Reads what stands in a field.
    fn nodes(&mut self, slot: &'static Slot, lists: usize) -> Option<Vec<Node>> {
        match (slot.rule, self.cursor.token()) {
            (Rule::Implied, _) => None,
            // As good as absent; and part of the text that rows of this kind have, so that a row with a value is of
            // another.
            (_, b'n') => self.cursor.literal("null").ok().map(|()| Vec::new()),
            (Rule::Repeated, b'[') => self.elements(slot, lists),
            (Rule::Repeated, _) => None,
            _ if slot.is_key => self.key(),
            _ => {
                let node = self.node(slot, lists)?;
                let is_absent = match node {
                    Node::Gap(index) => slot.has_default() && self.gaps[index].value.default,
                    _ => false,
                };
                Some(if is_absent { Vec::new() } else { vec![node] })
            }
        }
    }

    fn elements(&mut self, slot: &'static Slot, lists: usize) -> Option<Vec<Node>> {
        let mut nodes = Vec::new();
        if self.cursor.opens_empty(b']') {
            return Some(nodes);
        }
        loop {
            // Each element is a gap of its own, so rows with more of them are of another kind.
            nodes.push(self.node(slot, lists)?);
            if !self.cursor.another_element().ok()? {
                return Some(nodes);
            }
        }
    }

    fn node(&mut self, slot: &'static Slot, lists: usize) -> Option<Node> {
        let Kind::Message(_) = slot.kind else { return self.gap(slot) };
        let lists = lists + usize::from(self.plans[slot.child].role == Role::ValueList);
        if lists > MAX_LISTS {
            return None;
        }
        self.fields(slot.child, lists, false).map(Node::Message)
    }

    /// Reads a value that may be another in each row.
    fn gap(&mut self, slot: &'static Slot) -> Option<Node> {
        self.cursor.token();
        // The quote is compared with the text before the gap: what is left to look at begins behind it.
        if matches!(slot.kind, Kind::String) && !self.cursor.eat(b"\"") {
            return None;
        }
        let content = Content::of(slot.kind);
        let value = self.cursor.value::<true>(content, slot.kind)?;
        let tells_default = slot.has_default();
        let (kind, member) = (slot.kind, self.member);
        let filling = Filling { content, kind, slot, member, tells_default, time: None };
        self.gaps.push(Gap { value, filling });
        Some(Node::Gap(self.gaps.len() - 1))
    }

    /// Reads the key of an attribute: rows of one kind have the same ones.
    fn key(&mut self) -> Option<Vec<Node>> {
        if !self.cursor.eat(b"\"") {
            return None;
        }
        let start = self.cursor.at;
        self.cursor.plain();
        let text = start..self.cursor.at;
        let nodes = if text.is_empty() { Vec::new() } else { vec![Node::Text(text)] };
        self.cursor.eat(b"\"").then_some(nodes)
    }
}
