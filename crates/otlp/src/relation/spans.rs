//! The relation of spans.

use super::Relation;
use super::column::{Column, Read, row};
use super::shared;
use super::types::Type;
use crate::signal::Signal;

/// Spans, one a row.
pub static SPANS: Relation = Relation {
    name: "spans",
    comment: "One row per span.",
    signal: Signal::Traces,
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    row(
        "start_time_unix_nano",
        Type::TimestampNs,
        Read::Time("startTimeUnixNano"),
        "When the span started, UTC.",
    ),
    shared::SERVICE_NAME,
    row("name", Type::Varchar, Read::Field("name"), "Name of the operation."),
    row(
        "duration_ns",
        Type::Int64,
        Read::Duration,
        "From start to end, in nanoseconds; negative where clocks disagree, NULL where either time is.",
    ),
    row(
        "status_code",
        Type::Varchar,
        Read::Inner("status", "code"),
        "Outcome: UNSET, OK or ERROR.",
    ),
    row(
        "kind",
        Type::Varchar,
        Read::Field("kind"),
        "Role in its trace: UNSPECIFIED, INTERNAL, SERVER, CLIENT, PRODUCER or CONSUMER.",
    ),
    row(
        "status_message",
        Type::Varchar,
        Read::Inner("status", "message"),
        "What went wrong, for people.",
    ),
    shared::ATTRIBUTES,
    row(
        "events",
        Type::List(&Type::Struct(EVENT)),
        Read::Field("events"),
        "Events that happened during the span, such as exceptions.",
    ),
    row(
        "links",
        Type::List(&Type::Struct(LINK)),
        Read::Field("links"),
        "Links to other spans, of this trace or of others.",
    ),
    row(
        "end_time_unix_nano",
        Type::TimestampNs,
        Read::Field("endTimeUnixNano"),
        "When the span ended, UTC.",
    ),
    shared::RESOURCE_ATTRIBUTES,
    shared::SERVICE_NAMESPACE,
    shared::SERVICE_INSTANCE_ID,
    shared::SCOPE_NAME,
    shared::SCOPE_VERSION,
    shared::SCOPE_ATTRIBUTES,
    shared::TRACE_STATE,
    row(
        "flags",
        Type::UInt32,
        Read::Field("flags"),
        "Bits 0-7: W3C trace flags; bit 8: bit 9 is known; bit 9: the parent is remote.",
    ),
    row(
        "kind_number",
        Type::Int32,
        Read::Field("kind"),
        "Role as OTLP's number, which may be one without a name.",
    ),
    row(
        "status_code_number",
        Type::Int32,
        Read::Inner("status", "code"),
        "Outcome as OTLP's number, which may be one without a name.",
    ),
    shared::DROPPED_ATTRIBUTES_COUNT,
    row(
        "dropped_events_count",
        Type::UInt32,
        Read::Field("droppedEventsCount"),
        "Events that the sender dropped.",
    ),
    row(
        "dropped_links_count",
        Type::UInt32,
        Read::Field("droppedLinksCount"),
        "Links that the sender dropped.",
    ),
    shared::RESOURCE_DROPPED_ATTRIBUTES_COUNT,
    shared::RESOURCE_ENTITY_REFS,
    shared::RESOURCE_SCHEMA_URL,
    shared::SCOPE_DROPPED_ATTRIBUTES_COUNT,
    shared::SCOPE_SCHEMA_URL,
    row(
        "parent_span_id",
        Type::Varchar,
        Read::Field("parentSpanId"),
        "Parent span, as 16 lowercase hex digits; NULL for a root span.",
    ),
    shared::SPAN_ID,
    shared::TRACE_ID,
];

const EVENT: &[Column] = &[
    row(
        "time_unix_nano",
        Type::TimestampNs,
        Read::Field("timeUnixNano"),
        "When the event happened, UTC.",
    ),
    row("name", Type::Varchar, Read::Field("name"), "Name of the event."),
    shared::ATTRIBUTES,
    shared::DROPPED_ATTRIBUTES_COUNT,
];

const LINK: &[Column] = &[
    shared::TRACE_ID,
    shared::SPAN_ID,
    shared::TRACE_STATE,
    shared::ATTRIBUTES,
    shared::DROPPED_ATTRIBUTES_COUNT,
    row(
        "flags",
        Type::UInt32,
        Read::Field("flags"),
        "Bits 0-7: W3C trace flags; bit 8: bit 9 is known; bit 9: the linked span is remote.",
    ),
];
