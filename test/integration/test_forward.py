"""ATTACH … (forward 'otlp://…'): what is accepted goes on to an upstream, and is counted."""

import contextlib
import gzip
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import duckdb
import grpc
import pytest

import certificates
import extension
import live
import process
import telemetry
import wire
from live import Live
from otlp_client import JSON, RESPONSES, Grpc, json_body, post, refused
from same import differing
from upstream import HttpUpstream, Upstream

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Counts:
    """What became of rows, by columns of `stats`."""

    received: int
    forwarded: int
    forward_waiting: int
    forward_rejected: int
    forward_dropped: int


def counts(con: Connection, signal: str = "traces") -> Counts:
    """What was counted; every row is in one of the counts."""
    columns = ", ".join(field.name for field in fields(Counts))
    query = f"SELECT {columns} FROM live.stats WHERE signal = ?"
    found = Counts(*con.execute(query, [signal]).fetchall()[0])
    settled = found.forwarded + found.forward_rejected + found.forward_dropped
    assert found.received == settled + found.forward_waiting, found
    return found


def error(con: Connection) -> str:
    """Why rows are not forwarded, or were not."""
    ((found,), *_) = con.execute("SELECT DISTINCT forward_error FROM live.stats").fetchall()
    return found or ""


def eventually(holds: Callable[[], bool], found: Callable[[], object] = str) -> None:
    """Waits for what takes a moment."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, found()
        time.sleep(0.02)


def forwarded(con: Connection, signal: str = "traces") -> Counts:
    """What was counted once nothing waits any more."""
    eventually(lambda: counts(con, signal).forward_waiting == 0, lambda: (counts(con), error(con)))
    return counts(con, signal)


def spans(first: int, count: int) -> bytes:
    """A request of spans whose ids are numbers."""

    def span(number: int) -> bytes:
        span_id = number.to_bytes(8, "big")
        return wire.length(1, bytes(8) + span_id) + wire.length(2, span_id) + wire.length(5, b"a")

    return wire.request(*map(span, range(first, first + count)))


def send_spans(attached: Live, total: int, rows: int = 100, first: int = 1) -> None:
    """Sends so many of them, in requests of a size; each is taken."""
    with Grpc(attached.port) as client:
        for start in range(first, first + total, rows):
            client.export("traces", spans(start, min(rows, first + total - start)))


class Silent(Upstream):
    """An upstream that takes requests, and does not answer before it is told to."""

    #: Requests that are in flight at a time.
    FLIGHT = 4

    def __init__(self) -> None:
        self.release = threading.Event()
        super().__init__(self.wait)

    def wait(self, signal: str, *_: object) -> object:
        """Waits, then takes it."""
        self.release.wait(120)
        return RESPONSES[signal]()

    def fill(self, attached: Live) -> int:
        """Sends spans until no more requests will come; how many spans they are."""
        for number in range(Silent.FLIGHT):
            send_spans(attached, 100, first=1 + 100 * number)
            eventually(lambda number=number: len(self.came) > number, lambda: self.came)
        return 100 * Silent.FLIGHT

    def stop(self) -> None:
        """Lets go of who waits."""
        self.release.set()
        self.server.stop(None)


@pytest.mark.parametrize("scheme", ["otlp", "http"])
def test_the_same_rows_are_there(con: Connection, scheme: str) -> None:
    """Whoever sent them, and in whatever encoding."""
    up = live.attach(con, name="up")
    attached = live.attach(con, forward=f"{scheme}://localhost:{up.port}")
    for signal in live.SIGNALS:
        for message in telemetry.requests(signal, 17, 8):
            plain, text = message.SerializeToString(), json_body(message)
            kinds = [("", plain), (JSON, text)]
            for kind, body in kinds:
                more = {"kind": kind} if kind else {}
                assert post(attached.port, signal, body, **more).status == 200
                zipped = gzip.compress(body)
                reply = post(attached.port, signal, zipped, content_encoding="gzip", **more)
                assert reply.status == 200
            with Grpc(attached.port) as client:
                client.export(signal, plain, grpc.Compression.Gzip)
    span = wire.length(5, b"name") + wire.length(2, b"\x02" * 8)
    scope = wire.length(3, b"scope-url") + wire.length(2, span)
    backwards = wire.length(1, wire.length(3, b"url") + wire.length(2, scope))
    assert post(attached.port, "traces", backwards).status == 200
    for signal in live.SIGNALS:
        found = forwarded(con, signal)
        assert found.forwarded == found.received == attached.count(signal) > 0
        assert up.count(signal) == found.received
        assert differing(con, f"live.{signal}", f"up.{signal}") == 0
    assert error(con) == ""
    attached.detach()
    up.assert_balanced()


@pytest.mark.parametrize("rows", [1, 100, 5000])
def test_each_row_once(con: Connection, upstream: Upstream, rows: int) -> None:
    """In requests of any size, read by queries meanwhile or not, judged by the official classes."""
    attached = live.attach(con, forward=upstream.endpoint)
    total = 300 if rows == 1 else 30_000
    send_spans(attached, total // 2, rows)
    attached.fetch("SELECT max(data->>'name') FROM live.traces")
    send_spans(attached, total - total // 2, rows, first=1 + total // 2)
    assert forwarded(con) == Counts(total, total, 0, 0, 0)
    assert sorted(upstream.spans()) == list(range(1, total + 1))
    assert {type(request) for _, request in upstream.came} == {type(upstream.came[0][1])}
    attached.detach()


def test_rows_of_an_insert(con: Connection, upstream: Upstream) -> None:
    """Are forwarded as those that came."""
    attached = live.attach(con, forward=upstream.endpoint)
    data = '{"traceId":"' + "0" * 32 + '","spanId":"' + f"{7:016x}" + '","name":"a"}'
    con.execute(f"INSERT INTO live.traces (data) VALUES ('{data}')").fetchall()
    assert forwarded(con).forwarded == 1
    assert upstream.spans() == [7]
    attached.detach()


def test_an_upstream_that_comes_back(con: Connection) -> None:
    """Stopped in the midst of load, it gets every row; doubles are of answers that were lost."""
    seen = threading.Event()

    def answer(signal: str, *_: object) -> object:
        seen.set()
        return RESPONSES[signal]()

    first = Upstream(answer)
    attached = live.attach(con, forward=first.endpoint)
    sending = threading.Thread(target=send_spans, args=(attached, 60_000))
    sending.start()
    assert seen.wait(30)
    first.server.stop(None).wait(30)
    sending.join()
    # Be it that all others were sent before.
    send_spans(attached, 100, first=60_001)
    eventually(lambda: error(con) != "")
    assert counts(con).received == 60_100
    taken = list(first.spans())
    second = Upstream(port=first.port)
    assert forwarded(con) == Counts(60_100, 60_100, 0, 0, 0)
    assert set(taken) | set(second.spans()) == set(range(1, 60_101))
    assert max(Counter(second.spans()).values()) == 1
    assert error(con) == ""
    attached.detach()
    second.server.stop(None)


def test_an_upstream_that_is_killed(con: Connection) -> None:
    """What it had not acknowledged is at the one that takes its place, each row once."""
    serving = process.start("lifetimes:serve", {})
    port = process.hear(serving)["port"]
    attached = live.attach(con, forward=f"otlp://localhost:{port}")
    send_spans(attached, 10_000)
    eventually(lambda: counts(con).forwarded > 0)
    sending = threading.Thread(target=send_spans, args=(attached, 40_000, 100, 10_001))
    sending.start()
    serving.kill()
    serving.communicate()
    sending.join()
    send_spans(attached, 100, first=50_001)
    eventually(lambda: error(con) != "")
    before = counts(con)
    assert before.received == before.forwarded + before.forward_waiting == 50_100
    second = live.attach(con, f"localhost:{port}", name="second")
    assert forwarded(con) == Counts(50_100, 50_100, 0, 0, 0)
    missed = before.forward_waiting
    assert second.fetch("SELECT count(*), count(DISTINCT data->>'spanId') FROM second.traces") == [
        (missed, missed)
    ]
    attached.detach()


def test_a_silent_upstream(con: Connection) -> None:
    """Keeps nobody waiting: senders are answered, and the oldest rows make room."""
    silent = Silent()
    attached = live.attach(con, max_rows=1000, forward=silent.endpoint)
    flying = silent.fill(attached)
    send_spans(attached, 5000, first=1001)
    assert counts(con) == Counts(flying + 5000, 0, flying + 1000, 0, 4000)
    silent.release.set()
    assert forwarded(con) == Counts(flying + 5000, flying + 1000, 0, 0, 4000)
    assert set(silent.spans()) == {*range(1, flying + 1), *range(5001, 6001)}
    attached.detach()
    silent.stop()


def test_an_upstream_that_is_away(con: Connection) -> None:
    """Keeps nobody waiting either."""
    away = Upstream()
    away.server.stop(None).wait(30)
    attached = live.attach(con, max_rows=1000, forward=away.endpoint)
    send_spans(attached, 20_000)
    found = counts(con)
    assert (found.received, found.forwarded, attached.count()) == (20_000, 0, 1000)
    assert found.forward_dropped == 20_000 - found.forward_waiting > 0
    eventually(lambda: "nothing listens" in error(con), lambda: error(con))
    attached.detach()


def test_senders_may_be_told_to_wait(con: Connection) -> None:
    """With rows that are to stay, a full memory refuses; nothing is lost in the end."""
    silent = Silent()
    attached = live.attach(con, max_rows=1000, forward=silent.endpoint, forward_when_full="wait")
    taken = silent.fill(attached) + 1000
    send_spans(attached, 1000, first=taken - 999)
    with Grpc(attached.port) as client:
        found = refused(client, "traces", spans(9999, 1))
        assert (found.code(), "forwarded yet" in found.details()) == (
            grpc.StatusCode.UNAVAILABLE,
            True,
        )
    reply = post(attached.port, "traces", spans(9999, 1))
    assert (reply.status, reply.headers.get("retry-after")) == (503, "1")
    with pytest.raises(duckdb.InvalidInputException, match="forwarded yet"):
        con.execute("INSERT INTO live.traces (data) VALUES ('{}')")
    assert counts(con) == Counts(taken, 0, taken, 0, 0)
    silent.release.set()
    assert forwarded(con) == Counts(taken, taken, 0, 0, 0)
    send_spans(attached, 100, first=taken + 1)
    assert forwarded(con) == Counts(taken + 100, taken + 100, 0, 0, 0)
    assert set(silent.spans()) == set(range(1, taken + 101))
    attached.detach()
    silent.stop()


def test_little_memory(con: Connection, upstream: Upstream) -> None:
    """Rows of which few fit into it go through it, if their senders come again."""
    attached = live.attach(
        con, memory_limit="2MB", forward=upstream.endpoint, forward_when_full="wait"
    )
    for number in range(1, 101):
        span_id = wire.length(2, number.to_bytes(8, "big"))
        span = wire.request(span_id + wire.length(5, b"x" * 50_000))
        eventually(lambda span=span: post(attached.port, "traces", span).status == 200)
    assert forwarded(con) == Counts(100, 100, 0, 0, 0)
    assert sorted(upstream.spans()) == list(range(1, 101))
    attached.detach()


def test_rows_that_are_removed(con: Connection) -> None:
    """TRUNCATE takes rows from the queue too; what is in flight goes on."""
    silent = Silent()
    attached = live.attach(con, forward=silent.endpoint)
    flying = silent.fill(attached)
    send_spans(attached, 1000, first=1001)
    con.execute("TRUNCATE live.traces")
    assert counts(con) == Counts(flying + 1000, 0, flying, 0, 1000)
    send_spans(attached, 10, first=5001)
    silent.release.set()
    assert forwarded(con) == Counts(flying + 1010, flying + 10, 0, 0, 1000)
    assert set(silent.spans()) == {*range(1, flying + 1), *range(5001, 5011)}
    attached.detach()
    silent.stop()


def warnings(con: Connection) -> str:
    """All that was logged."""
    query = "SELECT message FROM duckdb_logs WHERE log_level = 'WARNING'"
    return "\n".join(message for (message,) in con.execute(query).fetchall())


def test_detach_sends_what_is_left(con: Connection, upstream: Upstream) -> None:
    """To the last row that was accepted."""
    con.execute("CALL enable_logging(level := 'warning')")
    attached = live.attach(con, forward=upstream.endpoint)
    send_spans(attached, 30_000)
    attached.detach()
    assert sorted(upstream.spans()) == list(range(1, 30_001))
    assert "forwarded" not in warnings(con)


def test_detach_says_what_it_could_not_send(con: Connection) -> None:
    """With nobody there it does not wait for the last moment, and logs how many rows and why."""
    upstream = Upstream()
    upstream.server.stop(None).wait(30)
    con.execute("CALL enable_logging(level := 'warning')")
    attached = live.attach(con, forward=upstream.endpoint)
    send_spans(attached, 1000)
    attached.detach()
    said = f"1000 rows of otlp://localhost:{attached.port} were not forwarded"
    assert said in warnings(con).replace("127.0.0.1", "localhost")
    assert "nothing listens at that port" in warnings(con)


def test_rows_that_are_refused(con: Connection) -> None:
    """Are counted as rejected, and said why; the next ones are sent all the same."""

    def answer(signal: str, request: object, context: grpc.ServicerContext) -> object:
        response = RESPONSES[signal]()
        if request.resource_spans[0].scope_spans[0].spans[0].span_id[-1] == 1:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "bad rows")
        response.partial_success.rejected_spans = 2
        response.partial_success.error_message = "too old"
        return response

    upstream = Upstream(answer)
    attached = live.attach(con, forward=upstream.endpoint)
    send_spans(attached, 10)
    assert forwarded(con) == Counts(10, 0, 0, 10, 0)
    assert "INVALID_ARGUMENT: bad rows" in error(con)
    send_spans(attached, 10, first=2)
    assert forwarded(con) == Counts(20, 8, 0, 12, 0)
    assert "too old" in error(con)
    assert len(upstream.came) == 2
    attached.detach()
    upstream.server.stop(None)


def test_a_secret(con: Connection) -> None:
    """Has the token of the upstream, if it is for it; it is shown nowhere."""
    up = live.attach(con, name="up", token="s3cret")
    address = f"http://localhost:{up.port}"
    attached = live.attach(con, forward=f"{address}/")
    send_spans(attached, 10)
    assert forwarded(con) == Counts(10, 0, 0, 10, 0)
    assert "401" in error(con)
    assert "CREATE SECRET" in error(con)
    attached.detach()
    con.execute(f"CREATE SECRET wrong (TYPE otlp, SCOPE '{address}/', TOKEN 'wr0ng')")
    attached = live.attach(con, forward=f"{address}/")
    send_spans(attached, 10)
    assert forwarded(con).forward_rejected == 10
    assert "wr0ng" not in error(con)
    shown = con.execute("SELECT options::VARCHAR FROM duckdb_databases()").fetchall()
    assert "wr0ng" not in str(shown)
    con.execute(f"CREATE OR REPLACE SECRET wrong (TYPE otlp, SCOPE '{address}/', TOKEN 's3cret')")
    attached.detach()
    attached = live.attach(con, forward=f"{address}/")
    send_spans(attached, 10)
    assert forwarded(con) == Counts(10, 10, 0, 0, 0)
    assert up.count() == 10
    attached.detach()


def test_tls(con: Connection, tmp_path: Path) -> None:
    """With the authority and the certificate of a secret; without them, rows wait."""
    authority = certificates.issue("authority")
    (tmp_path / "ca.pem").write_bytes(authority.pem())
    server = certificates.issue("server", authority).write(tmp_path, "server")
    client = certificates.issue("client", authority).write(tmp_path, "client")
    up = live.attach(
        con,
        name="up",
        tls_certificate=str(server[0]),
        tls_key=str(server[1]),
        tls_client_ca=str(tmp_path / "ca.pem"),
    )
    con.execute(f"CREATE SECRET (TYPE otlp, CA '{tmp_path}/ca.pem')")
    attached = live.attach(con, forward=f"otlps://localhost:{up.port}")
    send_spans(attached, 10)
    eventually(lambda: "certificate of its client" in error(con), lambda: error(con))
    assert counts(con) == Counts(10, 0, 10, 0, 0)
    con.execute(
        f"CREATE OR REPLACE SECRET (TYPE otlp, CA '{tmp_path}/ca.pem', "
        f"CERTIFICATE '{client[0]}', KEY '{client[1]}')"
    )
    attached.detach()
    attached = live.attach(con, forward=f"otlps://localhost:{up.port}")
    send_spans(attached, 10)
    assert forwarded(con) == Counts(10, 10, 0, 0, 0)
    assert up.count() == 10
    attached.detach()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"forward": "localhost:4317"}, "write 'otlp://localhost:4317'"),
        ({"forward": "collector"}, "write 'otlp://collector'"),
        ({"forward": "otlp:collector:4317"}, "write 'otlp://collector:4317'"),
        ({"forward": "ftp://localhost"}, "no scheme of OTLP"),
        ({"forward": ""}, "Invalid OTLP endpoint"),
        ({"forward": "otlp://me@localhost"}, "of a secret"),
        ({"forward": "otlp://localhost:1", "forward_when_full": "x"}, "'evict' or 'wait'"),
        ({"forwards": "otlp://localhost:1"}, "forward, forward_compression, forward_timeout"),
        ({"forward": ["otlp://localhost:1", "otlp://localhost:2"]}, "takes one value"),
        ({"forward_when_full": "wait"}, "forward_when_full says nothing without forward"),
        ({"forward_compression": "gzip"}, "forward_compression says nothing without forward"),
        ({"forward_timeout": 5}, "forward_timeout says nothing without forward"),
        ({"forward": "otlp://localhost:1", "forward_compression": "zstd"}, "'none' or 'gzip'"),
        ({"forward": "otlp://localhost:1", "forward_timeout": "soon"}, "a number of seconds"),
    ],
)
def test_options(con: Connection, options: dict[str, str], message: str) -> None:
    """What is none of them is told."""
    with pytest.raises(duckdb.BinderException, match=message):
        live.attach(con, **options)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("bound", ["localhost", "127.0.0.1", "0.0.0.0"])
def test_to_itself(con: Connection, bound: str, host: str) -> None:
    """Is an error: the same rows would come again and again."""
    attached = live.attach(con, f"{bound}:0")
    port = attached.port
    attached.detach()
    for scheme, options in (("otlp", {}), ("http", {"http_port": port})):
        own = 0 if options else port
        with pytest.raises(duckdb.BinderException, match="is the receiver itself"):
            live.attach(con, f"{bound}:{own}", forward=f"{scheme}://{host}:{port}", **options)


def test_or_replace(con: Connection, upstream: Upstream) -> None:
    """With the same upstream nothing changes; with another one there is another receiver."""
    attached = live.attach(con, forward=upstream.endpoint)
    send_spans(attached, 10)
    address = f"{attached.host}:{attached.port}"
    again = {"verb": "ATTACH OR REPLACE", "forward": upstream.endpoint}
    assert live.attach(con, address, **again).count() == 10
    other = live.attach(con, address, **{**again, "forward": f"http://localhost:{upstream.port}"})
    assert other.count() == 0
    assert sorted(upstream.spans()) == list(range(1, 11))
    other.detach()


def test_or_replace_with_another_secret(con: Connection) -> None:
    """Forwards with what the secret has then."""
    up = live.attach(con, name="up", token="s3cret")
    endpoint = f"otlp://localhost:{up.port}"
    con.execute("CREATE SECRET upstream (TYPE otlp, TOKEN 'wr0ng')")
    attached = live.attach(con, forward=endpoint)
    send_spans(attached, 10)
    assert forwarded(con) == Counts(10, 0, 0, 10, 0)
    again = {"verb": "ATTACH OR REPLACE", "forward": endpoint}
    address = f"{attached.host}:{attached.port}"
    assert live.attach(con, address, **again).count() == 10
    con.execute("CREATE OR REPLACE SECRET upstream (TYPE otlp, TOKEN 's3cret')")
    other = live.attach(con, address, **again)
    assert other.count() == 0
    send_spans(other, 10)
    assert forwarded(con) == Counts(10, 10, 0, 0, 0)
    assert live.attach(con, address, **again).count() == up.count() == 10
    other.detach()


def test_or_replace_with_other_files(con: Connection, tmp_path: Path) -> None:
    """Reads what the secret names anew: certificates are renewed in their place."""
    authority, ca = certificates.issue("authority"), tmp_path / "ca.pem"
    certificate, key = certificates.issue("server", authority).write(tmp_path, "server")
    up = live.attach(con, name="up", tls_certificate=str(certificate), tls_key=str(key))
    ca.write_bytes(certificates.issue("stranger").pem())
    con.execute(f"CREATE SECRET (TYPE otlp, CA '{ca}')")
    endpoint = f"otlps://localhost:{up.port}"
    attached = live.attach(con, forward=endpoint)
    send_spans(attached, 10)
    eventually(lambda: "not trusted" in error(con), lambda: error(con))
    ca.write_bytes(authority.pem())
    again = {"verb": "ATTACH OR REPLACE", "forward": endpoint}
    other = live.attach(con, f"{attached.host}:{attached.port}", **again)
    send_spans(other, 10)
    assert forwarded(con) == Counts(10, 10, 0, 0, 0)
    other.detach()


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_to_a_server_of_http(
    con: Connection, http_upstream: HttpUpstream, tmp_path: Path, compression: str
) -> None:
    """It gets all rows, compressed or not, as the official classes read them."""
    attached = live.attach(con, forward=http_upstream.endpoint, forward_compression=compression)
    for signal in live.SIGNALS:
        for message in telemetry.requests(signal, 18, 8):
            assert post(attached.port, signal, message.SerializeToString()).status == 200
    for signal in live.SIGNALS:
        found = forwarded(con, signal)
        assert found.forwarded == found.received > 0
        file = tmp_path / f"{signal}.binpb"
        came = [request for kind, request in http_upstream.came if kind == signal]
        file.write_bytes(b"".join(request.SerializeToString() for request in came))
        assert differing(con, f"live.{signal}", f"read_otlp('{file}', signal := '{signal}')") == 0
    wanted = None if compression == "none" else compression
    assert {headers["content-encoding"] for headers in http_upstream.headers} == {wanted}
    attached.detach()


def test_gzip_over_grpc(con: Connection) -> None:
    """Another receiver takes it, of segments that were joined and of some that were not."""
    up = live.attach(con, name="up")
    attached = live.attach(con, forward=f"otlp://localhost:{up.port}", forward_compression="gzip")
    send_spans(attached, 20_000, 5000)
    send_spans(attached, 300, 1, first=20_001)
    attached.fetch("SELECT max(data->>'name') FROM live.traces")
    assert forwarded(con) == Counts(20_300, 20_300, 0, 0, 0)
    assert differing(con, "live.traces", "up.traces") == 0
    attached.detach()


def test_a_server_of_http_that_is_killed(con: Connection) -> None:
    """The one that takes its place gets every row that it had not answered for."""
    first = HttpUpstream()
    attached = live.attach(con, forward=first.endpoint)
    sending = threading.Thread(target=send_spans, args=(attached, 40_000))
    sending.start()
    eventually(lambda: len(first.came) > 1)
    first.stop()
    sending.join()
    send_spans(attached, 100, first=40_001)
    eventually(lambda: error(con) != "")
    second = HttpUpstream(port=first.port)
    assert forwarded(con) == Counts(40_100, 40_100, 0, 0, 0)
    assert set(first.spans()) | set(second.spans()) == set(range(1, 40_101))
    assert max(Counter(second.spans()).values()) == 1
    assert error(con) == ""
    attached.detach()
    second.stop()


@pytest.mark.parametrize("upstream_of", [Upstream, HttpUpstream])
def test_an_answer_that_takes_too_long(con: Connection, upstream_of: type) -> None:
    """Is not waited for longer than `forward_timeout`, and the request is sent again."""
    go = threading.Event()

    def answer(signal: str, *_: object) -> object:
        # The first is not answered before it came again.
        if len(upstream.came) == 1:
            go.wait(120)
        else:
            go.set()
        return RESPONSES[signal]() if upstream_of is Upstream else None

    upstream = upstream_of(answer)
    attached = live.attach(con, forward=upstream.endpoint, forward_timeout="1s")
    send_spans(attached, 10)
    assert forwarded(con) == Counts(10, 10, 0, 0, 0)
    assert set(upstream.spans()) == set(range(1, 11))
    assert len(upstream.came) > 1
    attached.detach()
    go.set()
    upstream.server.stop(None) if upstream_of is Upstream else upstream.stop()


def test_from_an_archive(con: Connection, tmp_path: Path, upstream: Upstream) -> None:
    """What was not forwarded is sent from where it is kept."""
    away = Upstream()
    away.server.stop(None).wait(30)
    attached = live.attach(
        con,
        forward=away.endpoint,
        archive=f"{tmp_path}/otel",
        archive_relations="unified",
        archive_interval="1h",
    )
    send_spans(attached, 1000)
    con.execute("CALL otlp_flush('live')").fetchall()
    attached.detach()
    files = f"{tmp_path}/otel/traces/**/*.parquet"
    sent = con.execute(
        f"COPY (FROM read_parquet('{files}')) TO '{upstream.endpoint}' (FORMAT otlp)"
    ).fetchall()
    assert sent == [(1000,)]
    assert sorted(upstream.spans()) == list(range(1, 1001))


def forwarding(way: str) -> None:
    """Forwards to nobody, and ends in some way."""
    attached = live.attach(extension.connect(), forward="otlp://127.0.0.1:9")
    # A gRPC channel would have threads of its own.
    assert post(attached.port, "traces", spans(1, 10)).status == 200
    eventually(lambda: error(attached.con) != "")
    if way == "close":
        attached.con.close()
    elif way == "fork":
        attached.con.execute("SET threads = 1")
        child = os.fork()
        if child == 0:
            with contextlib.suppress(duckdb.Error):
                attached.detach()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert counts(attached.con).forward_waiting == 10


@pytest.mark.parametrize("way", ["exit", "close", "fork"])
def test_ends(way: str) -> None:
    """A process ends, whatever is left to be forwarded."""
    outcome = process.run("test_forward:forwarding", way)
    assert outcome.code == 0, outcome.stderr[-4000:]


def test_what_is_refused(con: Connection, upstream: Upstream) -> None:
    """By the receiver is not forwarded."""
    attached = live.attach(con, forward=upstream.endpoint)
    with Grpc(attached.port) as client:
        refused(client, "traces", b"\xff")
    send_spans(attached, 1)
    assert forwarded(con) == Counts(1, 1, 0, 0, 0)
    assert upstream.spans() == [1]
    attached.detach()
