"""Measures what is sent and written, all in one run: `make bench`.

COPY is compared with COPY of the same rows to Parquet, by the CPU time of this process. The writer
alone is compared with prost and serde_json, which write the same requests from memory, or read the
same rows as SQL has them before they write. Receiving with TLS is compared with tonic and rustls.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

if __name__ == "__main__":
    TEST = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(TEST), str(TEST / "integration")]

import bench
import clock
import duckdb
from bench_archive import full
from bench_receiver import Ingest
from dataset import Dataset
from jobs import ROWS_PER_CPU_SECOND, Job
from scans import Limit

import certificates

ROWS = 300_000
PARQUET = "FORMAT parquet, COMPRESSION zstd"
#: How requests are written, as SQL says it.
FORMATS = {
    "JSON": ("jsonl", "FORMAT otlp"),
    "protobuf": ("binpb", "FORMAT otlp, ENCODING length_prefixed"),
}


def main() -> int:
    """The exit code."""
    options = bench.parser(__doc__, ROWS).parse_args()
    # Of the programs too.
    clock.name = "cpu"
    return bench.run(f"send: {options.rows:,} spans", jobs(options), options)


def jobs(options: argparse.Namespace) -> Iterator[Job]:
    """The rows of the performance table that are about sending."""
    data = Dataset(options.rows)
    for kind, writer, rows_by in (
        ("JSON", "serde_json", "serde_json"),
        ("protobuf", "prost", "serde_json and prost"),
    ):
        yield limits(data, f"requests to {kind}", writer, 2)
        yield limits(data, f"rows to {kind}", rows_by, 2)
    with full(options.rows) as con, TemporaryDirectory() as folder:
        con.execute("CREATE TABLE memory.kept AS FROM live.traces")
        for relation, name in {"live.traces": "live.traces", "memory.kept": "a table"}.items():
            for kind, (suffix, form) in FORMATS.items():
                ours = Copy(con, relation, options.rows, Path(folder, f"x.{suffix}"), form)
                peer = Copy(con, relation, options.rows, Path(folder, "x.parquet"), PARQUET)
                job = f"COPY of {name} to {kind} / to Parquet (zstd)"
                yield Job(job, ours, peer, unit=ROWS_PER_CPU_SECOND)
    yield from secured()


def limits(data: Dataset, name: str, peer: str, target: float) -> Job:
    """A job of the `limits` program, against the same of others."""
    ours, others = (Limit(data, data.frames, which) for which in (name, f"{name} by {peer}"))
    return Job(f"{name} / by {peer}", ours, others, target, unit=ROWS_PER_CPU_SECOND)


@dataclass
class Copy:
    """COPY of a relation to a file."""

    con: duckdb.DuckDBPyConnection
    relation: str
    rows: int
    file: Path
    options: str

    def measure(self) -> float:
        """Rows per second of CPU time."""
        begun = time.process_time()
        statement = f"COPY (FROM {self.relation}) TO '{self.file}' ({self.options})"
        ((count,),) = self.con.execute(statement).fetchall()
        seconds = time.process_time() - begun
        assert count == self.rows
        return self.rows / seconds


@dataclass
class Secured(Ingest):
    """The same with TLS, by what is in a folder."""

    folder: Path

    def command(self) -> list[str | Path]:
        return [*super().command(), "--tls", self.folder]


def secured() -> Iterator[Job]:
    """What a row costs that comes over TLS, against tonic with rustls, and against one without."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        authority = certificates.issue("authority")
        authority.write(path, "ca")
        certificates.issue("localhost", authority).write(path, "server")
        ours, peer = (
            Secured(server, "grpc", 512, "none", path) for server in ("receiver", "tonic-tuned")
        )
        name = "live, gRPC with TLS, batches of 512"
        yield Job(f"{name} / tonic sink", ours, peer, 0.5, 0.7, ROWS_PER_CPU_SECOND)
        plain = Ingest("receiver", "grpc", 512, "none")
        yield Job(f"{name} / without TLS", ours, plain, unit=ROWS_PER_CPU_SECOND)


if __name__ == "__main__":
    sys.exit(main())
