"""What a newcomer does: one command, a program with the SDK as it comes, and the page."""

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, expect

import browsing
import command
from browsing import panel

# Of the SDK all is as it comes. It runs on, as servers do, so that nothing is sent because it ends.
PROGRAM = """
import time
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = trace.get_tracer("shop")
with tracer.start_as_current_span("GET /cart"):
    with tracer.start_as_current_span("SELECT items"):
        time.sleep(0.02)
    with tracer.start_as_current_span("render"):
        pass
time.sleep(600)
"""


def test_the_first_trace(browser: Browser, tmp_path: Path) -> None:
    """The page is there before anything was sent, says where to send it, and shows a waterfall."""
    package = command.install(tmp_path)
    with command.running(package, "serve", "--port", 0, "--page-port", 0) as said:
        (told,) = [line for line in said if "OTEL_EXPORTER_OTLP_ENDPOINT=" in line]
        endpoint = told.partition("OTEL_EXPORTER_OTLP_ENDPOINT=")[2]
        with browsing.shown(browser, command.address(said)) as page:
            expect(panel(page, "traces")).to_contain_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}")
            environment = {
                **{
                    name: value
                    for name, value in os.environ.items()
                    if not name.startswith("OTEL_")
                },
                "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
                "OTEL_SERVICE_NAME": "shop",
            }
            with subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment) as program:
                try:
                    row = panel(page, "traces").get_by_role("listitem")
                    expect(row).to_contain_text("GET /cart", timeout=60_000)
                    expect(row).to_contain_text("3 spans")
                    row.get_by_role("link").click()
                    for name in ("GET /cart", "SELECT items", "render"):
                        expect(page.get_by_role("treeitem", name=f"shop: {name}")).to_be_visible()
                    expect(page.locator(".span-row.critical")).to_have_count(3)
                finally:
                    program.kill()
