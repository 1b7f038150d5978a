"""Clients that misbehave: slow ones, floods, bombs. Others are served, and memory stays bounded."""

import contextlib
import os
import socket
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import grpc
import hpack
import pytest
from h2.exceptions import StreamClosedError
from hyperframe.frame import (
    ContinuationFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

import http2
import live
import process
import traffic
import wire
from faults import MEBIBYTE
from http2 import Http2, framed
from live import Live
from otlp_client import METHODS, PROTOBUF, Grpc, post, refused

GOOD = wire.request(wire.span(name="good"))
TRACES = METHODS["traces"]

# What a receiver closes slow clients after, by its own rules, and what a busy machine may add.
HEADER_TIME, BODY_TIME, SLACK = 10.0, 30.0, 10.0


@dataclass
class Server:
    """A receiver in a process of its own, to see what abuse costs it."""

    process: subprocess.Popen[str]
    port: int
    pid: int

    def export(self) -> None:
        """A request of somebody who behaves."""
        with Grpc(self.port) as client:
            client.export("traces", GOOD)

    def cpu(self) -> float:
        """Seconds of CPU time so far."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> dict[str, Any]:
        """Its last words: rows, rejections, memory."""
        process.tell(self.process)
        said: dict[str, Any] = process.hear(self.process)
        return said


@contextlib.contextmanager
def serving(descriptors: int | None = None, **options: object) -> Iterator[Server]:
    """A receiver in a process of its own; it is killed if it has not been stopped."""
    started = process.start("lifetimes:serve", options, descriptors)
    try:
        said = process.hear(started)
        yield Server(started, said["port"], said["pid"])
    finally:
        traffic.end(started)


def closed_after(port: int, first: bytes, then: bytes, answer: bytes = b"") -> float:
    """Seconds until a connection is closed that sends a byte of `then` each half second."""
    started = time.monotonic()
    with socket.create_connection(("localhost", port), 10) as connection:
        connection.sendall(first)
        connection.settimeout(0.5)
        received = b""
        for at in range(200):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(then[at % len(then) :][:1])
            try:
                data = connection.recv(4_096)
            except TimeoutError:
                continue
            except ConnectionResetError:
                data = b""
            received += data
            if not data:
                break
        else:
            raise AssertionError("the connection is still open")
    assert answer in received
    return time.monotonic() - started


SLOW = {
    # name: (at once, then byte by byte, what the answer has in it, seconds it may take)
    "HTTP/1.1 head": (b"POST /v1/traces HTTP/1.1\r\n", b"X-Slow: yes\r\n", b"", HEADER_TIME),
    "nothing": (b"", b"P", b"", HEADER_TIME),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n", b"\r\nSM\r\n", b"", HEADER_TIME),
    "HTTP/1.1 body": (
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
        b"Content-Length: 10000\r\n\r\n",
        b"\x0a",
        b"HTTP/1.1 ",
        BODY_TIME,
    ),
}


def test_row_34_35_slow_clients() -> None:
    """Each is cut off in time; meanwhile and afterwards others are served."""
    with serving() as server:
        found: dict[str, float] = {}

        def slow(name: str) -> None:
            first, then, answer, _ = SLOW[name]
            found[name] = closed_after(server.port, first, then, answer)

        threads = [threading.Thread(target=slow, args=[name]) for name in SLOW]
        for thread in threads:
            thread.start()
        exported = 0
        while any(thread.is_alive() for thread in threads):
            server.export()
            exported += 1
            time.sleep(0.2)
        for name, (_, _, _, bound) in SLOW.items():
            assert found[name] < bound + SLACK, name
        assert server.stop()["rows"]["traces"] == exported


def test_row_36_declared_but_not_sent() -> None:
    """Two hundred calls declare 60 MB each and send nothing: no memory is taken for them."""
    with serving() as server, Http2(server.port) as connection:
        streams = [connection.start(TRACES) for _ in range(200)]
        for stream in streams:
            connection.data(stream, struct.pack(">BI", 0, 60_000_000))
        server.export()
        time.sleep(0.5)
        server.export()
        connection.socket.close()
        said = server.stop()
    assert said["rows"]["traces"] == 2
    assert said["memory"] < 64 * MEBIBYTE


def bomb(size: int) -> bytes:
    """So many zeros, compressed."""
    compressor = zlib.compressobj(1, wbits=31)
    parts = [compressor.compress(bytes(MEBIBYTE)) for _ in range(size // MEBIBYTE)]
    return b"".join([*parts, compressor.flush()])


def test_row_38_bomb() -> None:
    """A gigabyte of zeros in a few megabytes stops at the limit, on every transport."""
    content = bomb(1 << 30)
    with serving(max_request_size="64MB") as server:
        answer = http2.call(server.port, framed(content, flag=1), grpc_encoding="gzip")
        assert answer.grpc_status == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
        assert "grpc-status-details-bin" not in answer.headers
        reply = post(server.port, "traces", content, content_encoding="gzip")
        assert reply.status == 413
        server.export()
        said = server.stop()
    assert said["rejected"]["traces"] == {"too_large": 2}
    assert said["memory"] < 64_000_000 + 2 * len(content) + 48 * MEBIBYTE


def test_row_13_a_million_empty_spans() -> None:
    """Two bytes a span: memory stays within what the receiver may have."""
    body = wire.length(1, wire.length(2, b"\x12\x00" * 1_000_000))
    with serving(memory_limit="64MB", max_rows=10_000_000) as server:
        with Grpc(server.port) as client:
            for _ in range(10):
                with contextlib.suppress(grpc.RpcError):
                    client.export("traces", body)
        server.export()
        said = server.stop()
    assert said["memory"] < 64_000_000 + 48 * MEBIBYTE


def frames_of_rapid_reset(count: int) -> Iterator[bytes]:
    """Calls that are given up as soon as they are made."""
    encoder = hpack.Encoder()
    for number in range(count):
        stream = 2 * number + 1
        head = HeadersFrame(stream, encoder.encode(HEADERS), flags=["END_HEADERS"])
        yield head.serialize() + RstStreamFrame(stream, error_code=8).serialize()


def frames_of_continuation(count: int) -> Iterator[bytes]:
    """Headers without an end."""
    head = HeadersFrame(1, hpack.Encoder().encode(HEADERS))
    yield head.serialize()
    more = hpack.Encoder().encode([("x-more", "y" * 1_000)])
    for _ in range(count):
        yield ContinuationFrame(1, more).serialize()


def frames_of_pings(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield PingFrame(0, b"12345678").serialize()


def frames_of_settings(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 65_535}).serialize()


HEADERS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", TRACES),
    (":authority", "localhost"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
]
FLOODS = {
    "rapid reset": (frames_of_rapid_reset, 100_000),
    "CONTINUATION": (frames_of_continuation, 100_000),
    "PING": (frames_of_pings, 100_000),
    "SETTINGS": (frames_of_settings, 10_000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_row_45_floods_of_frames(name: str) -> None:
    """The flood ends or is ended, memory stays flat, and the receiver comes to rest."""
    frames, count = FLOODS[name]
    with serving() as server:
        with socket.create_connection(("localhost", server.port), 10) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize())
            drain = threading.Thread(target=read_all, args=[connection], daemon=True)
            drain.start()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
                for number, frame in enumerate(frames(count)):
                    connection.sendall(frame)
                    if number % 10_000 == 0:
                        server.export()
            server.export()
        before = server.cpu()
        time.sleep(1)
        assert server.cpu() - before < 0.5
        server.export()
        assert server.stop()["memory"] < 64 * MEBIBYTE


def read_all(connection: socket.socket) -> None:
    """Takes what the other side says, so that it can go on saying it."""
    with contextlib.suppress(OSError):
        while connection.recv(65_536):
            pass


def test_row_46_idle_connections() -> None:
    """Hundreds of connections that do nothing: the ones that are too many are closed."""
    with serving() as server, contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("localhost", server.port), 10))
            for _ in range(700)
        ]
        time.sleep(0.5)
        assert any(is_closed(connection) for connection in idle)
        for connection in idle:
            connection.close()
        export_within(server, 5)
        assert server.stop()["memory"] < 128 * MEBIBYTE


def test_row_46_out_of_descriptors() -> None:
    """Where no more descriptors are to be had, receiving goes on once there are some."""
    with serving(descriptors=256) as server, contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("localhost", server.port), 10))
            for _ in range(300)
        ]
        before = server.cpu()
        time.sleep(1)
        assert server.cpu() - before < 0.5
        for connection in idle:
            connection.close()
        export_within(server, 10)
        assert server.stop()["rows"]["traces"] >= 1


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side has closed a connection on which nothing was said."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def export_within(server: Server, seconds: float) -> None:
    """Exports, again and again until it works."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            server.export()
        except grpc.RpcError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


ROWS = 500
BODY = wire.request(*(wire.span(name=str(row)) for row in range(ROWS)))
REQUEST = framed(BODY)


def cut_http2(port: int, at: int) -> None:
    """Goes away after `at` bytes of a call."""
    with Http2(port) as connection:
        stream = connection.start(TRACES)
        connection.data(stream, REQUEST[:at], end=at == len(REQUEST))
        close_hard(connection.socket)


def reset_http2(port: int, at: int) -> None:
    """Cancels a call after `at` bytes."""
    with Http2(port) as connection:
        stream = connection.start(TRACES)
        connection.data(stream, REQUEST[:at], end=at == len(REQUEST))
        connection.state.reset_stream(stream, error_code=8)
        connection.flush()


def cut_http1(port: int, at: int) -> None:
    """Goes away after `at` bytes of a request over HTTP/1.1."""
    head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: {PROTOBUF}\r\n"
    head += f"Content-Length: {len(BODY)}\r\n\r\n"
    with socket.create_connection(("localhost", port), 10) as connection:
        connection.sendall(head.encode() + BODY[: max(at - 5, 0)])
        close_hard(connection)


def close_hard(connection: socket.socket) -> None:
    """Closes a connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("leave", [cut_http2, reset_http2, cut_http1])
def test_row_47_clients_that_leave(leave: Any, receiver: Live) -> None:
    """All of a request is stored or nothing; what it held is given back."""
    for at in (0, 4, 5, 6, len(REQUEST) // 2, len(REQUEST) - 1, len(REQUEST)):
        for _ in range(5):
            leave(receiver.port, at)
    with Grpc(receiver.port) as client:
        client.export("traces", GOOD)
    # What was sent before may still be read after: it adds whole requests, whenever it comes.
    receiver.settled()
    assert receiver.count() % ROWS == 1
    assert receiver.count() <= 5 * ROWS + 1


def test_row_49_overload(con: duckdb.DuckDBPyConnection) -> None:
    """Requests that find no room are told when to come again; what was begun is finished."""
    attached = live.attach(con, memory_limit="16MB")
    padding = wire.length(9, wire.attribute("padding", wire.length(1, b"x" * 900_000)))
    request = wire.request(wire.span(padding, name="large"))
    message = framed(request)
    with contextlib.ExitStack() as stack:
        open_calls = []
        for _ in range(8):
            connection = stack.enter_context(Http2(attached.port))
            stream = connection.start(TRACES)
            # What finds no room is refused while it is sent.
            with contextlib.suppress(TimeoutError, StreamClosedError):
                connection.socket.settimeout(1)
                connection.data(stream, message[:-1])
            open_calls.append((connection, stream))
        with Grpc(attached.port) as client:
            error = refused(client, "traces", request)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "grpc-status-details-bin" in dict(error.trailing_metadata())
        reply = post(attached.port, "traces", request)
        assert reply.status in (429, 503)
        assert int(reply.headers["retry-after"]) >= 0
        statuses = [finish(connection, stream, message) for connection, stream in open_calls]
    assert set(statuses) <= {0, grpc.StatusCode.UNAVAILABLE.value[0]}
    assert statuses.count(0) >= 1
    with Grpc(attached.port) as client:
        client.export("traces", request)
    assert attached.count() == statuses.count(0) + 1
    assert set(live.rejections(con, "traces")) == {"overload"}
    attached.assert_balanced()


def finish(connection: Http2, stream: int, message: bytes) -> int:
    """Sends the last byte of a call, and returns its status."""
    answer = connection.answers[stream]
    connection.socket.settimeout(10)
    with contextlib.suppress(Exception):
        connection.data(stream, message[-1:], end=True)
    if not answer.ended:
        answer = connection.answer(stream)
    return answer.grpc_status


def test_row_52_out_of_memory_elsewhere(con: duckdb.DuckDBPyConnection) -> None:
    """A query that runs out of DuckDB's memory does the receiver no harm."""
    attached = live.attach(con, memory_limit="8MB")
    con.execute("SET memory_limit = '40MB'")
    con.execute("SET max_temp_directory_size = '0KB'")
    with Grpc(attached.port) as client:
        client.export("traces", GOOD)
        with pytest.raises(duckdb.OutOfMemoryException):
            con.execute("SELECT list(range::VARCHAR) FROM range(10_000_000)").fetchall()
        client.export("traces", GOOD)
    assert attached.names() == ["good", "good"]
    attached.assert_balanced()


def test_row_52_more_than_there_is(con: duckdb.DuckDBPyConnection) -> None:
    """DuckDB's own limit counts what a receiver may hold, while it is attached."""
    con.execute("SET memory_limit = '100MB'")
    with pytest.raises(duckdb.OutOfMemoryException):
        live.attach(con)
    query = "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'EXTENSION'"
    assert con.execute(query).fetchall() == [(0,)]
    for _ in range(3):
        attached = live.attach(con, memory_limit="60MB")
        assert con.execute(query).fetchall() == [(60_000_000,)]
        attached.detach()
    assert con.execute(query).fetchall() == [(0,)]
