"""The viewer in a browser: how it is started, shown and fed."""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

import extension

SHOP = extension.ROOT / "test" / "data" / "shop.jsonl"
SIGNALS = ("traces", "logs", "metrics")
SECOND = 1_000_000_000
#: When the telemetry that tests make up begins, in nanoseconds since 1970.
BEGIN = 1_763_990_000 * SECOND
WIDE = (1280, 800)
NARROW = (390, 780)

# A query that is compiled while others run takes a while on a small machine.
expect.set_options(timeout=20_000)


def call(con: duckdb.DuckDBPyConnection, **relations: str) -> str:
    """The address of a viewer of the receiver that is attached, or of the relations."""
    named = ", ".join(f"{name} := '{relation}'" for name, relation in relations.items())
    ((url,),) = con.execute(f"CALL otlp_viewer(port := 0{named and ', '}{named})").fetchall()
    return str(url)


def stop(con: duckdb.DuckDBPyConnection) -> None:
    """Ends the viewer."""
    con.execute("CALL otlp_viewer_stop()")


@dataclass
class Viewer:
    """A viewer of a receiver."""

    con: duckdb.DuckDBPyConnection
    url: str
    endpoint: str

    def replay(self) -> None:
        """Puts the shop into the receiver."""
        for signal in SIGNALS:
            self.con.execute(
                f"INSERT INTO live.{signal} FROM read_otlp('{SHOP}', signal := '{signal}')"
            )

    def send(self, signal: str, request: dict[str, Any]) -> None:
        """Sends a request of OTLP/JSON, as an SDK does."""
        urllib.request.urlopen(
            urllib.request.Request(
                f"{self.endpoint}/v1/{signal}",
                json.dumps(request).encode(),
                {"Content-Type": "application/json"},
            ),
            timeout=30,
        ).close()

    def send_spans(self, spans: list[dict[str, Any]], service: str = "made-up") -> None:
        """Sends spans of one service."""
        self.send(
            "traces",
            {
                "resourceSpans": [
                    {"resource": resource(service), "scopeSpans": [{"spans": spans}]},
                ]
            },
        )

    def send_logs(self, records: list[dict[str, Any]], service: str = "made-up") -> None:
        """Sends log records of one service."""
        self.send(
            "logs",
            {
                "resourceLogs": [
                    {"resource": resource(service), "scopeLogs": [{"logRecords": records}]},
                ]
            },
        )


@contextmanager
def receiving(*options: str) -> Iterator[Viewer]:
    """A viewer of a receiver that has nothing yet."""
    con = extension.connect()
    con.execute(f"ATTACH 'otlp://127.0.0.1:0' AS live ({', '.join(('TYPE otlp', *options))})")
    ((path,),) = con.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = 'live'"
    ).fetchall()
    yield Viewer(con, call(con), path.replace("otlp://", "http://"))
    stop(con)
    con.execute("DETACH live")
    con.close()


@contextmanager
def shown(
    browser: Browser, url: str, size: tuple[int, int] = WIDE, **options: Any
) -> Iterator[Page]:
    """A page that asks nobody but its own server for anything, and has no error of its own."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    origin = url.split("?")[0].rstrip("/")
    foreign: list[str] = []
    errors: list[str] = []

    def ask(request: Request) -> None:
        if not request.url.startswith((origin, "data:")):
            foreign.append(request.url)

    def say(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("request", ask)
    page.on("console", say)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    yield page
    assert not foreign, foreign
    assert not errors, errors
    context.close()


# Sets the address, and waits until the page has followed.
SHOW = """fragment => new Promise((done) => {
    if (window.location.hash === fragment) return done();
    const drawn = () => requestAnimationFrame(() => setTimeout(done, 100));
    window.addEventListener("hashchange", drawn, { once: true });
    window.location.hash = fragment;
})"""


def to(page: Page, fragment: str) -> None:
    """Shows another page, or another state of this one, with the queries that it brings."""
    page.get_by_role("navigation").wait_for()
    page.evaluate(SHOW, fragment)
    brought = page.get_by_role("region", name="Queries of this address")
    if brought.count():
        brought.get_by_role("button", name="Run").click()


def panel(page: Page, name: str) -> Any:
    """A panel by the name that its query has in the address."""
    return page.locator(f'[data-panel="{name}"]')


def write(page: Page, name: str, sql: str) -> None:
    """Edits the query of a panel and runs it."""
    place = panel(page, name)
    place.get_by_role("button", name="SQL", exact=True).click()
    write_into(place.get_by_role("textbox"), sql)


def write_into(editor: Locator, sql: str) -> None:
    """Writes another query into an editor and runs it."""
    # Not `fill`: Chromium would keep the style of the text before, which the policy forbids.
    editor.press("Control+a")
    editor.press("Delete")
    editor.page.keyboard.insert_text(sql)
    editor.press("Control+Enter")


def resource(service: str) -> dict[str, Any]:
    """The resource of a service."""
    return {"attributes": [text("service.name", service)]}


def text(key: str, value: str) -> dict[str, Any]:
    """An attribute."""
    return {"key": key, "value": {"stringValue": value}}


def span(
    trace: int, number: int, parent: int | None, start: int, duration: int, **more: Any
) -> dict[str, Any]:
    """A span whose ids are numbers; times are in nanoseconds since `BEGIN`."""
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number + 1:016x}",
        **({} if parent is None else {"parentSpanId": f"{parent + 1:016x}"}),
        "name": f"span {number}",
        "kind": 2,
        "startTimeUnixNano": str(BEGIN + start),
        "endTimeUnixNano": str(BEGIN + start + duration),
        **more,
    }


def record(message: str, at: int = 0, **more: Any) -> dict[str, Any]:
    """A log record."""
    return {
        "timeUnixNano": str(BEGIN + at),
        "severityNumber": 9,
        "body": {"stringValue": message},
        **more,
    }


def until(done: Any, seconds: float = 20) -> None:
    """Waits until `done()`."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def shop() -> list[dict[str, Any]]:
    """The requests of the shop."""
    return [json.loads(line) for line in SHOP.read_text("utf-8").splitlines()]


def shop_spans() -> list[dict[str, Any]]:
    """The spans of the shop, each with its `service`."""
    return [
        {**found, "service": service_of(group)}
        for request in shop()
        for group in request.get("resourceSpans", [])
        for scope in group["scopeSpans"]
        for found in scope["spans"]
    ]


def shop_logs() -> list[dict[str, Any]]:
    """The log records of the shop, each with its `service`."""
    return [
        {**found, "service": service_of(group)}
        for request in shop()
        for group in request.get("resourceLogs", [])
        for scope in group["scopeLogs"]
        for found in scope["logRecords"]
    ]


def service_of(group: dict[str, Any]) -> str:
    """The service that sent a group."""
    values = {each["key"]: each["value"] for each in group["resource"]["attributes"]}
    return str(values["service.name"]["stringValue"])


def nanoseconds(moment: str) -> int:
    """Nanoseconds since 1970 of DuckDB's text of a time."""
    whole, _, fraction = moment.partition(".")
    since = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return int(since.timestamp()) * SECOND + int(fraction.ljust(9, "0"))
