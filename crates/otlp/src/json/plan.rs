//! The schema, laid out for the JSON reader: member names ready to compare, messages by index.

use std::sync::LazyLock;

use wide::u8x16;

use super::scan::Cursor;
use crate::schema::role::tag;
use crate::schema::{Field, Kind, MAX_NUMBER, Message, Older, Role, Rule};
use crate::signal::Signal;

/// Bytes of the longest member name with its quotes and colon, rounded up.
const NAME_BYTES: usize = 32;

/// How one message is read.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) role: Role,
    pub(super) slots: Vec<Slot>,
    /// Members of older versions, and the number of the field that took the place of each.
    pub(super) older: Vec<(Slot, u32)>,
    /// Of a row, the fields that hold its time, the better one first; 0 is none.
    pub(super) times: [u32; 2],
    /// The number of a field that is there at 0 where it is absent, in a message of older versions.
    pub(super) implied: Option<u32>,
}

/// How one field is read.
#[derive(Debug)]
pub(super) struct Slot {
    /// `"name":`, then anything.
    text: [u8x16; 2],
    /// All ones where `text` has its say.
    mask: [u8x16; 2],
    text_len: usize,
    pub(super) name: &'static str,
    /// The name behind that of its message: `Span.kind`.
    pub(super) field: String,
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) rule: Rule,
    /// Whether it is the key of an attribute.
    pub(super) is_key: bool,
    /// The plan of the nested message; of no meaning for scalars.
    pub(super) child: usize,
}

impl Slot {
    fn new(message: &Message, field: &Member, child: usize) -> Slot {
        let name = format!("\"{}\":", field.name);
        let mut text = [0; NAME_BYTES];
        let mut mask = [0; NAME_BYTES];
        text[..name.len()].copy_from_slice(name.as_bytes());
        mask[..name.len()].fill(u8::MAX);
        let [text, mask] = [text, mask].map(halves);
        Slot {
            text,
            mask,
            text_len: name.len(),
            name: field.name,
            field: format!("{}.{}", message.name, field.name),
            number: field.number,
            kind: field.kind,
            rule: field.rule,
            is_key: message.role == Role::KeyValue && field.number == tag::number(tag::KEY),
            child,
        }
    }

    /// Steps over the name of this field and its colon, if they stand next without a space between.
    #[inline(always)]
    pub(super) fn eat_name(&self, cursor: &mut Cursor<'_>) -> bool {
        let Some(chunk) = cursor.chunk::<NAME_BYTES>() else { return false };
        let [first, second] = halves(*chunk);
        // A name is compared as two registers, whatever its length: what stands behind it in the text is masked out.
        let differences =
            (first ^ self.text[0]) & self.mask[0] | (second ^ self.text[1]) & self.mask[1];
        let found = differences == u8x16::ZERO;
        cursor.at += if found { self.text_len } else { 0 };
        found
    }

    /// Whether the field is one value, and canonical text leaves it out at its default.
    pub(super) fn has_default(&self) -> bool {
        self.rule == Rule::Singular && !matches!(self.kind, Kind::Message(_))
    }

    /// Whether a value at its default is written.
    pub(super) fn is_explicit(&self) -> bool {
        matches!(self.rule, Rule::Optional | Rule::Implied | Rule::Oneof)
    }

    /// Whether further occurrences add to the field instead of replacing it.
    pub(super) fn appends(&self) -> bool {
        self.rule == Rule::Repeated && matches!(self.kind, Kind::Message(_) | Kind::String)
    }
}

fn halves(bytes: [u8; NAME_BYTES]) -> [u8x16; 2] {
    let (halves, _) = bytes.as_chunks();
    [u8x16::new(halves[0]), u8x16::new(halves[1])]
}

impl Plan {
    /// The position of the field of that name.
    ///
    /// # Errors
    /// If there is none; one of older versions, if that has the name.
    pub(super) fn find(&'static self, name: &[u8]) -> Result<usize, Option<&'static (Slot, u32)>> {
        let is_named = |slot: &Slot| slot.name.as_bytes() == name;
        let position = self.slots.iter().position(is_named);
        position.ok_or_else(|| self.older.iter().find(|(slot, _)| is_named(slot)))
    }
}

/// The plan of the message of a whole request.
pub(super) fn root(signal: Signal) -> usize {
    signal as usize
}

/// The plans of all messages, those of whole requests first.
pub(super) static PLANS: LazyLock<Vec<Plan>> = LazyLock::new(|| {
    let mut messages: Vec<&'static Message> = Signal::ALL.map(Signal::data).to_vec();
    let mut plans = Vec::new();
    // Messages refer to each other in circles, so they go by their place in this list, which grows while it is gone
    // through.
    while let Some(&message) = messages.get(plans.len()) {
        let mut slot = |member: Member| {
            let child = child(member.kind, &mut messages);
            Slot::new(message, &member, child)
        };
        let slots = message.fields.iter().map(|field| slot(Member::from(field))).collect();
        let older = message.older.iter().map(|older| (slot(Member::from(older)), older.now.into()));
        let older = older.collect();
        let implied = message.fields.iter().find(|field| field.rule == Rule::Implied);
        plans.push(Plan {
            role: message.role,
            slots,
            older,
            times: message.times.map(u32::from),
            implied: implied.map(|field| field.number.into()),
        });
    }
    plans
});

/// A member of a message, of today or of an older version.
struct Member {
    name: &'static str,
    number: u32,
    kind: Kind,
    rule: Rule,
}

impl From<&'static Field> for Member {
    fn from(&Field { name, number, kind, rule, .. }: &'static Field) -> Member {
        Member { name, number: number.into(), kind, rule }
    }
}

impl From<&'static Older> for Member {
    fn from(&Older { name, number, kind, rule, .. }: &'static Older) -> Member {
        Member { name, number, kind, rule }
    }
}

/// Where the message of a field stands among `messages`, added if it is new.
fn child(kind: Kind, messages: &mut Vec<&'static Message>) -> usize {
    let Kind::Message(message) = kind else { return 0 };
    let known = messages.iter().position(|&known| std::ptr::eq(known, message));
    known.unwrap_or_else(|| {
        messages.push(message);
        messages.len() - 1
    })
}

/// What the reader learnt of one message, to guess right the next time. Wrong guesses cost time only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habit {
    /// The slot that followed each slot; at the end the one that came first.
    pub(super) next: [u8; MAX_NUMBER + 1],
    /// The bytes that the length of such a message took.
    pub(super) width: u8,
}

/// Stands for the place before the first member in [`Habit::next`].
pub(super) const START: usize = MAX_NUMBER;

impl Habit {
    /// Members in the order of the schema.
    pub(super) fn new() -> Habit {
        let mut next = std::array::from_fn(|slot| slot as u8 + 1);
        next[START] = 0;
        Habit { next, width: 1 }
    }
}
