//! Every field of every message is in some column, and every column reads something.

use std::collections::BTreeSet;

use crate::relation::column::{Level, Read, beside, messages, nested, snake_case};
use crate::relation::op::Op;
use crate::relation::walk::Walk;
use crate::relation::{Column, Relation, Type};
use crate::schema::{Kind, METRIC, Message, Rule};

/// A field: the names of its message and of itself.
type Place = (&'static str, &'static str);

/// Fields that no column shows by themselves, and why.
const STRUCTURE: [(&str, &[Place]); 4] = [
    (
        "they hold the rows",
        &[
            ("TracesData", "resourceSpans"),
            ("ResourceSpans", "scopeSpans"),
            ("ScopeSpans", "spans"),
            ("LogsData", "resourceLogs"),
            ("ResourceLogs", "scopeLogs"),
            ("ScopeLogs", "logRecords"),
            ("MetricsData", "resourceMetrics"),
            ("ResourceMetrics", "scopeMetrics"),
            ("ScopeMetrics", "metrics"),
            ("Gauge", "dataPoints"),
            ("Sum", "dataPoints"),
            ("Histogram", "dataPoints"),
            ("ExponentialHistogram", "dataPoints"),
            ("Summary", "dataPoints"),
        ],
    ),
    (
        "they hold what rows share, which has columns field by field",
        &[
            ("ResourceSpans", "resource"),
            ("ScopeSpans", "scope"),
            ("ResourceLogs", "resource"),
            ("ScopeLogs", "scope"),
            ("ResourceMetrics", "resource"),
            ("ScopeMetrics", "scope"),
        ],
    ),
    ("attributes are members of JSON objects", &[("KeyValue", "key"), ("KeyValue", "value")]),
    (
        "values are JSON of their own types",
        &[
            ("AnyValue", "stringValue"),
            ("AnyValue", "boolValue"),
            ("AnyValue", "intValue"),
            ("AnyValue", "doubleValue"),
            ("AnyValue", "arrayValue"),
            ("AnyValue", "kvlistValue"),
            ("AnyValue", "bytesValue"),
            ("ArrayValue", "values"),
            ("KeyValueList", "values"),
        ],
    ),
];

#[test]
fn every_field_is_in_a_column() {
    let mut known = BTreeSet::new();
    let mut shown = BTreeSet::new();
    for relation in Relation::ALL {
        collect(relation.signal.data(), &mut known);
        for column in relation.columns {
            let types = messages(relation.signal, column.level);
            if matches!(column.read, Read::SchemaUrl) {
                shown.insert((beside(relation.signal, column.level).name, "schemaUrl"));
            }
            show(column, &types, &mut shown);
        }
    }
    let structure: BTreeSet<Place> =
        STRUCTURE.iter().flat_map(|(_, places)| places.iter().copied()).collect();
    assert_eq!(structure.intersection(&shown).next(), None, "listed, but shown by a column");
    let accounted: BTreeSet<Place> = structure.union(&shown).copied().collect();
    assert_eq!(known, accounted);
}

/// Adds all fields of a message and of those inside.
fn collect(message: &'static Message, known: &mut BTreeSet<Place>) {
    for field in message.fields {
        if known.insert((message.name, field.name))
            && let Kind::Message(inner) = field.kind
        {
            collect(inner, known);
        }
    }
}

/// Adds the fields that a column, or a member, of such messages shows.
fn show(column: &Column, types: &[&'static Message], shown: &mut BTreeSet<Place>) {
    let mut add = |message: &'static Message, name: &str| {
        if let Some(field) = message.fields.iter().find(|field| field.name == name) {
            shown.insert((message.name, field.name));
        }
    };
    for message in types {
        match column.read {
            Read::Field(name) | Read::Time(name) => add(message, name),
            Read::Inner(outer, inner) => {
                add(message, outer);
                add(nested(message, outer).expect("a message"), inner);
            }
            Read::Duration => {
                add(message, "startTimeUnixNano");
                add(message, "endTimeUnixNano");
            }
            Read::Number => {
                add(message, "asDouble");
                add(message, "asInt");
            }
            Read::MetricKind => {
                let kinds = METRIC.fields.iter().filter(|field| field.rule == Rule::Oneof);
                kinds.for_each(|field| add(&METRIC, field.name));
            }
            Read::Attribute(_) | Read::SchemaUrl => {}
        }
    }
    let within = column.member_messages(types);
    column.members().iter().for_each(|member| show(member, &within, shown));
}

#[test]
fn every_column_reads_something() {
    for relation in Relation::ALL {
        for column in relation.columns {
            reads(column, &messages(relation.signal, column.level));
        }
    }
}

fn reads(column: &Column, types: &[&'static Message]) {
    if matches!(column.read, Read::Duration | Read::MetricKind | Read::SchemaUrl) {
        return;
    }
    let is_null = |message: &&'static Message| {
        matches!(Op::new(column, message, &mut Walk::new(message)), Op::Null)
    };
    assert!(!types.iter().all(is_null), "{} reads nothing", column.name);
    let within = column.member_messages(types);
    assert_eq!(within.is_empty(), column.members().is_empty(), "{}", column.name);
    assert!(within.len() < 2, "{}: a struct stands for one message", column.name);
    column.members().iter().for_each(|member| reads(member, &within));
}

/// Columns that are no field of OTLP under its own name.
const DERIVED: [&str; 8] = [
    "duration_ns",
    "kind_number",
    "status_code",
    "status_code_number",
    "severity",
    "body_text",
    "aggregation_temporality_number",
    "status_message",
];

#[test]
fn columns_are_named_as_otlp_names_them() {
    for relation in Relation::ALL {
        for column in relation.columns {
            let prefix = match column.level {
                Level::Resource => "resource_",
                Level::Scope => "scope_",
                Level::Row | Level::Metric | Level::Data => "",
            };
            check_name(column, prefix);
        }
    }
}

fn check_name(column: &Column, prefix: &str) {
    let name = match column.read {
        Read::Field(field) | Read::Time(field) => format!("{prefix}{}", snake_case(field)),
        Read::SchemaUrl => format!("{prefix}schema_url"),
        Read::Attribute(key) => key.replace('.', "_"),
        Read::MetricKind => "kind".to_owned(),
        Read::Number => "value".to_owned(),
        Read::Inner(..) | Read::Duration => column.name.to_owned(),
    };
    assert!(column.name == name || DERIVED.contains(&column.name), "{} is {name}", column.name);
    assert!(column.meaning.ends_with('.'), "{}: a sentence", column.name);
    column.members().iter().for_each(|member| check_name(member, ""));
}

#[test]
fn names_are_unique() {
    fn check(columns: &[Column]) {
        let names: BTreeSet<_> = columns.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), columns.len());
        columns.iter().for_each(|column| check(column.members()));
    }
    Relation::ALL.iter().for_each(|relation| check(relation.columns));
}

#[test]
fn columns_are_found_by_name_in_either_case() {
    for relation in Relation::ALL {
        for column in relation.columns {
            let found = relation.column(&column.name.to_uppercase()).expect("the column");
            assert_eq!(found.name, column.name);
        }
        assert!(relation.column("no such column").is_none());
    }
}

#[test]
fn types_display_as_sql() {
    let column =
        |relation: usize, name: &str| Relation::ALL[relation].column(name).expect("a column");
    for (relation, name, sql) in [
        (0, "duration_ns", "BIGINT"),
        (0, "start_time_unix_nano", "TIMESTAMP_NS"),
        (
            0,
            "events",
            "STRUCT(time_unix_nano TIMESTAMP_NS, name VARCHAR, attributes JSON, \
             dropped_attributes_count UINTEGER)[]",
        ),
        (2, "bucket_counts", "UBIGINT[]"),
        (2, "positive", "STRUCT(\"offset\" INTEGER, bucket_counts UBIGINT[])"),
        (2, "is_monotonic", "BOOLEAN"),
        (2, "explicit_bounds", "DOUBLE[]"),
    ] {
        assert_eq!(column(relation, name).kind.to_string(), sql);
    }
    assert!(matches!(column(1, "body").kind, Type::Json));
}
