"""OTLP of every version since 0.5 has the rows that its form of today has."""

import random
from typing import Any

import pytest

import framing
import older
import otlp_client
import otlp_json
import telemetry
import wire
from faults import Connection, Files, documents, repairs
from live import Live
from older import Today

COLUMNS = "signal, epoch_us(timestamp), resource::VARCHAR, data::VARCHAR"
SIGNALS = list(otlp_json.DATA)


def read(con: Connection, files: Files, records: list[bytes], signal: str) -> list[Any]:
    """The rows of a file with these records, each with its length before it."""
    path = files.write(framing.big_endian(records))
    query = f"SELECT {COLUMNS} FROM read_otlp(?, signal := '{signal}', ignore_errors := false)"
    found = con.execute(query, [str(path)]).fetchall()
    assert not repairs(con, path)
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("version", older.VERSIONS)
def test_rows_are_those_of_today(
    version: str, signal: str, seed: int, con: Connection, files: Files
) -> None:
    """Requests made up from a seed, in protobuf and JSON, against the same in official classes."""
    rng = random.Random(f"{version} {signal} {seed}")
    old = [older.classes(version)[signal]() for _ in range(5)]
    for message in old:
        telemetry.fill(message, rng, 0)
    if version == "0.15":
        for message in old:
            choose_scopes(message, rng)
    for encoded, named in ((framing.protobuf(old), False), (framing.compact(old), True)):
        wanted = [Today(named).request(message, signal) for message in old]
        rows = read(con, files, encoded, signal)
        assert rows == read(con, files, framing.protobuf(wanted), signal)
        assert rows


def choose_scopes(message: Any, rng: random.Random) -> None:
    """Leaves either the scopes of today or those of old in each resource."""
    groups = message.ListFields()[0][1] if message.ListFields() else []
    for group in groups:
        scopes = {field.name for field in group.DESCRIPTOR.fields if field.number in (2, 1000)}
        group.ClearField(rng.choice(sorted(scopes)))


@pytest.mark.parametrize("signal", SIGNALS)
def test_what_is_published_twice_is_read_once(signal: str, con: Connection, files: Files) -> None:
    """0.15 to 0.18: a sender may write scopes of old and of today; those of old are ignored."""
    message = older.classes("0.15")[signal]()
    rng = random.Random(15)
    while not message.ListFields():
        telemetry.fill(message, rng, 0)
    ((_, groups),) = message.ListFields()
    wanted = older.classes("0.15")[signal]()
    wanted.CopyFrom(message)
    for group in wanted.ListFields()[0][1]:
        group.ClearField(next(f.name for f in group.DESCRIPTOR.fields if f.number == 1000))
    assert any(f.number == 1000 for group in groups for f, _ in group.ListFields())
    expected = read(con, files, framing.protobuf([Today(True).request(wanted, signal)]), signal)
    for encoded in (framing.protobuf([message]), framing.compact([message])):
        assert read(con, files, encoded, signal) == expected


def test_status_codes(con: Connection, files: Files) -> None:
    """0.6 to 0.11: the code of old counts where that of today is unset."""
    cases = {(0, 0): 0, (0, 1): 2, (0, 16): 2, (1, 2): 1, (2, 0): 2, (2, 2): 2}
    spans = [{"status": {"deprecatedCode": old, "code": new}} for new, old in cases]
    turned = [{"status": dict(reversed(span["status"].items()))} for span in spans]
    protobuf = [wire.span(wire.length(15, status(*case))) for case in cases]
    names = [{"status": {"code": name}} for name in ("STATUS_CODE_UNKNOWN_ERROR", "STATUS_CODE_OK")]
    for content, codes in (
        (json_spans(spans), list(cases.values())),
        (json_spans(turned), list(cases.values())),
        (wire.request(*protobuf), list(cases.values())),
        (json_spans(names), [2, 1]),
    ):
        found = documents(con, files.write(content))
        assert [span.get("status", {}).get("code", 0) for span in found] == codes


def status(new: int, old: int) -> bytes:
    """A status with both codes, that of today last or first."""
    return wire.integer(1, old) + wire.integer(3, new)


def json_spans(spans: list[dict[str, Any]]) -> bytes:
    """Spans in scopes of old."""
    message = {"resourceSpans": [{"instrumentationLibrarySpans": [{"spans": spans}]}]}
    return framing.json.dumps(message).encode()


def test_cloudwatch_metric_streams(con: Connection, files: Files) -> None:
    """CloudWatch writes summaries of 0.7, varint-delimited: their labels are dimensions."""
    streams = older.classes("0.7")["metrics"]()
    metrics = streams.resource_metrics.add().instrumentation_library_metrics.add().metrics
    metric = metrics.add(name="amazonaws.com/AWS/EC2/CPUUtilization", unit="Percent")
    point = metric.double_summary.data_points.add(time_unix_nano=60_000_000_000, count=3, sum=1.5)
    for key, value in {"Namespace": "AWS/EC2", "InstanceId": "i-012"}.items():
        point.labels.add(key=key, value=value)
    path = files.write(framing.varint_delimited(framing.protobuf([streams]) * 3))
    query = """SELECT name, attributes->>'InstanceId', count, sum, kind
               FROM read_otlp_data_points(?) GROUP BY ALL"""
    name = "amazonaws.com/AWS/EC2/CPUUtilization"
    found = con.execute(query, [str(path)]).fetchall()
    assert found == [(name, "i-012", 3, 1.5, "summary")]
    assert con.execute("SELECT count(*) FROM read_otlp(?)", [str(path)]).fetchall() == [(3,)]


@pytest.mark.parametrize("signal", SIGNALS)
def test_receivers_take_older_versions(signal: str, receiver: Live) -> None:
    """A sender of 0.7 has the rows that a file has, and is told of nothing."""
    rng = random.Random(f"receiver {signal}")
    old = older.classes("0.7")[signal]()
    while not old.ListFields():
        telemetry.fill(old, rng, 0)
    for named, body, content_type in (
        (False, old.SerializeToString(), otlp_client.PROTOBUF),
        (True, framing.json_text(old), otlp_client.JSON),
    ):
        before = receiver.count(signal)
        reply = otlp_client.post(receiver.port, signal, body, content_type)
        assert (reply.status, reply.body) == (200, b"{}" if named else b"")
        wanted = Today(named).request(old, signal).SerializeToString()
        otlp_client.post(receiver.port, signal, wanted, otlp_client.PROTOBUF)
        rows = receiver.rows(signal)[before:]
        assert rows[: len(rows) // 2] == rows[len(rows) // 2 :]
