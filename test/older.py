"""OTLP as older versions had it: classes made from the field numbers of then, and what they say.

Of each version only what differs from the one before is written down. The numbers and types are
those of opentelemetry-proto at its tags v0.5.0 to v0.18.0.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

import otlp_json

# `number name type`; `*` repeats, `?` has presence, and `|` is a member of the oneof.
POINT = "1 labels StringKeyValue*; 2 start_time_unix_nano fixed64; 3 time_unix_nano fixed64; "
EXEMPLAR = "1 filtered_labels StringKeyValue*; 2 time_unix_nano fixed64; "
IDS = "; 4 span_id bytes; 5 trace_id bytes"
SUM = "; 2 aggregation_temporality AggregationTemporality; 3 is_monotonic bool"
BUCKETS = "; 6 bucket_counts fixed64*; 7 explicit_bounds double*; "
LIBRARY = "1 instrumentation_library InstrumentationLibrary; "

VERSIONS: dict[str, dict[str, str]] = {
    "0.5": {
        "TracesData": "1 resource_spans ResourceSpans*",
        "MetricsData": "1 resource_metrics ResourceMetrics*",
        "LogsData": "1 resource_logs ResourceLogs*",
        "Resource": "1 attributes KeyValue*; 2 dropped_attributes_count uint32",
        "InstrumentationLibrary": "1 name string; 2 version string",
        "StringKeyValue": "1 key string; 2 value string",
        "KeyValue": "1 key string; 2 value AnyValue",
        "AnyValue": "1 string_value string|; 2 bool_value bool|; 3 int_value int64|; "
        "4 double_value double|; 5 array_value ArrayValue|; 6 kvlist_value KeyValueList|",
        "ArrayValue": "1 values AnyValue*",
        "KeyValueList": "1 values KeyValue*",
        "ResourceSpans": "1 resource Resource; "
        "2 instrumentation_library_spans InstrumentationLibrarySpans*",
        "InstrumentationLibrarySpans": LIBRARY + "2 spans Span*",
        "Span": "1 trace_id bytes; 2 span_id bytes; 3 trace_state string; 4 parent_span_id bytes; "
        "5 name string; 6 kind SpanKind; 7 start_time_unix_nano fixed64; "
        "8 end_time_unix_nano fixed64; 9 attributes KeyValue*; "
        "10 dropped_attributes_count uint32; 11 events Event*; 12 dropped_events_count uint32; "
        "13 links Link*; 14 dropped_links_count uint32; 15 status Status",
        "Event": "1 time_unix_nano fixed64; 2 name string; 3 attributes KeyValue*; "
        "4 dropped_attributes_count uint32",
        "Link": "1 trace_id bytes; 2 span_id bytes; 3 trace_state string; 4 attributes KeyValue*; "
        "5 dropped_attributes_count uint32",
        "Status": "1 deprecated_code DeprecatedStatusCode; 2 message string",
        "ResourceLogs": "1 resource Resource; "
        "2 instrumentation_library_logs InstrumentationLibraryLogs*",
        "InstrumentationLibraryLogs": LIBRARY + "2 logs LogRecord*",
        "LogRecord": "1 time_unix_nano fixed64; 2 severity_number SeverityNumber; "
        "3 severity_text string; 4 name string; 5 body AnyValue; 6 attributes KeyValue*; "
        "7 dropped_attributes_count uint32; 8 flags fixed32; 9 trace_id bytes; 10 span_id bytes",
        "ResourceMetrics": "1 resource Resource; "
        "2 instrumentation_library_metrics InstrumentationLibraryMetrics*",
        "InstrumentationLibraryMetrics": LIBRARY + "2 metrics Metric*",
        "Metric": "1 name string; 2 description string; 3 unit string; 4 int_gauge IntGauge|; "
        "5 double_gauge DoubleGauge|; 6 int_sum IntSum|; 7 double_sum DoubleSum|; "
        "8 int_histogram IntHistogram|; 9 double_histogram DoubleHistogram|",
        "IntGauge": "1 data_points IntDataPoint*",
        "DoubleGauge": "1 data_points DoubleDataPoint*",
        "IntSum": "1 data_points IntDataPoint*" + SUM,
        "DoubleSum": "1 data_points DoubleDataPoint*" + SUM,
        "IntHistogram": "1 data_points IntHistogramDataPoint*" + SUM.rsplit(";", 1)[0],
        "DoubleHistogram": "1 data_points DoubleHistogramDataPoint*" + SUM.rsplit(";", 1)[0],
        "IntDataPoint": POINT + "4 value sfixed64; 5 exemplars IntExemplar*",
        "DoubleDataPoint": POINT + "4 value double; 5 exemplars DoubleExemplar*",
        "IntHistogramDataPoint": POINT
        + "4 count fixed64; 5 sum sfixed64"
        + BUCKETS
        + "8 exemplars IntExemplar*",
        "DoubleHistogramDataPoint": POINT
        + "4 count fixed64; 5 sum double"
        + BUCKETS
        + "8 exemplars DoubleExemplar*",
        "IntExemplar": EXEMPLAR + "3 value sfixed64" + IDS,
        "DoubleExemplar": EXEMPLAR + "3 value double" + IDS,
    },
    "0.7": {
        "Status": "1 deprecated_code DeprecatedStatusCode; 2 message string; 3 code StatusCode",
        "Metric": "1 name string; 2 description string; 3 unit string; 4 int_gauge IntGauge|; "
        "5 double_gauge DoubleGauge|; 6 int_sum IntSum|; 7 double_sum DoubleSum|; "
        "8 int_histogram IntHistogram|; 9 double_histogram DoubleHistogram|; "
        "11 double_summary DoubleSummary|",
        "DoubleSummary": "1 data_points DoubleSummaryDataPoint*",
        "DoubleSummaryDataPoint": POINT + "4 count fixed64; 5 sum double; "
        "6 quantile_values ValueAtQuantile*",
        "ValueAtQuantile": "1 quantile double; 2 value double",
    },
    "0.8": {
        "Metric": "1 name string; 2 description string; 3 unit string; 4 int_gauge IntGauge|; "
        "5 gauge Gauge|; 6 int_sum IntSum|; 7 sum Sum|; 8 int_histogram IntHistogram|; "
        "9 histogram Histogram|; 11 summary Summary|",
        "Gauge": "1 data_points NumberDataPoint*",
        "Sum": "1 data_points NumberDataPoint*" + SUM,
        "Histogram": "1 data_points HistogramDataPoint*" + SUM.rsplit(";", 1)[0],
        "Summary": "1 data_points DoubleSummaryDataPoint*",
        "NumberDataPoint": POINT + "4 as_double double|; 5 exemplars Exemplar*; 6 as_int sfixed64|",
        "HistogramDataPoint": POINT
        + "4 count fixed64; 5 sum double"
        + BUCKETS
        + "8 exemplars Exemplar*",
        "Exemplar": EXEMPLAR + "3 as_double double|; 6 as_int sfixed64|" + IDS,
    },
    "0.15": {
        "InstrumentationScope": "1 name string; 2 version string",
        "ResourceSpans": "1 resource Resource; 2 scope_spans ScopeSpans*; 3 schema_url string; "
        "1000 instrumentation_library_spans InstrumentationLibrarySpans*",
        "ScopeSpans": "1 scope InstrumentationScope; 2 spans Span*; 3 schema_url string",
        "InstrumentationLibrarySpans": LIBRARY + "2 spans Span*; 3 schema_url string",
        "Status": "2 message string; 3 code StatusCode",
        "ResourceLogs": "1 resource Resource; 2 scope_logs ScopeLogs*; 3 schema_url string; "
        "1000 instrumentation_library_logs InstrumentationLibraryLogs*",
        "ScopeLogs": "1 scope InstrumentationScope; 2 log_records LogRecord*; 3 schema_url string",
        "InstrumentationLibraryLogs": LIBRARY + "2 log_records LogRecord*; 3 schema_url string",
        "ResourceMetrics": "1 resource Resource; 2 scope_metrics ScopeMetrics*; "
        "3 schema_url string; 1000 instrumentation_library_metrics InstrumentationLibraryMetrics*",
        "ScopeMetrics": "1 scope InstrumentationScope; 2 metrics Metric*; 3 schema_url string",
        "InstrumentationLibraryMetrics": LIBRARY + "2 metrics Metric*; 3 schema_url string",
        "Metric": "1 name string; 2 description string; 3 unit string; 5 gauge Gauge|; 7 sum Sum|; "
        "9 histogram Histogram|; 11 summary Summary|",
        "NumberDataPoint": "2 start_time_unix_nano fixed64; 3 time_unix_nano fixed64; "
        "4 as_double double|; 5 exemplars Exemplar*; 6 as_int sfixed64|; 7 attributes KeyValue*",
        "HistogramDataPoint": "2 start_time_unix_nano fixed64; 3 time_unix_nano fixed64; "
        "4 count fixed64; 5 sum double?" + BUCKETS + "8 exemplars Exemplar*; "
        "9 attributes KeyValue*",
        "DoubleSummaryDataPoint": "2 start_time_unix_nano fixed64; 3 time_unix_nano fixed64; "
        "4 count fixed64; 5 sum double; 6 quantile_values ValueAtQuantile*; "
        "7 attributes KeyValue*",
        "Exemplar": "7 filtered_attributes KeyValue*; 2 time_unix_nano fixed64; "
        "3 as_double double|; 6 as_int sfixed64|" + IDS,
    },
}

# Enums by their largest number; names do not matter, as OTLP/JSON writes numbers.
ENUMS = {
    "SpanKind": 5,
    "StatusCode": 2,
    "DeprecatedStatusCode": 16,
    "SeverityNumber": 24,
    "AggregationTemporality": 2,
}
TOP = {"traces": "TracesData", "metrics": "MetricsData", "logs": "LogsData"}
# What fields are called today, where that is all that changed.
RENAMED = {
    "instrumentation_library_spans": "scope_spans",
    "instrumentation_library_metrics": "scope_metrics",
    "instrumentation_library_logs": "scope_logs",
    "instrumentation_library": "scope",
    "logs": "log_records",
    "int_gauge": "gauge",
    "double_gauge": "gauge",
    "int_sum": "sum",
    "double_sum": "sum",
    "int_histogram": "histogram",
    "double_histogram": "histogram",
    "double_summary": "summary",
    "labels": "attributes",
    "filtered_labels": "filtered_attributes",
}
# Values that had no presence then, and have today.
VALUES = {
    "IntDataPoint": ("value", "as_int"),
    "IntExemplar": ("value", "as_int"),
    "IntHistogramDataPoint": ("sum", "sum"),
    "DoubleDataPoint": ("value", "as_double"),
    "DoubleExemplar": ("value", "as_double"),
    "DoubleHistogramDataPoint": ("sum", "sum"),
}


@cache
def classes(version: str) -> dict[str, type[Message]]:
    """The classes of requests of a version, by signal."""
    messages: dict[str, str] = {}
    for known, changes in VERSIONS.items():
        messages |= changes
        if known == version:
            break
    package = f"older.v{version.replace('.', '_')}"
    file = descriptor_pb2.FileDescriptorProto(name=package, package=package, syntax="proto3")
    for name, largest in ENUMS.items():
        enum = file.enum_type.add(name=name)
        for number in range(largest + 1):
            enum.value.add(name=f"{name}_{number}", number=number)
    for name, fields in messages.items():
        declare(file.message_type.add(name=name), fields, package)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    get = message_factory.GetMessageClass
    return {signal: get(find(f"{package}.{name}")) for signal, name in TOP.items()}


def declare(message: descriptor_pb2.DescriptorProto, fields: str, package: str) -> None:
    """Adds the fields that a line says."""
    for text in fields.split(";"):
        number, name, kind = text.split()
        field = message.field.add(name=name, number=int(number))
        field.label = field.LABEL_REPEATED if kind.endswith("*") else field.LABEL_OPTIONAL
        mark, kind = kind[-1], kind.rstrip("*|?")
        if kind[0].isupper():
            field.type = field.TYPE_ENUM if kind in ENUMS else field.TYPE_MESSAGE
            field.type_name = f".{package}.{kind}"
        else:
            field.type = getattr(field, f"TYPE_{kind.upper()}")
        if mark == "|":
            if not message.oneof_decl:
                message.oneof_decl.add(name="one")
            field.oneof_index = 0
    for field in message.field:
        if f"{field.name} double?" in fields:
            field.proto3_optional = True
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")


@dataclass(frozen=True)
class Today:
    """What a message of old says today.

    Names tell more than numbers: in JSON, `doubleGauge` is of old, and its value 0 where none is
    written; in protobuf it may be a `gauge` of today, if it has no labels.
    """

    named: bool

    def request(self, old: Message, signal: str) -> Message:
        """The request of today."""
        new = otlp_json.DATA[signal]()
        self.message(old, new)
        return new

    def message(self, old: Message, new: Message) -> None:
        """Sets the fields of today that a message of old has a value for."""
        kind = otlp_json.short_name(old.DESCRIPTOR)
        old_value, new_value = VALUES.get(kind, ("", ""))
        for field, value in old.ListFields():
            if field.name == old_value:
                continue
            if field.name == "deprecated_code":
                code = old.DESCRIPTOR.fields_by_name.get("code")
                if not code or not old.code:
                    new.code = 2
            elif field.name == "name" and kind == "LogRecord":
                new.event_name = value
            elif field.name in {"labels", "filtered_labels"}:
                for label in value:
                    attribute = getattr(new, RENAMED[field.name]).add(key=label.key)
                    attribute.value.string_value = label.value
            else:
                self.field(new, RENAMED.get(field.name, field.name), field, value)
        self.value(old, old_value, new, new_value)
        self.unset_value(old, new, kind)

    def field(self, new: Message, name: str, field: FieldDescriptor, value: Any) -> None:
        """Sets a field that has another name at most."""
        if field.message_type:
            for item in value if field.is_repeated else [value]:
                target = getattr(new, name)
                target = target.add() if field.is_repeated else target
                target.SetInParent()
                self.message(item, target)
        elif field.is_repeated:
            getattr(new, name).extend(value)
        else:
            setattr(new, name, value)

    def value(self, old: Message, old_name: str, new: Message, new_name: str) -> None:
        """Sets the value of a point or exemplar of integers or doubles."""
        if not old_name:
            return
        is_integer = otlp_json.short_name(old.DESCRIPTOR).startswith("Int")
        is_written = any(field.name == old_name for field, _ in old.ListFields())
        if is_written or is_integer or self.named or has_labels(old):
            value = getattr(old, old_name)
            setattr(new, new_name, float(value) if new_name == "sum" else value)

    def unset_value(self, old: Message, new: Message, kind: str) -> None:
        """0 where a sender that writes labels left out a value."""
        if not has_labels(old):
            return
        if kind == "HistogramDataPoint" and not new.HasField("sum"):
            new.sum = 0
        if kind in {"NumberDataPoint", "Exemplar"} and not new.WhichOneof("value"):
            new.as_double = 0


def has_labels(message: Message) -> bool:
    """Whether a point or exemplar has labels, which tell that it is of old."""
    names = {field.name for field, _ in message.ListFields()}
    return bool(names & {"labels", "filtered_labels"})
