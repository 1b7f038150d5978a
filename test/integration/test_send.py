"""COPY … TO 'otlp://…' (FORMAT otlp): an upstream gets what was read, or it is told why not."""

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import grpc
import pytest

import extension
import live
import telemetry
from otlp_client import RESPONSES
from same import differing
from upstream import HttpUpstream, Reply, Upstream

Connection = duckdb.DuckDBPyConnection
SHOP = extension.ROOT / "test" / "data" / "shop.jsonl"


def send(con: Connection, query: str, endpoint: str, options: str = "") -> int:
    """Sends; returns how many rows that says."""
    ((count,),) = con.execute(f"COPY ({query}) TO '{endpoint}' (FORMAT otlp{options})").fetchall()
    return int(count)


def spans(con: Connection, count: int) -> None:
    """A table `spans` of rows whose ids are numbers."""
    con.execute(
        "CREATE TABLE spans AS SELECT NULL::JSON AS resource, "
        "json_object('traceId', printf('%032x', i), 'spanId', printf('%016x', i), 'name', 'a') "
        f"AS data FROM range(1, {count + 1}) t(i)"
    )


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("scheme", ["otlp", "http"])
def test_to_another_receiver(con: Connection, scheme: str, compression: str) -> None:
    """It has the same rows, of all signals."""
    attached = live.attach(con)
    endpoint = f"{scheme}://localhost:{attached.port}"
    sent = send(con, f"FROM read_otlp('{SHOP}')", endpoint, f", COMPRESSION '{compression}'")
    assert sent == sum(map(attached.count, live.SIGNALS)) > 0
    for signal in live.SIGNALS:
        source = f"read_otlp('{SHOP}', signal := '{signal}')"
        assert differing(con, source, f"live.{signal}") == 0
    attached.assert_balanced()
    attached.detach()


def test_official_classes_take_it(con: Connection, upstream: Upstream) -> None:
    """What they are sent is as many rows as there are, each once."""
    spans(con, 100_000)
    for order in ("true", "false"):
        con.execute(f"SET preserve_insertion_order = {order}")
        upstream.came.clear()
        assert send(con, "FROM spans", upstream.endpoint, ", IN_FLIGHT 8") == 100_000
        assert sorted(upstream.spans()) == list(range(1, 100_001))
    assert send(con, "FROM spans LIMIT 0", upstream.endpoint) == 0


def test_rows_that_are_rejected(con: Connection) -> None:
    """Are an error that says how many and why, or a warning."""
    spans(con, 3)

    def answer(signal: str, *_: object) -> object:
        response = RESPONSES[signal]()
        response.partial_success.rejected_spans = 2
        response.partial_success.error_message = "too old"
        return response

    upstream = Upstream(answer)
    with pytest.raises(duckdb.InvalidInputException, match="rejected 2 of 3 rows: too old"):
        send(con, "FROM spans", upstream.endpoint)
    con.execute("CALL enable_logging(level := 'warning')")
    assert send(con, "FROM spans", upstream.endpoint, ", IGNORE_ERRORS true") == 3
    logged = con.execute("SELECT message FROM duckdb_logs WHERE log_level = 'WARNING'").fetchall()
    assert any("rejected 2 of 3 rows: too old" in message for (message,) in logged)
    upstream.server.stop(None)


def test_an_upstream_that_comes_back(con: Connection) -> None:
    """Gets every row, though it stopped in the midst of them."""
    spans(con, 100_000)
    seen, stopped = threading.Event(), threading.Event()

    def answer(signal: str, *_: object) -> object:
        # The second request, which comes once the first is answered, has no answer when it stops.
        if len(first.came) > 1:
            seen.set()
            stopped.wait(30)
        return RESPONSES[signal]()

    first = Upstream(answer)
    came: list[Upstream] = []

    def restart() -> None:
        assert seen.wait(30)
        ended = first.server.stop(None)
        stopped.set()
        ended.wait(30)
        came.append(Upstream(port=first.port))

    restarting = threading.Thread(target=restart, daemon=True)
    restarting.start()
    assert send(con, "FROM spans", first.endpoint, ", IN_FLIGHT 1") == 100_000
    restarting.join()
    # A request whose answer was lost is sent again.
    assert set(first.spans()) | set(came[0].spans()) == set(range(1, 100_001))
    assert max(Counter(came[0].spans()).values()) == 1
    came[0].server.stop(None)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_to_a_server_of_http(
    con: Connection, http_upstream: HttpUpstream, tmp_path: Path, compression: str
) -> None:
    """It gets all rows, compressed or not, as the official classes read them."""
    for signal in live.SIGNALS:
        made = tmp_path / f"{signal}-made.binpb"
        made.write_bytes(b"".join(telemetry.serialized(signal, 19, 8)))
        source = f"read_otlp('{made}', signal := '{signal}')"
        options = f", COMPRESSION '{compression}'"
        assert send(con, f"FROM {source}", http_upstream.endpoint, options) > 0
        file = tmp_path / f"{signal}.binpb"
        came = [request for kind, request in http_upstream.came if kind == signal]
        file.write_bytes(b"".join(request.SerializeToString() for request in came))
        assert differing(con, source, f"read_otlp('{file}', signal := '{signal}')") == 0
    wanted = None if compression == "none" else compression
    assert {headers["content-encoding"] for headers in http_upstream.headers} == {wanted}


def test_a_server_of_http_that_is_killed(con: Connection) -> None:
    """The one that takes its place gets every row that it had not answered for."""
    spans(con, 100_000)
    seen, stopped = threading.Event(), threading.Event()

    def answer(*_: object) -> None:
        # The third request, which comes once one is answered, has no answer when it is killed.
        if len(first.came) > 2:
            seen.set()
            stopped.wait(30)

    first = HttpUpstream(answer)
    came: list[HttpUpstream] = []

    def restart() -> None:
        assert seen.wait(30)
        first.stop()
        stopped.set()
        came.append(HttpUpstream(port=first.port))

    restarting = threading.Thread(target=restart, daemon=True)
    restarting.start()
    assert send(con, "FROM spans", first.endpoint, ", IN_FLIGHT 2") == 100_000
    restarting.join()
    (second,) = came
    assert set(first.spans()) | set(second.spans()) == set(range(1, 100_001))
    assert max(Counter(second.spans()).values()) == 1
    second.stop()


def test_a_server_of_http_that_is_busy(con: Connection) -> None:
    """Gets rows when it asks for them."""
    spans(con, 10)
    busy = [Reply(429, b"", {"retry-after": "0"}), Reply(503, b"", {})]
    upstream = HttpUpstream(lambda *_: busy.pop() if busy else None)
    assert send(con, "FROM spans", upstream.endpoint) == 10
    assert upstream.spans() == [*range(1, 11)] * 3
    upstream.stop()


def test_nobody_there(con: Connection) -> None:
    """Is told at once."""
    spans(con, 1)
    upstream = Upstream()
    upstream.server.stop(None).wait(30)
    for endpoint in (upstream.endpoint, upstream.endpoint.replace("otlp", "http")):
        with pytest.raises(duckdb.IOException, match="nothing listens at that port"):
            send(con, "FROM spans", endpoint)


def test_the_wrong_port(con: Connection, upstream: Upstream) -> None:
    """Says which is the right one."""
    spans(con, 1)
    with pytest.raises(duckdb.IOException, match=f"send to '{upstream.endpoint}'"):
        send(con, "FROM spans", upstream.endpoint.replace("otlp", "http"))

    class NotFound(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Knows no path."""
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Is silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), NotFound) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        with pytest.raises(duckdb.IOException, match=f"send to 'http://{address}'"):
            send(con, "FROM spans", f"otlp://{address}")
        with pytest.raises(duckdb.IOException, match="404 Not Found"):
            send(con, "FROM spans", f"http://{address}")
        server.shutdown()


def test_a_secret(con: Connection) -> None:
    """Has a token and headers, for upstreams in its scope, and is not shown."""
    attached = live.attach(con, token="s3cret")
    endpoint = f"otlp://localhost:{attached.port}"
    spans(con, 1)
    with pytest.raises(duckdb.IOException, match="CREATE SECRET"):
        send(con, "FROM spans", endpoint)
    con.execute(
        f"CREATE SECRET upstream (TYPE otlp, SCOPE '{endpoint}', TOKEN 's3cret', "
        "HEADERS MAP {'X-Scope-OrgID': 's3cret too'})"
    )
    assert send(con, "FROM spans", endpoint) == attached.count() == 1
    with pytest.raises(duckdb.IOException, match="CREATE SECRET"):
        send(con, "FROM spans", f"http://localhost:{attached.port}")
    ((shown,),) = con.execute("SELECT secret_string FROM duckdb_secrets()").fetchall()
    assert "token=redacted" in shown
    assert "s3cret" not in shown
    con.execute(
        "CREATE OR REPLACE SECRET upstream (TYPE otlp, HEADERS MAP {'Content-Type': 's3cret'})"
    )
    with pytest.raises(duckdb.BinderException, match="protocol's own") as told:
        send(con, "FROM spans", endpoint)
    assert "s3cret" not in str(told.value)
    attached.detach()


def test_headers_arrive(con: Connection) -> None:
    """As the secret has them."""
    found = {}

    def answer(signal: str, _: object, context: grpc.ServicerContext) -> object:
        found.update(dict(context.invocation_metadata()))
        return RESPONSES[signal]()

    upstream = Upstream(answer)
    spans(con, 1)
    con.execute("CREATE SECRET (TYPE otlp, TOKEN 'abc', HEADERS MAP {'x-tenant': 'me'})")
    send(con, "FROM spans", upstream.endpoint)
    assert (found["authorization"], found["x-tenant"]) == ("Bearer abc", "me")
    upstream.server.stop(None)


def test_a_query_that_is_interrupted(con: Connection) -> None:
    """Ends, though its upstream does not answer."""
    spans(con, 100_000)
    came, go = threading.Event(), threading.Event()

    def answer(signal: str, *_: object) -> object:
        came.set()
        go.wait(60)
        return RESPONSES[signal]()

    upstream = Upstream(answer)

    def interrupt() -> None:
        assert came.wait(30)
        while not go.is_set():
            con.interrupt()
            time.sleep(0.05)

    interrupting = threading.Thread(target=interrupt, daemon=True)
    interrupting.start()
    with pytest.raises(duckdb.InterruptException):
        send(con, "FROM spans", upstream.endpoint, ", TIMEOUT 60")
    go.set()
    interrupting.join()
    upstream.server.stop(None)


@pytest.mark.parametrize(
    ("endpoint", "options", "message"),
    [
        ("otlp://localhost", ", ENCODING 'json'", "has no option encoding"),
        ("otlp://localhost", ", COMPRESSION 'zstd'", "'none' or 'gzip'"),
        ("otlp://localhost", ", IN_FLIGHT 0", "whole number"),
        ("otlp://localhost", ", PER_THREAD_OUTPUT", "not a file"),
        ("otlp://me@localhost", "", "of a secret"),
        ("http://localhost/v1/traces", "", "leave it out"),
        ("otlps://localhost", "", "ca"),
        ("otlp://localhost", ", COMPRESSION ('gzip', 'none')", "takes one value"),
        ("otlp://localhost", ", TIMEOUT 'soon'", "a number of seconds"),
        ("collector:4317", "", "write 'otlp://collector:4317' to send"),
        ("otlp:collector:4317", "", "write 'otlp://collector:4317'"),
    ],
)
def test_what_cannot_be_sent(
    con: Connection, tmp_path: Path, endpoint: str, options: str, message: str
) -> None:
    """Is told before anything is sent."""
    spans(con, 1)
    con.execute(f"CREATE SECRET (TYPE otlp, CA '{tmp_path}/none.pem')")
    with pytest.raises(duckdb.Error, match=message):
        send(con, "FROM spans", endpoint, options)


def test_options_of_sending_are_not_those_of_files(con: Connection, tmp_path: Path) -> None:
    """Though COPY has both."""
    spans(con, 1)
    for option in ("IN_FLIGHT 2", "TIMEOUT 5", "RETRY_FOR 5", "IGNORE_ERRORS true"):
        with pytest.raises(duckdb.BinderException, match="is for rows that are sent"):
            send(con, "FROM spans", str(tmp_path / "x.jsonl"), f", {option}")


def test_a_scope_that_fits_nothing(con: Connection) -> None:
    """Is an error: its secret would never be used."""
    for scope in ("collector:4317", "localhost", "OTLP://localhost"):
        with pytest.raises(duckdb.InvalidInputException, match="No address of OTLP begins with"):
            con.execute(f"CREATE SECRET (TYPE otlp, SCOPE '{scope}', TOKEN 's3cret')")
    con.execute("CREATE SECRET (TYPE otlp, SCOPE ['otlp://localhost', 'http'], TOKEN 's3cret')")


def test_no_access(con: Connection) -> None:
    """Where DuckDB may not go outside, nothing is sent."""
    spans(con, 1)
    con.execute("SET enable_external_access = false")
    for endpoint in ("otlp://localhost", "http://localhost"):
        with pytest.raises(duckdb.PermissionException):
            send(con, "FROM spans", endpoint)
