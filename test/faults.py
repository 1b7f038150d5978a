"""What the fault tests share: files of any content, and what became of them.

The rules that all rows of the fault matrix share: records that are sound are read, a record that is
not is skipped and can be queried, `ignore_errors := false` makes it an error that names the file,
and nothing crashes.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

import child

Connection = duckdb.DuckDBPyConnection

MEBIBYTE = 1 << 20
GOOD = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"good"}]}]}]}'
ENCODINGS = ["json", "protobuf"]

# What became of each file in a list of files, each read on its own, and the memory that took.
SWEEP = """
before = memory("VmHWM")
found = []
for path, options in arguments[0]:
    result = {}
    try:
        query = f"SELECT data FROM read_otlp(?{options})"
        result["rows"] = [row[0] for row in con.execute(query, [path]).fetchall()]
    except duckdb.Error as error:
        result["error"] = str(error)
        assert not extension.is_bug(result["error"]), result["error"]
    rejects = "SELECT record, kind, reason FROM read_otlp_rejects() WHERE filename = ?"
    result["rejects"] = con.execute(rejects, [path]).fetchall()
    found.append(result)
assert con.execute("SELECT 42").fetchall() == [(42,)]
print(json.dumps({"found": found, "memory": memory("VmHWM") - before}))
"""

# The same, with counts for rows: for results that are too large to hand over.
COUNT = SWEEP.replace("SELECT data FROM", "SELECT count(data)::VARCHAR FROM")


@dataclass
class Files:
    """Writes files, and reads them in a child process."""

    folder: Path
    made: int = 0

    def write(self, data: bytes) -> Path:
        """A new file with a name of its own."""
        self.made += 1
        path = self.folder / f"file-{self.made}"
        path.write_bytes(data)
        return path

    def sweep(self, *contents: bytes, options: str = "", timeout: float = 120) -> list[Any]:
        """What became of files with these contents."""
        jobs = [(str(self.write(data)), options) for data in contents]
        return list(child.run(SWEEP, jobs, timeout=timeout)["found"])

    def count(self, data: bytes, timeout: float = 120) -> tuple[dict[str, Any], int]:
        """What became of a large file, and the bytes of memory that took."""
        result = child.run(COUNT, [(str(self.write(data)), "")], timeout=timeout)
        return result["found"][0], result["memory"]


def rows(con: Connection, path: Path, columns: str = "data::VARCHAR") -> list[Any]:
    """One column of a file, or several."""
    found = con.execute(f"SELECT {columns} FROM read_otlp(?)", [str(path)]).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def documents(con: Connection, path: Path) -> list[Any]:
    """The `data` of a file, parsed."""
    return [json.loads(text) for text in rows(con, path)]


def rejects(con: Connection, path: Path) -> list[tuple[int | None, str, str]]:
    """What was skipped or repaired in a file."""
    query = "SELECT record, kind, reason FROM read_otlp_rejects() WHERE filename = ?"
    return con.execute(query, [str(path)]).fetchall()


def repairs(con: Connection, path: Path) -> list[str]:
    """What was repaired in a file."""
    return [reason for _, kind, reason in rejects(con, path) if kind == "repaired"]


def json_request(group: str, scopes: str, elements: str, *messages: object) -> bytes:
    """An OTLP/JSON document with these elements in one scope of one resource."""
    document = {group: [{scopes: [{elements: list(messages)}]}]}
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def json_spans(*spans: object) -> bytes:
    """An OTLP/JSON document of spans."""
    return json_request("resourceSpans", "scopeSpans", "spans", *spans)


def json_logs(*logs: object) -> bytes:
    """An OTLP/JSON document of log records."""
    return json_request("resourceLogs", "scopeLogs", "logRecords", *logs)


def json_metrics(*metrics: object) -> bytes:
    """An OTLP/JSON document of metrics."""
    return json_request("resourceMetrics", "scopeMetrics", "metrics", *metrics)


def assert_refused(result: dict[str, Any]) -> None:
    """No row came of the file, and the user can know why."""
    assert not result.get("rows")
    assert "error" in result or result["rejects"], result
