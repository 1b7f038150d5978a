"""OpenTelemetry SDKs export to DuckDB: every field of every signal arrives as it was sent.

Run by pytest, or as a script: `python test/integration/otlp_export.py`. Each sender of test/clients
exports to DuckDB and, as the witness, to a recorder; then the rows are compared with what the
recorder took down, and that with the story that was told.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.trace import SpanKind

import live
import rows
import senders
import story
from live import Live
from recorder import Recorder
from same import assert_same

CASES = [
    pytest.param(name, protocol, compression, id=f"{name}-{protocol}-{compression or 'plain'}")
    for name, sender in senders.SENDERS.items()
    for protocol in sender.protocols
    for compression in ("", "gzip")
]


def elements(signal: str, requests: list[Message]) -> list[rows.Element]:
    return [element for request in requests for element in rows.elements(signal, request)]


@pytest.mark.parametrize(("name", "protocol", "compression"), CASES)
def test_sdk(name: str, protocol: str, compression: str, receiver: Live) -> None:
    """What an SDK exports is in the tables, field for field, when its export returns."""
    sender = senders.SENDERS[name]
    if reason := sender.missing():
        pytest.skip(f"the sender in {name} cannot run: {reason}")
    variables = {"OTEL_EXPORTER_OTLP_COMPRESSION": compression} if compression else {}
    with Recorder() as recorder:
        sender.send(protocol, [recorder.port(protocol), receiver.port], **variables)
    assert recorder.zipped == [bool(compression)] * len(recorder.zipped)
    for signal in sender.signals:
        requests = recorder.requests[signal]
        story.assert_told(name, signal, requests)
        assert_same(receiver.rows(signal), elements(signal, requests))


@pytest.mark.parametrize(
    ("name", "protocol"),
    [(name, protocol) for name in senders.SENDERS for protocol in senders.SENDERS[name].protocols],
)
def test_sdk_with_token(name: str, protocol: str, con: Any) -> None:
    """An SDK that knows the token may export; one that does not fails, and nothing is stored."""
    sender = senders.SENDERS[name]
    if reason := sender.missing():
        pytest.skip(f"the sender in {name} cannot run: {reason}")
    attached = live.attach(con, token="s3cret")
    with pytest.raises(AssertionError, match="ended with"):
        sender.send(protocol, [attached.port])
    assert attached.count("traces") == 0
    sender.send(
        protocol, [attached.port], OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20s3cret"
    )
    assert {signal: attached.count(signal) > 0 for signal in sender.signals} == dict.fromkeys(
        sender.signals, True
    )
    attached.detach()


class Watching(SpanExporter):
    """Notes, the moment an export returns, how many of its spans can be queried."""

    def __init__(self, receiver: Live) -> None:
        self.exporter = OTLPSpanExporter(f"http://localhost:{receiver.port}")
        self.receiver = Live(receiver.con.cursor(), "live", receiver.host, receiver.port)
        self.sent = 0
        self.seen: list[tuple[int, int]] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self.exporter.export(spans)
        assert result is SpanExportResult.SUCCESS
        self.sent += len(spans)
        self.seen.append((self.sent, self.receiver.count("traces")))
        return result

    def shutdown(self) -> None:
        self.exporter.shutdown()


@pytest.mark.parametrize("processor", [SimpleSpanProcessor, BatchSpanProcessor])
def test_visible_when_export_returns(processor: Any, receiver: Live) -> None:
    """No waiting: rows are there when the SDK hears that they were taken."""
    exporter = Watching(receiver)
    provider = TracerProvider(resource=Resource.create({"service.name": "watched"}))
    provider.add_span_processor(processor(exporter))
    tracer = provider.get_tracer("watched")
    for number in range(100):
        tracer.start_span(f"span {number}").end()
    provider.shutdown()
    assert exporter.seen
    assert all(sent == seen for sent, seen in exporter.seen), exporter.seen
    assert receiver.names() == [f"span {number}" for number in range(100)]


def test_visible_within_a_second(receiver: Live) -> None:
    """As a user has it: a span with every field, ended, exported, queried in SQL a second later."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    exporter = OTLPSpanExporter(f"http://localhost:{receiver.port}")
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=100))
    tracer = provider.get_tracer("shop.web", "2.0")
    with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER) as span:
        span.set_attribute("http.status_code", 200)
        span.add_event("rendered")
    deadline = time.monotonic() + 1
    while receiver.count() == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    (found,) = receiver.fetch(USER_QUERY)
    context = span.get_span_context()
    assert found == (
        f"{context.trace_id:032x}",
        f"{context.span_id:016x}",
        "GET /",
        2,
        str(span.start_time),
        str(span.end_time),
        "200",
        "rendered",
        "shop.web",
        True,
    )
    provider.shutdown()


USER_QUERY = """
SELECT data ->> 'traceId', data ->> 'spanId', data ->> 'name', (data ->> 'kind')::INT,
    data ->> 'startTimeUnixNano', data ->> 'endTimeUnixNano',
    data ->> '$.attributes[0].value.intValue', data ->> '$.events[0].name',
    data ->> '$.scope.name',
    list_contains(json_extract_string(resource, '$.attributes[*].value.stringValue'), 'shop')
FROM live.traces
"""


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-v", *sys.argv[1:]]))
