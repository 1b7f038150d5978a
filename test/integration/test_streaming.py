"""Memory for a scan does not grow with the file."""

import gzip
import os
from pathlib import Path

import pytest
import zstandard

import child
import framing
import telemetry
from faults import MEBIBYTE

# Bytes of the scanned file, unwrapped. A scan that held all of it would need more than BOUND.
LARGE = int(os.environ.get("DUCKSPAN_LARGE_MB", "600")) * MEBIBYTE
BOUND = 400 * MEBIBYTE

SCAN = """
before = memory("VmHWM")
found = con.execute(arguments[0], [arguments[1]]).fetchall()
print(json.dumps({"rows": found, "memory": memory("VmHWM") - before}))
"""

QUERIES = {
    "all columns": "SELECT count(*), sum(length(resource) + length(data)) FROM read_otlp(?)",
    "no column": "SELECT count(*), 0 FROM read_otlp(?)",
}


def block(framed: str) -> tuple[bytes, int]:
    """A part of a file that can be repeated, and the rows in it."""
    requests = telemetry.requests("logs", 1, 400)
    rows = sum(
        len(scope.log_records)
        for request in requests
        for group in request.resource_logs
        for scope in group.scope_logs
    )
    return framing.FRAMINGS[framed](requests), rows


def write(path: Path, framed: str, compressed: str) -> int:
    """Writes a file of LARGE bytes, unwrapped; returns its rows."""
    part, rows = block(framed)
    times = LARGE // len(part)
    opened = {"none": open, "gzip": gzip.open, "zstd": zstandard.open}[compressed]
    level = {"compresslevel": 1} if compressed == "gzip" else {}
    with opened(path, "wb", **level) as file:
        for _ in range(times):
            file.write(part)
    return times * rows


@pytest.mark.parametrize(
    ("framed", "compressed"),
    [
        ("json lines", "none"),
        ("json lines", "gzip"),
        ("json lines", "zstd"),
        ("json documents without separator", "none"),
        ("json array", "none"),
        ("protobuf, big-endian length", "none"),
        ("protobuf, varint length", "none"),
        ("protobuf, framed zstd", "none"),
        ("protobuf, bare", "none"),
    ],
)
def test_memory_is_bounded(framed: str, compressed: str, tmp_path: Path) -> None:
    """The peak of resident memory over a scan stays far below the size of the file."""
    path = tmp_path / "large"
    rows = write(path, framed, compressed)
    scans = {name: child.run(SCAN, query, path, timeout=600) for name, query in QUERIES.items()}
    path.unlink()
    for name, found in scans.items():
        assert found["rows"][0][0] == rows, name
        assert found["memory"] < min(BOUND, LARGE), name


def test_limit_stops_reading(tmp_path: Path) -> None:
    """A few rows of a large file cost little memory."""
    path = tmp_path / "large"
    write(path, "json lines", "none")
    query = "SELECT count(*) FROM (SELECT data FROM read_otlp(?) LIMIT 10)"
    found = child.run(SCAN, query, path, timeout=60)
    path.unlink()
    assert found["rows"] == [[10]]
    assert found["memory"] < 200 * MEBIBYTE
