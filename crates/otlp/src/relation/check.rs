//! Conditions on the fields of a message, told without reading a value.

use std::ops::RangeInclusive;

use super::attributes;
use super::elements::Repeated;
use super::op::{EnumNames, Members, Op};
use super::table::Fields;
use super::value_json;
use super::walk::{ABSENT, Slot};
use crate::json::rendered_id;
use crate::schema::{Kind, MAX_NUMBER};
use crate::segment::valid_time;
use crate::wire::unzigzag;

/// What the value of a column has to be. NULL never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// A number or time, in nanoseconds, in this range.
    Range(RangeInclusive<i64>),
    /// One of these texts.
    OneOf(Vec<Vec<u8>>),
}

/// A condition on messages of one type.
#[derive(Debug)]
pub(super) enum Check {
    /// The same answer for all of them.
    Always(bool),
    Time(Slot, RangeInclusive<i64>),
    Number {
        slot: Slot,
        kind: Kind,
        absent: Option<u64>,
        range: RangeInclusive<i64>,
    },
    Text(Slot, Vec<Vec<u8>>),
    Id(Slot, Vec<Vec<u8>>),
    Enum(Slot, Vec<i32>),
    Attribute {
        slot: Slot,
        repeated: Repeated,
        key: Box<str>,
        texts: Vec<Vec<u8>>,
    },
    Inner {
        slot: Slot,
        members: Box<Members>,
        check: Box<Check>,
    },
}

impl Check {
    /// Whether what `op` reads is within `bound`; `None` if that cannot be told this way.
    pub(super) fn new(op: Op, bound: &Bound) -> Option<Check> {
        Some(match (op, bound) {
            (Op::Null, _) => Check::Always(false),
            (Op::Time(slot), Bound::Range(range)) => Check::Time(slot, range.clone()),
            (Op::Scalar { slot, kind, presence }, Bound::Range(range)) if fits_int64(kind) => {
                let absent = if presence { None } else { Some(0) };
                Check::Number { slot, kind, absent, range: range.clone() }
            }
            (Op::Text(slot), Bound::OneOf(texts)) => Check::Text(slot, texts.clone()),
            (Op::Id { slot, len }, Bound::OneOf(texts)) => Check::Id(slot, ids(texts, len)),
            (Op::EnumName { slot, names }, Bound::OneOf(texts)) => {
                Check::Enum(slot, enum_numbers(texts, names))
            }
            (Op::Attribute { slot, repeated, key }, Bound::OneOf(texts)) => {
                Check::Attribute { slot, repeated, key, texts: texts.clone() }
            }
            (Op::Inner { slot, mut members }, bound) => {
                let check = Box::new(Check::new(members.ops.pop()?, bound)?);
                Check::Inner { slot, members, check }
            }
            _ => return None,
        })
    }

    /// Whether a message meets the condition.
    #[inline]
    pub(super) fn passes(&self, fields: Fields<'_>) -> bool {
        match self {
            Check::Always(answer) => *answer,
            Check::Time(slot, range) => {
                fields.fixed64(*slot).and_then(valid_time).is_some_and(|time| range.contains(&time))
            }
            Check::Number { slot, kind, absent, range } => {
                let bits = fields.bits(*slot, *kind).or(*absent);
                bits.is_some_and(|bits| range.contains(&int64(*kind, bits)))
            }
            Check::Text(slot, texts) => fields.content(*slot).is_some_and(|text| {
                let text = text.content();
                // An empty text reads as NULL, which is equal to nothing.
                !text.is_empty() && texts.iter().any(|one| one == text)
            }),
            Check::Id(slot, ids) => fields.content(*slot).is_some_and(|id| {
                let id = id.content();
                ids.iter().any(|one| one == id)
            }),
            Check::Enum(slot, numbers) => {
                let number = fields.bits(*slot, Kind::Enum(&[])).unwrap_or(0) as i32;
                numbers.contains(&number)
            }
            Check::Attribute { slot, repeated, key, texts } => {
                has_attribute(fields, *slot, *repeated, key, texts)
            }
            Check::Inner { slot, members, check } => inner_passes(fields, *slot, members, check),
        }
    }
}

fn has_attribute(
    fields: Fields<'_>,
    slot: Slot,
    repeated: Repeated,
    key: &str,
    texts: &[Vec<u8>],
) -> bool {
    let value = fields
        .at(slot)
        .and_then(|first| attributes::find(repeated.elements(first), key.as_bytes()))
        .and_then(value_json::text_of);
    value.is_some_and(|value| texts.iter().any(|one| **one == *value))
}

fn inner_passes(fields: Fields<'_>, slot: Slot, members: &Members, check: &Check) -> bool {
    let mut places = [ABSENT; MAX_NUMBER + 1];
    let places = &mut places[..members.walk.width()];
    if let Some(message) = fields.content(slot) {
        members.walk.locate(message, places);
        return check.passes(fields.within(places, message.end));
    }
    check.passes(fields.within(places, 0))
}

/// Whether every number of this kind is an `i64`.
fn fits_int64(kind: Kind) -> bool {
    !matches!(kind, Kind::Uint64 | Kind::Fixed64 | Kind::Double | Kind::Bool)
}

fn int64(kind: Kind, bits: u64) -> i64 {
    match kind {
        Kind::Sint32 => unzigzag(bits) as i32 as i64,
        Kind::Enum(_) => i64::from(bits as i32),
        Kind::Uint32 | Kind::Fixed32 => i64::from(bits as u32),
        _ => bits as i64,
    }
}

/// The ids that read as these texts.
pub(super) fn ids(texts: &[Vec<u8>], len: usize) -> Vec<Vec<u8>> {
    texts.iter().filter_map(|text| id(text, len)).collect()
}

/// Ids of other lengths, and such of zeros, read as NULL.
fn id(text: &[u8], len: usize) -> Option<Vec<u8>> {
    rendered_id(text).filter(|id| id.len() == len && id.iter().any(|&byte| byte != 0))
}

/// The numbers that read as these texts.
fn enum_numbers(texts: &[Vec<u8>], names: EnumNames) -> Vec<i32> {
    let number = |text: &Vec<u8>| names.number(text).or_else(|| unnamed(text, names));
    texts.iter().filter_map(number).collect()
}

/// The number without a name that reads as this text.
fn unnamed(text: &[u8], names: EnumNames) -> Option<i32> {
    let number: i32 = str::from_utf8(text).ok()?.parse().ok()?;
    // `+7` and `07` read as 7, but no number is written so; and a number that has a name shows as that.
    (names.get(number).is_none() && number.to_string().as_bytes() == text).then_some(number)
}
