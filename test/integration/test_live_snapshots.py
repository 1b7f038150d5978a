"""Row 61: while requests arrive and rows go, every query sees the rows of one moment."""

import time
from collections.abc import Iterator

import duckdb
import pytest

import live
from live import Live
from traffic import Traffic

ROWS = 10
MAX_ROWS = 2_000
TIMES = 30


@pytest.fixture(params=[10_000_000, MAX_ROWS], ids=["growing", "evicting"])
def busy(request: pytest.FixtureRequest, con: duckdb.DuckDBPyConnection) -> Iterator[Live]:
    """A receiver with two senders at work, of requests of ten rows each."""
    attached = live.attach(con, max_rows=request.param)
    with Traffic(attached.port, threads=2, rows=ROWS) as traffic:
        yield attached
        traffic.stop()
        assert not traffic.failed
        counts = attached.settled()["traces"]
        assert counts.received == traffic.sent
    attached.assert_balanced()


def test_one_statement(busy: Live) -> None:
    """All scans of a statement see the same rows; no column has more rows than another."""
    query = """
        SELECT count(*), count(timestamp), count(data), count(DISTINCT rowid),
            (SELECT count(*) FROM live.traces), (SELECT count(name) FROM live.spans),
            (SELECT max(rowid) FROM live.traces) - max(rowid),
            (SELECT min(rowid) FROM live.traces) - min(rowid)
        FROM live.traces
    """
    for _ in range(TIMES):
        ((count, *counts, newer, older),) = busy.fetch(query)
        assert set(counts) == {count}
        assert (newer, older) == (0, 0)


def test_self_join(busy: Live) -> None:
    """Every row finds itself, and nothing else."""
    query = """
        SELECT count(*), count(a.data), count(b.data), count_if(a.data = b.data)
        FROM live.traces a FULL JOIN live.traces b ON a.rowid = b.rowid
    """
    for _ in range(TIMES):
        (counts,) = busy.fetch(query)
        assert len(set(counts)) == 1, counts


def test_requests_are_whole(busy: Live) -> None:
    """All rows of a request are seen or none; only the oldest one may be in the midst of going."""
    query = """
        SELECT count(*), min(rowid), max(rowid)
        FROM live.traces
        GROUP BY regexp_extract(data ->> 'name', '^[0-9]+[.][0-9]+')
        ORDER BY min(rowid)
    """
    for _ in range(TIMES):
        oldest, *found = busy.fetch(query)
        assert oldest[0] <= ROWS
        assert all((count, last - first) == (ROWS, ROWS - 1) for count, first, last in found)


def test_order_of_arrival(busy: Live) -> None:
    """The requests of a sender stand in the order in which it sent them, without a gap."""
    query = """
        WITH parts AS (
            SELECT string_split(data ->> 'name', '.')::INT[] AS part, rowid AS r FROM live.traces
        )
        SELECT part[1], list(part[2] * 10 + part[3] ORDER BY r) FROM parts GROUP BY ALL
    """
    for _ in range(TIMES // 3):
        for _, numbers in busy.fetch(query):
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_transaction(busy: Live) -> None:
    """A transaction sees what its first query saw, of all tables, whatever arrives or goes."""
    query = "SELECT count(*), min(rowid), max(rowid), bit_xor(hash(data)) FROM live.traces"
    for _ in range(3):
        busy.con.begin()
        first = busy.fetch(query)
        for _ in range(10):
            assert busy.fetch(query) == first
        busy.con.commit()
        deadline = time.monotonic() + 20
        while busy.fetch(query)[0][2] == first[0][2]:
            assert time.monotonic() < deadline


def test_rows_stay_while_they_are_read(con: duckdb.DuckDBPyConnection) -> None:
    """A result that is fetched slowly keeps its rows, though the ring has long moved on."""
    attached = live.attach(con, max_rows=MAX_ROWS)
    with Traffic(attached.port, rows=ROWS) as traffic:
        while attached.count() < MAX_ROWS:
            pass
        reader = con.cursor()
        wanted = reader.execute("SELECT count(*) FROM live.traces").fetchall()[0][0]
        result = reader.execute("SELECT rowid, data ->> 'name' FROM live.traces")
        found = result.fetchmany(10)
        received = attached.stats()["traces"].received
        while attached.stats()["traces"].received < received + 3 * MAX_ROWS:
            pass
        found += result.fetchall()
        traffic.stop()
    assert len(found) == wanted
    rowids = sorted(rowid for rowid, _ in found)
    assert rowids == list(range(rowids[0], rowids[0] + wanted))
    attached.assert_balanced()


def test_transactions_keep_a_part_of_memory_limit(con: duckdb.DuckDBPyConnection) -> None:
    """What open transactions keep of evicted rows is bounded: the oldest lose them, and say so."""
    limit = 16_000_000
    attached = live.attach(con, memory_limit=f"{limit}B")
    fill = """
        INSERT INTO live.traces (data)
        SELECT json_object('name', repeat(chr(97 + (range % 26)::INT), 1000)) FROM range(12_000)
    """
    con.execute(fill)
    readers = []
    for _ in range(10):
        reader = con.cursor()
        reader.begin()
        seen = reader.execute("SELECT count(*), min(rowid) FROM live.traces").fetchall()
        readers.append((reader, seen))
        con.execute(fill)
        pinned = sum(counts.pinned_bytes for counts in attached.stats().values())
        assert pinned <= limit / 8
    for reader, _ in readers[:-1]:
        with pytest.raises(duckdb.InvalidInputException, match="eighth of memory_limit"):
            reader.execute("SELECT sum(length(data)) FROM live.traces").fetchall()
        reader.rollback()
    attached.assert_balanced()
