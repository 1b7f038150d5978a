//! What a column is: its name, type and meaning, and where its values stand.

use super::op::EnumNames;
use super::window::metric_kind;
use super::{Relation, Type};
use crate::schema::role::{METRIC_KINDS, metric_kinds};
use crate::schema::{self, INSTRUMENTATION_SCOPE, Kind, METRIC, Message, RESOURCE};
use crate::signal::Signal;

/// A column of a relation, or a member of a struct.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in SQL.
    pub name: &'static str,
    /// Its type in SQL.
    pub kind: Type,
    /// What it says, for people, with the unit.
    pub meaning: &'static str,
    pub(super) level: Level,
    pub(super) read: Read,
}

/// The message that the values of a column stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The span, log record or data point; of a member, the message that stands for its struct.
    Row,
    /// The `Metric` of a data point.
    Metric,
    /// The `Gauge`, `Sum`, … of a data point.
    Data,
    /// The `InstrumentationScope`.
    Scope,
    /// The `Resource`.
    Resource,
}

/// What of the message a column reads. Fields go by their OTLP/JSON names; how one reads follows from
/// its kind and the column's type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Read {
    /// A field. Messages without it read as NULL.
    Field(&'static str),
    /// A field of the message in a field, absent or not.
    Inner(&'static str, &'static str),
    /// The field that the index of a segment has as the time of the row.
    Time(&'static str),
    /// The text of the first attribute with this key.
    Attribute(&'static str),
    /// The duration that the index of a segment has: `endTimeUnixNano` less `startTimeUnixNano`.
    Duration,
    /// `asDouble`, or `asInt` as a double.
    Number,
    /// The name of the field of the metric that is set.
    MetricKind,
    /// The `schemaUrl` that stands beside the message.
    SchemaUrl,
}

/// A column of the rows' own messages, or a member of a struct.
pub(super) const fn row(
    name: &'static str,
    kind: Type,
    read: Read,
    meaning: &'static str,
) -> Column {
    Column { name, kind, meaning, level: Level::Row, read }
}

/// A column of messages that rows share.
pub(super) const fn shared(
    name: &'static str,
    kind: Type,
    level: Level,
    read: Read,
    meaning: &'static str,
) -> Column {
    Column { name, kind, meaning, level, read }
}

impl Column {
    /// Whether it is the time of a row, which the index of a segment has.
    pub fn is_time(&self) -> bool {
        matches!(self.read, Read::Time(_))
    }

    /// The meaning and the OTLP fields it comes from, as a comment of the column in `relation`.
    pub fn comment(&self, relation: &Relation) -> String {
        format!("{} OTLP: {}.", self.meaning, self.origin(relation))
    }

    /// The OTLP fields the values come from, as `Message.field` in the names of the `.proto` files.
    pub fn origin(&self, relation: &Relation) -> String {
        let messages = messages(relation.signal, self.level);
        match self.read {
            Read::MetricKind => "the field of Metric.data that is set".to_owned(),
            Read::SchemaUrl => {
                format!("{}.schema_url", beside(relation.signal, self.level).name)
            }
            _ => self.origin_in(&messages),
        }
    }

    /// The same for a member of a struct that these messages stand for.
    pub fn origin_in(&self, messages: &[&'static Message]) -> String {
        match self.read {
            Read::Inner(outer, inner) => {
                let within: Vec<_> =
                    messages.iter().filter_map(|message| nested(message, outer)).collect();
                places(&within, inner)
            }
            Read::Attribute(key) => format!("{}['{key}']", places(messages, "attributes")),
            Read::Duration => format!(
                "{} - {}",
                places(messages, "endTimeUnixNano"),
                places(messages, "startTimeUnixNano")
            ),
            Read::Number => {
                format!("{} or {}", places(messages, "asDouble"), places(messages, "asInt"))
            }
            Read::Field(field) | Read::Time(field) => places(messages, field),
            Read::MetricKind | Read::SchemaUrl => String::new(),
        }
    }

    /// The messages that the struct in this column, or in its list, stands for.
    pub fn member_messages(&self, messages: &[&'static Message]) -> Vec<&'static Message> {
        let Read::Field(field) = self.read else { return Vec::new() };
        if self.members().is_empty() {
            return Vec::new();
        }
        let mut found: Vec<&'static Message> = Vec::new();
        for inner in messages.iter().filter_map(|message| nested(message, field)) {
            // Kinds of points have the same message in a field, as in `exemplars`: it is described once.
            if !found.iter().any(|known| std::ptr::eq(*known, inner)) {
                found.push(inner);
            }
        }
        found
    }

    /// Whether it is a JSON object of attributes, so that [`super::Plan::push_attribute`] reads one of them.
    pub fn has_attributes(&self) -> bool {
        matches!((self.kind, self.read), (Type::Json, Read::Field(name)) if name != "body")
    }

    /// The messages that this column of a relation reads from.
    pub fn messages(&self, relation: &Relation) -> Vec<&'static Message> {
        messages(relation.signal, self.level)
    }

    /// The texts that stand for an enum's numbers in this column of a relation; none if it is not of an enum.
    pub fn names(&self, relation: &Relation) -> Vec<String> {
        let messages = self.messages(relation);
        let (within, name): (Vec<_>, _) = match (self.kind, self.read) {
            (_, Read::MetricKind) => return (0..METRIC_KINDS).map(metric_kind).collect(),
            (Type::Varchar, Read::Field(name)) => (messages, name),
            (Type::Varchar, Read::Inner(outer, name)) => {
                (messages.into_iter().filter_map(|message| nested(message, outer)).collect(), name)
            }
            _ => return Vec::new(),
        };
        let mut fields = within.iter().flat_map(|message| message.fields);
        match fields.find(|field| field.name == name).map(|field| field.kind) {
            Some(Kind::Enum(names)) => EnumNames::new(names).all().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// The members of the struct in the column, or in its list.
    pub fn members(&self) -> &'static [Column] {
        match self.kind {
            Type::Struct(members) => members,
            Type::List(&Type::Struct(members)) => members,
            _ => &[],
        }
    }
}

/// The types a message of a level may have. Data points and what holds them have one for each kind of
/// metric, in the order of `Metric`'s fields.
pub(super) fn messages(signal: Signal, level: Level) -> Vec<&'static Message> {
    match (level, signal) {
        (Level::Row, Signal::Traces | Signal::Logs) => vec![signal.element()],
        (Level::Row, Signal::Metrics) => {
            metric_kinds().filter_map(|(_, data)| data.points()).collect()
        }
        (Level::Data, _) => metric_kinds().map(|(_, data)| data).collect(),
        (Level::Metric, _) => vec![&METRIC],
        (Level::Scope, _) => vec![&INSTRUMENTATION_SCOPE],
        (Level::Resource, _) => vec![&RESOURCE],
    }
}

/// The message that holds the resource or scope, and the schema URL beside it.
pub(super) fn beside(signal: Signal, level: Level) -> &'static Message {
    match (level, signal) {
        (Level::Resource, Signal::Traces) => &schema::RESOURCE_SPANS,
        (Level::Resource, Signal::Metrics) => &schema::RESOURCE_METRICS,
        (Level::Resource, Signal::Logs) => &schema::RESOURCE_LOGS,
        (_, Signal::Traces) => &schema::SCOPE_SPANS,
        (_, Signal::Metrics) => &schema::SCOPE_METRICS,
        (_, Signal::Logs) => &schema::SCOPE_LOGS,
    }
}

/// The message in a field of a message.
pub(super) fn nested(message: &'static Message, field: &str) -> Option<&'static Message> {
    match message.fields.iter().find(|known| known.name == field)?.kind {
        Kind::Message(inner) => Some(inner),
        _ => None,
    }
}

/// `Message.field` for all of the messages that have the field; those whose names end alike are named
/// together.
fn places(messages: &[&'static Message], field: &str) -> String {
    const POINT: &str = "DataPoint";
    let has = |message: &&&'static Message| message.fields.iter().any(|known| known.name == field);
    let mut names: Vec<&str> = messages.iter().filter(has).map(|message| message.name).collect();
    // Points of gauges and sums are of one message, which is named once.
    names.dedup();
    let prefixes: Vec<_> = names.iter().filter_map(|name| name.strip_suffix(POINT)).collect();
    let field = snake_case(field);
    match names.as_slice() {
        [name] => format!("{name}.{field}"),
        // `{Number,Histogram}DataPoint.flags`: what all names end in is said once.
        _ if prefixes.len() == names.len() => format!("{{{}}}{POINT}.{field}", prefixes.join(",")),
        _ => format!("{{{}}}.{field}", names.join(",")),
    }
}

/// A name of OTLP/JSON as the `.proto` files write it.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
