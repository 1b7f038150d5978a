"""Measures scans of files against peers, all in one run: `make bench`.

Each job runs ours and the peer's in turn, A/B/A/B, after one run of each that does not count, and
compares the medians, so that a busy machine slows both. Every column is evaluated: lengths of texts
are summed, which costs neither side anything but making the texts.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bench
import clock
import peers
import writers
from dataset import Dataset
from jobs import Job
from peers import Chdb, DuckDB
from scans import Duckspan, InTurn, Limit, TwoProcessors

#: Rows of the large file, and of the small one for peers that take long.
ROWS = 400_000
SMALL_ROWS = 60_000


def main() -> int:
    """The exit code."""
    parser = bench.parser(__doc__, ROWS)
    parser.add_argument("--clock", choices=clock.CLOCKS, default="wall")
    options = parser.parse_args()
    clock.name = options.clock
    large, small = Dataset(options.rows), Dataset(min(options.rows, SMALL_ROWS))
    verify(small)
    size = large.json.stat().st_size / 1e6
    title = f"files: {large.rows:,} spans, {size:.0f} MB of JSON, {clock.name} time"
    return bench.run(title, jobs(large, small), options)


def verify(data: Dataset) -> None:
    """Ours and every peer agree on the rows before anything is timed."""
    expect = Duckspan(data.json, 2).rows_and_times()
    readers = [DuckDB(data.json, 2, query) for query in (peers.TYPED, peers.FASTEST)]
    readers += [Duckspan(data.frames, 2), Duckspan(data.sdk_frames, 2)]
    readers += [Duckspan(data.gzip, 2), Duckspan(data.zstd, 2)]
    readers += [Chdb(data.json, 2)] if Chdb.available() else []
    for reader in readers:
        found = reader.rows_and_times()
        if found != expect:
            sys.exit(f"{reader} found {found}, but DuckSpan {expect} in {data.json}")


def jobs(large: Dataset, small: Dataset) -> Iterator[Job]:
    """The file rows of the performance table, then what else is good to know."""
    yield from against_sql(large, small)
    yield from typed(large, small)
    yield from against_limits(large)
    yield from against_itself(large)
    yield from other_writers(small)
    yield from many_files(large)
    yield from compressed(large)


def against_sql(large: Dataset, small: Dataset) -> Iterator[Job]:
    """JSON lines, all three columns, two threads."""
    ours = Duckspan(large.json, 2)
    typed = DuckDB(small.json, 2, peers.TYPED)
    yield Job("JSON, all columns / DuckDB read_json(columns=)", ours, typed, 20)
    fastest = DuckDB(large.json, 2, peers.FASTEST)
    yield Job("JSON, all columns / DuckDB from_json, best found", ours, fastest)
    if Chdb.available():
        yield Job("JSON, all columns / chdb", ours, Chdb(small.json, 2), 8)
    else:
        print("SKIPPED: chdb is not installed (pip install chdb-core==26.9.0)", flush=True)


def typed(large: Dataset, small: Dataset) -> Iterator[Job]:
    """Two columns of spans: what people ask for most."""
    narrow = "name and duration"
    sql = DuckDB(small.json, 2, peers.TYPED_NARROW, peers.NARROW)
    name = "JSON, name and duration / DuckDB read_json(columns=)"
    yield Job(name, Duckspan(large.json, 2, narrow), sql, 25)
    dom = Limit(large, large.frames, "sonic-rs DOM")
    yield Job(
        "JSON, name and duration / sonic-rs DOM", Duckspan(large.json, 1, narrow), dom, None, 0.5
    )
    prost = Limit(large, large.frames, "prost")
    yield Job(
        "protobuf, name and duration / prost", Duckspan(large.frames, 1, narrow), prost, 4, 10
    )


def against_limits(large: Dataset) -> Iterator[Job]:
    """One thread, against what a parser or the machine can do with the same bytes."""
    name = "protobuf of the Collector, all columns / prost"
    yield Job(name, Duckspan(large.frames, 1), Limit(large, large.frames, "prost"), 2, 4)
    name = "protobuf of SDKs, all columns / prost"
    prost = Limit(large, large.sdk_frames, "prost")
    yield Job(name, Duckspan(large.sdk_frames, 1), prost, 2, 4)
    slicer = Limit(large, large.frames, "slice-and-copy")
    yield Job(
        "JSON, all columns / SIMD slice and copy", Duckspan(large.json, 1), slicer, None, 0.45
    )


def against_itself(large: Dataset) -> Iterator[Job]:
    """What a narrow query saves, and what a second thread adds."""
    yield from narrow_json(large)
    protobuf = Duckspan(large.frames, 1)
    for columns in ("count(*)", "timestamp"):
        narrow = Duckspan(large.frames, 1, columns)
        yield Job(f"protobuf, {columns} / all columns", narrow, protobuf, 3, 5)
    if clock.name == "wall":
        for name, file in (("JSON", large.json), ("protobuf", large.frames)):
            one, both = Duckspan(file, 1), Duckspan(file, 2)
            yield Job(f"{name}, 2 threads / 1", both, one, 1.7, 1.9)
            machine = TwoProcessors(one)
            yield Job(f"{name}, 2 threads / what 2 processors can do", both, machine)


def narrow_json(large: Dataset) -> Iterator[Job]:
    """What is left of JSON when nothing is rendered: all of it is read, and every row is checked.

    A slicer finds where rows begin and end and checks nothing: with reading, that is about what a
    query of any columns needs.
    """
    everything = Duckspan(large.json, 1)
    least = InTurn([Limit(large, large.frames, name) for name in ("read", "slice")])
    for columns in ("count(*)", "timestamp"):
        narrow = Duckspan(large.json, 1, columns)
        yield Job(f"JSON, {columns} / read and SIMD slice", narrow, least, 0.4, 0.6)
        yield Job(f"JSON, {columns} / all columns", narrow, everything)
    typed, count = (
        Duckspan(large.json, 1, columns) for columns in ("name and duration", "count(*)")
    )
    yield Job("JSON, name and duration / count(*)", typed, count, 0.8, 1.0)


def other_writers(data: Dataset) -> Iterator[Job]:
    """The same rows as others than the Collector write them."""
    for writer in writers.WRITERS:
        for columns in ("all columns", "count(*)"):
            ours = Duckspan(data.written_by(writer), 1, columns)
            canonical = Duckspan(data.json, 1, columns)
            yield Job(f"JSON, {writer}, {columns} / canonical", ours, canonical, 0.7, 0.9)


def many_files(data: Dataset) -> Iterator[Job]:
    """Files of 100 KB, against one with the same rows."""
    for threads in (1, 2):
        ours, peer = Duckspan(data.many_files, threads), Duckspan(data.small_requests, threads)
        name = f"JSON, files of 100 KB / one file, {threads} thread{'s' * (threads - 1)}"
        yield Job(name, ours, peer, 0.5, 0.8)


def compressed(large: Dataset) -> Iterator[Job]:
    """Compressed JSON lines, which both read on two threads."""
    for name, file in (("gzip", large.gzip), ("zstd", large.zstd)):
        peer = DuckDB(file, 2, peers.FASTEST)
        yield Job(f"JSON, {name} / DuckDB from_json, best found", Duckspan(file, 2), peer)


if __name__ == "__main__":
    sys.exit(main())
