"""Requests to a live receiver that a client may rightly send: all of them arrive, exactly."""

import contextlib
import gzip
from typing import Any

import duckdb
import grpc
import pytest
import zstandard
from google.protobuf.message import Message

import http2
import live
import otlp_client
import rows
import telemetry
import wire
from live import SIGNALS, Live
from otlp_client import JSON, PROTOBUF, PROTOCOLS, Grpc
from same import assert_same

PARTIAL = {
    "traces": "rejected_spans",
    "metrics": "rejected_data_points",
    "logs": "rejected_log_records",
}


def elements(signal: str, requests: list[Message]) -> list[rows.Element]:
    return [element for request in requests for element in rows.elements(signal, request)]


def spans(*names: str) -> bytes:
    return wire.request(*(wire.span(name=name) for name in names))


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("signal", SIGNALS)
def test_every_field(signal: str, protocol: str, zipped: bool, receiver: Live) -> None:
    """Made-up requests with every field and awkward values give the rows that they must."""
    requests = telemetry.requests(signal, 5, 12)
    for request in requests:
        answer = otlp_client.send(receiver.port, protocol, signal, request, zipped)
        assert not answer.HasField("partial_success"), answer
    assert_same(receiver.rows(signal), elements(signal, requests))
    counts = receiver.settled()[signal]
    assert (counts.requests, counts.rejected) == (12, 0)


@pytest.mark.parametrize("signal", SIGNALS)
def test_protocols_agree(signal: str, receiver: Live) -> None:
    """The rows do not tell how a request came."""
    (request,) = telemetry.requests(signal, 7, 1)
    for protocol in PROTOCOLS:
        otlp_client.send(receiver.port, protocol, signal, request)
    found = receiver.rows(signal)
    third = len(found) // 3
    assert found[:third] == found[third : 2 * third] == found[2 * third :]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("signal", SIGNALS)
def test_row_01_02_nothing_to_store(signal: str, protocol: str, receiver: Live) -> None:
    """Requests without spans, points or records succeed, and say nothing of partial success."""
    empty = telemetry.otlp_json.DATA[signal]()
    envelope = telemetry.otlp_json.DATA[signal]()
    getattr(getattr(envelope, rows.GROUPS[signal]).add(), rows.SCOPES[signal]).add()
    for request in (empty, envelope):
        answer = otlp_client.send(receiver.port, protocol, signal, request)
        assert not answer.HasField("partial_success")
    assert receiver.count(signal) == 0
    assert receiver.settled()[signal].rejected == 0


def test_success_has_the_encoding_of_the_request(receiver: Live) -> None:
    """Full success is the empty response of the signal, in the request's own encoding."""
    request = telemetry.requests("logs", 1, 1)[0]
    reply = otlp_client.post(receiver.port, "logs", otlp_client.body(request))
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, PROTOBUF, b"")
    reply = otlp_client.post(receiver.port, "logs", otlp_client.json_body(request), JSON)
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, JSON, b"{}")


@pytest.mark.parametrize(
    "kind", ["application/x-protobuf; charset=utf-8", "Application/X-Protobuf", "APPLICATION/JSON"]
)
def test_row_44_content_types(kind: str, receiver: Live) -> None:
    """Parameters and upper case do not matter."""
    request = telemetry.requests("traces", 3, 1)[0]
    in_json = "json" in kind.lower()
    content = otlp_client.json_body(request) if in_json else otlp_client.body(request)
    assert otlp_client.post(receiver.port, "traces", content, kind).status == 200
    assert_same(receiver.rows("traces"), elements("traces", [request]))


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_row_40_members_of_a_compressed_body(compress: Any, receiver: Live) -> None:
    """A body in two compressed members is one body."""
    content = spans("first") + spans("second")
    half = len(content) // 2
    body = compress(content[:half]) + compress(content[half:])
    name = "gzip" if compress is gzip.compress else "zstd"
    reply = otlp_client.post(receiver.port, "traces", body, content_encoding=name)
    assert reply.status == 200
    framed = http2.framed(body, flag=1)
    assert http2.call(receiver.port, framed, grpc_encoding=name).grpc_status == 0
    assert receiver.names() == ["first", "second"] * 2


def test_body_in_small_pieces(receiver: Live) -> None:
    """Where a network cuts a request does not matter."""
    framed = http2.framed(spans(*map(str, range(50))))
    with http2.Http2(receiver.port) as connection:
        stream = connection.start(otlp_client.METHODS["traces"])
        for at in range(0, len(framed), 7):
            connection.data(stream, framed[at : at + 7])
        connection.data(stream, b"", end=True)
        assert connection.answer(stream).grpc_status == 0
    assert receiver.names() == [str(number) for number in range(50)]


@pytest.mark.parametrize("signal", SIGNALS)
def test_http_over_http2(signal: str, receiver: Live) -> None:
    """OTLP/HTTP does not ask for a version of HTTP."""
    (request,) = telemetry.requests(signal, 13, 1)
    with http2.Http2(receiver.port) as connection:
        stream = connection.start(f"/v1/{signal}", content_type=PROTOBUF)
        connection.data(stream, otlp_client.body(request), end=True)
        answer = connection.answer(stream)
    assert (answer.headers[":status"], answer.headers["content-type"]) == ("200", PROTOBUF)
    assert_same(receiver.rows(signal), elements(signal, [request]))


def test_calls_at_a_time_on_one_connection(receiver: Live) -> None:
    """Calls that are interleaved on a connection do not mix, and do not wait for each other."""
    with http2.Http2(receiver.port) as connection:
        method = otlp_client.METHODS["traces"]
        streams = [connection.start(method) for _ in range(100)]
        bodies = [http2.framed(spans(f"{number}.0", f"{number}.1")) for number in range(100)]
        for stream, body in zip(streams, bodies, strict=True):
            connection.data(stream, body[:20])
        # The last may end while the first is open.
        for stream, body in reversed(list(zip(streams, bodies, strict=True))):
            connection.data(stream, body[20:], end=True)
            assert connection.answer(stream).grpc_status == 0
    wanted = [f"{number}.{row}" for number in reversed(range(100)) for row in range(2)]
    assert receiver.names() == wanted


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_large_request(protocol: str, receiver: Live) -> None:
    """Thirty thousand spans in a request of many megabytes."""
    request = telemetry.otlp_json.DATA["traces"].FromString(spans(*map("{:0900}".format, ROWS)))
    answer = otlp_client.send(receiver.port, protocol, "traces", request)
    assert not answer.HasField("partial_success")
    query = "SELECT count(*), count(DISTINCT data), max(data ->> 'name') FROM live.traces"
    assert receiver.fetch(query) == [(len(ROWS), len(ROWS), f"{ROWS[-1]:0900}")]


ROWS = range(30_000)


@pytest.mark.parametrize("wrong", SIGNALS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_row_33_another_signal(protocol: str, wrong: str, receiver: Live) -> None:
    """Rows of another signal are rejected as such, and the answer says where they belong."""
    right = SIGNALS[SIGNALS.index(wrong) - 1]
    (request,) = telemetry.requests(right, 11, 1)
    answer = otlp_client.send(receiver.port, protocol, wrong, request)
    rejected = getattr(answer.partial_success, PARTIAL[wrong])
    assert rejected == len(elements(right, [request]))
    assert f"/v1/{right}" in answer.partial_success.error_message
    assert receiver.count(wrong) == receiver.count(right) == 0


def test_row_67_snake_case(receiver: Live) -> None:
    """OTLP/JSON in snake_case holds nothing, and the client is told why."""
    body = b'{"resource_spans":[{"scope_spans":[{"spans":[{"name":"lost"}]}]}]}'
    reply = otlp_client.post(receiver.port, "traces", body, JSON)
    answer = reply.message("traces")
    assert (reply.status, answer.partial_success.rejected_spans) == (200, 0)
    assert "resource_spans" in answer.partial_success.error_message
    assert receiver.count() == 0


def test_row_16_values_that_need_repair(receiver: Live) -> None:
    """A span with a name that is not UTF-8 is stored, and the repair is counted."""
    bad = wire.request(wire.span(name="ok"), wire.span() + wire.length(5, b"a\xffb"))
    with Grpc(receiver.port) as client:
        client.export("traces", bad)
    assert receiver.names() == ["ok", "a\ufffdb"]
    ((repaired,),) = receiver.fetch("SELECT repaired FROM live.stats WHERE signal = 'traces'")
    assert repaired == 1


def test_row_62_arrival_decides(con: duckdb.DuckDBPyConnection) -> None:
    """The oldest arrival goes first, whatever time the rows are about."""
    attached = live.attach(con, max_rows=3)
    with Grpc(attached.port) as client:
        for name, seconds in [("future", 1 << 33), ("past", 1), ("now", 1 << 30), ("old", 2)]:
            time = wire.fixed64(8, seconds * 1_000_000_000)
            client.export("traces", wire.request(wire.span(time, name=name)))
    assert attached.names() == ["past", "now", "old"]
    attached.assert_balanced()


def test_row_50_request_larger_than_the_ring(con: duckdb.DuckDBPyConnection) -> None:
    """Of a request with more rows than the ring may have, the newest stay."""
    attached = live.attach(con, max_rows=100)
    with Grpc(attached.port) as client:
        client.export("traces", spans(*map(str, range(1_000))))
        assert attached.names() == [str(number) for number in range(900, 1_000)]
        counts = attached.settled()["traces"]
        assert (counts.received, counts.evicted, counts.rows) == (1_000, 900, 100)
        client.export("traces", spans("next"))
    assert attached.names() == [*(str(number) for number in range(901, 1_000)), "next"]
    attached.assert_balanced()


def test_rows_and_bytes_are_bounded(con: duckdb.DuckDBPyConnection) -> None:
    """The ring holds what its memory allows, and counts what went."""
    attached = live.attach(con, memory_limit="8MB")
    filler = wire.length(9, wire.attribute("filler", wire.length(1, b"x" * 100_000)))
    with Grpc(attached.port) as client:
        for number in range(200):
            client.export("traces", wire.request(wire.span(filler, name=str(number))))
            assert sum(counts.bytes for counts in attached.stats().values()) <= 8_000_000
    names = attached.names()
    assert 20 <= len(names) <= 80
    assert names == [str(number) for number in range(200 - len(names), 200)]
    attached.assert_balanced()


def test_max_rows_is_per_signal(con: duckdb.DuckDBPyConnection) -> None:
    """A flood of one signal evicts no row of another."""
    attached = live.attach(con, max_rows=10)
    for signal in SIGNALS:
        (request,) = telemetry.requests(signal, 1, 1)
        otlp_client.send(attached.port, "grpc", signal, request)
    before = {signal: attached.rows(signal) for signal in ("metrics", "logs")}
    with Grpc(attached.port) as client:
        client.export("traces", spans(*map(str, range(500))))
    assert attached.names() == [str(number) for number in range(490, 500)]
    assert {signal: attached.rows(signal) for signal in ("metrics", "logs")} == before
    attached.assert_balanced()


def test_rowid_counts_arrivals(con: duckdb.DuckDBPyConnection) -> None:
    """`rowid` ascends with every row and is not used again after eviction."""
    attached = live.attach(con, max_rows=5)
    seen: list[int] = []
    with Grpc(attached.port) as client:
        for number in range(20):
            client.export("traces", spans(str(number)))
            (newest,) = attached.fetch("SELECT rowid FROM live.traces ORDER BY rowid DESC LIMIT 1")
            seen += newest
    assert seen == sorted(set(seen))
    found = attached.fetch("SELECT rowid, data ->> 'name' FROM live.traces ORDER BY rowid")
    assert [(rowid, name) for rowid, name in found] == [(seen[n], str(n)) for n in range(15, 20)]


def test_grpc_deadline(receiver: Live) -> None:
    """A call whose deadline has passed leaves all of its rows or none, and the counts agree."""
    body = spans(*map(str, range(2_000)))
    with Grpc(receiver.port) as client:
        client.export("traces", body)
        for _ in range(50):
            with contextlib.suppress(grpc.RpcError):
                client.export("traces", body, timeout=0.001)
    receiver.settled()
    assert receiver.count() % 2_000 == 0
