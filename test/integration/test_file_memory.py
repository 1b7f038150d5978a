"""Scans of files keep to DuckDB's `memory_limit`."""

import os
from pathlib import Path
from typing import Any

import pytest

import child
from faults import MEBIBYTE, json_spans

# Documents that are one record each, and cannot be read in pieces.
DOCUMENTS = 8
SPANS = 105 * 1024
SPAN = {"name": "x" * 1000}

SCAN = """
con.execute("SET memory_limit = ?", [arguments[1]])
con.execute("SET threads = 8")
before = memory("VmHWM")
result = {}
try:
    query = "SELECT count(*), sum(length(data)) FROM read_otlp(?)"
    result["rows"] = con.execute(query, [arguments[0]]).fetchall()[0]
except duckdb.Error as error:
    result["error"] = str(error)
reserved = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'EXTENSION'"
result["reserved"] = con.execute(reserved).fetchall()[0][0]
print(json.dumps(result | {"memory": memory("VmHWM") - before}))
"""


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """One file under several names."""
    folder: Path = tmp_path_factory.mktemp("documents")
    first = folder / "0.json"
    empty = json_spans()
    span = (
        json_spans(SPAN).removeprefix(empty[: empty.index(b"[]}]}]}") + 1]).removesuffix(b"]}]}]}")
    )
    first.write_bytes(json_spans(SPAN).replace(span, b",".join([span] * SPANS)))
    for number in range(1, DOCUMENTS):
        os.link(first, folder / f"{number}.json")
    assert first.stat().st_size > 100 * MEBIBYTE
    return [str(folder / f"{number}.json") for number in range(DOCUMENTS)]


def scan(paths: list[str], limit: str) -> dict[str, Any]:
    """What became of a query, and the memory it took."""
    return child.run(SCAN, paths, limit, timeout=300)


def test_threads_wait_for_memory(documents: list[str]) -> None:
    """Documents for which there is no room at once are read one after the other."""
    found = scan(documents, "500MB")
    assert "rows" in found, found
    assert found["rows"][0] == DOCUMENTS * SPANS
    assert found["memory"] < 650 * MEBIBYTE
    assert found["reserved"] == 0


def test_no_memory_for_any(documents: list[str]) -> None:
    """A document for which there is no room at all is an error in DuckDB's words."""
    found = scan(documents, "150MB")
    assert found["error"].startswith("Out of Memory Error: failed to reserve memory"), found
    assert found["memory"] < 300 * MEBIBYTE
    assert found["reserved"] == 0


def test_small_records_need_little(tmp_path: Path) -> None:
    """Threads on many files need no more than their share, if their records are small."""
    paths = [str(tmp_path / f"{number}.jsonl") for number in range(32)]
    line = json_spans(SPAN) + b"\n"
    for path in paths:
        Path(path).write_bytes(line * 4_000)
    found = scan(paths, "60MB")
    assert "rows" in found, found
    assert found["rows"][0] == 32 * 4_000
    assert found["reserved"] == 0
