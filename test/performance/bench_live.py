"""Measures what an attached receiver holds, and queries of it, all in one run: `make bench`.

A million spans are sent as an SDK sends them. The peer of memory is the bytes of those requests;
the peer of queries is DuckDB, with the same rows in tables of its own and in the same process. Both
must give the same answers before they are timed, in turn.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    TEST = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(TEST), str(TEST / "integration")]

import bench
import duckdb
from dataset import Dataset, requests
from jobs import BYTES_PER_ROW, MILLISECONDS, Job, Value

import extension
import live
import memory
import process
from live import Live
from otlp_client import Grpc

ROWS = 1_000_000
THREADS = 2

#: What is asked, by name: of `live`, and of the database that has the same rows in tables.
QUERIES = {
    "count(*)": "SELECT count(*) FROM {of}.spans",
    "newest 20 rows": "FROM {of}.spans ORDER BY start_time_unix_nano DESC LIMIT 20",
    "newest 20 rows, unified": "FROM {of}.traces ORDER BY timestamp DESC LIMIT 20",
    "one trace by id": """
        FROM {of}.spans WHERE trace_id = '{trace}' ORDER BY span_id""",
    "p99 of duration by service": """
        SELECT service_name, quantile_cont(duration_ns, 0.99)
        FROM {of}.spans GROUP BY ALL ORDER BY ALL""",
    "top names, unified": """
        SELECT data->>'name' AS name, count(*) AS spans
        FROM {of}.traces GROUP BY ALL ORDER BY spans DESC, name LIMIT 10""",
    "top routes by attribute": """
        SELECT attributes->>'http.route' AS route, count(*) AS spans
        FROM {of}.spans GROUP BY ALL ORDER BY spans DESC, route LIMIT 10""",
}

#: Seconds for which a query is repeated, so that the shortest is more than the clock's noise.
REPEAT = 0.2


def main() -> int:
    """The exit code."""
    options = bench.parser(__doc__, ROWS).parse_args()
    held = Held.of(Dataset(options.rows))
    title = (
        f"live: {held.rows:,} spans held, {held.sent / 1e6:.0f} MB of requests, sent in "
        f"{held.seconds:.1f} s"
    )
    return bench.run(title, jobs(held, options), options)


@dataclass
class Held:
    """A receiver that holds all spans of a data set."""

    receiver: Live
    rows: int
    sent: int
    """Bytes of the requests."""
    seconds: float
    """What sending took, with reading the file."""
    stats: int
    """Bytes that the receiver says it holds."""
    resident: int
    """Bytes by which the process has grown, but for memory that is free."""

    @staticmethod
    def of(data: Dataset) -> "Held":
        """Attaches a receiver and sends everything."""
        con = extension.connect()
        con.execute(f"SET threads = {THREADS}")
        receiver = live.attach(con, max_rows=data.rows, memory_limit="4GB")
        before = memory.sample(receiver)
        start = time.perf_counter()
        sent = process.run("bench_live:send", receiver.port, str(data.sdk_frames)).result
        seconds = time.perf_counter() - start
        receiver.settled()
        after = memory.sample(receiver)
        assert after["rows"] == data.rows, after
        grown = after["used"] - before["used"]
        return Held(receiver, data.rows, sent, seconds, after["bytes"], grown)


def send(port: int, frames: str) -> int:
    """Sends the requests of a file; returns their bytes. Runs in a process of its own."""
    sent = 0
    with Grpc(port) as client:
        for request in requests(Path(frames)):
            client.export("traces", request)
            sent += len(request)
    return sent


def jobs(held: Held, options: argparse.Namespace) -> Iterator[Job]:
    """The live rows of the performance table that are about what is held."""
    yield from memory_jobs(held)
    if not options.only or any(options.only in job.name for job in query_jobs(held)):
        make_tables(held)
        verify(held)
        yield from query_jobs(held)


def memory_jobs(held: Held) -> Iterator[Job]:
    """Bytes of a row, by the receiver's word and by the system's."""
    request = held.sent / held.rows
    target, stretch = 1.2 + 40 / request, 1.05 + 24 / request
    ways = {"live.stats": held.stats, "growth of the process": held.resident}
    for way, size in ways.items():
        ours, peer = Value(lambda size=size: size / held.rows), Value(lambda: request)
        name = f"live, bytes held by {way} / of requests"
        yield Job(name, ours, peer, target, stretch, BYTES_PER_ROW)


@dataclass
class Query:
    """A query of a database."""

    con: duckdb.DuckDBPyConnection
    sql: str

    def measure(self) -> float:
        """Milliseconds."""
        start, runs = time.perf_counter(), 0
        while runs == 0 or time.perf_counter() - start < REPEAT:
            self.rows()
            runs += 1
        return (time.perf_counter() - start) * 1e3 / runs

    def rows(self) -> list[tuple[Any, ...]]:
        return self.con.execute(self.sql).fetchall()


def query_jobs(held: Held) -> Iterator[Job]:
    """Queries, which take at most so many times as long as those of tables."""
    con = held.receiver.con
    ((trace,),) = con.execute(
        f"SELECT trace_id FROM live.spans LIMIT 1 OFFSET {held.rows // 2}"
    ).fetchall()
    for name, sql in QUERIES.items():
        ours, peer = (Query(con, sql.format(of=of, trace=trace)) for of in ("live", "memory"))
        yield Job(f"live, {name} / DuckDB table", ours, peer, 2, 1, MILLISECONDS)


def make_tables(held: Held) -> None:
    """The same rows in tables of DuckDB, in the order of arrival."""
    for table in ("spans", "traces"):
        held.receiver.con.execute(f"CREATE TABLE memory.{table} AS FROM live.{table}")


def verify(held: Held) -> None:
    """Both sides give the same answers."""
    for job in query_jobs(held):
        ours, peer = job.ours.rows(), job.peer.rows()
        if ours != peer or not ours:
            sys.exit(f"{job.name}: {ours[:3]}, but {peer[:3]} of the table")


if __name__ == "__main__":
    sys.exit(main())
