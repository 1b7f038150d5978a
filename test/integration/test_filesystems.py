"""Files are opened through DuckDB's own file systems, here fsspec's that are registered in it."""

import gzip
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import fsspec
import pytest
import s3fs
from fsspec.implementations.memory import MemoryFileSystem

import extension

DATA = extension.ROOT / "test" / "data"
LOCAL = [DATA / f"{signal}_simple.jsonl" for signal in ("traces", "metrics", "logs")]
ROWS = "SELECT signal, timestamp, resource, data FROM read_otlp(?) ORDER BY ALL"

Connection = duckdb.DuckDBPyConnection


def rows(con: Connection, path: object) -> list[tuple[Any, ...]]:
    return con.execute(ROWS, [path]).fetchall()


@pytest.fixture
def local(con: Connection) -> list[tuple[Any, ...]]:
    """The rows of all three files, read from disk."""
    return rows(con, [str(path) for path in LOCAL])


def fill(filesystem: fsspec.AbstractFileSystem, folder: str) -> list[str]:
    """Puts the three files into a folder, one of them compressed; returns their paths there."""
    filesystem.makedirs(folder, exist_ok=True)
    contents = [path.read_bytes() for path in LOCAL]
    contents[1] = gzip.compress(contents[1])
    paths = [f"{folder}/{path.name}" for path in LOCAL]
    for path, content in zip(paths, contents, strict=True):
        filesystem.pipe_file(path, content)
    return paths


class Recorder(MemoryFileSystem):
    """A file system with a protocol of its own, that notes what it is asked for."""

    protocol = "recorder"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    asked: ClassVar[list[str]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        if path.startswith("recorder:"):
            cls.asked.append(path)
        return str(super()._strip_protocol(path.removeprefix("recorder:")))

    def unstrip_protocol(self, name: str) -> str:
        return f"recorder://{name.lstrip('/')}"


def test_in_memory(con: Connection, local: list[tuple[Any, ...]]) -> None:
    """Names, lists and globs over an in-memory file system."""
    memory = fsspec.filesystem("memory")
    paths = fill(memory, "/otlp")
    con.register_filesystem(memory)
    assert rows(con, [f"memory:/{path}" for path in paths]) == local
    assert rows(con, "memory://otlp/*.jsonl") == local
    assert rows(con, "memory://otlp/logs*.jsonl") == [row for row in local if row[0] == "logs"]


def test_paths_are_handed_over_untouched(con: Connection, local: list[tuple[Any, ...]]) -> None:
    """A path with a scheme reaches its file system as it was written."""
    recorder = Recorder()
    fill(recorder, "/a b/ü")
    con.register_filesystem(recorder)
    path = "recorder://a b/ü/traces_simple.jsonl"
    Recorder.asked.clear()
    assert rows(con, path) == [row for row in local if row[0] == "traces"]
    assert set(Recorder.asked) == {path}


def test_filename_of_a_scheme_path(con: Connection) -> None:
    """`filename` is the path with its scheme."""
    recorder = Recorder()
    fill(recorder, "/named")
    con.register_filesystem(recorder)
    path = "recorder://named/traces_simple.jsonl"
    query = "SELECT DISTINCT filename FROM read_otlp(?)"
    assert con.execute(query, [path]).fetchall() == [(path,)]


def test_missing_remote_file(con: Connection) -> None:
    """A file that is not there is an error that names it, from any file system."""
    con.register_filesystem(fsspec.filesystem("memory"))
    with pytest.raises(duckdb.Error, match=r"memory://nowhere/\*\.jsonl"):
        rows(con, "memory://nowhere/*.jsonl")
    with pytest.raises(Exception, match=r"nowhere/x\.jsonl"):
        rows(con, "memory://nowhere/x.jsonl")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def http() -> Iterator[str]:
    """An HTTP server on loopback that serves test/data."""
    handler = partial(Quiet, directory=str(DATA))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_http(con: Connection, http: str, local: list[tuple[Any, ...]]) -> None:
    """Names and lists over HTTP, from a server that knows no ranges."""
    con.register_filesystem(fsspec.filesystem("http", block_size=0))
    assert rows(con, [f"{http}/{path.name}" for path in LOCAL]) == local
    protobuf = rows(con, [f"{http}/{path.stem}.binpb" for path in LOCAL])
    assert protobuf == local


def test_s3(con: Connection, s3: s3fs.S3FileSystem, local: list[tuple[Any, ...]]) -> None:
    """Names, lists, globs and hive partitions over S3."""
    fill(s3, "telemetry/day=2025-11-24")
    con.register_filesystem(s3)
    base = "s3://telemetry/day=2025-11-24"
    assert rows(con, [f"{base}/{path.name}" for path in LOCAL]) == local
    assert rows(con, "s3://telemetry/**/*.jsonl") == local
    query = "SELECT DISTINCT day::VARCHAR FROM read_otlp('s3://telemetry/*/*.jsonl')"
    assert con.execute(query).fetchall() == [("2025-11-24",)]


def test_large_remote_file(con: Connection, s3: s3fs.S3FileSystem, tmp_path: Path) -> None:
    """A file of many blocks, read in pieces by several threads."""
    line = (DATA / "traces_simple.jsonl").read_bytes()
    s3.pipe_file("telemetry/large.jsonl", line * 8_000)
    (tmp_path / "large.jsonl").write_bytes(line * 8_000)
    con.register_filesystem(s3)
    query = "SELECT count(*), sum(hash(data)) FROM read_otlp(?)"
    remote = con.execute(query, ["s3://telemetry/large.jsonl"]).fetchall()
    assert remote == con.execute(query, [str(tmp_path / "large.jsonl")]).fetchall()
    assert remote[0][0] == 3 * 8_000
