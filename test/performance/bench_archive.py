"""Measures archives against DuckDB's way of storing the same rows, all in one run: `make bench`.

The peer reads a table of DuckDB with the rows of `live.spans`, and writes them to the same kind of
place. What an archive adds to Export is measured by the load of load_test.py, with and without one
in turn.
"""

import argparse
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

if __name__ == "__main__":
    TEST = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(TEST), str(TEST / "integration")]

import time

import bench
import duckdb
import load_test
from bench_receiver import ROUND_ROWS, ROUND_SECONDS, ROUNDS, SATURATING
from dataset import Dataset
from jobs import BYTES_PER_ROW, MEGABYTES, MILLISECONDS, Job, Value
from load_test import BATCH, GROWTH, P99, RATE, Report

import extension
import live
import process

ROWS = 300_000
THREADS = 2


def main() -> int:
    """The exit code."""
    options = bench.parser(__doc__, ROWS).parse_args()
    return bench.run(f"archive: {options.rows:,} spans", jobs(options), options)


def jobs(options: argparse.Namespace) -> Iterator[Job]:
    """The rows of the performance table that are about archives."""
    with full(options.rows) as con, TemporaryDirectory() as folder:
        for kind, store in {"DuckDB file": Tables, "Parquet": Files}.items():
            ours, peer = (store(con, options.rows, folder, own) for own in (True, False))
            yield Job(f"archive, {kind} / DuckDB's own of a table", ours, peer, 0.7, 1)
        requests, parquet = Value(lambda: bytes_of_requests(options.rows)), Value(ours.size)
        yield Job("archive, bytes of Parquet / of requests", parquet, requests, unit=BYTES_PER_ROW)
    yield from exporting()
    yield from acknowledging()


@contextmanager
def full(rows: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A receiver with so many spans, and a table with the same."""
    con = extension.connect()
    con.execute(f"SET threads = {THREADS}")
    receiver = live.attach(con, max_rows=rows, memory_limit="4GB")
    process.run("bench_live:send", receiver.port, str(Dataset(rows).sdk_frames))
    receiver.settled()
    con.execute("CREATE TABLE memory.spans AS FROM live.spans")
    yield con
    receiver.detach()
    con.close()


def bytes_of_requests(rows: int) -> float:
    """Bytes of a row as it was sent."""
    return Dataset(rows).sdk_frames.stat().st_size / rows


@dataclass
class Store:
    """A way to store all spans, in a new place each time."""

    con: duckdb.DuckDBPyConnection
    rows: int
    folder: str
    own: bool
    """By `otlp_archive`, not by DuckDB's statement."""

    @cached_property
    def places(self) -> Iterator[int]:
        return itertools.count()

    def measure(self) -> float:
        """Rows per second."""
        place = f"{type(self).__name__}-{self.own}-{next(self.places)}"
        self.prepare(place)
        begun = time.perf_counter()
        self.con.execute(self.statement(place)).fetchall()
        seconds = time.perf_counter() - begun
        assert self.stored(place) == self.rows
        return self.rows / seconds

    def prepare(self, place: str) -> None:
        """Makes what is to be there before."""

    def statement(self, place: str) -> str:
        """Stores the rows."""
        raise NotImplementedError

    def relation(self, place: str) -> str:
        """What is stored."""
        raise NotImplementedError

    def stored(self, place: str) -> int:
        """How many rows are there."""
        return load_test.count(self.con, self.relation(place))


class Tables(Store):
    """A DuckDB file."""

    def prepare(self, place: str) -> None:
        self.con.execute(f"ATTACH '{self.folder}/{place}.duckdb' AS \"{place}\"")
        if not self.own:
            self.con.execute(f"CREATE TABLE {self.relation(place)} AS FROM memory.spans LIMIT 0")

    def statement(self, place: str) -> str:
        if self.own:
            return f"CALL otlp_archive('live', '\"{place}\".main')"
        return f"INSERT INTO {self.relation(place)} SELECT * FROM memory.spans"

    def relation(self, place: str) -> str:
        return f'"{place}".main.spans'


class Files(Store):
    """Parquet files."""

    def prepare(self, place: str) -> None:
        Path(self.folder, place).mkdir()

    def statement(self, place: str) -> str:
        if self.own:
            return f"CALL otlp_archive('live', '{self.folder}/{place}')"
        target = f"{self.folder}/{place}/spans.parquet"
        return f"COPY memory.spans TO '{target}' (FORMAT parquet, COMPRESSION zstd)"

    def relation(self, place: str) -> str:
        return f"read_parquet('{self.folder}/{place}/**/*.parquet', hive_partitioning = false)"

    def size(self) -> float:
        """Bytes of a row, of all that was stored."""
        files = list(Path(self.folder).glob(f"Files-{self.own}-*/**/*.parquet"))
        places = {file.relative_to(self.folder).parts[0] for file in files}
        return sum(file.stat().st_size for file in files) / len(places) / self.rows


@dataclass
class Rounds:
    """Rounds of the same load, with an archive and without, in turn."""

    archive: str

    @cached_property
    def reports(self) -> list[tuple[Report, Report]]:
        return [(self.load(self.archive), self.load(None)) for _ in range(ROUNDS)]

    def load(self, archive: str | None) -> Report:
        options = {"archive_interval": "1s"} if archive else {}
        return load_test.load(ROUND_SECONDS, RATE, max_rows=ROUND_ROWS, archive=archive, **options)

    def with_archive(self, value: Callable[[Report], float]) -> Value:
        return Value(lambda: median(value(report) for report, _ in self.reports))

    def without(self, value: Callable[[Report], float]) -> Value:
        return Value(lambda: median(value(report) for _, report in self.reports))


def exporting() -> Iterator[Job]:
    """What Export takes beside an archive, that nothing is lost, and that memory is flat."""
    for archive in ("tables", "files"):
        rounds = Rounds(archive)
        name = f"archive in {archive}, {RATE:,} spans/s"
        ours = rounds.with_archive(lambda report: report.latencies.p99 * 1e3)
        peer = rounds.without(lambda report: report.latencies.p99 * 1e3)
        yield Job(f"{name}, p99 of Export / without", ours, peer, 1.5, unit=MILLISECONDS)
        bound = Value(lambda: P99 * 1e3)
        yield Job(f"{name}, p99 of Export / 100 ms", ours, bound, 1, unit=MILLISECONDS)
        last = rounds.with_archive(lambda report: report.quarters()[1] / 1e6)
        third = rounds.with_archive(lambda report: report.quarters()[0] / 1e6)
        yield Job(f"{name}, memory of last quarter / third", last, third, GROWTH, unit=MEGABYTES)
        kept = rounds.with_archive(lambda report: report.archived)
        sent = rounds.with_archive(lambda report: report.sent)
        yield Job(f"{name}, rows archived / sent", kept, sent, 1)


def acknowledging() -> Iterator[Job]:
    """What one sender reaches with 8 requests in flight, answered once they are stored."""
    for archive in ("tables", "files"):
        ours = Value(lambda archive=archive: saturation(archive, acknowledge="archived"))
        peer = Value(lambda archive=archive: saturation(archive))
        yield Job(f"archive in {archive}, acknowledged there / at once", ours, peer)


def saturation(archive: str, **options: object) -> float:
    """Spans a second of a sender that never waits for its time."""
    rows = SATURATING // 20
    report = load_test.load(
        1e-3, rows * 1000, BATCH, 2 * rows, archive=archive, memory_limit="2GB", **options
    )
    assert report.kept_twice_or_never() == 0, report
    return report.sent / report.seconds


if __name__ == "__main__":
    sys.exit(main())
