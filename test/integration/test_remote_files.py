"""How often a remote file system is asked, and for what."""

from pathlib import Path

import duckdb
import pytest
from remote import Remote, Together

import extension

Connection = duckdb.DuckDBPyConnection

LINE = (extension.ROOT / "test" / "data" / "traces_simple.jsonl").read_bytes()
ROWS = 3
UNIT = 2 << 20


@pytest.fixture
def slow(con: Connection) -> Connection:
    """Two threads that compute, eight that wait for files."""
    con.execute("SET threads = 2")
    con.execute("SET async_threads = 8")
    return con


def count(con: Connection, path: str, where: str = "true") -> int:
    """Rows of files."""
    query = f"SELECT count(*), sum(hash(data)) FROM read_otlp('{path}') WHERE {where}"
    return int(con.execute(query).fetchall()[0][0])


def remote(con: Connection, protocol: str, files: dict[str, int]) -> Remote:
    """A file system with files of so many lines."""
    found = Remote(protocol)
    found.files = {f"folder/{name}": LINE * lines for name, lines in files.items()}
    con.register_filesystem(found)
    return found


def many(con: Connection, protocol: str, number: int) -> Remote:
    """A file system with small files."""
    return remote(con, protocol, {f"{index}": 1 for index in range(number)})


LARGE = 12 * UNIT // len(LINE)


@pytest.mark.parametrize("protocol", ["far", "s3"])
def test_small_files_are_opened_once_and_read_once(slow: Connection, protocol: str) -> None:
    """A file that is read in one piece takes one call to open it and one to read it."""
    files = many(slow, protocol, 20)
    assert count(slow, f"{protocol}://folder/*") == 20 * ROWS
    assert files.calls["open"] == 20
    assert files.calls["read"] == 20
    assert files.calls["size"] <= 20


@pytest.mark.parametrize("call", ["open", "read"])
def test_more_files_than_threads_are_on_their_way(slow: Connection, call: str) -> None:
    """Files are opened and read ahead of the threads that decode them."""
    files = many(slow, "far", 40)
    files.hook = together = Together(call, 4)
    assert count(slow, "far://folder/*") == 40 * ROWS
    assert together.met


@pytest.mark.parametrize(("protocol", "most"), [("far", 5), ("s3", 13)])
def test_large_files_are_read_in_few_pieces(slow: Connection, protocol: str, most: int) -> None:
    """Pieces grow where they are read one by one; else they are blocks of DuckDB's cache."""
    files = remote(slow, protocol, {"large": LARGE})
    assert count(slow, f"{protocol}://folder/large") == LARGE * ROWS
    assert files.calls["read"] <= most


def test_pieces_of_a_large_file_are_read_at_once(slow: Connection) -> None:
    """Where a file may be read through several handles, it is."""
    files = remote(slow, "s3", {"large": LARGE})
    files.hook = together = Together("read", 3)
    assert count(slow, "s3://folder/large") == LARGE * ROWS
    assert together.met


@pytest.mark.parametrize("lines", [1, LARGE])
def test_the_cache_is_used(slow: Connection, lines: int) -> None:
    """What was read once is not read again."""
    files = remote(slow, "s3", {"file": lines})
    assert count(slow, "s3://folder/file") == lines * ROWS
    files.calls.clear()
    assert count(slow, "s3://folder/file") == lines * ROWS
    assert files.calls["read"] == 0


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("filename LIKE '%/1%'", 11),
        ("filename = 'far://folder/7'", 1),
        ("filename IN ('far://folder/7', 'far://folder/8')", 2),
        ("filename > 'z'", 0),
        ("signal = 'traces' AND filename LIKE '%/3'", 1),
    ],
)
def test_files_are_left_out_by_name(slow: Connection, where: str, left: int) -> None:
    """Files that conditions on `filename` exclude are not opened."""
    files = many(slow, "far", 20)
    assert count(slow, "far://folder/*", where) == left * ROWS
    assert files.calls["open"] == left


def test_one_position_for_all_handles(slow: Connection) -> None:
    """Files of fsspec's memory have but one position, however often they are opened."""
    files = remote(slow, "far", {"large": LARGE})
    shared = files.open("folder/large")
    files.open = lambda *_args, **_options: shared  # type: ignore[method-assign]
    assert count(slow, "far://folder/large") == LARGE * ROWS


@pytest.mark.parametrize("protocol", ["far", "s3"])
def test_files_without_seek(slow: Connection, protocol: str) -> None:
    """A server that knows no ranges gives a file from the beginning to the end."""
    files = remote(slow, protocol, {"large": LARGE})

    def refuse(call: str, path: str, place: int) -> None:
        if call == "seek" and place > 0:
            raise ValueError(f"cannot seek to {place} in {path}")

    files.hook = refuse
    assert count(slow, f"{protocol}://folder/large") == LARGE * ROWS


def test_file_systems_that_know_no_times(slow: Connection) -> None:
    """DuckDB's cache wants to know when a file was changed; files are read without that."""
    files = many(slow, "s3", 5)

    def unknown(call: str, _path: str, _place: int) -> None:
        if call == "modified":
            raise NotImplementedError(call)

    files.hook = unknown
    assert count(slow, "s3://folder/*") == 5 * ROWS


@pytest.mark.parametrize("protocol", ["far", "s3"])
def test_reads_that_fail(slow: Connection, protocol: str) -> None:
    """A read that fails is the query's error, wherever it was made."""
    files = remote(slow, protocol, {"large": LARGE})

    def fail(call: str, _path: str, place: int) -> None:
        if call == "read" and place >= 6 * UNIT:
            raise OSError("the line is dead")

    files.hook = fail
    with pytest.raises(duckdb.Error, match="the line is dead"):
        count(slow, f"{protocol}://folder/large")


def test_without_threads_that_wait(con: Connection, tmp_path: Path) -> None:
    """Files are read where DuckDB reads nothing ahead."""
    con.execute("SET threads = 2")
    con.execute("SET async_threads = 0")
    files = many(con, "far", 5)
    assert count(con, "far://folder/*") == 5 * ROWS
    assert files.calls["open"] == 5
    (tmp_path / "one.jsonl").write_bytes(LINE)
    assert count(con, str(tmp_path / "*.jsonl")) == ROWS
