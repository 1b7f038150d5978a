"""Inserts and queries without a pause, on many threads: no deadlock, no error, no row lost."""

import threading
import time
from collections.abc import Callable

import duckdb
import pytest

import live
from live import SIGNALS, Live
from traffic import Traffic

MAX_ROWS = 50_000
SECONDS = 5.0

QUERIES = {
    "count": "SELECT count(*) FROM live.traces",
    "text": "SELECT count(*), sum(length(data::VARCHAR)) FROM live.traces",
    "newest": "SELECT data ->> 'name' FROM live.traces ORDER BY timestamp DESC LIMIT 20",
    "group": "SELECT left(data ->> 'name', 1), count(*) FROM live.traces GROUP BY ALL",
    "other tables": "SELECT count(*) FROM live.metrics UNION ALL SELECT count(*) FROM live.logs",
    "typed": "SELECT max(name), max(duration_ns) FROM live.spans",
    "stats": "SELECT * FROM live.stats",
    "catalog": "SELECT estimated_size FROM duckdb_tables() WHERE database_name = 'live'",
    "join": "SELECT count(*) FROM live.traces a JOIN live.traces b USING (rowid)",
}


class Worker(threading.Thread):
    """Does one thing again and again on a connection of its own, and notes the first error."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        work: Callable[[duckdb.DuckDBPyConnection], object],
        stop: threading.Event,
    ) -> None:
        super().__init__(daemon=True)
        self.con, self.work, self.stop = con.cursor(), work, stop
        self.times = 0
        self.error: Exception | None = None

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.work(self.con)
            except Exception as error:
                self.error = error
                return
            self.times += 1


def run(receiver: Live, works: list[Callable[[duckdb.DuckDBPyConnection], object]]) -> None:
    """Does all of it at once for some seconds; every piece must be done, and without an error."""
    stop = threading.Event()
    workers = [Worker(receiver.con, work, stop) for work in works]
    for worker in workers:
        worker.start()
    time.sleep(SECONDS)
    stop.set()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive(), "a deadlock"
        assert worker.error is None, worker.error
        assert worker.times > 0


def querying(sql: str) -> Callable[[duckdb.DuckDBPyConnection], object]:
    return lambda con: con.execute(sql).fetchall()


class Monotonic:
    """Counts that ascend until the ring is full, and stay there."""

    def __init__(self, max_rows: int) -> None:
        self.max_rows, self.last = max_rows, 0

    def __call__(self, con: duckdb.DuckDBPyConnection) -> None:
        ((count,),) = con.execute("SELECT count(*) FROM live.traces").fetchall()
        assert self.last <= count <= self.max_rows, (self.last, count)
        self.last = count


@pytest.mark.parametrize("max_rows", [10_000_000, MAX_ROWS], ids=["growing", "evicting"])
def test_inserts_and_queries(max_rows: int, con: duckdb.DuckDBPyConnection) -> None:
    """Senders of both transports, and every kind of query, at once."""
    receiver = live.attach(con, max_rows=max_rows)
    monotonic = Monotonic(max_rows)
    with (
        Traffic(receiver.port, "grpc", threads=4, rows=100) as first,
        Traffic(receiver.port, "http/protobuf", threads=2, rows=100) as second,
    ):
        run(receiver, [monotonic, *map(querying, QUERIES.values())])
        first.stop()
        second.stop()
    assert not first.failed
    assert not second.failed
    counts = receiver.settled()["traces"]
    assert counts.received == first.sent + second.sent
    assert monotonic.last > 0
    assert receiver.count() == min(counts.received, max_rows)
    receiver.assert_balanced()


def test_inserts_and_changes(con: duckdb.DuckDBPyConnection) -> None:
    """Exports, INSERT, TRUNCATE and queries at once: the counts balance in the end."""
    receiver = live.attach(con, max_rows=MAX_ROWS)
    replay = "INSERT INTO live.traces SELECT * FROM live.traces LIMIT 500"
    with Traffic(receiver.port, threads=4, rows=100) as traffic:
        run(
            receiver,
            [
                querying(replay),
                querying("TRUNCATE live.traces"),
                querying("DELETE FROM live.logs"),
                *map(querying, QUERIES.values()),
            ],
        )
        traffic.stop()
    assert not traffic.failed
    counts = receiver.settled()["traces"]
    assert counts.received >= traffic.sent
    assert counts.cleared > 0
    receiver.assert_balanced()


def test_attach_and_detach_beside_traffic(receiver: Live) -> None:
    """Other receivers come and go while one is at work."""

    def come_and_go(name: str) -> Callable[[duckdb.DuckDBPyConnection], None]:
        def work(con: duckdb.DuckDBPyConnection) -> None:
            other = live.attach(con, name=name)
            assert all(other.count(signal) == 0 for signal in SIGNALS)
            other.detach()

        return work

    with Traffic(receiver.port, threads=2, rows=100) as traffic:
        run(receiver, [come_and_go("other"), come_and_go("another"), querying(QUERIES["text"])])
        traffic.stop()
    assert not traffic.failed
    assert receiver.settled()["traces"].received == traffic.sent
