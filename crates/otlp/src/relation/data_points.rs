//! The relation of metric data points, of all five kinds of metric.

use super::Relation;
use super::column::{self, Column, Level, Read, row};
use super::shared::{self, SPAN_ID, TRACE_ID};
use super::types::Type;
use crate::signal::Signal;

/// Data points, one a row. A metric without points has none.
pub static DATA_POINTS: Relation = Relation {
    name: "data_points",
    comment: "One row per metric data point, of all five kinds of metric.",
    signal: Signal::Metrics,
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    row(
        "time_unix_nano",
        Type::TimestampNs,
        Read::Time("timeUnixNano"),
        "When the value was taken, UTC.",
    ),
    shared::SERVICE_NAME,
    metric("name", Type::Varchar, "name", "Name of the metric."),
    row(
        "value",
        Type::Double,
        Read::Number,
        "Value of a gauge or sum; integers beyond 2^53 are rounded, as_int is exact.",
    ),
    metric("unit", Type::Varchar, "unit", "Unit of the values, in UCUM notation."),
    column::shared(
        "kind",
        Type::Varchar,
        Level::Data,
        Read::MetricKind,
        "Kind of metric: gauge, sum, histogram, exponential_histogram or summary.",
    ),
    shared::ATTRIBUTES,
    row("count", Type::UInt64, Read::Field("count"), "Measurements in a histogram or summary."),
    row(
        "sum",
        Type::Double,
        Read::Field("sum"),
        "Sum of the measurements of a histogram or summary, in the unit of the metric.",
    ),
    row("min", Type::Double, Read::Field("min"), "Smallest measurement of a histogram."),
    row("max", Type::Double, Read::Field("max"), "Largest measurement of a histogram."),
    row(
        "bucket_counts",
        Type::List(&Type::UInt64),
        Read::Field("bucketCounts"),
        "Measurements in each bucket of a histogram: one more than explicit_bounds, or none at all.",
    ),
    row(
        "explicit_bounds",
        Type::List(&Type::Double),
        Read::Field("explicitBounds"),
        "Upper bounds of the buckets of a histogram, but for the last, which has none.",
    ),
    row(
        "scale",
        Type::Int32,
        Read::Field("scale"),
        "Of an exponential histogram: buckets grow by the factor 2^(2^-scale).",
    ),
    row(
        "zero_count",
        Type::UInt64,
        Read::Field("zeroCount"),
        "Measurements of an exponential histogram that are 0 or within zero_threshold of it.",
    ),
    row(
        "zero_threshold",
        Type::Double,
        Read::Field("zeroThreshold"),
        "Distance from 0 up to which zero_count counts.",
    ),
    row(
        "positive",
        Type::Struct(BUCKETS),
        Read::Field("positive"),
        "Buckets of the positive measurements of an exponential histogram.",
    ),
    row(
        "negative",
        Type::Struct(BUCKETS),
        Read::Field("negative"),
        "Buckets of its negative measurements, by their absolute value.",
    ),
    row(
        "quantile_values",
        Type::List(&Type::Struct(VALUE_AT_QUANTILE)),
        Read::Field("quantileValues"),
        "Quantiles of a summary.",
    ),
    row(
        "exemplars",
        Type::List(&Type::Struct(EXEMPLAR)),
        Read::Field("exemplars"),
        "Measurements that stand for the point, with their trace context.",
    ),
    row(
        "start_time_unix_nano",
        Type::TimestampNs,
        Read::Field("startTimeUnixNano"),
        "When the time range of the point started, UTC.",
    ),
    data(
        "aggregation_temporality",
        Type::Varchar,
        "aggregationTemporality",
        "What the time range is: DELTA since the last point, CUMULATIVE since a fixed start, or \
         UNSPECIFIED.",
    ),
    data("is_monotonic", Type::Boolean, "isMonotonic", "Whether a sum never falls."),
    metric("description", Type::Varchar, "description", "What the metric measures, for people."),
    shared::RESOURCE_ATTRIBUTES,
    shared::SERVICE_NAMESPACE,
    shared::SERVICE_INSTANCE_ID,
    shared::SCOPE_NAME,
    shared::SCOPE_VERSION,
    shared::SCOPE_ATTRIBUTES,
    metric(
        "metadata",
        Type::Json,
        "metadata",
        "Attributes of the metric that do not identify it, as a JSON object.",
    ),
    data(
        "aggregation_temporality_number",
        Type::Int32,
        "aggregationTemporality",
        "Temporality as OTLP's number, which may be one without a name.",
    ),
    shared::RESOURCE_DROPPED_ATTRIBUTES_COUNT,
    shared::RESOURCE_ENTITY_REFS,
    shared::RESOURCE_SCHEMA_URL,
    shared::SCOPE_DROPPED_ATTRIBUTES_COUNT,
    shared::SCOPE_SCHEMA_URL,
    row(
        "flags",
        Type::UInt32,
        Read::Field("flags"),
        "Bit 0: no value was recorded, the series ended.",
    ),
    row("as_int", Type::Int64, Read::Field("asInt"), "Value of a gauge or sum of integers."),
    row("as_double", Type::Double, Read::Field("asDouble"), "Value of a gauge or sum of doubles."),
];

const fn metric(
    name: &'static str,
    kind: Type,
    field: &'static str,
    meaning: &'static str,
) -> Column {
    column::shared(name, kind, Level::Metric, Read::Field(field), meaning)
}

const fn data(
    name: &'static str,
    kind: Type,
    field: &'static str,
    meaning: &'static str,
) -> Column {
    column::shared(name, kind, Level::Data, Read::Field(field), meaning)
}

const BUCKETS: &[Column] = &[
    row(
        "offset",
        Type::Int32,
        Read::Field("offset"),
        "Where the buckets start: the i-th, from 0, has values above base^(offset+i) and up to \
         base^(offset+i+1), where base is 2^(2^-scale).",
    ),
    row(
        "bucket_counts",
        Type::List(&Type::UInt64),
        Read::Field("bucketCounts"),
        "Measurements in each bucket.",
    ),
];

const VALUE_AT_QUANTILE: &[Column] = &[
    row("quantile", Type::Double, Read::Field("quantile"), "From 0 (minimum) to 1 (maximum)."),
    row("value", Type::Double, Read::Field("value"), "Value at that quantile."),
];

const EXEMPLAR: &[Column] = &[
    row(
        "time_unix_nano",
        Type::TimestampNs,
        Read::Field("timeUnixNano"),
        "When the measurement was made, UTC.",
    ),
    row("value", Type::Double, Read::Number, "The measurement; see as_int for large integers."),
    row("as_int", Type::Int64, Read::Field("asInt"), "The measurement, if an integer."),
    row("as_double", Type::Double, Read::Field("asDouble"), "The measurement, if a double."),
    TRACE_ID,
    SPAN_ID,
    row(
        "filtered_attributes",
        Type::Json,
        Read::Field("filteredAttributes"),
        "Attributes of the measurement that the point does not have, as a JSON object.",
    ),
];
