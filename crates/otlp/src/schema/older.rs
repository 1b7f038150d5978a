//! Messages that only older versions have. In OTLP/JSON those of doubles have fields of other names.

use super::{
    EXEMPLAR, GAUGE, HISTOGRAM, HISTOGRAM_DATA_POINT, Kind, Message, NUMBER_DATA_POINT, Role, Rule,
    SUM, TEMPORALITIES, implied, labels, many, message, older, one,
};

/// A label of a data point: 0.5 to 0.11.
pub(crate) static STRING_KEY_VALUE: Message =
    Message::new("StringKeyValue", &[one(1, "key", Kind::String), one(2, "value", Kind::String)])
        .with_role(Role::Label);

pub(super) static INT_GAUGE: Message =
    Message::new("IntGauge", &[many(1, "dataPoints", message(&INT_DATA_POINT))])
        .replaced_by(&GAUGE);

pub(super) static INT_SUM: Message = Message::new(
    "IntSum",
    &[
        many(1, "dataPoints", message(&INT_DATA_POINT)),
        one(2, "aggregationTemporality", Kind::Enum(TEMPORALITIES)),
        one(3, "isMonotonic", Kind::Bool),
    ],
)
.replaced_by(&SUM);

pub(super) static INT_HISTOGRAM: Message = Message::new(
    "IntHistogram",
    &[
        many(1, "dataPoints", message(&INT_HISTOGRAM_DATA_POINT)),
        one(2, "aggregationTemporality", Kind::Enum(TEMPORALITIES)),
    ],
)
.replaced_by(&HISTOGRAM);

pub(super) static INT_DATA_POINT: Message = Message::new(
    "IntDataPoint",
    &[
        one(2, "startTimeUnixNano", Kind::Fixed64),
        one(3, "timeUnixNano", Kind::Fixed64),
        many(5, "exemplars", message(&INT_EXEMPLAR)),
    ],
)
.with(&[labels("labels", 7, 0), older(4, "value", Kind::Sfixed64, Rule::Implied, 6)])
.replaced_by(&NUMBER_DATA_POINT);

pub(super) static INT_HISTOGRAM_DATA_POINT: Message = Message::new(
    "IntHistogramDataPoint",
    &[
        one(2, "startTimeUnixNano", Kind::Fixed64),
        one(3, "timeUnixNano", Kind::Fixed64),
        one(4, "count", Kind::Fixed64),
        many(6, "bucketCounts", Kind::Fixed64),
        many(7, "explicitBounds", Kind::Double),
        many(8, "exemplars", message(&INT_EXEMPLAR)),
    ],
)
.with(&[labels("labels", 9, 0), older(5, "sum", Kind::Sfixed64, Rule::Implied, 5)])
.replaced_by(&HISTOGRAM_DATA_POINT);

pub(super) static INT_EXEMPLAR: Message = Message::new(
    "IntExemplar",
    &[
        one(2, "timeUnixNano", Kind::Fixed64),
        one(4, "spanId", Kind::Id),
        one(5, "traceId", Kind::Id),
    ],
)
.with(&[labels("filteredLabels", 7, 0), older(3, "value", Kind::Sfixed64, Rule::Implied, 6)])
.replaced_by(&EXEMPLAR);

pub(super) static DOUBLE_GAUGE: Message =
    Message::new("DoubleGauge", &[many(1, "dataPoints", message(&DOUBLE_DATA_POINT))])
        .replaced_by(&GAUGE);

pub(super) static DOUBLE_SUM: Message = Message::new(
    "DoubleSum",
    &[
        many(1, "dataPoints", message(&DOUBLE_DATA_POINT)),
        one(2, "aggregationTemporality", Kind::Enum(TEMPORALITIES)),
        one(3, "isMonotonic", Kind::Bool),
    ],
)
.replaced_by(&SUM);

pub(super) static DOUBLE_HISTOGRAM: Message = Message::new(
    "DoubleHistogram",
    &[
        many(1, "dataPoints", message(&DOUBLE_HISTOGRAM_DATA_POINT)),
        one(2, "aggregationTemporality", Kind::Enum(TEMPORALITIES)),
    ],
)
.replaced_by(&HISTOGRAM);

pub(super) static DOUBLE_DATA_POINT: Message = Message::new(
    "DoubleDataPoint",
    &[
        one(2, "startTimeUnixNano", Kind::Fixed64),
        one(3, "timeUnixNano", Kind::Fixed64),
        implied(4, "value", Kind::Double),
        many(5, "exemplars", message(&DOUBLE_EXEMPLAR)),
    ],
)
.with(&[labels("labels", 7, 0)])
.replaced_by(&NUMBER_DATA_POINT);

pub(super) static DOUBLE_HISTOGRAM_DATA_POINT: Message = Message::new(
    "DoubleHistogramDataPoint",
    &[
        one(2, "startTimeUnixNano", Kind::Fixed64),
        one(3, "timeUnixNano", Kind::Fixed64),
        one(4, "count", Kind::Fixed64),
        implied(5, "sum", Kind::Double),
        many(6, "bucketCounts", Kind::Fixed64),
        many(7, "explicitBounds", Kind::Double),
        many(8, "exemplars", message(&DOUBLE_EXEMPLAR)),
    ],
)
.with(&[labels("labels", 9, 0)])
.replaced_by(&HISTOGRAM_DATA_POINT);

pub(super) static DOUBLE_EXEMPLAR: Message = Message::new(
    "DoubleExemplar",
    &[
        one(2, "timeUnixNano", Kind::Fixed64),
        implied(3, "value", Kind::Double),
        one(4, "spanId", Kind::Id),
        one(5, "traceId", Kind::Id),
    ],
)
.with(&[labels("filteredLabels", 7, 0)])
.replaced_by(&EXEMPLAR);
