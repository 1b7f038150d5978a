//! The OTLP messages of the stable signals, as data: every field of opentelemetry-proto 1.11, and every one
//! that was another in a version from 0.5 on.
//!
//! The wire walk, the JSON reader, the JSON writer and the docs all read these tables, so a field is
//! known everywhere or nowhere. `KeyValue.key_strindex` and `AnyValue.string_value_strindex` are left
//! out on purpose: they belong to profiles, and other signals treat them as absent.

mod older;
pub(crate) mod role;
#[cfg(test)]
mod tests;

pub(crate) use older::STRING_KEY_VALUE;
use older::{DOUBLE_GAUGE, DOUBLE_HISTOGRAM, DOUBLE_SUM, INT_GAUGE, INT_HISTOGRAM, INT_SUM};
pub(crate) use role::Role;

/// The largest field number of any known field.
pub const MAX_NUMBER: usize = 16;

/// No field has this number.
const NONE: u8 = u8::MAX;

/// Tags of any known field.
const TAGS: usize = 256;

/// A protobuf message.
#[derive(Debug)]
pub struct Message {
    /// Its name in the `.proto` files.
    pub name: &'static str,
    /// Its fields, ascending by number.
    pub fields: &'static [Field],
    /// Fields of older versions.
    pub(crate) older: &'static [Older],
    /// The message that took its place, where it is of older versions only.
    pub(crate) now: Option<&'static Message>,
    /// Its part in a request.
    pub(crate) role: Role,
    /// Of what has a time of its own, the numbers of the fields that hold it, the better one first; 0 is none.
    pub(crate) times: [u8; 2],
    by_number: [u8; MAX_NUMBER + 1],
    steps: [Step; TAGS],
}

/// What a walk does behind a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The tag is not that of a known field, or of one of a oneof.
    Other,
    /// Steps over eight bytes.
    Fixed64,
    /// Steps over four bytes.
    Fixed32,
    /// Steps over a length and that many bytes.
    Bytes,
    /// The same, of text.
    Text,
    /// Steps over a number, which is canonical if it takes one byte.
    Varint,
    /// Looks at the field.
    Field,
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    /// Field number.
    pub number: u8,
    /// The lowerCamelCase name of OTLP/JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How often, and how its absence shows.
    pub rule: Rule,
    /// The name as OTLP/JSON writes it.
    pub key: Key,
    wire_type: WireType,
}

/// A field as an older version of OTLP has it. What it says stands in another field today, or under another name.
#[derive(Debug)]
pub(crate) struct Older {
    /// Its number: that of today, where only the name was another.
    pub(crate) number: u32,
    /// The lowerCamelCase name of OTLP/JSON.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// How often, and how its absence shows.
    pub(crate) rule: Rule,
    /// The number of the field that took its place.
    pub(crate) now: u8,
    /// The number of another field that had no presence in those versions: beside this one it is 0 where it is
    /// absent. 0 is none.
    pub(crate) implies: u8,
}

/// `"name":`, padded to a block of constant size, which is cheaper to copy than the exact length.
#[derive(Debug)]
pub struct Key {
    /// The text, and zeros.
    pub block: [u8; Key::SIZE],
    /// Bytes of text.
    pub len: usize,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// UTF-8 text.
    String,
    /// Bytes; base64 in JSON.
    Bytes,
    /// A trace or span id: bytes; hex in JSON.
    Id,
    /// Varint 0 or 1.
    Bool,
    /// Varint; number in JSON.
    Uint32,
    /// Varint, zigzag; number in JSON.
    Sint32,
    /// Varint, an open enum; number in JSON. The names are indexed by number.
    Enum(&'static [&'static str]),
    /// Varint; decimal string in JSON.
    Uint64,
    /// Varint, two's complement; decimal string in JSON.
    Int64,
    /// Four bytes; number in JSON.
    Fixed32,
    /// Eight bytes; decimal string in JSON.
    Fixed64,
    /// Eight bytes, signed; decimal string in JSON.
    Sfixed64,
    /// Eight bytes; number in JSON, or "NaN", "Infinity", "-Infinity".
    Double,
    /// A nested message; object in JSON.
    Message(&'static Message),
}

/// How often a field may occur, and how its absence shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Once; a scalar at its default is absent. Messages always have presence.
    Singular,
    /// Once, present even at its default (`optional`).
    Optional,
    /// Once, at its default where it is absent; but what took its place tells absence from the default.
    Implied,
    /// At most one of the fields of the message with this rule is present (`oneof`).
    Oneof,
    /// Any number of times; scalars are packed.
    Repeated,
}

/// Protobuf wire types that OTLP uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireType {
    /// Base-128 varint.
    Varint = 0,
    /// Eight bytes, little-endian.
    Fixed64 = 1,
    /// A varint length and that many bytes.
    Len = 2,
    /// Four bytes, little-endian.
    Fixed32 = 5,
}

impl Kind {
    /// The wire type of one value of this kind.
    pub const fn wire_type(self) -> WireType {
        match self {
            Kind::String | Kind::Bytes | Kind::Id | Kind::Message(_) => WireType::Len,
            Kind::Bool
            | Kind::Uint32
            | Kind::Sint32
            | Kind::Enum(_)
            | Kind::Uint64
            | Kind::Int64 => WireType::Varint,
            Kind::Fixed32 => WireType::Fixed32,
            Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => WireType::Fixed64,
        }
    }
}

impl Field {
    /// The wire type the field is written with: packed where it repeats a scalar.
    #[inline]
    pub const fn wire_type(&self) -> WireType {
        self.wire_type
    }
}

impl Message {
    const fn new(name: &'static str, fields: &'static [Field]) -> Message {
        let mut by_number = [NONE; MAX_NUMBER + 1];
        let mut steps = [Step::Other; TAGS];
        let mut at = 0;
        while at < fields.len() {
            let field = &fields[at];
            // Walks over canonical messages end at the first larger number: they rely on this order.
            assert!(at == 0 || fields[at - 1].number < field.number);
            by_number[field.number as usize] = at as u8;
            // By number and wire type at once: a field of another wire type is found to be none without being looked
            // at.
            steps[(field.number as usize) << 3 | field.wire_type as usize] = field.step();
            at += 1;
        }
        let (role, times) = (Role::Other, [0; 2]);
        Message { name, fields, older: &[], now: None, role, times, by_number, steps }
    }

    /// The same message, which has this part in a request.
    const fn with_role(self, role: Role) -> Message {
        Message { role, ..self }
    }

    /// The same message, a row whose time stands in the first of these fields that is set.
    const fn timed(self, role: Role, fields: &[&str]) -> Message {
        let (mut times, mut at) = ([0; 2], 0);
        while at < fields.len() {
            times[at] = self.number(fields[at]);
            at += 1;
        }
        Message { role, times, ..self }
    }

    /// The same message, which has these fields in older versions.
    const fn with(self, older: &'static [Older]) -> Message {
        Message { older, ..self }
    }

    /// The same message, which another took the place of.
    const fn replaced_by(self, now: &'static Message) -> Message {
        Message { now: Some(now), ..self }
    }

    /// The position in `fields` of the field with this number.
    #[inline]
    pub fn position(&self, number: u32) -> Option<usize> {
        match self.by_number.get(number as usize) {
            Some(&at) if at != NONE => Some(usize::from(at)),
            _ => None,
        }
    }

    /// What a walk does behind a tag.
    #[inline(always)]
    pub(crate) fn step(&self, tag: u8) -> Step {
        self.steps[usize::from(tag)]
    }

    /// The field with this number that only older versions have.
    #[cold]
    pub(crate) fn older(&self, number: u32, wire_type: u8) -> Option<&'static Older> {
        let fits =
            |older: &&Older| older.number == number && older.kind.wire_type() as u8 == wire_type;
        if self.position(number).is_none() { self.older.iter().find(fits) } else { None }
    }

    /// Of `ResourceSpans` and its kin, what the list of scopes is called in any version.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &'static str> {
        // The only list of a group is that of its scopes.
        let today = self.fields.iter().filter(|field| field.rule == Rule::Repeated);
        today.map(|field| field.name).chain(self.older.iter().map(|older| older.name))
    }

    /// What a field with this number holds, and how often, in any version.
    pub(crate) fn kind_of(&'static self, number: u32, wire_type: u8) -> Option<(Kind, Rule)> {
        let today = self.field(number).map(|field| (field.kind, field.rule));
        today.or_else(|| self.older(number, wire_type).map(|older| (older.kind, older.rule)))
    }

    /// The field with this number.
    #[inline]
    pub fn field(&'static self, number: u32) -> Option<&'static Field> {
        self.position(number).map(|at| &self.fields[at])
    }
}

impl Field {
    const fn new(number: u8, name: &'static str, kind: Kind, rule: Rule) -> Field {
        let wire_type = match rule {
            Rule::Repeated => WireType::Len,
            _ => kind.wire_type(),
        };
        Field { number, name, kind, rule, key: Key::new(name), wire_type }
    }

    const fn step(&self) -> Step {
        match (self.rule, self.kind) {
            // Whether another member was set before is asked only where there is one.
            (Rule::Oneof, _) => Step::Other,
            (_, Kind::String) => Step::Text,
            (_, Kind::Bytes | Kind::Id) => Step::Bytes,
            (Rule::Repeated, _) => Step::Field,
            (_, Kind::Fixed64 | Kind::Sfixed64 | Kind::Double) => Step::Fixed64,
            (_, Kind::Fixed32) => Step::Fixed32,
            // A bool is canonical as 0 or 1, not as any number of one byte.
            (_, Kind::Message(_) | Kind::Bool) => Step::Field,
            _ => Step::Varint,
        }
    }
}

impl Key {
    /// Room for the longest name.
    pub const SIZE: usize = 32;

    const fn new(name: &str) -> Key {
        let (name, mut block, mut at) = (name.as_bytes(), [0; Key::SIZE], 0);
        block[0] = b'"';
        while at < name.len() {
            block[at + 1] = name[at];
            at += 1;
        }
        block[at + 1] = b'"';
        block[at + 2] = b':';
        Key { block, len: at + 3 }
    }
}

const fn one(number: u8, name: &'static str, kind: Kind) -> Field {
    Field::new(number, name, kind, Rule::Singular)
}

const fn optional(number: u8, name: &'static str, kind: Kind) -> Field {
    Field::new(number, name, kind, Rule::Optional)
}

const fn implied(number: u8, name: &'static str, kind: Kind) -> Field {
    Field::new(number, name, kind, Rule::Implied)
}

const fn oneof(number: u8, name: &'static str, kind: Kind) -> Field {
    Field::new(number, name, kind, Rule::Oneof)
}

const fn many(number: u8, name: &'static str, kind: Kind) -> Field {
    Field::new(number, name, kind, Rule::Repeated)
}

const fn older(number: u32, name: &'static str, kind: Kind, rule: Rule, now: u8) -> Older {
    Older { number, name, kind, rule, now, implies: 0 }
}

/// A list of labels, which attributes took the place of: 0.5 to 0.11. Beside them a value of 0 is not written.
const fn labels(name: &'static str, now: u8, implies: u8) -> Older {
    Older { implies, ..older(1, name, message(&STRING_KEY_VALUE), Rule::Repeated, now) }
}

/// The scope of 0.5 to 0.14.
const LIBRARY: Older =
    older(1, "instrumentationLibrary", message(&INSTRUMENTATION_SCOPE), Rule::Singular, 1);

/// The scopes of 0.5 to 0.18; in protobuf those before 0.15 have the number of today.
const fn libraries(name: &'static str, scopes: &'static Message) -> Older {
    older(1000, name, message(scopes), Rule::Repeated, 2)
}

const fn message(message: &'static Message) -> Kind {
    Kind::Message(message)
}

/// `SpanKind`, by number.
pub const SPAN_KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

/// `Status.StatusCode`, by number.
pub const STATUS_CODES: &[&str] = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/// `AggregationTemporality`, by number.
pub const TEMPORALITIES: &[&str] = &[
    "AGGREGATION_TEMPORALITY_UNSPECIFIED",
    "AGGREGATION_TEMPORALITY_DELTA",
    "AGGREGATION_TEMPORALITY_CUMULATIVE",
];

/// `SeverityNumber`, by number.
pub const SEVERITIES: &[&str] = &[
    "SEVERITY_NUMBER_UNSPECIFIED",
    "SEVERITY_NUMBER_TRACE",
    "SEVERITY_NUMBER_TRACE2",
    "SEVERITY_NUMBER_TRACE3",
    "SEVERITY_NUMBER_TRACE4",
    "SEVERITY_NUMBER_DEBUG",
    "SEVERITY_NUMBER_DEBUG2",
    "SEVERITY_NUMBER_DEBUG3",
    "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO",
    "SEVERITY_NUMBER_INFO2",
    "SEVERITY_NUMBER_INFO3",
    "SEVERITY_NUMBER_INFO4",
    "SEVERITY_NUMBER_WARN",
    "SEVERITY_NUMBER_WARN2",
    "SEVERITY_NUMBER_WARN3",
    "SEVERITY_NUMBER_WARN4",
    "SEVERITY_NUMBER_ERROR",
    "SEVERITY_NUMBER_ERROR2",
    "SEVERITY_NUMBER_ERROR3",
    "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL",
    "SEVERITY_NUMBER_FATAL2",
    "SEVERITY_NUMBER_FATAL3",
    "SEVERITY_NUMBER_FATAL4",
];

/// The codes that the status of a span had in 0.5, and beside today's up to 0.11.
pub(crate) const DEPRECATED_STATUS_CODES: &[&str] = &[
    "DEPRECATED_STATUS_CODE_OK",
    "DEPRECATED_STATUS_CODE_CANCELLED",
    "DEPRECATED_STATUS_CODE_UNKNOWN_ERROR",
    "DEPRECATED_STATUS_CODE_INVALID_ARGUMENT",
    "DEPRECATED_STATUS_CODE_DEADLINE_EXCEEDED",
    "DEPRECATED_STATUS_CODE_NOT_FOUND",
    "DEPRECATED_STATUS_CODE_ALREADY_EXISTS",
    "DEPRECATED_STATUS_CODE_PERMISSION_DENIED",
    "DEPRECATED_STATUS_CODE_RESOURCE_EXHAUSTED",
    "DEPRECATED_STATUS_CODE_FAILED_PRECONDITION",
    "DEPRECATED_STATUS_CODE_ABORTED",
    "DEPRECATED_STATUS_CODE_OUT_OF_RANGE",
    "DEPRECATED_STATUS_CODE_UNIMPLEMENTED",
    "DEPRECATED_STATUS_CODE_INTERNAL_ERROR",
    "DEPRECATED_STATUS_CODE_UNAVAILABLE",
    "DEPRECATED_STATUS_CODE_DATA_LOSS",
    "DEPRECATED_STATUS_CODE_UNAUTHENTICATED",
];

/// A whole request or file record of traces.
pub static TRACES_DATA: Message =
    Message::new("TracesData", &[many(1, "resourceSpans", message(&RESOURCE_SPANS))]);

/// A whole request or file record of metrics.
pub static METRICS_DATA: Message =
    Message::new("MetricsData", &[many(1, "resourceMetrics", message(&RESOURCE_METRICS))]);

/// A whole request or file record of logs.
pub static LOGS_DATA: Message =
    Message::new("LogsData", &[many(1, "resourceLogs", message(&RESOURCE_LOGS))]);

/// Spans of one resource.
pub static RESOURCE_SPANS: Message = Message::new(
    "ResourceSpans",
    &[
        one(1, "resource", message(&RESOURCE)),
        many(2, "scopeSpans", message(&SCOPE_SPANS)),
        one(3, "schemaUrl", Kind::String),
    ],
)
.with(&[libraries("instrumentationLibrarySpans", &SCOPE_SPANS)])
.with_role(Role::ResourceGroup);

/// Metrics of one resource.
pub static RESOURCE_METRICS: Message = Message::new(
    "ResourceMetrics",
    &[
        one(1, "resource", message(&RESOURCE)),
        many(2, "scopeMetrics", message(&SCOPE_METRICS)),
        one(3, "schemaUrl", Kind::String),
    ],
)
.with(&[libraries("instrumentationLibraryMetrics", &SCOPE_METRICS)])
.with_role(Role::ResourceGroup);

/// Log records of one resource.
pub static RESOURCE_LOGS: Message = Message::new(
    "ResourceLogs",
    &[
        one(1, "resource", message(&RESOURCE)),
        many(2, "scopeLogs", message(&SCOPE_LOGS)),
        one(3, "schemaUrl", Kind::String),
    ],
)
.with(&[libraries("instrumentationLibraryLogs", &SCOPE_LOGS)])
.with_role(Role::ResourceGroup);

/// Spans of one instrumentation scope.
pub static SCOPE_SPANS: Message = Message::new(
    "ScopeSpans",
    &[
        one(1, "scope", message(&INSTRUMENTATION_SCOPE)),
        many(2, "spans", message(&SPAN)),
        one(3, "schemaUrl", Kind::String),
    ],
)
.with(&[LIBRARY])
.with_role(Role::ScopeGroup);

/// Metrics of one instrumentation scope.
pub static SCOPE_METRICS: Message = Message::new(
    "ScopeMetrics",
    &[
        one(1, "scope", message(&INSTRUMENTATION_SCOPE)),
        many(2, "metrics", message(&METRIC)),
        one(3, "schemaUrl", Kind::String),
    ],
)
.with(&[LIBRARY])
.with_role(Role::ScopeGroup);

/// Log records of one instrumentation scope.
pub static SCOPE_LOGS: Message = Message::new(
    "ScopeLogs",
    &[
        one(1, "scope", message(&INSTRUMENTATION_SCOPE)),
        many(2, "logRecords", message(&LOG_RECORD)),
        one(3, "schemaUrl", Kind::String),
    ],
)
.with(&[LIBRARY, older(2, "logs", message(&LOG_RECORD), Rule::Repeated, 2)])
.with_role(Role::ScopeGroup);

/// The entity that produced telemetry.
pub static RESOURCE: Message = Message::new(
    "Resource",
    &[
        many(1, "attributes", message(&KEY_VALUE)),
        one(2, "droppedAttributesCount", Kind::Uint32),
        many(3, "entityRefs", message(&ENTITY_REF)),
    ],
);

/// A reference from a resource to an entity.
pub static ENTITY_REF: Message = Message::new(
    "EntityRef",
    &[
        one(1, "schemaUrl", Kind::String),
        one(2, "type", Kind::String),
        many(3, "idKeys", Kind::String),
        many(4, "descriptionKeys", Kind::String),
    ],
);

/// The library that produced telemetry.
pub static INSTRUMENTATION_SCOPE: Message = Message::new(
    "InstrumentationScope",
    &[
        one(1, "name", Kind::String),
        one(2, "version", Kind::String),
        many(3, "attributes", message(&KEY_VALUE)),
        one(4, "droppedAttributesCount", Kind::Uint32),
    ],
)
.with_role(Role::Scope);

/// An attribute.
pub static KEY_VALUE: Message =
    Message::new("KeyValue", &[one(1, "key", Kind::String), one(2, "value", message(&ANY_VALUE))])
        .with_role(Role::KeyValue);

/// An attribute value or log body; empty when no field is present.
pub static ANY_VALUE: Message = Message::new(
    "AnyValue",
    &[
        oneof(1, "stringValue", Kind::String),
        oneof(2, "boolValue", Kind::Bool),
        oneof(3, "intValue", Kind::Int64),
        oneof(4, "doubleValue", Kind::Double),
        oneof(5, "arrayValue", message(&ARRAY_VALUE)),
        oneof(6, "kvlistValue", message(&KEY_VALUE_LIST)),
        oneof(7, "bytesValue", Kind::Bytes),
    ],
)
.with_role(Role::AnyValue);

/// A list of values.
pub static ARRAY_VALUE: Message =
    Message::new("ArrayValue", &[many(1, "values", message(&ANY_VALUE))])
        .with_role(Role::ValueList);

/// A map of values.
pub static KEY_VALUE_LIST: Message =
    Message::new("KeyValueList", &[many(1, "values", message(&KEY_VALUE))])
        .with_role(Role::ValueList);

/// A span.
pub static SPAN: Message = Message::new(
    "Span",
    &[
        one(1, "traceId", Kind::Id),
        one(2, "spanId", Kind::Id),
        one(3, "traceState", Kind::String),
        one(4, "parentSpanId", Kind::Id),
        one(5, "name", Kind::String),
        one(6, "kind", Kind::Enum(SPAN_KINDS)),
        one(7, "startTimeUnixNano", Kind::Fixed64),
        one(8, "endTimeUnixNano", Kind::Fixed64),
        many(9, "attributes", message(&KEY_VALUE)),
        one(10, "droppedAttributesCount", Kind::Uint32),
        many(11, "events", message(&SPAN_EVENT)),
        one(12, "droppedEventsCount", Kind::Uint32),
        many(13, "links", message(&SPAN_LINK)),
        one(14, "droppedLinksCount", Kind::Uint32),
        one(15, "status", message(&STATUS)),
        one(16, "flags", Kind::Fixed32),
    ],
)
.timed(Role::Span, &["startTimeUnixNano"]);

/// A time-stamped annotation of a span.
pub static SPAN_EVENT: Message = Message::new(
    "Span.Event",
    &[
        one(1, "timeUnixNano", Kind::Fixed64),
        one(2, "name", Kind::String),
        many(3, "attributes", message(&KEY_VALUE)),
        one(4, "droppedAttributesCount", Kind::Uint32),
    ],
);

/// A pointer from a span to another.
pub static SPAN_LINK: Message = Message::new(
    "Span.Link",
    &[
        one(1, "traceId", Kind::Id),
        one(2, "spanId", Kind::Id),
        one(3, "traceState", Kind::String),
        many(4, "attributes", message(&KEY_VALUE)),
        one(5, "droppedAttributesCount", Kind::Uint32),
        one(6, "flags", Kind::Fixed32),
    ],
);

/// The outcome of a span.
pub static STATUS: Message = Message::new(
    "Status",
    &[one(2, "message", Kind::String), one(3, "code", Kind::Enum(STATUS_CODES))],
)
.with(&[older(1, "deprecatedCode", Kind::Enum(DEPRECATED_STATUS_CODES), Rule::Singular, 3)]);

/// A log record.
pub static LOG_RECORD: Message = Message::new(
    "LogRecord",
    &[
        one(1, "timeUnixNano", Kind::Fixed64),
        one(2, "severityNumber", Kind::Enum(SEVERITIES)),
        one(3, "severityText", Kind::String),
        one(5, "body", message(&ANY_VALUE)),
        many(6, "attributes", message(&KEY_VALUE)),
        one(7, "droppedAttributesCount", Kind::Uint32),
        one(8, "flags", Kind::Fixed32),
        one(9, "traceId", Kind::Id),
        one(10, "spanId", Kind::Id),
        one(11, "observedTimeUnixNano", Kind::Fixed64),
        one(12, "eventName", Kind::String),
    ],
)
.with(&[older(4, "name", Kind::String, Rule::Singular, 12)])
.timed(Role::LogRecord, &["timeUnixNano", "observedTimeUnixNano"]);

/// A metric: its identity and its data points.
pub static METRIC: Message = Message::new(
    "Metric",
    &[
        one(1, "name", Kind::String),
        one(2, "description", Kind::String),
        one(3, "unit", Kind::String),
        oneof(5, "gauge", message(&GAUGE)),
        oneof(7, "sum", message(&SUM)),
        oneof(9, "histogram", message(&HISTOGRAM)),
        oneof(10, "exponentialHistogram", message(&EXPONENTIAL_HISTOGRAM)),
        oneof(11, "summary", message(&SUMMARY)),
        many(12, "metadata", message(&KEY_VALUE)),
    ],
)
.with(&[
    older(4, "intGauge", message(&INT_GAUGE), Rule::Oneof, 5),
    older(6, "intSum", message(&INT_SUM), Rule::Oneof, 7),
    older(8, "intHistogram", message(&INT_HISTOGRAM), Rule::Oneof, 9),
    older(5, "doubleGauge", message(&DOUBLE_GAUGE), Rule::Oneof, 5),
    older(7, "doubleSum", message(&DOUBLE_SUM), Rule::Oneof, 7),
    older(9, "doubleHistogram", message(&DOUBLE_HISTOGRAM), Rule::Oneof, 9),
    older(11, "doubleSummary", message(&SUMMARY), Rule::Oneof, 11),
])
.with_role(Role::Metric);

/// Sampled values.
pub static GAUGE: Message =
    Message::new("Gauge", &[many(1, "dataPoints", message(&NUMBER_DATA_POINT))])
        .with_role(Role::MetricData);

/// Added-up values.
pub static SUM: Message = Message::new(
    "Sum",
    &[
        many(1, "dataPoints", message(&NUMBER_DATA_POINT)),
        one(2, "aggregationTemporality", Kind::Enum(TEMPORALITIES)),
        one(3, "isMonotonic", Kind::Bool),
    ],
)
.with_role(Role::MetricData);

/// Distributions in explicit buckets.
pub static HISTOGRAM: Message = Message::new(
    "Histogram",
    &[
        many(1, "dataPoints", message(&HISTOGRAM_DATA_POINT)),
        one(2, "aggregationTemporality", Kind::Enum(TEMPORALITIES)),
    ],
)
.with_role(Role::MetricData);

/// Distributions in exponential buckets.
pub static EXPONENTIAL_HISTOGRAM: Message = Message::new(
    "ExponentialHistogram",
    &[
        many(1, "dataPoints", message(&EXPONENTIAL_HISTOGRAM_DATA_POINT)),
        one(2, "aggregationTemporality", Kind::Enum(TEMPORALITIES)),
    ],
)
.with_role(Role::MetricData);

/// Distributions as quantiles.
pub static SUMMARY: Message =
    Message::new("Summary", &[many(1, "dataPoints", message(&SUMMARY_DATA_POINT))])
        .with_role(Role::MetricData);

/// A point of a gauge or sum.
pub static NUMBER_DATA_POINT: Message = Message::new(
    "NumberDataPoint",
    &[
        one(2, "startTimeUnixNano", Kind::Fixed64),
        one(3, "timeUnixNano", Kind::Fixed64),
        oneof(4, "asDouble", Kind::Double),
        many(5, "exemplars", message(&EXEMPLAR)),
        oneof(6, "asInt", Kind::Sfixed64),
        many(7, "attributes", message(&KEY_VALUE)),
        one(8, "flags", Kind::Uint32),
    ],
)
.with(&[labels("labels", 7, 4)])
.timed(Role::DataPoint, &["timeUnixNano"]);

/// A point of a histogram.
pub static HISTOGRAM_DATA_POINT: Message = Message::new(
    "HistogramDataPoint",
    &[
        one(2, "startTimeUnixNano", Kind::Fixed64),
        one(3, "timeUnixNano", Kind::Fixed64),
        one(4, "count", Kind::Fixed64),
        optional(5, "sum", Kind::Double),
        many(6, "bucketCounts", Kind::Fixed64),
        many(7, "explicitBounds", Kind::Double),
        many(8, "exemplars", message(&EXEMPLAR)),
        many(9, "attributes", message(&KEY_VALUE)),
        one(10, "flags", Kind::Uint32),
        optional(11, "min", Kind::Double),
        optional(12, "max", Kind::Double),
    ],
)
.with(&[labels("labels", 9, 5)])
.timed(Role::DataPoint, &["timeUnixNano"]);

/// A point of an exponential histogram.
pub static EXPONENTIAL_HISTOGRAM_DATA_POINT: Message = Message::new(
    "ExponentialHistogramDataPoint",
    &[
        many(1, "attributes", message(&KEY_VALUE)),
        one(2, "startTimeUnixNano", Kind::Fixed64),
        one(3, "timeUnixNano", Kind::Fixed64),
        one(4, "count", Kind::Fixed64),
        optional(5, "sum", Kind::Double),
        one(6, "scale", Kind::Sint32),
        one(7, "zeroCount", Kind::Fixed64),
        one(8, "positive", message(&BUCKETS)),
        one(9, "negative", message(&BUCKETS)),
        one(10, "flags", Kind::Uint32),
        many(11, "exemplars", message(&EXEMPLAR)),
        optional(12, "min", Kind::Double),
        optional(13, "max", Kind::Double),
        one(14, "zeroThreshold", Kind::Double),
    ],
)
.timed(Role::DataPoint, &["timeUnixNano"]);

/// A run of exponential buckets.
pub static BUCKETS: Message = Message::new(
    "Buckets",
    &[one(1, "offset", Kind::Sint32), many(2, "bucketCounts", Kind::Uint64)],
);

/// A point of a summary.
pub static SUMMARY_DATA_POINT: Message = Message::new(
    "SummaryDataPoint",
    &[
        one(2, "startTimeUnixNano", Kind::Fixed64),
        one(3, "timeUnixNano", Kind::Fixed64),
        one(4, "count", Kind::Fixed64),
        one(5, "sum", Kind::Double),
        many(6, "quantileValues", message(&VALUE_AT_QUANTILE)),
        many(7, "attributes", message(&KEY_VALUE)),
        one(8, "flags", Kind::Uint32),
    ],
)
.with(&[labels("labels", 7, 0)])
.timed(Role::DataPoint, &["timeUnixNano"]);

/// One quantile of a summary.
pub static VALUE_AT_QUANTILE: Message = Message::new(
    "ValueAtQuantile",
    &[one(1, "quantile", Kind::Double), one(2, "value", Kind::Double)],
);

/// A measurement that stands for a point, with its trace context.
pub static EXEMPLAR: Message = Message::new(
    "Exemplar",
    &[
        one(2, "timeUnixNano", Kind::Fixed64),
        oneof(3, "asDouble", Kind::Double),
        one(4, "spanId", Kind::Id),
        one(5, "traceId", Kind::Id),
        oneof(6, "asInt", Kind::Sfixed64),
        many(7, "filteredAttributes", message(&KEY_VALUE)),
    ],
)
.with(&[labels("filteredLabels", 7, 3)]);
