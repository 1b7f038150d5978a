"""The viewer's server: what it answers, to whom, and what becomes of its queries."""

import contextlib
import gzip
import http.client
import json
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import extension
import live
import process
import viewer
import wire
from live import Live
from otlp_client import post
from viewer import Viewer

Connection = duckdb.DuckDBPyConnection

SHOP = extension.ROOT / "test" / "data" / "shop.jsonl"
# A query that takes minutes, if nobody ends it.
LONG = "SELECT count(*) FROM range(100_000_000_000) a WHERE hash(a) = 42"


@pytest.fixture
def shop(con: Connection, receiver: Live) -> Viewer:
    """A viewer over a receiver that has the telemetry of a shop."""
    for signal in live.SIGNALS:
        read = f"read_otlp('{SHOP}', signal := '{signal}')"
        receiver.fetch(f"INSERT INTO live.{signal} FROM {read}")
    return viewer.start(con)


def eventually(holds: Callable[[], bool]) -> None:
    """Waits for what takes a moment."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_open(opened: Viewer) -> bool:
    """Whether it still listens."""
    with contextlib.suppress(ConnectionRefusedError):
        opened.connect().close()
        return True
    return False


def queries(con: Connection) -> int:
    """How many connections to the database there are, beside this one."""
    ((count,),) = con.execute("SELECT count FROM duckdb_connection_count()").fetchall()
    return int(count) - 1


# What it answers


def test_page(shop: Viewer) -> None:
    """The page comes with all of its files, plain and compressed, and nothing from elsewhere."""
    page = shop.get("/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    compressed = shop.get("/", {"Accept-Encoding": "br, gzip"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed.body) == page.body
    for path in ("/page.js", "/page.css"):
        assert shop.get(path).status == 200
        assert path[1:] in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    head = shop.send("HEAD", "/")
    assert (head.status, head.body) == (200, b"")


def test_session(con: Connection, shop: Viewer) -> None:
    """What the page asks first: relations with their columns, and macros."""
    session = shop.session()
    assert session["live"] == "live"
    assert session["relations"] == {
        kind: f"live.{kind}" for kind in ("spans", "log_records", "data_points")
    }
    for kind, columns in session["columns"].items():
        described = con.execute(f"DESCRIBE live.{kind}").fetchall()
        assert columns == [[name, kind] for name, kind, *_ in described]
    assert session["duckdb"] == f"v{duckdb.__version__}"
    assert (session["write"], session["row_limit"]) == (False, 10_000)
    names = {name: parameters for name, parameters, _ in session["macros"]}
    assert "spans" in names["otlp_red"]
    assert not any(name.startswith("__") for name in names)


VALUES = {
    "NULL": None,
    "true": True,
    "42": 42,
    "(-2147483648)::INTEGER": -2147483648,
    "4294967295::UINTEGER": 4294967295,
    "255::UTINYINT": 255,
    "(-128)::TINYINT": -128,
    "(-32768)::SMALLINT": -32768,
    "65535::USMALLINT": 65535,
    "0.1::FLOAT": 0.1,
    "5e-324::DOUBLE": 5e-324,
    "'nan'::DOUBLE": "NaN",
    "'inf'::FLOAT": "Infinity",
    "'-inf'::DOUBLE": "-Infinity",
    "9007199254740993": "9007199254740993",
    "18446744073709551615::UBIGINT": "18446744073709551615",
    "170141183460469231731687303715884105727::HUGEINT": "170141183460469231731687303715884105727",
    "1.10::DECIMAL(9, 2)": "1.10",
    "TIMESTAMP_NS '2026-01-01 00:00:00.123456789'": "2026-01-01 00:00:00.123456789",
    "DATE '2026-01-01'": "2026-01-01",
    "INTERVAL 90 SECONDS": "00:01:30",
    "'x'::ENUM ('x')": "x",
    "'\\xFF'::BLOB": "\\xFF",
    "'{\"a\": 1}'::JSON": '{"a": 1}',
    "[1, NULL, 2]": "[1,null,2]",
    "{'a': [1], 'b': 'x'}": '{"a":[1],"b":"x"}',
    "MAP {'a': 1}": '{"a":1}',
    "[1, 2]::INTEGER[2]": "[1,2]",
    "union_value(a := 1)": '{"a":1}',
    "42::VARIANT": "42",
    "''": "",
}


def test_every_type(shop: Viewer) -> None:
    """Numbers that JSON has are numbers, and nothing else loses a digit."""
    columns = ", ".join(f"{value} AS c{at}" for at, value in enumerate(VALUES))
    result = shop.query(f"SELECT {columns}")
    assert result.error is None
    assert dict(zip(VALUES, result.rows[0], strict=True)) == VALUES
    assert result.columns[2] == ("c2", "INTEGER")


def test_rows_are_those_of_duckdb(con: Connection, shop: Viewer) -> None:
    """Rows with and without NULLs, over many pieces, in order."""
    sql = (
        "SELECT i, CASE WHEN i % 3 = 0 THEN i END, "
        "CASE WHEN i % 5 <> 0 THEN repeat('x', i % 40) END FROM range(10_000) t(i) ORDER BY i"
    )
    expected = [[str(i), j if j is None else str(j), t] for i, j, t in con.execute(sql).fetchall()]
    result = shop.query(sql)
    assert result.rows == expected
    assert result.end is not None
    assert (result.end["rows"], result.end["limited"]) == (10_000, False)


def test_rows_have_a_limit(shop: Viewer) -> None:
    """No more rows than asked for, or than the viewer has a limit for, and it says so."""
    for asked, rows in (
        ({"limit": 3}, 3),
        ({"limit": 0}, 0),
        ({}, 10_000),
        ({"limit": 1 << 40}, 10_000),
    ):
        result = shop.query("FROM range(20_000)", **asked)
        assert len(result.rows) == rows
        assert result.end is not None
        assert result.end["limited"]


def test_queries_name_relations_by_their_kinds(con: Connection, shop: Viewer) -> None:
    """What the page shows can be pasted where there are views of these names."""
    (count,) = con.execute("SELECT count(*) FROM live.spans").fetchall()
    assert shop.query("SELECT count(*)::INTEGER FROM spans").rows == [[count[0]]]
    macro = con.execute("SELECT root FROM otlp_traces(spans := live.spans)").fetchall()
    assert shop.query("SELECT root FROM otlp_traces(spans := spans)").rows == [
        [root] for (root,) in macro
    ]
    assert shop.query("SELECT 1 FROM spans WHERE attributes->>'http.route' IS NOT NULL").rows


@pytest.mark.parametrize(
    "word", ["DESCRIBE spans", "SUMMARIZE spans", "SHOW TABLES", "VALUES (1)", "EXPLAIN FROM spans"]
)
def test_every_kind_of_query(shop: Viewer, word: str) -> None:
    assert shop.query(word).rows


@pytest.mark.parametrize(
    ("sql", "position", "words"),
    [
        ("SELEC 1", 0, "syntax error"),
        ("SELECT '𝄞', nowhere FROM spans", 13, 'Referenced column "nowhere"'),
        ("FROM nothing", 5, "nothing does not exist"),
        ("SELECT error('seven' || 7)", None, "seven7"),
        ("SELECT name FROM spans WHERE kind = 'NONE'", None, "kind"),
    ],
)
def test_errors_have_a_place(shop: Viewer, sql: str, position: int | None, words: str) -> None:
    """Errors are DuckDB's, in code units of JavaScript."""
    result = shop.query(sql)
    assert result.error is not None
    assert result.error["position"] == position
    assert words in result.error["message"]
    assert "{" not in result.error["message"]


def test_an_error_after_rows(shop: Viewer) -> None:
    """A query that fails midway says so last."""
    result = shop.query(
        "SELECT CASE WHEN i = 9_000 THEN error('late') ELSE i END FROM range(10_000) t(i)"
    )
    assert result.error is not None
    assert "late" in result.error["message"]


def test_hostile_values(con: Connection, receiver: Live) -> None:
    """Whatever telemetry holds comes out as it is, in JSON that every parser takes."""
    names = [
        "<script>alert(1)</script>",
        "\x1b[31mred\x1b[0m",
        "\u202ertl\u2066",
        "a\x00b",
        "\u2028\u2029\ufeff",
        '"\\',
        "\U0010ffff",
    ]
    for name in names:
        assert post(receiver.port, "traces", wire.request(wire.span(name=name))).status == 200
    lone = rb'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"\ud800x"}]}]}]}'
    assert post(receiver.port, "traces", lone, "application/json").status == 200
    opened = viewer.start(con)
    rows = [name for (name,) in opened.query("SELECT name FROM spans").rows]
    assert rows[: len(names)] == names
    assert rows[len(names)] == "\ufffdx"


def test_long_values_are_cut(shop: Viewer) -> None:
    """A value of more than 1 MiB is cut between characters, and counted."""
    result = shop.query("SELECT repeat('é', 1 << 20), repeat('y', 1 << 20), 7")
    ((cut, whole, other),) = result.rows
    assert (cut, len(whole), other) == ("é" * (1 << 19), 1 << 20, 7)
    assert result.end is not None
    assert result.end["cut_values"] == 1


def test_progress(con: Connection, shop: Viewer) -> None:
    """Long queries tell how far they are, where DuckDB knows that."""
    con.execute("CREATE TABLE numbers AS FROM range(60_000_000) t(i)")
    result = shop.query("SELECT sum(length(md5(i::VARCHAR))) FROM numbers WHERE i < 4_000_000")
    if result.end is not None and result.end["milliseconds"] > 2_000:
        assert result.progress
    assert all(0 < share <= 1 for share in result.progress)
    assert result.progress == sorted(result.progress)


# Which relations it shows


def test_relations_that_are_named(con: Connection) -> None:
    """Views over files, whatever their names; those that are not named are not there."""
    con.execute(f"CREATE VIEW \"my spans\" AS FROM read_otlp_spans('{SHOP}')")
    opened = viewer.start(con, spans='"my spans"')
    session = opened.session()
    assert (session["live"], session["relations"]) == (None, {"spans": '"my spans"'})
    ((count,),) = con.execute('SELECT count(*)::INTEGER FROM "my spans"').fetchall()
    assert opened.query("SELECT count(*)::INTEGER FROM spans").rows == [[count]]
    error = opened.query("FROM log_records").error
    assert error is not None
    assert "log_records does not exist" in error["message"]


def test_a_view_of_its_own_kinds_name(con: Connection) -> None:
    con.execute(f"CREATE VIEW spans AS FROM read_otlp_spans('{SHOP}')")
    opened = viewer.start(con, spans="spans")
    assert opened.query("FROM otlp_traces(spans := spans)").rows


def test_one_of_several_receivers(con: Connection) -> None:
    for name in ("one", "two"):
        attached = live.attach(con, name=name)
        assert post(attached.port, "traces", wire.request(wire.span(name=name))).status == 200
    with pytest.raises(duckdb.BinderException, match="one and two"):
        viewer.url(con)
    opened = viewer.start(con, database="two")
    assert opened.query("SELECT name FROM spans").rows == [["two"]]
    with pytest.raises(duckdb.BinderException, match='"three" is not an attached receiver'):
        viewer.url(con, database="three")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no receiver is attached"),
        ({"spans": "nowhere"}, "nowhere does not exist"),
        ({"spans": "own"}, "temporary"),
        ({"spans": "x.jsonl"}, "CREATE VIEW spans AS FROM read_otlp_spans"),
        ({"spans": "logs"}, "is one of log_records"),
        ({"logs": "logs"}, "logs"),
        ({"port": 65536}, "between 0 and 65535"),
        ({"host": "203.0.113.1"}, "not an address of this machine"),
        ({"host": "no.such.host.invalid"}, "no.such.host.invalid"),
    ],
)
def test_what_cannot_be_shown(con: Connection, options: dict[str, object], words: str) -> None:
    """Errors say what is wrong, before any browser is opened."""
    con.execute(f"CREATE VIEW logs AS FROM read_otlp_log_records('{SHOP}')")
    con.execute(f"CREATE TEMP VIEW own AS FROM read_otlp_spans('{SHOP}')")
    if "host" in options and "spans" not in options:
        options = {**options, "log_records": "logs"}
    with pytest.raises(duckdb.Error, match=words):
        viewer.url(con, **options)
    assert con.execute("CALL otlp_viewer_stop()").fetchall() == [(False,)]


def test_port(con: Connection, receiver: Live) -> None:
    """The usual port, or any where it is taken; one that is asked for has to be free."""
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", 4320)):
        ((url,),) = con.execute("CALL otlp_viewer()").fetchall()
        assert ":4320/" not in url
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(duckdb.IOException, match="already in use"):
            viewer.url(con, port)
    assert viewer.start(con, port).port == port


def test_called_again(con: Connection, shop: Viewer) -> None:
    """A further token for the same viewer; another one where it is asked for otherwise."""
    again = viewer.start(con)
    assert (again.port, again.cookie) == (shop.port, shop.cookie)
    assert again.token != shop.token
    assert Viewer.open(f"http://127.0.0.1:{shop.port}/?token={shop.token}").cookie == shop.cookie
    other = viewer.start(con, allow_write=True)
    assert other.cookie.partition("=")[2] != shop.cookie.partition("=")[2]
    with pytest.raises(ConnectionRefusedError):
        shop.connect()
    assert con.execute("CALL otlp_viewer_stop()").fetchall() == [(True,)]
    assert con.execute("CALL otlp_viewer_stop()").fetchall() == [(False,)]
    with pytest.raises(ConnectionRefusedError):
        other.connect()


def test_the_receiver_says_where_the_page_is(con: Connection, receiver: Live) -> None:
    """Who opens the port of the receiver in a browser is told what is there, and where to look."""

    def told(**headers: str) -> viewer.Answer:
        return viewer.request("127.0.0.1", receiver.port, "GET", "/", headers=headers)

    assert "CALL otlp_viewer()" in told().text
    opened = viewer.start(con)
    answer = told()
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert f"http://127.0.0.1:{opened.port}/" in answer.text
    assert opened.token not in answer.text
    con.execute("CALL otlp_viewer_stop()").fetchall()
    assert str(opened.port) not in told().text
    assert told(Host="evil.example").status != 200
    assert told(Origin="https://evil.example").status == 403
    assert viewer.request("127.0.0.1", receiver.port, "POST", "/", b"").status == 404
    assert viewer.request("127.0.0.1", receiver.port, "GET", "/v1").status == 404


# Who may ask


def test_only_loopback(shop: Viewer) -> None:
    """Nobody from elsewhere can connect."""
    listening = Path("/proc/net/tcp").read_text().splitlines()
    port = f":{shop.port:04X}"
    addresses = [line.split()[1] for line in listening if port in line.split()[1]]
    assert all(address.startswith("0100007F") for address in addresses)


def test_without_a_cookie_nothing(shop: Viewer) -> None:
    """Neither page nor data, be the cookie absent, wrong, or of another viewer."""
    name, session = shop.cookie.split("=")
    for cookie in ("", f"{name}=", f"{name}={'0' * 40}", f"other={session}", f"{name}{session}"):
        for method, path in (
            ("GET", "/"),
            ("GET", "/page.js"),
            ("GET", "/session"),
            ("POST", "/query"),
            ("GET", "/no"),
        ):
            answer = shop.send(
                method, path, b"{}" if method == "POST" else None, {"Cookie": cookie}
            )
            assert answer.status == 403
            assert "CALL otlp_viewer()" in answer.text
    others = {"Cookie": f"a=b; {shop.cookie}; c"}
    assert shop.get("/session", others).status == 200


def test_tokens(shop: Viewer) -> None:
    """A token is long, opens the page, and no other text does."""
    assert len(bytes.fromhex(shop.token)) * 8 >= 128
    for token in ("", "0" * 40, shop.token[:-1], shop.token + "0", shop.token.upper() + "x"):
        answer = viewer.request(shop.host, shop.port, "GET", f"/?token={token}")
        assert answer.status == 403
        assert "CALL otlp_viewer()" in answer.text
        assert "set-cookie" not in answer.headers


def test_cookie(shop: Viewer) -> None:
    """No script reads it, no other site has it sent, and the token is not kept in the address."""
    answer = viewer.request(shop.host, shop.port, "GET", f"/?token={shop.token}")
    _, *attributes = answer.headers["set-cookie"].split("; ")
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    led = viewer.request(
        shop.host,
        shop.port,
        "GET",
        f"/?token={shop.token}",
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert led.status == 200
    assert 'content="0; url=/"' in led.text
    assert shop.token not in led.text
    assert led.headers["set-cookie"] == answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example",
        "localhost.evil.com.:{port}",
    ],
)
def test_foreign_hosts(shop: Viewer, host: str) -> None:
    """A page whose own name leads here (DNS rebinding) names that name."""
    headers = {"Host": host.format(port=shop.port), "Cookie": shop.cookie}
    for path in ("/", "/session", f"/?token={shop.token}"):
        answer = viewer.request(shop.host, shop.port, "GET", path, headers=headers)
        assert answer.status == 421, (path, answer)


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "127.0.0.1:{port}", "my-laptop", "x.localhost:{port}"]
)
def test_hosts_of_this_machine(shop: Viewer, host: str) -> None:
    assert shop.get("/session", {"Host": host.format(port=shop.port)}).status == 200


ORIGINS = [
    "https://evil.example",
    "null",
    "http://localhost:3000",
    "http://127.0.0.1",
    "file://",
    "",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_foreign_origins(shop: Viewer, origin: str) -> None:
    """Pages of others may ask nothing, be they on this machine, where the cookie is sent along."""
    answer = shop.send(
        "POST",
        "/query",
        b'{"sql":"SELECT 1"}',
        {"Content-Type": "application/json", "Origin": origin or "x"},
    )
    assert answer.status == 403
    assert not any(name.startswith("access-control") for name in answer.headers)
    preflight = shop.send(
        "OPTIONS",
        "/query",
        headers={"Origin": origin or "x", "Access-Control-Request-Method": "POST"},
    )
    assert preflight.status == 403


def test_our_origin(shop: Viewer) -> None:
    origin = f"http://{shop.host}:{shop.port}"
    assert shop.ask({"sql": "SELECT 1"}, Origin=origin, Sec_Fetch_Site="same-origin").status == 200
    for site in ("same-site", "cross-site"):
        assert shop.ask({"sql": "SELECT 1"}, Sec_Fetch_Site=site).status == 403
        assert shop.get("/session", {"Sec-Fetch-Site": site}).status == 403


def test_every_answer_is_guarded(shop: Viewer) -> None:
    """No answer, be it a refusal, may be framed, sniffed or stored, or run anything of others."""
    answers = [shop.get(path) for path in ("/", "/page.js", "/session", "/nowhere")]
    answers += [shop.get("/", {"Cookie": ""}), shop.get("/", {"Host": "evil.example"})]
    answers += [shop.send("PUT", "/query"), shop.ask({"sql": "SELECT 1"})]
    for answer in answers:
        policy = dict(
            part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/nowhere", None, {}, 404),
        ("GET", "/../Cargo.toml", None, {}, 404),
        ("GET", "/%2e%2e/x", None, {}, 404),
        ("GET", "/query", None, {}, 405),
        ("POST", "/session", b"", {}, 405),
        ("POST", "/", b"", {}, 405),
        ("POST", "/query", b'{"sql":"SELECT 1"}', {}, 415),
        ("POST", "/query", b"sql=SELECT", {"Content-Type": "text/plain"}, 415),
        ("POST", "/query", b"", {"Content-Type": "application/json"}, 400),
        ("POST", "/query", b"[]", {"Content-Type": "application/json"}, 400),
        ("POST", "/query", b'{"sql":7}', {"Content-Type": "application/json"}, 400),
        ("POST", "/query", b'{"sql":"x","limit":-1}', {"Content-Type": "application/json"}, 400),
        ("POST", "/query", b'{"sql":"\\ud800"}', {"Content-Type": "application/json"}, 400),
        ("POST", "/query", b'{"sql":"\xff"}', {"Content-Type": "application/json"}, 400),
        ("POST", "/query", b"[" * 100_000, {"Content-Type": "application/json"}, 400),
        ("POST", "/query", b'"' + b"x" * (2 << 20), {"Content-Type": "application/json"}, 413),
    ],
)
def test_refusals(
    shop: Viewer, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int
) -> None:
    """What is asked wrongly is refused in a sentence."""
    answer = shop.send(method, path, body, headers)
    assert answer.status == status
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.endswith(".\n")
    assert shop.query("SELECT 1").rows == [[1]]


WRITES = [
    "CREATE TABLE x (i INTEGER)",
    "CREATE TEMP TABLE x (i INTEGER)",
    "INSERT INTO kept VALUES (2)",
    "UPDATE kept SET i = 2",
    "DELETE FROM live.traces",
    "TRUNCATE live.traces",
    "DROP TABLE kept",
    "INSERT INTO live.traces FROM live.traces",
    "COPY (SELECT 1) TO '{folder}/x.csv'",
    "EXPORT DATABASE '{folder}/x'",
    "ATTACH '{folder}/x.db' AS x",
    "DETACH live",
    "LOAD json",
    "SET threads = 1",
    "PRAGMA threads = 1",
    "BEGIN",
    "COMMIT",
    "CHECKPOINT",
    "CALL otlp_viewer_stop()",
    "EXPLAIN ANALYZE INSERT INTO kept VALUES (2)",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{folder}/x.csv'",
    "PREPARE x AS INSERT INTO kept VALUES (2)",
    "SELECT 1; INSERT INTO kept VALUES (2)",
    "COMMIT; INSERT INTO kept VALUES (2)",
    "WITH x AS (INSERT INTO kept VALUES (2) RETURNING i) FROM x",
    "SELECT nextval('numbers')",
    "FROM otlp_flush('live')",
    "FROM otlp_archive('live', '{folder}/otel')",
    "FROM otlp_viewer()",
    "FROM otlp_viewer_stop()",
    "SELECT (SELECT count(*) FROM otlp_viewer_stop())",
    "WITH x AS MATERIALIZED (FROM otlp_viewer_stop()) FROM x",
    "FROM query('FROM otlp_viewer_stop()')",
    "FROM json_execute_serialized_sql(json_serialize_sql('FROM otlp_viewer_stop()'))",
    "FROM checkpoint()",
    "FROM force_checkpoint()",
    "FROM enable_logging()",
    "FROM disable_logging()",
    "FROM enable_profiling()",
    "FROM truncate_duckdb_logs()",
    "SELECT write_log('x')",
    "SELECT [write_log('x') FOR x IN [1]]",
    "SELECT list_filter([[1]], lambda x: list_any_value([write_log('x') FOR y IN x]) IS NULL)",
    "",
    "-- nothing",
]


@pytest.mark.parametrize("sql", WRITES)
def test_writes_are_refused(con: Connection, shop: Viewer, sql: str, tmp_path: Path) -> None:
    """Nothing but queries runs, and no query does more than to read."""
    con.execute("CREATE TABLE kept AS SELECT 1 AS i")
    con.execute("CREATE SEQUENCE numbers")
    before = con.execute("SELECT count(*) FROM live.traces").fetchall()
    result = shop.query(sql.format(folder=tmp_path))
    assert result.error is not None, result
    assert "INTERNAL" not in result.error["message"]
    assert con.execute("FROM kept").fetchall() == [(1,)]
    assert con.execute("SELECT count(*) FROM live.traces").fetchall() == before
    assert list(tmp_path.iterdir()) == []
    assert shop.query("SELECT 1").rows == [[1]]
    assert con.execute("SELECT nextval('numbers')").fetchall() == [(1,)]


def test_writes_that_were_allowed(con: Connection, receiver: Live) -> None:
    """With allow_write anything runs, and stays."""
    opened = viewer.start(con, allow_write=True)
    assert opened.session()["write"] is True
    assert opened.query("CREATE TABLE x AS FROM range(3) t(i)").error is None
    assert opened.query("INSERT INTO x VALUES (7); SELECT count(*)::INTEGER FROM x").rows == [[4]]
    assert con.execute("SELECT count(*) FROM x").fetchall() == [(4,)]
    with contextlib.suppress(http.client.IncompleteRead):
        opened.query("CALL otlp_viewer_stop()")
    eventually(lambda: not is_open(opened))


def test_variables_of_python_are_not_read(con: Connection, receiver: Live) -> None:
    """What a program has is no table of the page's."""
    secret = duckdb.sql("SELECT 42 AS secret")
    opened = viewer.start(con)
    error = opened.query("FROM secret").error
    assert error is not None
    assert "does not exist" in error["message"]
    assert secret.fetchall() == [(42,)]


def test_the_token_of_the_receiver_is_not_shown(con: Connection) -> None:
    """No query tells what senders have to present."""
    token = "s3cret-of-senders"
    live.attach(con, token=token)
    opened = viewer.start(con)
    asked = [
        "duckdb_databases()",
        "live.stats",
        "duckdb_settings()",
        "duckdb_secrets()",
        "duckdb_tables()",
        "duckdb_views()",
        "duckdb_functions()",
        "duckdb_logs",
    ]
    for source in asked:
        result = opened.query(f"FROM {source}")
        assert token not in json.dumps(result.rows)
    assert token not in json.dumps(opened.session())


# What becomes of its queries


def test_the_database_is_not_held_between_queries(con: Connection, shop: Viewer) -> None:
    shop.query("FROM spans")
    shop.query("SELEC")
    shop.session()
    eventually(lambda: queries(con) == 0)


def test_who_leaves_ends_the_query(con: Connection, shop: Viewer) -> None:
    """A query ends when its browser goes, be it that it waits, runs, or has rows to give."""
    for sql in (
        LONG,
        f"SELECT 1 UNION ALL ({LONG})",
        "SELECT repeat('x', 100_000) FROM range(100_000_000)",
    ):
        connections = [shop.begin(sql) for _ in range(6)]
        eventually(lambda: queries(con) == 4)
        for connection in connections[::2]:
            # As one that is killed.
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        for connection in connections:
            connection.close()
        eventually(lambda: queries(con) == 0)
    assert shop.query("SELECT 1").rows == [[1]]


def test_who_leaves_at_any_moment_ends_the_query(con: Connection, shop: Viewer) -> None:
    """Also in the moment when it begins, when DuckDB does not take notice of being interrupted."""
    for pause in range(40):
        connection = shop.begin(LONG)
        time.sleep(pause / 2000)
        connection.close()
    eventually(lambda: queries(con) == 0)


def test_few_queries_run_at_a_time(con: Connection, shop: Viewer) -> None:
    """Others wait, and the page can still be opened."""
    connections = [shop.begin(LONG) for _ in range(4)]
    eventually(lambda: queries(con) == 4)
    waiting = shop.begin("SELECT 1")
    assert shop.session()["live"] == "live"
    waiting.settimeout(0.5)
    with contextlib.suppress(TimeoutError):
        assert b"rows" not in waiting.recv(1 << 16)
    connections[0].close()
    waiting.settimeout(viewer.TIMEOUT)
    body = b""
    while b'"end"' not in body:
        piece = waiting.recv(1 << 16)
        assert piece, body
        body += piece
    assert b'{"rows":[[1]]}' in body
    for connection in connections:
        connection.close()


def test_a_large_result_is_not_held(con: Connection, shop: Viewer) -> None:
    """A browser that does not read makes nobody hold the gigabyte that it asked for."""

    def held() -> int:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024

    before = held()
    connection = shop.begin("SELECT repeat('x', 100_000) FROM range(10_000)")
    time.sleep(1)
    # DuckDB's threads have chunks of 200 MB, and others are on their way; a gigabyte is five.
    assert held() - before < 900 << 20
    connection.close()
    eventually(lambda: queries(con) == 0)


def test_connections_that_say_nothing(shop: Viewer) -> None:
    """Silent and slow ones, more than there may be at a time, go before whoever waits gives up."""
    with contextlib.ExitStack() as stack:
        for at in range(300):
            connection = stack.enter_context(shop.connect())
            connection.sendall(
                [b"", b"GET / HTTP/1.1\r\n", b"POST /query HTTP/1.1\r\nHost: x\r\n"][at % 3]
            )
        assert shop.query("SELECT 1").rows == [[1]]


def test_a_body_that_never_ends(shop: Viewer) -> None:
    head = (
        f"POST /query HTTP/1.1\r\nHost: {shop.host}\r\nCookie: {shop.cookie}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with shop.connect() as connection:
        connection.sendall(head.encode())
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                connection.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        assert b" 413 " in connection.recv(1 << 16)
    with shop.connect() as connection:
        connection.sendall(head.encode() + b"1\r\n{\r\n")
        assert b" 408 " in connection.recv(1 << 16)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 100_000,
        b"\x00" * 1000,
    ],
)
def test_what_is_not_http(shop: Viewer, sent: bytes) -> None:
    with shop.connect() as connection, contextlib.suppress(OSError):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 16):
            pass
    assert shop.query("SELECT 1").rows == [[1]]


def test_detach_while_a_query_runs(con: Connection, receiver: Live) -> None:
    """DETACH does not wait for it; the next query says what is gone."""
    post(receiver.port, "traces", wire.request(*(wire.span(name="x") for _ in range(100))))
    opened = viewer.start(con)
    connection = opened.begin(
        "SELECT count(*) FROM spans a, spans b, range(10_000_000) c WHERE hash(c) = 42"
    )
    eventually(lambda: queries(con) == 1)
    began = time.monotonic()
    receiver.detach()
    # The query takes minutes, if nobody ends it.
    assert time.monotonic() - began < 30
    error = opened.query("FROM spans").error
    assert error is not None
    assert "live.spans" in error["message"]
    connection.close()
    eventually(lambda: queries(con) == 0)
    again = live.attach(con, f"localhost:{receiver.port}")
    assert opened.query("FROM spans").error is None
    receiver.con = again.con


ENDS = ["close", "exit", "os._exit", "exception", "SIGTERM", "stop", "detach and close", "idle"]


@pytest.mark.parametrize("way", ENDS)
def test_ends(way: str) -> None:
    """The process and the database end while queries run, and nobody waits for them for long."""
    outcome = process.run("viewer_ends:end", way, timeout=60)
    codes = {"os._exit": 4, "exception": 1, "SIGTERM": -15, "exit": 3}
    assert outcome.code == codes.get(way, 0), outcome.stderr[-4000:]
    assert "terminate" not in outcome.stderr


def test_fork() -> None:
    """What a child does leaves the viewer of its parent alone."""
    assert process.run("viewer_ends:fork", timeout=60).code == 0


def test_two_databases() -> None:
    """Each has a viewer, and a cookie of its own in one browser."""
    first, second = extension.connect(), extension.connect()
    for con in (first, second):
        con.execute(f"CREATE VIEW spans AS FROM read_otlp_spans('{SHOP}')")
    one, two = (viewer.start(con, spans="spans") for con in (first, second))
    both = f"{one.cookie}; {two.cookie}"
    for opened in (one, two):
        assert opened.get("/session", {"Cookie": both}).status == 200
    assert two.get("/session", {"Cookie": one.cookie}).status == 403
    first.close()
    with pytest.raises(ConnectionRefusedError):
        one.connect()
    assert two.session()
    second.close()
