"""What is measured: two sides of a job, and what their ratio should be."""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol

import clock
import duckdb
from dataset import ROOT, Dataset, program
from peers import ALL_COLUMNS, NARROW, ROWS_AND_TIMES, timed

#: What a query asks for, by the name of its columns, and of which function.
COLUMNS = {
    "all columns": (ALL_COLUMNS, "read_otlp"),
    "timestamp": ("count(*), sum(epoch_us(timestamp))", "read_otlp"),
    "count(*)": ("count(*)", "read_otlp"),
    "name and duration": (NARROW, "read_otlp_spans"),
}


class Runner(Protocol):
    """One side of a job."""

    def rows_per_second(self) -> float:
        """Runs once."""
        ...


@dataclass
class Duckspan:
    """The extension, on one file."""

    file: Path
    threads: int
    columns: str = "all columns"

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """A database with the extension loaded."""
        config = {"threads": self.threads, "allow_unsigned_extensions": "true"}
        con = duckdb.connect(config=config)
        con.execute(f"LOAD '{extension()}'")
        return con

    def rows_per_second(self) -> float:
        columns, function = COLUMNS[self.columns]
        return timed(self.con, f"SELECT {columns} FROM {function}('{self.file}')")

    def rows_and_times(self) -> tuple[Any, ...]:
        query = f"SELECT {ROWS_AND_TIMES} FROM read_otlp('{self.file}')"
        return self.con.execute(query).fetchall()[0]


def extension() -> Path:
    """The extension file: `DUCKSPAN_EXTENSION`, or where `make` puts it."""
    path = Path(os.environ.get("DUCKSPAN_EXTENSION", ROOT / "build/duckspan.duckdb_extension"))
    if not path.exists():
        raise SystemExit(f"{path} is not there: run make extension, or set DUCKSPAN_EXTENSION")
    return path.resolve()


@dataclass
class Limit:
    """A job of the `limits` program, on one thread."""

    data: Dataset
    frames: Path
    name: str

    def rows_per_second(self) -> float:
        command = [program("limits"), "--json", "--runs", "1", "--only", self.name]
        command += ["--clock", clock.name]
        command += [self.data.json, self.frames]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return json.loads(answer)["rows_per_second"]


@dataclass
class Job:
    """A comparison of rows a second."""

    name: str
    ours: Runner
    peer: Runner
    target: float | None = None
    stretch: float | None = None
    ours_rate: float = 0
    peer_rate: float = 0

    HEADER: ClassVar[str] = (
        f"{'job':<50}{'ours, rows/s':>13}{'peer, rows/s':>13}{'ratio':>8}{'target':>8}  verdict"
    )

    @property
    def ratio(self) -> float:
        """Ours to the peer's."""
        return self.ours_rate / self.peer_rate

    def missed(self) -> bool:
        """Whether the ratio is below the target."""
        return self.target is not None and self.ratio < self.target

    def verdict(self) -> str:
        """What the ratio means."""
        if self.missed():
            return "MISSED"
        if self.stretch is not None and self.ratio >= self.stretch:
            return f"met, stretch {self.stretch:g} too"
        words = [] if self.target is None else ["met"]
        words += [] if self.stretch is None else [f"stretch is {self.stretch:g}"]
        return ", ".join(words) or "no target"

    def line(self) -> str:
        """A row of the table."""
        target = "-" if self.target is None else f"{self.target:g}"
        rates = f"{self.ours_rate:>13,.0f}{self.peer_rate:>13,.0f}"
        return f"{self.name:<50}{rates}{self.ratio:>8.2f}{target:>8}  {self.verdict()}"

    def record(self) -> dict[str, Any]:
        """The same for programs."""
        names = ("name", "ours_rate", "peer_rate", "ratio", "target", "stretch")
        return {name: getattr(self, name) for name in names} | {"verdict": self.verdict()}
