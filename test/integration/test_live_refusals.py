"""Requests that a live receiver must refuse: with the right status, and with nothing stored."""

import contextlib
import gzip
import json
import random
import socket
import struct
import time
from typing import Any

import duckdb
import grpc
import pytest
import zstandard
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

import http2
import live
import otlp_client
import otlp_json
import telemetry
import wire
from live import SIGNALS, Live
from otlp_client import JSON, PROTOBUF, Grpc, Reply, http_request, parsed, post, refused

Connection = duckdb.DuckDBPyConnection

GOOD = wire.request(wire.span(name="good"))


def assert_still_receives(receiver: Live, rows: int = 0) -> None:
    """Nothing was stored beyond so many rows, and the next request is."""
    assert receiver.count() == rows
    with Grpc(receiver.port) as client:
        client.export("traces", GOOD)
    assert receiver.count() == rows + 1


def status_of(reply: Reply) -> Status:
    """The body that every refusal over HTTP has."""
    status = parsed(reply, Status)
    assert status.message, reply
    return status


def retry_info(error: Any) -> RetryInfo | None:
    """When a call may be tried again; None where it may not."""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if details is None:
        return None
    for detail in Status.FromString(details).details:
        info = RetryInfo()
        if detail.Unpack(info):
            return info
    return None


BROKEN = {
    "random bytes": random.Random(3).randbytes(500),
    "attribute longer than its span": wire.request(wire.span(wire.tag(9, 2) + b"\x7f\x0a\x03key")),
    "length of 2^64-1": wire.request(wire.span(wire.tag(9, 2) + b"\xff" * 9 + b"\x01")),
    "varint of 11 bytes": wire.request(wire.span(wire.tag(6, 0) + b"\xff" * 10 + b"\x01")),
    "field number 0": wire.request(wire.span(wire.tag(0, 0) + b"\x01")),
    "end of no group": wire.request(wire.span(wire.tag(20, 4))),
    "nested too deep": wire.request(
        wire.span(wire.length(9, wire.attribute("k", wire.nested(65, "mixed"))))
    ),
    "nested 200,000 deep": wire.request(
        wire.span(wire.length(9, wire.attribute("k", wire.nested(200_000, "kvlist"))))
    ),
    "good rows before a bad one": wire.request(wire.span(), wire.span(wire.tag(20, 4))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_row_03_05_06_11_malformed(name: str, receiver: Live) -> None:
    """INVALID_ARGUMENT or 400, never half a request, counted, and no harm done."""
    with Grpc(receiver.port) as client:
        error = refused(client, "traces", BROKEN[name])
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details()
    assert retry_info(error) is None
    reply = post(receiver.port, "traces", BROKEN[name])
    assert reply.status == 400
    assert status_of(reply).code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert live.rejections(receiver.con, "traces") == {"malformed": 2}
    assert_still_receives(receiver)


@pytest.mark.parametrize(
    "body", [b"1234", b"{", b'{"resourceSpans":[{]}', b"[" * 100_000, b'{"a":' * 100_000, b"\xff"]
)
def test_row_12_malformed_json(body: bytes, receiver: Live) -> None:
    """400 with a Status in JSON."""
    reply = post(receiver.port, "traces", body, JSON)
    assert reply.status == 400, reply
    assert json.loads(reply.body)["message"]
    assert_still_receives(receiver)


def test_row_04_truncated_at_every_byte(receiver: Live) -> None:
    """A request that ends too soon is stored if it is a shorter request, or refused as a whole."""
    request = telemetry.requests("traces", 2, 1)[0].SerializeToString()[:3_000]
    stored = 0
    with Grpc(receiver.port) as client:
        for at in range(len(request)):
            try:
                whole = otlp_json.DATA["traces"].FromString(request[:at])
            except DecodeError:
                error = refused(client, "traces", request[:at])
                assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, at
            else:
                client.export("traces", request[:at])
                stored += spans_in(whole)
    assert_still_receives(receiver, stored)


def spans_in(request: Any) -> int:
    return sum(len(scope.spans) for group in request.resource_spans for scope in group.scope_spans)


LIMIT = 1_000_000


def request_of(size: int) -> bytes:
    """A request of exactly so many bytes."""
    padding = size - 200
    while True:
        name = wire.length(1, b"x" * padding)
        body = wire.request(wire.span(wire.length(9, wire.attribute("padding", name))))
        if len(body) == size:
            return body
        padding += size - len(body)


@pytest.fixture
def small(con: Connection) -> Any:
    """A receiver that takes a million bytes at a time."""
    attached = live.attach(con, max_request_size="1MB")
    yield attached
    attached.assert_balanced()
    attached.detach()


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_row_37_38_request_at_the_limit(zipped: bool, small: Live) -> None:
    """Exactly the limit is taken; a byte more is refused, and must not be tried again."""
    compression = grpc.Compression.Gzip if zipped else grpc.Compression.NoCompression
    with Grpc(small.port) as client:
        client.export("traces", request_of(LIMIT), compression)
        error = refused(client, "traces", request_of(LIMIT + 1), compression=compression)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_info(error) is None
    assert "max_request_size" in error.details()
    headers = {"content_encoding": "gzip"} if zipped else {}
    content = [request_of(LIMIT), request_of(LIMIT + 1)]
    if zipped:
        content = [gzip.compress(body) for body in content]
    assert post(small.port, "traces", content[0], **headers).status == 200
    reply = post(small.port, "traces", content[1], **headers)
    assert reply.status == 413
    assert status_of(reply).code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert live.rejections(small.con, "traces") == {"too_large": 2}
    assert_still_receives(small, 2)


def test_row_37_declared_length_beyond_the_limit(small: Live) -> None:
    """A length that cannot be is refused before the bytes are there."""
    with http2.Http2(small.port) as connection:
        stream = connection.start(otlp_client.METHODS["traces"])
        connection.data(stream, struct.pack(">BI", 0, (1 << 32) - 1) + b"\x0a")
        answer = connection.answer(stream)
    assert answer.grpc_status == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert "grpc-status-details-bin" not in answer.headers
    with socket.create_connection(("localhost", small.port), 10) as connected:
        connected.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf"
            b"\r\nContent-Length: 99999999999\r\n\r\n\x0a"
        )
        assert connected.recv(100).startswith(b"HTTP/1.1 413 ")
    assert_still_receives(small)


def test_row_39_compression_that_is_broken(receiver: Live) -> None:
    """Bytes that are not what the header says are malformed, on every transport."""
    whole = gzip.compress(GOOD)
    broken = {
        "no gzip": b"not gzip at all",
        "wrong check sum": whole[:-8] + bytes(4) + whole[-4:],
        "truncated": whole[:-12],
    }
    for name, body in broken.items():
        answer = http2.call(receiver.port, http2.framed(body, flag=1), grpc_encoding="gzip")
        assert answer.grpc_status == grpc.StatusCode.INVALID_ARGUMENT.value[0], name
        reply = post(receiver.port, "traces", body, content_encoding="gzip")
        assert reply.status == 400, name
        assert reply.headers["content-type"] == PROTOBUF
    frame = zstandard.compress(GOOD)
    assert post(receiver.port, "traces", frame[:-3], content_encoding="zstd").status == 400
    # The flag without an encoding.
    answer = http2.call(receiver.port, http2.framed(whole, flag=1))
    assert answer.grpc_status == grpc.StatusCode.INTERNAL.value[0]
    assert_still_receives(receiver)


def test_row_40_framing_that_is_broken(receiver: Live) -> None:
    """One message in a call, whole."""
    one = http2.framed(GOOD)
    for body in (b"", one[:3], one[:-1], one + one, one + b"\x00"):
        answer = http2.call(receiver.port, body)
        assert answer.grpc_status == grpc.StatusCode.INVALID_ARGUMENT.value[0], body
    assert_still_receives(receiver)


def test_row_41_encodings_that_are_unknown(receiver: Live) -> None:
    """UNIMPLEMENTED with what would be understood, or 415."""
    answer = http2.call(receiver.port, http2.framed(GOOD, flag=1), grpc_encoding="snappy")
    assert answer.grpc_status == grpc.StatusCode.UNIMPLEMENTED.value[0]
    assert "gzip" in answer.headers["grpc-accept-encoding"]
    reply = post(receiver.port, "traces", GOOD, content_encoding="br")
    assert reply.status == 415
    assert status_of(reply)
    assert_still_receives(receiver)


def test_row_42_methods_and_paths_that_are_unknown(receiver: Live) -> None:
    """UNIMPLEMENTED, or 404."""
    methods = [
        "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        "/grpc.health.v1.Health/Check",
        "/",
    ]
    with Grpc(receiver.port) as client:
        for method in methods:
            with pytest.raises(grpc.RpcError) as error:
                client.call(method, GOOD)
            assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED, method
    for path in ("/", "/v1/trace", "/v1/traces/", "/v1development/profiles", "/V1/traces"):
        headers = {"content-type": PROTOBUF}
        assert http_request(receiver.port, "POST", path, GOOD, headers).status == 404, path
    assert_still_receives(receiver)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
def test_row_44_http_methods(method: str, receiver: Live) -> None:
    """Only POST; the answer says so."""
    reply = http_request(receiver.port, method, "/v1/traces", GOOD, {"content-type": PROTOBUF})
    assert reply.status == 405
    assert "POST" in reply.headers["allow"]
    assert_still_receives(receiver)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/protobuf-text", ""])
def test_row_44_content_types(kind: str, receiver: Live) -> None:
    reply = post(receiver.port, "traces", GOOD, kind)
    assert reply.status == 415
    assert_still_receives(receiver)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32),  # hello in TLS
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/0.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
        bytes(1_000),
    ],
    ids=["TLS", "text", "HTTP/0.9", "broken HTTP/2", "zeros"],
)
def test_row_43_not_http(garbage: bytes, receiver: Live) -> None:
    """The connection is closed in time, and nobody else notices."""
    begun = time.monotonic()
    with (
        socket.create_connection(("localhost", receiver.port), 15) as connection,
        contextlib.suppress(OSError),  # it may be closed already, or be reset
    ):
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4_096):
            pass
    assert time.monotonic() - begun < 14
    assert_still_receives(receiver)


TOKEN = "s3cret-token"


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper()])
def test_wrong_token(token: str | None, con: Connection) -> None:
    """Without the token nothing is read, and the answer does not tell the token."""
    attached = live.attach(con, token=TOKEN)
    with Grpc(attached.port, token=token) as client:
        error = refused(client, "traces", GOOD)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    reply = post(attached.port, "traces", GOOD, **headers)
    assert reply.status == 401
    assert TOKEN not in error.details()
    assert TOKEN.encode() not in reply.body
    assert attached.count() == 0
    assert live.rejections(con, "traces") == {"unauthenticated": 2}


def test_right_token(con: Connection) -> None:
    """With the token everything is as without one; the name of the scheme has any case."""
    attached = live.attach(con, token=TOKEN)
    with Grpc(attached.port, token=TOKEN) as client:
        client.export("traces", GOOD)
    for scheme in ("Bearer", "bearer", "BEARER"):
        reply = post(attached.port, "traces", GOOD, authorization=f"{scheme} {TOKEN}")
        assert reply.status == 200
    assert attached.count() == 4


def test_token_does_not_show(con: Connection) -> None:
    """DuckDB lists the options of a database, but not the secret."""
    live.attach(con, token=TOKEN, max_rows=10)
    shown = con.execute("SELECT duckdb_databases::VARCHAR FROM duckdb_databases()").fetchall()
    assert TOKEN not in str(shown)
    with pytest.raises(duckdb.Error) as error:
        live.attach(con, name="other", token=TOKEN, no_such_option=1)
    assert TOKEN not in str(error.value)


def preflight(port: int, origin: str, token: str | None = None) -> Reply:
    """What a browser asks before a page may send."""
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    if token:
        headers["authorization"] = f"Bearer {token}"
    return http_request(port, "OPTIONS", "/v1/traces", headers=headers)


ORIGINS = [
    # (option, origin, whether it may)
    (None, "http://localhost:3000", True),
    (None, "https://127.0.0.1", True),
    (None, "https://shop.example", False),
    (None, "http://localhost.evil.example", False),
    ("https://shop.example", "https://shop.example", True),
    ("https://shop.example", "http://shop.example", False),
    ("https://shop.example", "https://shop.example.evil", False),
    ("https://a.example,https://b.example", "https://b.example", True),
    ("*", "https://anyone.example", True),
    ("", "http://localhost:8080", False),
]


@pytest.mark.parametrize(("option", "origin", "allowed"), ORIGINS)
def test_cors(option: str | None, origin: str, allowed: bool, con: Connection) -> None:
    """A page may send, and read the answer, if its origin is among those that may."""
    options = {} if option is None else {"cors_origins": option}
    attached = live.attach(con, **options)
    reply = preflight(attached.port, origin)
    granted = reply.headers.get("access-control-allow-origin")
    assert (granted in (origin, "*")) == allowed, reply
    if allowed:
        assert reply.status in (200, 204)
        assert "POST" in reply.headers["access-control-allow-methods"]
        wanted = reply.headers["access-control-allow-headers"].lower()
        assert "content-type" in wanted
        assert "authorization" in wanted
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"page"}]}]}]}'
    reply = post(attached.port, "traces", body, JSON, origin=origin)
    assert (reply.headers.get("access-control-allow-origin") in (origin, "*")) == allowed
    assert reply.status == (200 if allowed else 403)
    assert attached.names() == (["page"] if allowed else [])


def test_names_of_others(con: Connection) -> None:
    """A page whose own name leads here is of this origin for its browser, and still refused."""
    attached = live.attach(con, cors_origins="https://otel.example")
    evil = f"rebound.example:{attached.port}"
    for headers in ({"Host": evil}, {"Host": evil, "Origin": f"http://{evil}"}):
        reply = post(attached.port, "traces", GOOD, **headers)
        assert reply.status == 403
        assert b"rebound.example" in reply.body
    for host in (f"localhost:{attached.port}", f"127.0.0.1:{attached.port}", "otel.example"):
        assert post(attached.port, "traces", GOOD, Host=host).status == 200
    with Grpc(attached.port, authority=evil) as client:
        client.export("traces", GOOD)
    assert live.rejections(con, "traces") == {"forbidden": 2}


def test_cors_with_token(con: Connection) -> None:
    """A browser asks without the token; the page must send it."""
    attached = live.attach(con, token=TOKEN)
    origin = "http://localhost:8080"
    assert preflight(attached.port, origin).status in (200, 204)
    reply = post(attached.port, "traces", GOOD, origin=origin)
    assert reply.status == 401
    assert reply.headers["access-control-allow-origin"] in (origin, "*")
    reply = post(attached.port, "traces", GOOD, origin=origin, authorization=f"Bearer {TOKEN}")
    assert reply.status == 200


@pytest.mark.parametrize("signal", SIGNALS)
def test_rejections_are_counted_where_they_belong(signal: str, receiver: Live) -> None:
    """By signal and by reason."""
    for _ in range(3):
        assert post(receiver.port, signal, b"\xff").status == 400
    assert post(receiver.port, signal, b"", content_encoding="br").status == 415
    for other in SIGNALS:
        wanted = {"malformed": 3, "unsupported": 1} if other == signal else {}
        assert live.rejections(receiver.con, other) == wanted
