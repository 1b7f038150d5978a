"""Tells the story of README.md with the OpenTelemetry SDK for Python.

python send.py PROTOCOL ENDPOINT RECORDER
"""

import sys
from typing import Any

from opentelemetry import context, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.json.http import (
    _log_exporter as json_logs,
)
from opentelemetry.exporter.otlp.json.http import (
    metric_exporter as json_metrics,
)
from opentelemetry.exporter.otlp.json.http import (
    trace_exporter as json_traces,
)
from opentelemetry.exporter.otlp.proto.grpc import (
    _log_exporter as grpc_logs,
)
from opentelemetry.exporter.otlp.proto.grpc import (
    metric_exporter as grpc_metrics,
)
from opentelemetry.exporter.otlp.proto.grpc import (
    trace_exporter as grpc_traces,
)
from opentelemetry.exporter.otlp.proto.http import (
    _log_exporter as http_logs,
)
from opentelemetry.exporter.otlp.proto.http import (
    metric_exporter as http_metrics,
)
from opentelemetry.exporter.otlp.proto.http import (
    trace_exporter as http_traces,
)
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    LogRecordExporter,
    LogRecordExportResult,
)
from opentelemetry.sdk.metrics import AlwaysOnExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

MODULES = {
    "grpc": (grpc_traces, grpc_metrics, grpc_logs),
    "http/protobuf": (http_traces, http_metrics, http_logs),
    "http/json": (json_traces, json_metrics, json_logs),
}
PATHS = ("v1/traces", "v1/metrics", "v1/logs")
CLASSES = ("OTLPSpanExporter", "OTLPMetricExporter", "OTLPLogExporter")

SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
START = 1_763_978_400_123_456_789
SECOND = 1_000_000_000

REMOTE = SpanContext(
    0x0AF7651916CD43DD8448EB211C80319C,
    0xB7AD6B7169203331,
    is_remote=True,
    trace_flags=TraceFlags(TraceFlags.SAMPLED),
    trace_state=TraceState([("vendor", "value")]),
)
LINKED = SpanContext(
    0x4BF92F3577B34DA6A3CE929D0E0E4736,
    0x00F067AA0BA902B7,
    is_remote=True,
    trace_flags=TraceFlags(TraceFlags.SAMPLED),
    trace_state=TraceState([("a", "b")]),
)

failures: list[str] = []


class Tee:
    """Exports to each of several exporters, and notes what fails."""

    def __init__(self, exporters: list[Any], success: object, **options: Any) -> None:
        super().__init__(**options)
        self.exporters = exporters
        self.success = success

    def export(self, batch: Any, *_: object, **__: object) -> Any:
        for exporter in self.exporters:
            result = exporter.export(batch)
            if result is not self.success:
                failures.append(f"{exporter}: {result}")
        return self.success

    def shutdown(self, *_: object, **__: object) -> None:
        for exporter in self.exporters:
            exporter.shutdown()

    def force_flush(self, *_: object, **__: object) -> bool:
        return True


class TeeSpans(Tee, SpanExporter):
    """A span exporter that is several."""


class TeeMetrics(Tee, MetricExporter):
    """A metric exporter that is several."""


class TeeLogs(Tee, LogRecordExporter):
    """A log record exporter that is several."""


def exporters(protocol: str, endpoints: list[str]) -> tuple[Any, Any, Any]:
    """An exporter of each signal for all endpoints, or for that of the SDK if there are none."""

    def each(at: int) -> list[Any]:
        make = getattr(MODULES[protocol][at], CLASSES[at])
        if not endpoints:
            return [make()]
        path = "" if protocol == "grpc" else "/" + PATHS[at]
        return [make(endpoint=endpoint + path) for endpoint in endpoints]

    metrics = each(1)
    temporality, aggregation = metrics[0]._preferred_temporality, metrics[0]._preferred_aggregation
    return (
        TeeSpans(each(0), SpanExportResult.SUCCESS),
        TeeMetrics(
            metrics,
            MetricExportResult.SUCCESS,
            preferred_temporality=temporality,
            preferred_aggregation=aggregation,
        ),
        TeeLogs(each(2), LogRecordExportResult.SUCCESS),
    )


def main() -> int:
    """Tells the story; 1 if an export failed."""
    protocol, *endpoints = sys.argv[1:]
    spans, metrics, logs = exporters(protocol, endpoints)
    resource = Resource.create(
        {
            "service.name": "checkout",
            "service.version": "1.2.3",
            "replicas": 3,
            "ratio": 0.25,
            "canary": True,
            "zones": ["a", "b"],
        },
        SCHEMA,
    )
    server = tell_spans(resource, spans)
    tell_logs(resource, logs, server)
    tell_metrics(resource, metrics, server)
    print("\n".join(failures), file=sys.stderr)
    return 1 if failures else 0


def tell_spans(resource: Resource, exporter: SpanExporter) -> context.Context:
    """The spans; returns the context of the first."""
    limits = SpanLimits(max_span_attributes=10, max_events=2, max_links=1)
    provider = TracerProvider(resource=resource, span_limits=limits)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("duckspan.test", "0.1.0", SCHEMA, {"scope.kind": "test"})
    remote = trace.set_span_in_context(NonRecordingSpan(REMOTE))
    attributes: dict[str, Any] = {
        "dropped": True,  # the oldest goes when there are too many
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
    links = [Link(LINKED, {"dropped": True}), Link(LINKED, {"link.kind": "batch"})]
    server = tracer.start_span(
        "GET /cart/{id}", remote, SpanKind.SERVER, attributes, links, start_time=START
    )
    for number in range(3):
        time = START + number * SECOND // 10
        server.add_event(f"event {number}", {"number": number}, time)
    server.set_status(Status(StatusCode.ERROR, "out of stock"))
    inside = trace.set_span_in_context(server, context.Context())
    for kind in (SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.INTERNAL):
        child = tracer.start_span(kind.name.lower(), inside, kind, start_time=START + SECOND)
        child.set_status(Status(StatusCode.OK))
        child.end(START + SECOND + kind.value)
    server.end(START + SECOND // 4)
    provider.shutdown()
    return inside


def tell_logs(resource: Resource, exporter: LogRecordExporter, inside: context.Context) -> None:
    """The log records."""
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("duckspan.test", "0.1.0", SCHEMA, {"scope.kind": "test"})
    logger.emit(
        timestamp=START,
        observed_timestamp=START + SECOND,
        context=inside,
        severity_number=SeverityNumber.WARN,
        severity_text="WARN",
        body="cart is empty",
        attributes={"cart": 7, "shop": "Köln"},
        event_name="cart.emptied",
    )
    logger.emit(
        observed_timestamp=START + SECOND,
        severity_number=SeverityNumber.ERROR2,
        body={"items": [1, "two", True, 0.5], "owner": {"name": "x"}, "raw": b"\x00\xff"},
    )
    provider.shutdown()


def tell_metrics(resource: Resource, exporter: MetricExporter, inside: context.Context) -> None:
    """The metrics."""
    view = View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource, AlwaysOnExemplarFilter(), views=[view])
    meter = provider.get_meter("duckspan.test", "0.1.0", SCHEMA, {"scope.kind": "test"})

    def temperature(_: CallbackOptions) -> list[Observation]:
        return [Observation(21.5, {"room": "a"}), Observation(-3.25, {"room": "b"})]

    requests = meter.create_counter("requests", "1", "Requests served")
    requests.add(3, {"route": "/cart"}, inside)
    requests.add(4, {"route": "/cart"}, inside)
    meter.create_up_down_counter("queue.length").add(-3)
    latency = meter.create_histogram("latency", "ms", "Time to answer")
    size = meter.create_histogram("size", "By")
    for value in (1.0, 12.5, 700.0):
        latency.record(value, {"route": "/cart"}, inside)
        size.record(value, None, inside)
    meter.create_observable_gauge("temperature", [temperature], "Cel")
    provider.shutdown()


if __name__ == "__main__":
    sys.exit(main())
