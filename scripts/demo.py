"""Shows DuckSpan: telemetry of the OpenTelemetry SDK, in files and live, and SQL on it."""

import os
import pathlib
import random
import shutil
import subprocess
import sys
from urllib.parse import urlparse

import duckdb
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    InMemoryLogRecordExporter,
    LogRecordExporter,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    InMemoryMetricReader,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "demo"
LAKE = ROOT / "build" / "demo.duckdb"
ATTACH_LAKE = "ATTACH 'build/demo.duckdb' AS lake"
RESTARTED = "restarted"
ROUTES = ["GET /products/{id}", "GET /cart", "POST /cart", "POST /checkout"]
SECOND = 1_000_000_000


def shop(spans: SpanExporter, logs: LogRecordExporter, metrics: MetricReader) -> None:
    """A little shop takes 200 requests; the SDK exports what it saw."""
    resource = Resource.create({"service.name": "shop", "service.version": "1.4.2"})
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(BatchSpanProcessor(spans))
    logging = LoggerProvider(resource=resource)
    logging.add_log_record_processor(BatchLogRecordProcessor(logs))
    metering = MeterProvider([metrics], resource=resource)
    duration = metering.get_meter("shop").create_histogram(
        "http.server.request.duration", "s", "Duration of requests"
    )
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
                timestamp=start + took,
                context=set_span_in_context(span),
                severity_text="ERROR",
                body="payment provider timed out",
            )
        span.end(start + took)
        duration.record(took / SECOND, {"http.route": route.split()[1]})
    tracing.shutdown()
    logging.shutdown()
    metering.shutdown()


def write_files() -> None:
    """Writes the telemetry of a shop to three files, as a Collector would."""
    spans, logs, metrics = (
        InMemorySpanExporter(),
        InMemoryLogRecordExporter(),
        InMemoryMetricReader(),
    )
    shop(spans, logs, metrics)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    requests = {
        "traces": encode_spans(spans.get_finished_spans()),
        "logs": encode_logs(logs.get_finished_logs()),
        "metrics": encode_metrics(metrics.get_metrics_data()),
    }
    for name, request in requests.items():
        (FOLDER / f"{name}.binpb").write_bytes(request.SerializeToString())


def send(endpoint: str) -> None:
    """Sends the telemetry of a shop to a receiver, over gRPC."""
    shop(
        OTLPSpanExporter(endpoint, insecure=True),
        OTLPLogExporter(endpoint, insecure=True),
        PeriodicExportingMetricReader(OTLPMetricExporter(endpoint, insecure=True)),
    )


FILES = [
    (
        "What is in a folder of OTLP files, whatever their format?",
        """
SELECT signal, count(*) AS rows, min(timestamp) AS first, max(timestamp) AS last
FROM read_otlp('build/demo') GROUP BY signal ORDER BY signal""",
    ),
    (
        "Which routes are slow?",
        """
SELECT name, count(*) AS requests,
       round(quantile_cont(duration_ns, 0.95) / 1e6, 1) AS p95_ms,
       count(*) FILTER (status_code = 'ERROR') AS errors
FROM read_otlp_spans('build/demo/traces.binpb')
GROUP BY name ORDER BY p95_ms DESC""",
    ),
    (
        "What was logged when it failed?",
        """
SELECT time_unix_nano, severity_text, body_text
FROM read_otlp_log_records('build/demo/logs.binpb') ORDER BY time_unix_nano DESC LIMIT 3""",
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

LIVE = [
    (
        "The SDK has exported over gRPC; its telemetry is there.",
        "SELECT signal, rows, received, evicted, oldest, newest FROM live.stats",
    ),
    (
        "The newest failures, with their resource.",
        """
SELECT start_time_unix_nano, service_name, name, status_message,
       attributes->>'http.response.status_code' AS status
FROM live.spans WHERE status_code = 'ERROR' ORDER BY start_time_unix_nano DESC LIMIT 3""",
    ),
    (
        "The histogram that the SDK aggregated.",
        """
SELECT attributes->>'http.route' AS route, count, round(sum, 3) AS seconds, round(max, 3) AS slowest
FROM live.data_points WHERE name = 'http.server.request.duration' ORDER BY seconds DESC""",
    ),
    (
        "The same rows as OTLP/JSON, complete.",
        "SELECT timestamp, data FROM live.logs ORDER BY timestamp DESC LIMIT 1",
    ),
]


KEPT = [
    (
        "What happened before the restart?",
        """
SELECT service_name, count(*) AS spans, count(*) FILTER (status_code = 'ERROR') AS errors,
       round(max(duration_ns) / 1e6, 1) AS slowest_ms
FROM lake.telemetry.spans GROUP BY service_name""",
    ),
    (
        "Which requests failed, and what did they log?",
        """
SELECT s.start_time_unix_nano, s.name, round(s.duration_ns / 1e6, 1) AS ms, l.body_text AS logged
FROM lake.telemetry.spans s JOIN lake.telemetry.log_records l USING (trace_id, span_id)
ORDER BY ms DESC LIMIT 3""",
    ),
]


def show(con: duckdb.DuckDBPyConnection, statements: list[tuple[str | None, str]]) -> None:
    """Prints statements and what they answer."""
    for question, sql in statements:
        if question:
            print(f"\n-- {question}")
        print(sql.strip())
        con.sql(sql).show(max_width=110)


def connect() -> duckdb.DuckDBPyConnection:
    """A database with the extension."""
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    con.execute(f"LOAD '{ROOT / 'build' / 'duckspan.duckdb_extension'}'")
    return con


def ask_again() -> None:
    """Asks the archive of an earlier process."""
    con = connect()
    print(f"{ATTACH_LAKE};")
    con.execute(ATTACH_LAKE)
    show(con, KEPT)


def main() -> None:
    """Asks questions of files, then of a receiver, then of what it kept."""
    os.chdir(ROOT)  # Paths in the queries are those of a reader of the repository.
    if sys.argv[1:] == [RESTARTED]:
        ask_again()
        return
    con = connect()
    write_files()
    show(con, FILES)

    receive(con)
    con.close()

    print("\n-- Another process, which has nothing but the archive.", flush=True)
    subprocess.run([sys.executable, __file__, RESTARTED], check=True)


def receive(con: duckdb.DuckDBPyConnection) -> None:
    """Asks questions of a receiver, which archives what it has."""
    LAKE.unlink(missing_ok=True)
    # Port 0 is any free port, so that the demo runs beside a Collector; yours would be 4317.
    attach = "ATTACH 'otlp://localhost:0' AS live (TYPE otlp, archive 'lake.telemetry')"
    print(f"\n-- DuckDB as an OTLP receiver, which keeps what it gets.\n{ATTACH_LAKE};\n{attach};")
    con.execute(ATTACH_LAKE)
    con.execute(attach)
    address = "SELECT path FROM duckdb_databases() WHERE database_name = 'live'"
    [(path,)] = con.execute(address).fetchall()
    print(f"-- listening on {path}")
    send(f"http://{urlparse(path).netloc}")
    show(con, LIVE)
    print("DETACH live;")
    con.execute("DETACH live")


if __name__ == "__main__":
    main()
