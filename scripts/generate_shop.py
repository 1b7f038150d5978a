#!/usr/bin/env python3
"""Writes test/data/shop.jsonl: four minutes of a shop, which docs/cookbook.md asks about.

A storefront calls payments and an inventory. Each line is one OTLP/JSON request of one signal, as a
Collector's file exporter writes it. The same numbers are drawn every time; `--check` compares.
"""

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "test" / "data" / "shop.jsonl"
START = 1_763_978_400  # 2025-11-24 10:00:00 UTC
SECOND = 1_000_000_000
MINUTES = 4
EVERY = 8  # seconds between requests
SERVER, CLIENT, ERROR = 2, 3, 2
DELTA, CUMULATIVE = 1, 2
BOUNDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0]
SCALE = 1  # exponential buckets grow by the root of 2
SERVICES = {"storefront": "web-1", "payments": "pay-2", "inventory": "stock-3"}


def main() -> int:
    """Writes or checks the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare only")
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in Shop().requests())
    if parser.parse_args().check:
        return 0 if FILE.read_text("utf-8") == text else 1
    FILE.write_text(text, "utf-8")
    return 0


class Shop:
    """What the shop saw, minute by minute."""

    def __init__(self) -> None:
        self.dice = random.Random(4317)
        self.spans: dict[str, list[Any]] = {}
        self.logs: dict[str, list[Any]] = {}
        self.served: dict[str, list[tuple[float, str, str, int]]] = {}
        self.charges: list[float] = []
        self.total: dict[str, int] = {}
        self.histograms: dict[str, dict[str, Any]] = {}

    def requests(self) -> list[dict[str, Any]]:
        """The lines of the file."""
        lines = []
        for minute in range(MINUTES):
            self.spans, self.logs = ({name: [] for name in SERVICES} for _ in range(2))
            self.served, self.charges = {}, []
            for second in range(0, 60, EVERY):
                self.serve(minute, START + minute * 60 + second)
            lines += [envelope("Spans", name, spans) for name, spans in self.spans.items() if spans]
            lines += [envelope("Logs", name, logs) for name, logs in self.logs.items() if logs]
            lines += self.metrics(minute)
        return lines

    def serve(self, minute: int, second: int) -> None:
        """One request and what it made the other services do."""
        checkout = self.dice.random() < 0.5
        route = "/checkout" if checkout else "/products/{id}"
        start = second * SECOND + self.dice.randrange(SECOND)
        stock = int(self.dice.lognormvariate(3.0, 0.5) * 1e6)
        charge = int(self.dice.lognormvariate(4.5, 0.6) * 1e6) if checkout else 0
        failed = checkout and self.dice.random() < 0.3
        took = stock + charge + 4_000_000
        trace, root = self.id(16), self.id(8)
        status = 502 if failed else 200
        root_span = {
            **span(trace, root, ("POST " if checkout else "GET ") + route, SERVER, start, took),
            "attributes": attributes(
                {"http.route": route, "http.response.status_code": status, "shop.cart": second % 7}
            ),
        }
        if failed:
            root_span["status"] = {"code": ERROR, "message": "payment failed"}
        # The root of one trace got lost on its way.
        if (minute, second % 60) != (2, 16):
            self.spans["storefront"].append(root_span)
        self.call(trace, root, "inventory", "Stock/Reserve", start + 1_000_000, stock, False)
        if checkout:
            at = start + 2_000_000 + stock
            self.call(trace, root, "payments", "Payments/Charge", at, charge, failed)
            self.charges.append(charge / SECOND)
        body = "payment failed: timed out" if failed else f"served {route}"
        severity = (17, "ERROR") if failed else (9, "INFO")
        self.log("storefront", trace, root, start + took, severity, body)
        self.served.setdefault(route, []).append((took / SECOND, trace, root, start + took))

    def call(
        self, trace: str, parent: str, service: str, name: str, start: int, took: int, failed: bool
    ) -> None:
        """A call from the storefront: the span of the caller, and of the called in it."""
        client, server = self.id(8), self.id(8)
        inner = span(trace, server, name, SERVER, start + 200_000, took - 400_000, client)
        inner["attributes"] = attributes({"rpc.system": "grpc", "rpc.method": name.split("/")[1]})
        if failed:
            message = "the bank did not answer within 2 s"
            thrown = {"exception.type": "TimeoutError", "exception.message": message}
            at = str(start + took - 300_000)
            event = {"timeUnixNano": at, "name": "exception", "attributes": attributes(thrown)}
            inner["events"], inner["status"] = [event], {"code": ERROR, "message": message}
            self.log(service, trace, server, start + took, (17, "ERROR"), message)
        elif took > 100_000_000:
            self.log(service, trace, server, start + took, (13, "WARN"), "the bank is slow")
        outer = span(trace, client, name, CLIENT, start, took, parent)
        outer["status"] = {"code": ERROR} if failed else {}
        self.spans["storefront"].append(outer)
        self.spans[service].append(inner)

    def log(
        self, service: str, trace: str, at: str, time: int, severity: tuple[int, str], body: str
    ) -> None:
        """A log record, observed a little later."""
        self.logs[service].append(
            {
                "timeUnixNano": str(time),
                "observedTimeUnixNano": str(time + self.dice.randrange(1, 3 * SECOND)),
                "severityNumber": severity[0],
                "severityText": severity[1],
                "body": {"stringValue": body},
                "attributes": attributes({"thread.id": self.dice.randrange(4)}),
                "traceId": trace,
                "spanId": at,
            }
        )

    def metrics(self, minute: int) -> list[dict[str, Any]]:
        """The points of a minute; the storefront restarts before the last minute."""
        began = START + (180 if minute == 3 else 0)
        if minute == 3:
            self.total, self.histograms = {}, {}
        for route, served in self.served.items():
            self.total[route] = self.total.get(route, 0) + len(served)
            add(self.histograms.setdefault(route, histogram()), [took for took, *_ in served])
        end = START + (minute + 1) * 60
        requests = [
            point(began, end, {"http.route": route}, asInt=str(total))
            for route, total in self.total.items()
        ]
        durations = [
            point(began, end, {"http.route": route}, **shown, exemplars=self.exemplars(route))
            for route, shown in self.histograms.items()
        ]
        storefront = [
            counter("http.server.requests", "{request}", CUMULATIVE, requests),
            distribution("histogram", "http.server.request.duration", CUMULATIVE, durations),
            {
                "name": "shop.carts.open",
                "unit": "{cart}",
                "gauge": {"dataPoints": [point(0, end, {}, asInt=str(self.dice.randrange(50)))]},
            },
        ]
        charged = [point(end - 60, end, {}, asInt=str(len(self.charges)))]
        buckets = [point(end - 60, end, {}, **exponential(self.charges))]
        payments = [
            counter("payments.charges", "{charge}", DELTA, charged),
            distribution("exponentialHistogram", "payments.charge.duration", DELTA, buckets),
        ]
        return [
            envelope("Metrics", "storefront", storefront),
            envelope("Metrics", "payments", payments),
        ]

    def exemplars(self, route: str) -> list[dict[str, Any]]:
        """The slowest request of the minute stands for the others."""
        return [
            {"timeUnixNano": str(end), "asDouble": took, "traceId": trace, "spanId": at}
            for took, trace, at, end in sorted(self.served.get(route, []))[-1:]
        ]

    def id(self, size: int) -> str:
        """A random id in hex."""
        return self.dice.randbytes(size).hex()


def envelope(kind: str, service: str, rows: list[Any]) -> dict[str, Any]:
    """A request of one resource and one scope; `kind` is Spans, Logs or Metrics."""
    resource = {"service.name": service, "host.name": SERVICES[service]}
    items = {"Spans": "spans", "Logs": "logRecords", "Metrics": "metrics"}[kind]
    scope = {"scope": {"name": f"shop.{service}", "version": "1.4.2"}, items: rows}
    group = {"resource": {"attributes": attributes(resource)}, f"scope{kind}": [scope]}
    return {f"resource{kind}": [group]}


def attributes(pairs: dict[str, str | int]) -> list[dict[str, Any]]:
    """Attributes in OTLP/JSON."""
    return [
        {
            "key": key,
            "value": {"intValue": str(item)} if isinstance(item, int) else {"stringValue": item},
        }
        for key, item in pairs.items()
    ]


def span(
    trace: str, own: str, name: str, kind: int, start: int, took: int, parent: str | None = None
) -> dict[str, Any]:
    """A span; times in nanoseconds."""
    ids = {"traceId": trace, "spanId": own, **({"parentSpanId": parent} if parent else {})}
    times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(start + took)}
    return {**ids, "name": name, "kind": kind, **times}


def point(began: int, end: int, labels: dict[str, str | int], **fields: Any) -> dict[str, Any]:
    """A data point; times in seconds, 0 for no start."""
    start = {"startTimeUnixNano": str(began * SECOND)} if began else {}
    times = {**start, "timeUnixNano": str(end * SECOND)}
    return {**times, "attributes": attributes(labels), **fields}


def counter(name: str, unit: str, temporality: int, points: list[Any]) -> dict[str, Any]:
    """A sum that only rises."""
    data = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": points}
    return {"name": name, "unit": unit, "sum": data}


def distribution(kind: str, name: str, temporality: int, points: list[Any]) -> dict[str, Any]:
    """A histogram of either kind, in seconds."""
    data = {"aggregationTemporality": temporality, "dataPoints": points}
    return {"name": name, "unit": "s", kind: data}


def histogram() -> dict[str, Any]:
    """A histogram of nothing."""
    return {
        "count": "0",
        "sum": 0.0,
        "bucketCounts": ["0"] * (len(BOUNDS) + 1),
        "explicitBounds": BOUNDS,
    }


def add(to: dict[str, Any], values: list[float]) -> None:
    """Counts measurements in a histogram."""
    counts = [int(count) for count in to["bucketCounts"]]
    for value in values:
        counts[sum(value > bound for bound in BOUNDS)] += 1
    to["count"] = str(sum(counts))
    to["sum"] = round(to["sum"] + sum(values), 9)
    to["bucketCounts"] = [str(count) for count in counts]


def exponential(values: list[float]) -> dict[str, Any]:
    """Measurements as an exponential histogram: bucket i ends at 2^((i + 1) / 2^SCALE)."""
    places = [
        next(i for i in range(-60, 60) if value <= 2 ** ((i + 1) / 2**SCALE)) for value in values
    ]
    counts: list[str] = []
    if places:
        counts = [str(places.count(i)) for i in range(min(places), max(places) + 1)]
    return {
        "count": str(len(values)),
        "sum": round(sum(values), 9),
        "scale": SCALE,
        "zeroCount": "0",
        "positive": {"offset": min(places, default=0), "bucketCounts": counts},
    }


if __name__ == "__main__":
    sys.exit(main())
