"""Shows DuckSpan: telemetry that the OpenTelemetry SDK writes to files, and what SQL says of it."""

import pathlib
import random
import shutil

import duckdb
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "demo"
ROUTES = ["GET /products/{id}", "GET /cart", "POST /cart", "POST /checkout"]
SECOND = 1_000_000_000


def shop() -> None:
    """A little shop takes 200 requests; the SDK writes what it saw to three files."""
    resource = Resource.create({"service.name": "shop", "service.version": "1.4.2"})
    spans, logs, metrics = (
        InMemorySpanExporter(),
        InMemoryLogRecordExporter(),
        InMemoryMetricReader(),
    )
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    logging = LoggerProvider(resource=resource)
    logging.add_log_record_processor(SimpleLogRecordProcessor(logs))
    meter = MeterProvider([metrics], resource=resource).get_meter("shop")
    duration = meter.create_histogram("http.server.request.duration", "s", "Duration of requests")
    tracer, logger = tracing.get_tracer("shop.http"), logging.get_logger("shop.http")
    dice = random.Random(4317)
    for second in range(200):
        route, start = dice.choice(ROUTES), (1_790_000_000 + second) * SECOND
        took = int(dice.lognormvariate(3.0, 0.8) * 1_000_000) * (5 if "checkout" in route else 1)
        failed = "checkout" in route and dice.random() < 0.2
        span = tracer.start_span(
            route,
            kind=SpanKind.SERVER,
            start_time=start,
            attributes={"http.route": route.split()[1]},
        )
        span.set_attribute("http.response.status_code", 502 if failed else 200)
        if failed:
            span.set_status(StatusCode.ERROR, "payment provider timed out")
            logger.emit(
                timestamp=start + took, severity_text="ERROR", body="payment provider timed out"
            )
        span.end(start + took)
        duration.record(took / SECOND, {"http.route": route.split()[1]})
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    requests = {
        "traces": encode_spans(spans.get_finished_spans()),
        "logs": encode_logs(logs.get_finished_logs()),
        "metrics": encode_metrics(metrics.get_metrics_data()),
    }
    for name, request in requests.items():
        (FOLDER / f"{name}.binpb").write_bytes(request.SerializeToString())


STATEMENTS = [
    (
        "What is in a folder of OTLP files, whatever their format?",
        """
SELECT signal, count(*) AS rows, min(timestamp) AS first, max(timestamp) AS last
FROM read_otlp('build/demo') GROUP BY signal ORDER BY signal""",
    ),
    (
        "Which routes are slow?",
        """
SELECT data->>'name' AS route,
       count(*) AS requests,
       round(quantile_cont(((data->>'endTimeUnixNano')::HUGEINT
                          - (data->>'startTimeUnixNano')::HUGEINT) / 1e6, 0.95), 1) AS p95_ms,
       count(*) FILTER (data->>'$.status.code' = '2') AS errors
FROM read_otlp('build/demo/traces.binpb')
GROUP BY route ORDER BY p95_ms DESC""",
    ),
    (
        "What was logged when it failed?",
        """
SELECT timestamp, data->>'severityText' AS severity, data->>'$.body.stringValue' AS body
FROM read_otlp('build/demo/logs.binpb') ORDER BY timestamp DESC LIMIT 3""",
    ),
    (
        "JSON and protobuf of the same telemetry are the same rows.",
        """
SELECT count(*) AS different FROM (
    SELECT timestamp, resource, data FROM read_otlp('test/data/traces_simple.jsonl')
    EXCEPT ALL
    SELECT timestamp, resource, data FROM read_otlp('test/data/traces_simple.binpb'))""",
    ),
    (
        "A damaged file does not stop a query; what was skipped can be asked for.",
        """
SELECT count(*) AS rows FROM read_otlp('test/data/malformed.jsonl')""",
    ),
    (None, "SELECT record, byte_offset, kind, reason FROM read_otlp_rejects()"),
]


def main() -> None:
    """Writes the files, loads the extension and runs the statements."""
    shop()
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    con.execute(f"LOAD '{ROOT / 'build' / 'duckspan.duckdb_extension'}'")
    con.execute(f"SET file_search_path = '{ROOT}'")
    for question, sql in STATEMENTS:
        if question:
            print(f"\n-- {question}")
        print(sql.strip())
        con.sql(sql).show(max_width=110)


if __name__ == "__main__":
    main()
