//! Which part messages and fields have in a request. Whatever goes by parts asks here: by name, while the crate is
//! compiled, so that a name that no message has does not compile.

use super::{
    ANY_VALUE, EXPONENTIAL_HISTOGRAM, EXPONENTIAL_HISTOGRAM_DATA_POINT, Field, GAUGE, HISTOGRAM,
    HISTOGRAM_DATA_POINT, KEY_VALUE, Kind, LOG_RECORD, LOGS_DATA, METRIC, METRICS_DATA, Message,
    NUMBER_DATA_POINT, RESOURCE_LOGS, RESOURCE_METRICS, RESOURCE_SPANS, Rule, SCOPE_LOGS,
    SCOPE_METRICS, SCOPE_SPANS, SPAN, SUM, SUMMARY, SUMMARY_DATA_POINT, TRACES_DATA, WireType,
};

/// The part of a message in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// None that sets it apart.
    Other,
    /// `ResourceSpans` and its kin.
    ResourceGroup,
    /// `ScopeSpans` and its kin.
    ScopeGroup,
    /// An `InstrumentationScope`.
    Scope,
    Span,
    LogRecord,
    Metric,
    /// `Gauge`, `Sum` and their kin: what holds data points.
    MetricData,
    /// A data point of any kind.
    DataPoint,
    KeyValue,
    AnyValue,
    /// `ArrayValue` and `KeyValueList`: what nests values.
    ValueList,
    /// An attribute of older versions.
    Label,
}

impl Role {
    /// Whether such a message is a row.
    pub(crate) fn is_row(self) -> bool {
        matches!(self, Role::Span | Role::LogRecord | Role::DataPoint)
    }

    /// Whether a scope is a list of such messages.
    pub(crate) fn is_element(self) -> bool {
        matches!(self, Role::Span | Role::LogRecord | Role::Metric)
    }
}

/// The list of groups in a request.
pub(crate) const GROUPS: u32 = alike(&[
    TRACES_DATA.number("resourceSpans"),
    METRICS_DATA.number("resourceMetrics"),
    LOGS_DATA.number("resourceLogs"),
]);

/// In a group its resource, and in a group of that its scope.
pub(crate) const OWNER: u32 = alike(&[
    RESOURCE_SPANS.number("resource"),
    RESOURCE_METRICS.number("resource"),
    RESOURCE_LOGS.number("resource"),
    SCOPE_SPANS.number("scope"),
    SCOPE_METRICS.number("scope"),
    SCOPE_LOGS.number("scope"),
]);

/// In a group those of its scopes, and in one of these the elements: spans, metrics or log records.
pub(crate) const CONTENT: u32 = alike(&[
    RESOURCE_SPANS.number("scopeSpans"),
    RESOURCE_METRICS.number("scopeMetrics"),
    RESOURCE_LOGS.number("scopeLogs"),
    SCOPE_SPANS.number("spans"),
    SCOPE_METRICS.number("metrics"),
    SCOPE_LOGS.number("logRecords"),
]);

/// Those of the scopes of a group in protobuf, the one of some older versions too.
pub(crate) const SCOPES: &[u32] = &[CONTENT, RESOURCE_SPANS.older[0].number];

/// The schema URL beside a resource or scope.
pub(crate) const SCHEMA_URL: u32 = alike(&[
    RESOURCE_SPANS.number("schemaUrl"),
    RESOURCE_METRICS.number("schemaUrl"),
    RESOURCE_LOGS.number("schemaUrl"),
    SCOPE_SPANS.number("schemaUrl"),
    SCOPE_METRICS.number("schemaUrl"),
    SCOPE_LOGS.number("schemaUrl"),
]);

/// The points of a metric's data, of every kind.
pub(crate) const POINTS: u32 = alike(&[
    GAUGE.number("dataPoints"),
    SUM.number("dataPoints"),
    HISTOGRAM.number("dataPoints"),
    EXPONENTIAL_HISTOGRAM.number("dataPoints"),
    SUMMARY.number("dataPoints"),
]);

/// The time of a data point, of every kind.
pub(crate) const POINT_TIME: u32 = alike(&[
    NUMBER_DATA_POINT.times[0],
    HISTOGRAM_DATA_POINT.times[0],
    EXPONENTIAL_HISTOGRAM_DATA_POINT.times[0],
    SUMMARY_DATA_POINT.times[0],
]);

/// Bit n: a row of some signal has its time in field n.
pub(crate) const TIMES: u32 = {
    let all = [SPAN.times, LOG_RECORD.times, [POINT_TIME as u8, 0]];
    let (mut mask, mut at) = (0, 0);
    while at < all.len() {
        let [first, second] = all[at];
        // The bit of 0, which is no field, is taken out.
        mask |= (1 << first | 1 << second) & !1;
        at += 1;
    }
    mask
};

/// The position in `METRIC.fields` of the first kind of metric.
pub(crate) const FIRST_KIND: usize = kinds().0;

/// How many kinds of metric there are.
pub(crate) const METRIC_KINDS: usize = kinds().1;

/// Bit n: field n of a metric holds its data.
pub(crate) const METRIC_DATA: u32 = kinds().2;

/// Where the kinds of metric stand among the fields of one, side by side.
const fn kinds() -> (usize, usize, u32) {
    let (mut first, mut count, mut mask, mut at) = (0, 0, 0, 0);
    while at < METRIC.fields.len() {
        if matches!(METRIC.fields[at].rule, Rule::Oneof) {
            first = if count == 0 { at } else { first };
            // A kind is the distance from the first, in arrays that have one element for each.
            assert!(at == first + count);
            count += 1;
            mask |= 1 << METRIC.fields[at].number;
        }
        at += 1;
    }
    (first, count, mask)
}

/// Tags of the fields of a `KeyValue` and of an `AnyValue`, which are known at a glance in many places.
pub(crate) mod tag {
    use super::{ANY_VALUE, KEY_VALUE};

    pub(crate) const KEY: u8 = KEY_VALUE.tag("key");
    pub(crate) const VALUE: u8 = KEY_VALUE.tag("value");
    pub(crate) const STRING: u8 = ANY_VALUE.tag("stringValue");
    pub(crate) const BOOL: u8 = ANY_VALUE.tag("boolValue");
    pub(crate) const INT: u8 = ANY_VALUE.tag("intValue");
    pub(crate) const DOUBLE: u8 = ANY_VALUE.tag("doubleValue");
    pub(crate) const ARRAY: u8 = ANY_VALUE.tag("arrayValue");
    pub(crate) const MAP: u8 = ANY_VALUE.tag("kvlistValue");
    pub(crate) const BYTES: u8 = ANY_VALUE.tag("bytesValue");

    /// The number of the field with this tag.
    pub(crate) const fn number(tag: u8) -> u32 {
        (tag >> 3) as u32
    }
}

/// The tag, of one byte, of a field that has a length.
pub(crate) const fn len_tag(number: u32) -> u8 {
    assert!(number < 16);
    (number << 3) as u8 | WireType::Len as u8
}

/// The number that all of these fields have.
pub(crate) const fn alike(numbers: &[u8]) -> u32 {
    let mut at = 1;
    while at < numbers.len() {
        assert!(numbers[at] == numbers[0]);
        at += 1;
    }
    numbers[0] as u32
}

/// The kinds of metric: the field of `METRIC` for each, and the message in it.
pub(crate) fn metric_kinds() -> impl Iterator<Item = (&'static Field, &'static Message)> {
    METRIC.fields[FIRST_KIND..][..METRIC_KINDS].iter().filter_map(|field| match field.kind {
        Kind::Message(data) => Some((field, data)),
        _ => None,
    })
}

impl Message {
    /// The number of the field of that name.
    ///
    /// # Panics
    /// If there is none: so this is for constants.
    pub const fn number(&self, name: &str) -> u8 {
        self.named(name).number
    }

    /// Bit n for the field of that name, which has number n.
    ///
    /// # Panics
    /// As [`Message::number`].
    pub const fn bit(&self, name: &str) -> u32 {
        1 << self.number(name)
    }

    /// The tag of the field of that name, which takes one byte.
    ///
    /// # Panics
    /// As [`Message::number`], and if it takes more.
    pub(crate) const fn tag(&self, name: &str) -> u8 {
        let field = self.named(name);
        assert!(field.number < 16);
        field.number << 3 | field.wire_type as u8
    }

    /// The same of a field whose tag takes two bytes.
    ///
    /// # Panics
    /// As [`Message::number`], and if it does not.
    pub(crate) const fn wide_tag(&self, name: &str) -> [u8; 2] {
        let field = self.named(name);
        assert!(field.number >= 16);
        let tag = (field.number as u16) << 3 | field.wire_type as u16;
        // The low seven bits first, with a mark that more follow.
        [tag as u8 | 0x80, (tag >> 7) as u8]
    }

    const fn named(&self, name: &str) -> &Field {
        let mut at = 0;
        while at < self.fields.len() {
            if is_same(self.fields[at].name, name) {
                return &self.fields[at];
            }
            at += 1;
        }
        panic!("no field of that name")
    }

    /// Whether the field of that name is what the time of such a row is taken from, where it is set.
    pub(crate) fn is_time(&'static self, name: &str) -> bool {
        self.field(self.times[0].into()).is_some_and(|field| field.name == name)
    }

    /// The message of the points of a `Gauge`, `Sum`, …
    pub(crate) fn points(&'static self) -> Option<&'static Message> {
        match self.field(POINTS)?.kind {
            Kind::Message(point) => Some(point),
            _ => None,
        }
    }
}

impl Field {
    /// Whether it is a moment: of a row, of what happened in it, or where a point begins.
    pub(crate) fn is_time(&self) -> bool {
        // OTLP calls them so, and nothing else.
        self.name.ends_with("imeUnixNano")
    }
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b, mut at) = (a.as_bytes(), b.as_bytes(), 0);
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}
