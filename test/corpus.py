"""Published OTLP files, where they are present: `DUCKSPAN_TESTDATA`, or beside the repository."""

import csv
import os
from pathlib import Path

import pytest

import extension

FOLDER = Path(
    os.environ.get("DUCKSPAN_TESTDATA", extension.ROOT / ".." / "shared" / "testdata" / "otlp")
).resolve()
POINTS = ("gauge_pts", "sum_pts", "hist_pts", "exphist_pts", "summary_pts")

# Files without a row: profiles are no stable signal; a document that is cut off.
FOREIGN = ["elastic-loadgen-oteldemo/profiles.jsonl.zstd"]
MALFORMED = ["otlp2parquet/invalid/malformed.json"]


def counts() -> dict[str, dict[str, int]]:
    """What an independent reader counted: for each file its spans, points and log records."""
    table = FOLDER / "counts.tsv"
    if not table.exists():
        return {}
    with table.open() as lines:
        return {line["file"]: signals(line) for line in csv.DictReader(lines, delimiter="\t")}


def signals(line: dict[str, str]) -> dict[str, int]:
    """The rows of each signal that a line of the table stands for."""
    points = sum(int(line[kind]) for kind in POINTS)
    return {"traces": int(line["spans"]), "metrics": points, "logs": int(line["logs"])}


FILES = [name for name in counts() if name not in FOREIGN + MALFORMED]
needed = pytest.mark.skipif(not FILES, reason=f"no files at {FOLDER}: set DUCKSPAN_TESTDATA")
