//! Columns that every relation has: of the resource, of the scope, and of attributes.

use super::column::{Column, Level, Read, row, shared};
use super::types::Type;

/// `attributes` of the row itself.
pub(super) const ATTRIBUTES: Column = row(
    "attributes",
    Type::Json,
    Read::Field("attributes"),
    "Attributes, as a JSON object that keeps their types; of equal keys the first counts.",
);

/// `dropped_attributes_count` of the row itself.
pub(super) const DROPPED_ATTRIBUTES_COUNT: Column = row(
    "dropped_attributes_count",
    Type::UInt32,
    Read::Field("droppedAttributesCount"),
    "Attributes that the sender dropped.",
);

/// `trace_id` of the row or a member.
pub(super) const TRACE_ID: Column = row(
    "trace_id",
    Type::Varchar,
    Read::Field("traceId"),
    "Trace, as 32 lowercase hex digits; NULL where absent or invalid.",
);

/// `span_id` of the row or a member.
pub(super) const SPAN_ID: Column = row(
    "span_id",
    Type::Varchar,
    Read::Field("spanId"),
    "Span, as 16 lowercase hex digits; NULL where absent or invalid.",
);

/// `trace_state` of the row or a member.
pub(super) const TRACE_STATE: Column =
    row("trace_state", Type::Varchar, Read::Field("traceState"), "Trace state in the W3C format.");

pub(super) const SERVICE_NAME: Column = shared(
    "service_name",
    Type::Varchar,
    Level::Resource,
    Read::Attribute("service.name"),
    "Name of the service.",
);

pub(super) const SERVICE_NAMESPACE: Column = shared(
    "service_namespace",
    Type::Varchar,
    Level::Resource,
    Read::Attribute("service.namespace"),
    "Namespace of the service name.",
);

pub(super) const SERVICE_INSTANCE_ID: Column = shared(
    "service_instance_id",
    Type::Varchar,
    Level::Resource,
    Read::Attribute("service.instance.id"),
    "Instance of the service.",
);

pub(super) const SCOPE_NAME: Column = shared(
    "scope_name",
    Type::Varchar,
    Level::Scope,
    Read::Field("name"),
    "Name of the instrumentation scope, most often a library.",
);

pub(super) const SCOPE_VERSION: Column = shared(
    "scope_version",
    Type::Varchar,
    Level::Scope,
    Read::Field("version"),
    "Version of the scope.",
);

pub(super) const SCOPE_ATTRIBUTES: Column = shared(
    "scope_attributes",
    Type::Json,
    Level::Scope,
    Read::Field("attributes"),
    "Attributes of the scope, as a JSON object.",
);

pub(super) const SCOPE_DROPPED_ATTRIBUTES_COUNT: Column = shared(
    "scope_dropped_attributes_count",
    Type::UInt32,
    Level::Scope,
    Read::Field("droppedAttributesCount"),
    "Attributes of the scope that the sender dropped.",
);

pub(super) const SCOPE_SCHEMA_URL: Column = shared(
    "scope_schema_url",
    Type::Varchar,
    Level::Scope,
    Read::SchemaUrl,
    "Schema of the scope and of its rows.",
);

pub(super) const RESOURCE_ATTRIBUTES: Column = shared(
    "resource_attributes",
    Type::Json,
    Level::Resource,
    Read::Field("attributes"),
    "Attributes of the resource, the entity that sent the telemetry, as a JSON object.",
);

pub(super) const RESOURCE_DROPPED_ATTRIBUTES_COUNT: Column = shared(
    "resource_dropped_attributes_count",
    Type::UInt32,
    Level::Resource,
    Read::Field("droppedAttributesCount"),
    "Attributes of the resource that the sender dropped.",
);

pub(super) const RESOURCE_ENTITY_REFS: Column = shared(
    "resource_entity_refs",
    Type::List(&Type::Struct(ENTITY_REF)),
    Level::Resource,
    Read::Field("entityRefs"),
    "Entities that the resource is made of.",
);

pub(super) const RESOURCE_SCHEMA_URL: Column = shared(
    "resource_schema_url",
    Type::Varchar,
    Level::Resource,
    Read::SchemaUrl,
    "Schema of the resource.",
);

const ENTITY_REF: &[Column] = &[
    row("schema_url", Type::Varchar, Read::Field("schemaUrl"), "Schema of the entity."),
    row("type", Type::Varchar, Read::Field("type"), "Type of the entity, such as `service`."),
    row(
        "id_keys",
        Type::List(&Type::Varchar),
        Read::Field("idKeys"),
        "Keys of the resource attributes that identify the entity.",
    ),
    row(
        "description_keys",
        Type::List(&Type::Varchar),
        Read::Field("descriptionKeys"),
        "Keys of the resource attributes that describe the entity.",
    ),
];
