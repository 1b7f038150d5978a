"""What typed columns must hold, by the OTLP/JSON of the same row; times in nanoseconds."""

import json
import math
from typing import Any

Json = dict[str, Any]
Columns = dict[str, Any]

SPAN_KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
STATUS_CODES = ["UNSET", "OK", "ERROR"]
TEMPORALITIES = ["UNSPECIFIED", "DELTA", "CUMULATIVE"]
LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
SEVERITIES = ["UNSPECIFIED", *(f"{level}{n}" for level in LEVELS for n in ("", 2, 3, 4))]
METRIC_KINDS = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "summary": "summary",
}
OF_AGGREGATION = [
    "aggregation_temporality",
    "aggregation_temporality_number",
    "is_monotonic",
    "count",
    "sum",
    "min",
    "max",
    "bucket_counts",
    "explicit_bounds",
    "scale",
    "zero_count",
    "zero_threshold",
    "positive",
    "negative",
    "quantile_values",
    "exemplars",
]


def is_row(data: Json) -> bool:
    """Whether it is a row of a typed table: a metric without a point is none."""
    return all(data[kind].get("dataPoints") for kind in METRIC_KINDS if kind in data)


def of_span(resource: Json, span: Json) -> Columns:
    """The columns of a span."""
    start, end = time(span, "startTimeUnixNano"), time(span, "endTimeUnixNano")
    status = span.get("status", {})
    return {
        "start_time_unix_nano": start,
        "end_time_unix_nano": end,
        "duration_ns": None if start is None or end is None else end - start,
        **ids(span),
        "parent_span_id": identifier(span, "parentSpanId", 16),
        "trace_state": text(span, "traceState"),
        "name": text(span, "name"),
        "kind": named(SPAN_KINDS, span.get("kind", 0)),
        "kind_number": span.get("kind", 0),
        "status_code": named(STATUS_CODES, status.get("code", 0)),
        "status_code_number": status.get("code", 0),
        "status_message": text(status, "message"),
        **attributed(span),
        "events": [of_event(event) for event in span.get("events", [])],
        "dropped_events_count": span.get("droppedEventsCount", 0),
        "links": [of_link(link) for link in span.get("links", [])],
        "dropped_links_count": span.get("droppedLinksCount", 0),
        "flags": span.get("flags", 0),
        **context(resource, span),
    }


def of_event(event: Json) -> Columns:
    """An event of a span."""
    return {
        "time_unix_nano": time(event, "timeUnixNano"),
        "name": text(event, "name"),
        **attributed(event),
    }


def of_link(link: Json) -> Columns:
    """A link of a span."""
    return {
        **ids(link),
        "trace_state": text(link, "traceState"),
        **attributed(link),
        "flags": link.get("flags", 0),
    }


def of_log_record(resource: Json, record: Json) -> Columns:
    """The columns of a log record."""
    number = record.get("severityNumber", 0)
    return {
        "time_unix_nano": time(record, "timeUnixNano"),
        "observed_time_unix_nano": time(record, "observedTimeUnixNano"),
        "severity": named(SEVERITIES, number),
        "severity_number": number,
        "severity_text": text(record, "severityText"),
        "event_name": text(record, "eventName"),
        "body": [any_value(record["body"])] if "body" in record else None,
        "body_text": as_text(any_value(record.get("body", {}))),
        **attributed(record),
        **ids(record),
        "flags": record.get("flags", 0),
        **context(resource, record),
    }


def of_data_point(resource: Json, metric: Json) -> Columns:
    """The columns of a data point; those that its kind lacks are None."""
    key = next((key for key in METRIC_KINDS if key in metric), None)
    data = metric.get(key, {}) if key else {}
    point = next(iter(data.get("dataPoints", [])), {})
    return {
        "time_unix_nano": time(point, "timeUnixNano"),
        "start_time_unix_nano": time(point, "startTimeUnixNano"),
        "name": text(metric, "name"),
        "description": text(metric, "description"),
        "unit": text(metric, "unit"),
        "kind": METRIC_KINDS.get(key or ""),
        "attributes": object_of(point.get("attributes", [])),
        "flags": point.get("flags", 0),
        "metadata": object_of(metric.get("metadata", [])),
        **number(point),
        **of_aggregation(key, data, point),
        **context(resource, metric),
    }


def of_aggregation(key: str | None, data: Json, point: Json) -> Columns:
    """The columns that some kinds of metric have."""
    is_histogram = key in ("histogram", "exponentialHistogram")
    found: Columns = dict.fromkeys(OF_AGGREGATION)
    if key != "summary" and key is not None:
        found["exemplars"] = [of_exemplar(exemplar) for exemplar in point.get("exemplars", [])]
    if key == "sum":
        found["is_monotonic"] = data.get("isMonotonic", False)
    if key == "sum" or is_histogram:
        temporality = data.get("aggregationTemporality", 0)
        found["aggregation_temporality"] = named(TEMPORALITIES, temporality)
        found["aggregation_temporality_number"] = temporality
    if is_histogram or key == "summary":
        found["count"] = int(point.get("count", 0))
        found["sum"] = double(point.get("sum", None if is_histogram else 0.0))
    if is_histogram:
        found["min"], found["max"] = double(point.get("min")), double(point.get("max"))
    if key == "histogram":
        found["bucket_counts"] = [int(count) for count in point.get("bucketCounts", [])]
        found["explicit_bounds"] = [double(bound) for bound in point.get("explicitBounds", [])]
    if key == "exponentialHistogram":
        found["scale"] = point.get("scale", 0)
        found["zero_count"] = int(point.get("zeroCount", 0))
        found["zero_threshold"] = double(point.get("zeroThreshold", 0.0))
        found["positive"], found["negative"] = (
            buckets(point, "positive"),
            buckets(point, "negative"),
        )
    if key == "summary":
        found["quantile_values"] = [
            {"quantile": double(of.get("quantile", 0.0)), "value": double(of.get("value", 0.0))}
            for of in point.get("quantileValues", [])
        ]
    return found


def of_exemplar(exemplar: Json) -> Columns:
    """An exemplar of a data point."""
    return {
        "time_unix_nano": time(exemplar, "timeUnixNano"),
        **number(exemplar),
        **ids(exemplar),
        "filtered_attributes": object_of(exemplar.get("filteredAttributes", [])),
    }


def buckets(point: Json, key: str) -> Columns | None:
    """The buckets of an exponential histogram."""
    found = point.get(key)
    if found is None:
        return None
    counts = [int(count) for count in found.get("bucketCounts", [])]
    return {"offset": found.get("offset", 0), "bucket_counts": counts}


def number(point: Json) -> Columns:
    """The value of a number point or an exemplar."""
    as_int = int(point["asInt"]) if "asInt" in point else None
    as_double = double(point.get("asDouble"))
    value = as_double if as_int is None else float(as_int)
    return {"value": value, "as_int": as_int, "as_double": as_double}


def context(resource: Json, row: Json) -> Columns:
    """The columns of the resource and the scope."""
    scope = row.get("scope", {})
    of_resource = object_of(resource.get("attributes", []))
    return {
        "service_name": as_text(of_resource.get("service.name")),
        "service_namespace": as_text(of_resource.get("service.namespace")),
        "service_instance_id": as_text(of_resource.get("service.instance.id")),
        "scope_name": text(scope, "name"),
        "scope_version": text(scope, "version"),
        "scope_attributes": object_of(scope.get("attributes", [])),
        "scope_dropped_attributes_count": scope.get("droppedAttributesCount", 0),
        "scope_schema_url": text(row, "schemaUrl"),
        "resource_attributes": of_resource,
        "resource_dropped_attributes_count": resource.get("droppedAttributesCount", 0),
        "resource_entity_refs": [of_entity(ref) for ref in resource.get("entityRefs", [])],
        "resource_schema_url": text(resource, "schemaUrl"),
    }


def of_entity(ref: Json) -> Columns:
    """A reference to an entity."""
    return {
        "schema_url": text(ref, "schemaUrl"),
        "type": text(ref, "type"),
        "id_keys": ref.get("idKeys", []),
        "description_keys": ref.get("descriptionKeys", []),
    }


def attributed(message: Json) -> Columns:
    """Attributes and how many were dropped."""
    return {
        "attributes": object_of(message.get("attributes", [])),
        "dropped_attributes_count": message.get("droppedAttributesCount", 0),
    }


def ids(message: Json) -> Columns:
    """Trace and span."""
    return {
        "trace_id": identifier(message, "traceId", 32),
        "span_id": identifier(message, "spanId", 16),
    }


def identifier(message: Json, key: str, digits: int) -> str | None:
    """An id; None if it has the wrong length or is all zero."""
    found: str = message.get(key, "")
    return found if len(found) == digits and set(found) != {"0"} else None


def time(message: Json, key: str) -> int | None:
    """A time; None if it is 0 or beyond a TIMESTAMP_NS."""
    found = int(message.get(key, 0))
    return found if 0 < found < 2**63 - 1 else None


def text(message: Json, key: str) -> str | None:
    """Text; None if it is empty."""
    return message.get(key) or None


def named(names: list[str], at: int) -> str:
    """The name of an enum number, or the number."""
    return names[at] if 0 <= at < len(names) else str(at)


def double(value: Any) -> Any:
    """A double, of which NaN is the text, so that it is equal to itself."""
    if value is None:
        return None
    return "NaN" if math.isnan(float(value)) else float(value)


def object_of(attributes: list[Json]) -> Json:
    """Attributes as an object; of equal keys the first counts."""
    found: Json = {}
    for attribute in attributes:
        found.setdefault(attribute.get("key", ""), any_value(attribute.get("value", {})))
    return found


def any_value(value: Json) -> Any:
    """An AnyValue as the JSON of its own type."""
    for kind, found in value.items():
        if kind == "intValue":
            return int(found)
        if kind == "arrayValue":
            return [any_value(item) for item in found.get("values", [])]
        if kind == "kvlistValue":
            return object_of(found.get("values", []))
        return found
    return None


def as_text(found: Any) -> str | None:
    """A value as text: strings as they are, all else as JSON."""
    if isinstance(found, str) or found is None:
        return found
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
