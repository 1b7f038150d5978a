//! How the values of a column are read from messages of one type.

use super::column::{Column, Read, nested};
use super::elements::Repeated;
use super::types::Type;
use super::walk::{Slot, Walk};
use crate::schema::{Field, Kind, Message, Role, Rule};

/// What is done for each message, with the slots its fields are found in.
#[derive(Debug)]
pub(super) enum Op {
    /// Such messages have no such field.
    Null,
    /// A number or bool; NULL where it has presence and is absent.
    Scalar { slot: Slot, kind: Kind, presence: bool },
    /// Nanoseconds since the epoch.
    Time(Slot),
    /// A double, or an integer as one.
    Number { double: Option<Slot>, int: Option<Slot> },
    /// Text; NULL where empty.
    Text(Slot),
    /// An id of that many bytes, in hex.
    Id { slot: Slot, len: usize },
    /// An integer or a bool as text; NULL where JSON leaves it out.
    ScalarText { slot: Slot, field: &'static Field },
    /// An id of any length, in hex; NULL where it is empty.
    Hex(Slot),
    /// The name of an enum's number.
    EnumName { slot: Slot, names: EnumNames },
    /// Attributes as a JSON object.
    Object { slot: Slot, repeated: Repeated },
    /// One attribute as text.
    Attribute { slot: Slot, repeated: Repeated, key: Box<str> },
    /// An `AnyValue` as JSON.
    AnyJson(Slot),
    /// An `AnyValue` as text.
    AnyText(Slot),
    /// A value in a message in a field, absent or not.
    Inner { slot: Slot, members: Box<Members> },
    /// A struct; NULL where its message is absent.
    Struct { slot: Slot, members: Box<Members> },
    /// A list of structs.
    Structs { slot: Slot, repeated: Repeated, members: Box<Members> },
    /// A list of packed numbers.
    Packed { slot: Slot, kind: Kind },
    /// A list of texts.
    Texts { slot: Slot, repeated: Repeated },
}

/// The names of an enum's numbers, which all start with the name of the enum.
#[derive(Debug, Clone, Copy)]
pub(super) struct EnumNames {
    names: &'static [&'static str],
    prefix: usize,
}

/// What is read of messages that are nested in others.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) walk: Walk,
    pub(super) ops: Vec<Op>,
}

impl EnumNames {
    pub(super) fn new(names: &'static [&'static str]) -> EnumNames {
        // All names of an enum begin alike, and its first ends in one word: `STATUS_CODE_UNSET`.
        let prefix = names.first().and_then(|name| name.rfind('_')).map_or(0, |at| at + 1);
        EnumNames { names, prefix }
    }

    /// The name of a number, without that of the enum.
    #[inline]
    pub(super) fn get(self, number: i32) -> Option<&'static str> {
        // An open enum: any 32 bits may come, negative ones too.
        let name = self.names.get(usize::try_from(number).ok()?)?;
        name.get(self.prefix..)
    }

    /// Every name, in the order of their numbers.
    pub(super) fn all(self) -> impl Iterator<Item = &'static str> {
        self.names.iter().filter_map(move |name| name.get(self.prefix..))
    }

    /// The number of a name.
    pub(super) fn number(self, name: &[u8]) -> Option<i32> {
        let number = self.names.iter().position(|known| {
            known.get(self.prefix..).is_some_and(|known| known.as_bytes() == name)
        })?;
        i32::try_from(number).ok()
    }
}

impl Members {
    /// What `columns` need of such a message.
    pub(super) fn new(columns: &[Column], message: &'static Message) -> Members {
        let mut walk = Walk::new(message);
        let ops = columns.iter().map(|column| Op::new(column, message, &mut walk)).collect();
        Members { walk, ops }
    }
}

impl Op {
    /// How `column` is read from such a message, of which `walk` finds the fields.
    pub(super) fn new(column: &Column, message: &'static Message, walk: &mut Walk) -> Op {
        let mut want = |name: &str| Some(walk.want(find(message, name)?.number));
        let op = match column.read {
            Read::Field(name) | Read::Time(name) => {
                find(message, name).map(|field| Op::field(column.kind, field, message, walk))
            }
            Read::Inner(outer, inner) => {
                nested(message, outer).zip(want(outer)).map(|(message, slot)| {
                    let column = Column { read: Read::Field(inner), ..*column };
                    Op::Inner { slot, members: Box::new(Members::new(&[column], message)) }
                })
            }
            Read::Attribute(key) => find(message, "attributes").map(|field| Op::Attribute {
                slot: walk.want(field.number),
                repeated: Repeated::new(message, field.number),
                key: key.into(),
            }),
            Read::Number => {
                let (double, int) = (want("asDouble"), want("asInt"));
                (double.is_some() || int.is_some()).then_some(Op::Number { double, int })
            }
            Read::Duration | Read::MetricKind | Read::SchemaUrl => None,
        };
        op.unwrap_or(Op::Null)
    }

    /// How one attribute is read as text of what this reads as an object of all; `None` if it reads none.
    pub(super) fn attribute(self, key: &str) -> Option<Op> {
        match self {
            Op::Null => Some(Op::Null),
            Op::Object { slot, repeated } => {
                Some(Op::Attribute { slot, repeated, key: key.into() })
            }
            _ => None,
        }
    }

    /// How a field of one value is read as the text that `->>` makes of it in JSON.
    pub(super) fn member(field: &'static Field, walk: &mut Walk) -> Op {
        let slot = walk.want(field.number);
        match field.kind {
            Kind::String => Op::Text(slot),
            Kind::Id => Op::Hex(slot),
            _ => Op::ScalarText { slot, field },
        }
    }

    fn field(kind: Type, field: &'static Field, message: &'static Message, walk: &mut Walk) -> Op {
        let slot = walk.want(field.number);
        let repeated = Repeated::new(message, field.number);
        match (kind, field.kind) {
            (Type::TimestampNs, Kind::Fixed64) => Op::Time(slot),
            (Type::Varchar, Kind::String) => Op::Text(slot),
            (Type::Varchar, Kind::Id) => Op::Id { slot, len: id_len(field) },
            (Type::Varchar, Kind::Enum(names)) => {
                Op::EnumName { slot, names: EnumNames::new(names) }
            }
            (Type::Json, Kind::Message(attribute)) if attribute.role == Role::KeyValue => {
                Op::Object { slot, repeated }
            }
            (Type::Json, Kind::Message(_)) => Op::AnyJson(slot),
            (Type::Varchar, Kind::Message(_)) => Op::AnyText(slot),
            (Type::Struct(columns), Kind::Message(inner)) => {
                Op::Struct { slot, members: Box::new(Members::new(columns, inner)) }
            }
            (Type::List(Type::Struct(columns)), Kind::Message(inner)) => {
                let members = Box::new(Members::new(columns, inner));
                Op::Structs { slot, repeated, members }
            }
            (Type::List(_), Kind::String) => Op::Texts { slot, repeated },
            (Type::List(_), kind) => Op::Packed { slot, kind },
            (_, kind) => Op::Scalar { slot, kind, presence: field.rule != Rule::Singular },
        }
    }
}

/// The field of that OTLP/JSON name.
fn find(message: &'static Message, name: &str) -> Option<&'static Field> {
    message.fields.iter().find(|field| field.name == name)
}

/// Bytes of a valid id: those of traces are twice as long as those of spans.
pub(super) fn id_len(field: &Field) -> usize {
    // There are no other ids than those of traces and of spans.
    if field.name == "traceId" { 16 } else { 8 }
}
