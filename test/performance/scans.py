"""Scans of files: by the extension, and by the program that says what the machine can do."""

import hashlib
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import clock
import duckdb
from dataset import Dataset, program
from peers import ALL_COLUMNS, NARROW, ROWS_AND_TIMES, timed

import extension

#: What a query asks for, by the name of its columns, and of which function.
COLUMNS = {
    "all columns": (ALL_COLUMNS, "read_otlp"),
    "timestamp": ("count(*), sum(epoch_us(timestamp))", "read_otlp"),
    "count(*)": ("count(*)", "read_otlp"),
    "name and duration": (NARROW, "read_otlp_spans"),
}


@dataclass
class Duckspan:
    """The extension, on one file."""

    file: Path
    threads: int
    columns: str = "all columns"

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """A database with the extension loaded."""
        con = extension.connect()
        con.execute(f"SET threads = {self.threads}")
        return con

    def measure(self) -> float:
        columns, function = COLUMNS[self.columns]
        return timed(self.con, f"SELECT {columns} FROM {function}('{self.file}')")

    def rows_and_times(self) -> tuple[Any, ...]:
        query = f"SELECT {ROWS_AND_TIMES} FROM read_otlp('{self.file}')"
        return self.con.execute(query).fetchall()[0]


@dataclass
class Limit:
    """A job of the `limits` program, on one thread."""

    data: Dataset
    frames: Path
    name: str

    def measure(self) -> float:
        command = [program("limits"), "--json", "--runs", "1", "--only", self.name]
        command += ["--clock", clock.name]
        command += [self.data.json, self.frames]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return json.loads(answer)["rows_per_second"]


@dataclass
class InTurn:
    """Jobs that are done one after the other with every row."""

    jobs: list[Limit]

    def measure(self) -> float:
        return 1 / sum(1 / job.measure() for job in self.jobs)


@dataclass
class TwoProcessors:
    """A scan on one thread, times what two threads compute more than one just now.

    Two processors of a virtual machine are often not twice as fast as one, whatever runs on them.
    """

    scan: Duckspan

    def measure(self) -> float:
        return self.scan.measure() * hashes_per_second(2) / hashes_per_second(1)


def hashes_per_second(threads: int) -> float:
    """A computation that waits for nothing, not even memory, done by so many threads at once."""
    block, hashes = bytes(1 << 14), 5_000

    def work(_: int) -> None:
        for _ in range(hashes):
            hashlib.sha512(block).digest()

    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(work, range(threads)))
        return threads * hashes / (time.perf_counter() - start)
