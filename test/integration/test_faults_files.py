"""The fault matrix, rows 60 and 63 to 69: layouts of files, and files that change while read."""

import gzip
import io
import json
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import child
import framing
import telemetry
import wire
from faults import (
    GOOD,
    MEBIBYTE,
    Connection,
    Files,
    documents,
    json_metrics,
    rejects,
    rows,
)

LAYOUTS = {
    "blank lines": (b"\n\n" + GOOD + b"\n \n\t\n" + GOOD + b"\n\n", 2, 0),
    "BOM": (b"\xef\xbb\xbf" + GOOD + b"\n" + GOOD, 2, 0),
    "CRLF": (GOOD + b"\r\n" + GOOD + b"\r\n", 2, 0),
    "CR": (GOOD + b"\r" + GOOD, 2, 0),
    "no last newline": (GOOD, 1, 0),
    "not JSON first": (b"hello\n" + GOOD + b"\n", 1, 1),
    "not JSON between": (GOOD + b"\nhello {]\n" + GOOD, 2, 1),
    "not JSON last": (GOOD + b"\nhello", 1, 1),
    "a number": (GOOD + b"\n42\n" + GOOD, 2, 1),
    "a string": (GOOD + b'\n"{}"\n' + GOOD, 2, 1),
    "two bad lines": (GOOD + b"\nhello\nworld\n" + GOOD, 2, 2),
    "cut line": (GOOD + b"\n" + GOOD[:40] + b"\n" + GOOD, 2, 1),
    "cut string": (GOOD + b'\n{"resourceSpans":[{"schemaUrl":"x\n' + GOOD, 2, 1),
    "cut line, a whole one behind it": (GOOD + b"\n" + GOOD[:40] + GOOD + b"\n" + GOOD, 3, 1),
    "brace too many": (GOOD + b"}\n" + GOOD, 2, 1),
    "comma after": (GOOD + b",\n" + GOOD, 2, 0),
    "NUL bytes": (GOOD + b"\n" + b"\0" * 100 + b"\n" + GOOD, 2, None),
    "a hole before a line": (b"\0" * 5_000 + GOOD + b"\n" + GOOD, 2, 0),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_row_63_lines(name: str, con: Connection, files: Files) -> None:
    """Every whole document is read, every bad line is counted once, blank ones do not count."""
    data, good, bad = LAYOUTS[name]
    path = files.write(data)
    assert rows(con, path, "data->>'name'") == ["good"] * good
    if bad is not None:
        assert len(rejects(con, path)) == bad


@pytest.mark.parametrize("start", [b"hello ", b'{"resourceSpans":[{"schemaUrl":"'])
def test_row_63_line_of_100_megabytes(start: bytes, files: Files) -> None:
    """A line that does not end is given up at the limit, in bounded memory; the next is read."""
    line = start + b"x" * (100 * MEBIBYTE)
    result, memory = files.count(GOOD + b"\n" + line + b"\n" + GOOD)
    assert result["rows"] == ["2"]
    assert len(result["rejects"]) == 1
    assert memory < 400 * MEBIBYTE


def test_row_64_documents_and_arrays(con: Connection, files: Files) -> None:
    one = json.dumps(json.loads(GOOD), indent=4).encode()
    for data, count in [
        (one + b"\n" + one + b"\n\n" + one, 3),
        (b"[" + one + b",\n" + GOOD + b"]", 2),
        (b"[]", 0),
        (b"[" + GOOD + b"]\n[" + GOOD + b"," + GOOD + b"]", 3),
    ]:
        path = files.write(data)
        assert rows(con, path, "data->>'name'") == ["good"] * count
        assert rejects(con, path) == []


def test_row_65_other_signals(con: Connection, files: Files) -> None:
    """Only another signal: no rows. Only foreign keys: an error."""
    path = files.write(GOOD)
    query = "SELECT count(*) FROM read_otlp(?, signal := 'logs')"
    assert con.execute(query, [str(path)]).fetchall() == [(0,)]
    foreign = files.write(b'{"resourceProfiles":[]}\n{"other":1}\n')
    with pytest.raises(duckdb.Error, match=foreign.name):
        rows(con, foreign)
    mixed = files.write(b'{"resourceProfiles":[]}\n' + GOOD)
    assert rows(con, mixed, "data->>'name'") == ["good"]


def test_row_66_double_extension(con: Connection, tmp_path: Path) -> None:
    """By content, whatever the name says; the layouts themselves are in test_framings."""
    path = tmp_path / "traces.json.gz.zst"
    path.write_bytes(gzip.compress(framing.varint_delimited([wire.request(wire.span())] * 3)))
    assert rows(con, path, "data->>'name'") == ["span"] * 3


def test_row_67_snake_case(con: Connection, files: Files) -> None:
    path = files.write(b'{"resource_spans":[{"scope_spans":[{"spans":[{"name":"x"}]}]}]}')
    with pytest.raises(duckdb.Error, match="resource_spans") as error:
        rows(con, path)
    assert path.name in str(error.value)


class Changing(MemoryFileSystem):
    """A file system whose file is not what its size said: it grew, shrank, or went away."""

    protocol = "changing"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    content = b""

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.removeprefix("changing:")))

    def unstrip_protocol(self, name: str) -> str:
        return f"changing://{name.lstrip('/')}"

    def _open(self, path: str, mode: str = "rb", **_: object) -> Any:
        return self.opened(self.content) if mode == "rb" else super()._open(path, mode)

    opened: Any = io.BytesIO


class Vanishing(io.BytesIO):
    """A file that cannot be read any more after its first part."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 0:
            raise FileNotFoundError("the file was removed")
        return super().read(size)


def changing(con: Connection, size: int, content: bytes, opened: Any = io.BytesIO) -> None:
    """Registers a file system whose file has another size than content."""
    filesystem = Changing(skip_instance_cache=True)
    filesystem.pipe_file("/file.jsonl", b" " * size)
    filesystem.content = content
    filesystem.opened = opened
    con.register_filesystem(filesystem)


LINES = (GOOD + b"\n") * 200_000


@pytest.mark.parametrize("seen", [0, 1000, len(LINES) // 2, len(LINES), 2 * len(LINES)])
def test_row_68_size_changes(seen: int, con: Connection) -> None:
    """A file that grew or shrank since its size was taken gives a prefix of its rows."""
    changing(con, seen, LINES)
    query = "SELECT count(*) FROM read_otlp('changing://file.jsonl')"
    ((count,),) = con.execute(query).fetchall()
    assert seen // (len(GOOD) + 1) <= count <= 200_000 or seen > len(LINES)
    assert count <= 200_000


def test_row_68_truncated_while_read(con: Connection) -> None:
    """A record that lost its end is counted; those before it are read."""
    changing(con, len(LINES), LINES[:-30])
    query = "SELECT count(*) FROM read_otlp('changing://file.jsonl')"
    assert con.execute(query).fetchall() == [(199_999,)]
    assert con.execute("SELECT count(*) FROM read_otlp_rejects()").fetchall() == [(1,)]


def test_row_68_removed_while_read(con: Connection) -> None:
    """A read that fails is an error, whatever ignore_errors says; the next query works."""
    changing(con, len(LINES), LINES, Vanishing)
    with pytest.raises(Exception, match="the file was removed"):
        con.execute("SELECT count(*) FROM read_otlp('changing://file.jsonl')").fetchall()
    assert con.execute("SELECT 42").fetchall() == [(42,)]


def test_row_68_glob_with_a_bad_file(con: Connection, tmp_path: Path) -> None:
    """One bad file of many is skipped and named; strictly it is the error."""
    for name, data in {"a": GOOD, "b": b"\x89PNG\r\n\x1a\n" + bytes(100), "c": GOOD}.items():
        (tmp_path / f"{name}.json").write_bytes(data)
    query = "SELECT count(*) FROM read_otlp(?)"
    assert con.execute(query, [f"{tmp_path}/*.json"]).fetchall() == [(2,)]
    assert len(rejects(con, tmp_path / "b.json")) == 1
    with pytest.raises(duckdb.Error, match=r"b\.json"):
        con.execute(f"{query[:-1]}, ignore_errors := false)", [f"{tmp_path}/*.json"]).fetchall()


def test_row_69_older_fields(con: Connection, files: Files) -> None:
    """What OTLP dropped before 1.0 reads as what took its place; see test_older_versions.py."""
    old = {"resourceSpans": [{"instrumentationLibrarySpans": [{"spans": [{"name": "old"}]}]}]}
    assert documents(con, files.write(json.dumps(old).encode())) == [{"name": "old"}]
    point = {"timeUnixNano": "1", "asInt": "0"}
    for data in (
        json_metrics({"name": "m", "intGauge": {"dataPoints": [{"timeUnixNano": "1"}]}}),
        wire.request(wire.length(1, b"m") + wire.length(4, wire.length(1, wire.fixed64(3, 1)))),
    ):
        found = documents(con, files.write(data))
        assert found == [{"name": "m", "gauge": {"dataPoints": [point]}}]


def test_row_52_out_of_memory(con: Connection, files: Files) -> None:
    """A query that has no memory left fails as any does, and the next one works."""
    path = str(files.write(LINES))
    con.execute("SET memory_limit = '40MB'")
    con.execute("SET max_temp_directory_size = '0KB'")
    with pytest.raises(duckdb.OutOfMemoryException):
        con.execute("SELECT list(data::VARCHAR) FROM read_otlp(?), range(50)", [path]).fetchall()
    assert con.execute("SELECT count(*) FROM read_otlp(?)", [path]).fetchall() == [(200_000,)]


UNWRITABLE = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
count = con.execute("SELECT count(*) FROM read_otlp(?)", [arguments[0]]).fetchall()[0][0]
error = ""
try:
    con.execute(f"COPY (FROM read_otlp(?)) TO '{arguments[0]}.parquet'", [arguments[0]])
except duckdb.IOException as caught:
    error = str(caught)
print(json.dumps({"count": count, "error": error}))
"""


def test_row_70_nothing_can_be_written(files: Files) -> None:
    """To read takes no disk; an error to write is DuckDB's own."""
    found = child.run(UNWRITABLE, files.write(GOOD))
    assert found["count"] == 1
    assert "write" in found["error"]


INTERRUPT = """
threading.Timer(0.3, con.interrupt).start()
before = time.monotonic()
outcome = "finished"
try:
    con.execute("SELECT sum(length(data)) FROM read_otlp(?)", [arguments[0]]).fetchall()
except duckdb.InterruptException:
    outcome = "interrupted"
seconds = time.monotonic() - before
again = con.execute("SELECT count(*) FROM read_otlp(?)", [arguments[1]]).fetchall()
print(json.dumps({"outcome": outcome, "seconds": seconds, "again": again[0][0]}))
"""


# Bytes of a file that no scan reads in the time before it is interrupted.
LARGE = 1 << 30


@pytest.mark.parametrize("name", ["json lines", "gzip", "protobuf, big-endian length"])
def test_row_60_interrupt(name: str, tmp_path: Path) -> None:
    """A scan of a large file can be interrupted, and the connection works on."""
    requests = telemetry.requests("traces", 60, 200)
    if name == "gzip":
        block, size = gzip.compress(framing.FRAMINGS["json lines"](requests)), LARGE // 8
    else:
        block, size = framing.FRAMINGS[name](requests), LARGE
    large, small = tmp_path / "large", tmp_path / "small"
    with large.open("wb") as file:
        while file.tell() < size:
            file.write(block)
    small.write_bytes(GOOD)
    found = child.run(INTERRUPT, large, small, timeout=120)
    assert found["outcome"] == "interrupted"
    assert found["seconds"] < 20
    assert found["again"] == 1
    large.unlink()
