//! The relation of log records.

use super::Relation;
use super::column::{Column, Read, row};
use super::shared;
use super::types::Type;
use crate::signal::Signal;

/// Log records, one a row.
pub static LOG_RECORDS: Relation = Relation {
    name: "log_records",
    comment: "One row per log record.",
    signal: Signal::Logs,
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    row(
        "time_unix_nano",
        Type::TimestampNs,
        Read::Field("timeUnixNano"),
        "When the event happened, UTC; NULL where the source does not know.",
    ),
    shared::SERVICE_NAME,
    row(
        "severity",
        Type::Varchar,
        Read::Field("severityNumber"),
        "Severity by its number: UNSPECIFIED, TRACE, TRACE2, …, DEBUG, INFO, WARN, ERROR, FATAL, …, \
         FATAL4.",
    ),
    row(
        "body_text",
        Type::Varchar,
        Read::Field("body"),
        "The message as text: strings without quotes, bytes in base64, lists and maps as JSON.",
    ),
    row("event_name", Type::Varchar, Read::Field("eventName"), "Name of the class of event."),
    shared::ATTRIBUTES,
    row(
        "observed_time_unix_nano",
        Type::TimestampNs,
        Read::Field("observedTimeUnixNano"),
        "When the event was observed by the collection system, UTC.",
    ),
    shared::RESOURCE_ATTRIBUTES,
    shared::SERVICE_NAMESPACE,
    shared::SERVICE_INSTANCE_ID,
    shared::SCOPE_NAME,
    shared::SCOPE_VERSION,
    shared::SCOPE_ATTRIBUTES,
    row(
        "body",
        Type::Json,
        Read::Field("body"),
        "The message, as JSON of its own type; NULL where absent, JSON null where empty.",
    ),
    row(
        "severity_text",
        Type::Varchar,
        Read::Field("severityText"),
        "Severity in the words of the source.",
    ),
    row(
        "severity_number",
        Type::Int32,
        Read::Field("severityNumber"),
        "Severity: 0 for none, 1 (TRACE) to 24 (FATAL4).",
    ),
    row("flags", Type::UInt32, Read::Field("flags"), "Bits 0-7: W3C trace flags."),
    shared::DROPPED_ATTRIBUTES_COUNT,
    shared::RESOURCE_DROPPED_ATTRIBUTES_COUNT,
    shared::RESOURCE_ENTITY_REFS,
    shared::RESOURCE_SCHEMA_URL,
    shared::SCOPE_DROPPED_ATTRIBUTES_COUNT,
    shared::SCOPE_SCHEMA_URL,
    shared::SPAN_ID,
    shared::TRACE_ID,
];
