"""How a receiver begins and ends: every case in a process of its own, with a hard time limit."""

import signal
import time
from pathlib import Path

import duckdb_release
import pytest
from lifetimes import BOUND, CHILDREN, WAYS

import process

# Which functions of lifetimes.py must simply come to their end.
CASES = {
    "54 DETACH with a prepared statement": "detach_with_prepared",
    "54 DETACH with transactions": "detach_with_transaction",
    "54 DETACH in a transaction that read": "detach_in_a_transaction_that_read",
    "54 DETACH while a query runs": "detach_while_querying",
    "54 DETACH while a listing is read": "detach_within_listing",
    "55 OR REPLACE on the same port": "replace_on_the_same_port",
    "55 OR REPLACE that fails": "replace_that_fails",
    "55 ATTACH that is rolled back": "roll_back",
    "59 two databases in one process": "two_databases",
    "59 two receivers in one database": "two_receivers",
    "a second port": "http_port",
    "eight threads attach, scan and detach": "attach_detach_and_scan_in_threads",
}

LISTINGS = [
    "SHOW ALL TABLES",
    "SELECT * FROM duckdb_schemas()",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_columns()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_attribute",
    "PRAGMA database_size",
]


@pytest.mark.parametrize("name", CASES)
def test_row(name: str) -> None:
    outcome = process.run(f"lifetimes:{CASES[name]}", timeout=120)
    assert outcome.code == 0, outcome.stderr[-4000:]


@pytest.mark.skipif(
    not duckdb_release.LISTS_BESIDE_DETACH,
    reason="a fault of this DuckDB, without DuckSpan too",
)
@pytest.mark.parametrize("listing", LISTINGS)
def test_row_54_detach_while_listing(listing: str) -> None:
    """The catalog is listed beside DETACH: entries of it live as long as the listing."""
    assert process.run("lifetimes:detach_while_listing", listing).result > 0


def test_row_55_attach_and_detach_often() -> None:
    """As scripts/lifecycle_test.py does it."""
    assert process.run("lifetimes:attach_and_detach_often", 1_000, timeout=300).result


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_row_54_detach_while_sending(protocol: str) -> None:
    assert process.run("lifetimes:detach_while_sending", protocol).result < BOUND


@pytest.mark.parametrize(
    ("protocol", "taken", "given_up"),
    [
        ("grpc", {"OK"}, {"UNAVAILABLE", "CANCELLED"}),
        ("http", {"HTTP/1.1 200 OK"}, {"closed", "answered"}),
    ],
)
def test_row_54_detach_with_open_request(
    protocol: str, taken: set[str], given_up: set[str]
) -> None:
    """A request that ends in time is taken; one that does not is given up."""
    ended = process.run("lifetimes:detach_with_open_request", protocol, True).result
    assert ended["status"] in taken
    assert ended["seconds"] > 0.3
    endless = process.run("lifetimes:detach_with_open_request", protocol, False).result
    assert endless["status"] in given_up


def test_row_53_port_in_use() -> None:
    """The error says what failed, where and why."""
    text = process.run("lifetimes:port_in_use").result
    assert "Failed to start OTLP receiver on localhost:" in text
    assert "address already in use" in text.lower()


def test_row_53_privileged_port() -> None:
    text = process.run("lifetimes:privileged_port").result
    if text is None:
        pytest.skip("everybody may listen on port 81 here")
    assert "127.0.0.1:81" in text
    assert "permission denied" in text.lower()


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "senders active"])
def test_row_56_close_database(busy: bool) -> None:
    assert process.run("lifetimes:close_database", busy).result < BOUND


CODES = {
    "end of the program": {0},
    "sys.exit": {3},
    "os._exit": {4},
    "exception": {1},
    "SIGINT": {-signal.SIGINT, 130},
    "SIGTERM": {-signal.SIGTERM, 143},
}


@pytest.mark.parametrize("way", WAYS)
def test_row_56_process_ends(way: str) -> None:
    """However a process ends, with senders and a query at work: soon, and as it meant to."""
    started = process.start("lifetimes:leave", way)
    try:
        process.hear(started)
        begun = time.monotonic()
        if way.startswith("SIG"):
            started.send_signal(getattr(signal, way))
        out, err = started.communicate(timeout=30)
        assert time.monotonic() - begun < BOUND + 2, (out, err)
        assert started.returncode in CODES[way], err
    finally:
        started.kill()


def test_row_57_reopen(tmp_path: Path) -> None:
    """The same file, ten times in one process: each time at once."""
    assert len(process.run("lifetimes:reopen", str(tmp_path / "kept.db")).result) == 10


@pytest.mark.parametrize("child", CHILDREN)
def test_row_58_fork(child: str) -> None:
    """The parent goes on to receive, whatever its child does; the child does not hang."""
    assert process.run("lifetimes:fork", child).result == {"child": 0}


def test_row_70_nothing_can_be_written(tmp_path: Path) -> None:
    assert process.run("lifetimes:without_a_disk", str(tmp_path)).result is None


MANY = " UNION ALL ".join(["SELECT data, resource FROM live.traces"] * 40)
INTERRUPTED = {
    "scan": f"SELECT max(data::VARCHAR), max(resource::VARCHAR) FROM ({MANY})",
    "self-join": "SELECT count(*) FROM live.traces a, live.traces b WHERE a.data < b.data",
    "sort": f"SELECT data FROM ({MANY}) ORDER BY data::VARCHAR DESC",
}


@pytest.mark.parametrize("name", INTERRUPTED)
def test_row_60_interrupt(name: str) -> None:
    """A query ends soon after it is interrupted. The bound is generous: 0.2 s is what it takes."""
    assert process.run("lifetimes:interrupt", INTERRUPTED[name], timeout=120).result < 2
