"""What the story of test/clients must hold: the meaning of it, and the fields it sets."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import Message

import otlp_json
import rows

START = 1_763_978_400_123_456_789
SECOND = 1_000_000_000
SCHEMA = "https://opentelemetry.io/schemas/1.37.0"

RESOURCE = {
    "service.name": "checkout",
    "service.version": "1.2.3",
    "replicas": 3,
    "ratio": 0.25,
    "canary": True,
    "zones": ["a", "b"],
}
ATTRIBUTES = {
    "text": 'Grüße, 世界 🦆 "quoted"\n',
    "flag": True,
    "count": 9007199254740991,
    "negative": -42,
    "fraction": 0.1,
    "texts": ["a", "", "c"],
    "counts": [1, -2, 3],
    "fractions": [0.5, -1.5],
    "flags": [True, False],
    "empty": "",
}
BODY = {"items": [1, "two", True, 0.5], "owner": {"name": "x"}, "raw": b"\x00\xff"}
KINDS = {"client": 3, "producer": 4, "consumer": 5, "internal": 1}

# Every field that must be set, by message; what an SDK has no way to set is in LACKING, and what it
# must set in place of that is in INSTEAD.
ENVELOPE = "Resource.attributes InstrumentationScope.name .version .attributes "
POINT = "start_time_unix_nano .time_unix_nano .attributes "
EXPONENTIAL = (
    "Metric.exponential_histogram ExponentialHistogram.aggregation_temporality "
    "ExponentialHistogramDataPoint.start_time_unix_nano .time_unix_nano .count .sum .scale "
    ".positive .min .max "
)
FIELDS = {
    "traces": "ResourceSpans.schema_url ScopeSpans.schema_url Span.trace_id .span_id .trace_state "
    ".parent_span_id .name .kind .start_time_unix_nano .end_time_unix_nano .attributes "
    ".dropped_attributes_count .events .dropped_events_count .links .dropped_links_count .status "
    ".flags Span.Event.time_unix_nano .name .attributes Span.Link.trace_id .span_id .trace_state "
    ".attributes .flags Status.message .code AnyValue.string_value .bool_value .int_value "
    f".double_value .array_value {ENVELOPE}",
    "logs": "ResourceLogs.schema_url ScopeLogs.schema_url LogRecord.time_unix_nano "
    ".observed_time_unix_nano .severity_number .severity_text .body .attributes .flags .trace_id "
    f".span_id .event_name AnyValue.array_value .kvlist_value .bytes_value {ENVELOPE}",
    "metrics": "ResourceMetrics.schema_url ScopeMetrics.schema_url Metric.name .description .unit "
    ".gauge .sum .histogram Sum.aggregation_temporality .is_monotonic "
    f"Histogram.aggregation_temporality NumberDataPoint.{POINT} .as_double "
    f"HistogramDataPoint.{POINT} .count .sum .bucket_counts .explicit_bounds .min .max "
    f"{EXPONENTIAL} {ENVELOPE}",
}

LACKING = {
    "python": "Span.Link.trace_state",
    "javascript": "InstrumentationScope.attributes",
    "rust": "",
    "go": f"InstrumentationScope.attributes HistogramDataPoint.min .max {EXPONENTIAL}",
}
INSTEAD = {
    ("go", "metrics"): "Metric.summary Summary.data_points "
    "SummaryDataPoint.start_time_unix_nano .time_unix_nano .count .sum .quantile_values "
    "SummaryDataPoint.ValueAtQuantile.quantile .value"
}


def required(signal: str, sender: str) -> set[str]:
    """The fields that a sender must set, as `Message.field`."""
    instead = INSTEAD.get((sender, signal), "")
    return (fields(FIELDS[signal]) - fields(LACKING[sender])) | fields(instead)


def fields(words: str) -> set[str]:
    """`Message.field .other` as `Message.field` and `Message.other`."""
    found, message = set(), ""
    for word in words.split():
        head, _, name = word.rpartition(".")
        message = head or message
        found.add(f"{message}.{name}")
    return found


def assert_told(sender: str, signal: str, requests: Iterable[Message]) -> None:
    """The requests set every field that they must, and mean what they must."""
    sent = list(requests)
    found = {".".join(field) for request in sent for field in otlp_json.set_fields(request)}
    assert required(signal, sender) <= found, required(signal, sender) - found
    elements = [element for request in sent for element in rows.elements(signal, request)]
    for element in elements:
        assert element.group.schema_url == SCHEMA
        assert element.scope.schema_url == SCHEMA
        assert (element.scope.scope.name, element.scope.scope.version) == ("duckspan.test", "0.1.0")
        assert attributes(element.group.resource).items() >= RESOURCE.items()
    MEANINGS[signal]([element.message for element in elements])


def assert_spans(spans: list[Any]) -> None:
    """Five spans in one trace, one of each kind."""
    named = {span.name: span for span in spans}
    assert len(spans) == len(named) == 5
    server = named.pop("GET /cart/{id}")
    assert server.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert server.parent_span_id.hex() == "b7ad6b7169203331"
    assert (server.trace_state, server.kind) == ("vendor=value", 2)
    assert (server.start_time_unix_nano, server.end_time_unix_nano) == (START, START + SECOND // 4)
    assert (server.status.code, server.status.message) == (2, "out of stock")
    assert attributes(server) == ATTRIBUTES
    assert (server.dropped_attributes_count, server.dropped_events_count) == (1, 1)
    assert len(server.events) == 2
    for event in server.events:
        number = attributes(event)["number"]
        assert event.name == f"event {number}"
        assert event.time_unix_nano == START + number * SECOND // 10
    (link,) = server.links
    assert (link.trace_id.hex(), link.span_id.hex()) == (
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "00f067aa0ba902b7",
    )
    assert attributes(link) == {"link.kind": "batch"}
    assert server.dropped_links_count == 1
    assert {name: span.kind for name, span in named.items()} == KINDS
    for span in named.values():
        assert (span.trace_id, span.parent_span_id) == (server.trace_id, server.span_id)
        assert span.start_time_unix_nano == START + SECOND
        assert span.status.code == 1


def assert_logs(records: list[Any]) -> None:
    """An event, and a record with a nested body."""
    event, nested = records
    assert (event.time_unix_nano, event.observed_time_unix_nano) == (START, START + SECOND)
    assert (event.severity_number, event.severity_text) == (13, "WARN")
    assert value(event.body) == "cart is empty"
    assert attributes(event) == {"cart": 7, "shop": "Köln"}
    assert event.event_name == "cart.emptied"
    assert event.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert len(event.span_id) == 8
    assert (nested.severity_number, value(nested.body)) == (18, BODY)
    assert nested.observed_time_unix_nano == START + SECOND


def assert_metrics(metrics: list[Any]) -> None:
    """A metric of each kind, each with one point here; two of the gauge."""
    named = {metric.name: metric for metric in metrics}
    assert len(metrics) == 6
    (point,) = named["requests"].sum.data_points
    assert number(point) == 7
    assert named["requests"].sum.is_monotonic
    assert attributes(point) == {"route": "/cart"}
    assert (named["requests"].unit, named["requests"].description) == ("1", "Requests served")
    assert [number(point) for point in named["queue.length"].sum.data_points] == [-3]
    (point,) = named["latency"].histogram.data_points
    assert (point.count, point.sum, sum(point.bucket_counts)) == (3, 713.5, 3)
    if point.HasField("min"):
        assert (point.min, point.max) == (1.0, 700.0)
    if named["size"].HasField("summary"):
        (point,) = named["size"].summary.data_points
        quantiles = {at.quantile: at.value for at in point.quantile_values}
        assert (point.count, point.sum, quantiles) == (3, 713.5, {0.0: 1.0, 1.0: 700.0})
    else:
        (point,) = named["size"].exponential_histogram.data_points
        assert (point.count, point.sum, sum(point.positive.bucket_counts)) == (3, 713.5, 3)
    rooms = {
        attributes(point)["room"]: number(point)
        for metric in metrics
        for point in metric.gauge.data_points
    }
    assert rooms == {"a": 21.5, "b": -3.25}


MEANINGS = {"traces": assert_spans, "logs": assert_logs, "metrics": assert_metrics}


def number(point: Any) -> float:
    """The value of a number point."""
    return float(getattr(point, point.WhichOneof("value")))


def attributes(message: Any) -> dict[str, Any]:
    """The attributes of a message; a key must not occur twice."""
    return dict(pairs(message.attributes))


def pairs(attributes: Any) -> Iterator[tuple[str, Any]]:
    """Keys and values."""
    for attribute in attributes:
        yield attribute.key, value(attribute.value)


def value(any_value: Any) -> Any:
    """An AnyValue in Python."""
    kind = any_value.WhichOneof("value")
    if kind == "array_value":
        return [value(item) for item in any_value.array_value.values]
    if kind == "kvlist_value":
        return dict(pairs(any_value.kvlist_value.values))
    return getattr(any_value, kind) if kind else None
