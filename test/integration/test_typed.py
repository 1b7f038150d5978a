"""Typed columns say what the OTLP/JSON of the same row says, in files and live."""

import json
from typing import Any

import duckdb
import pytest

import corpus
import extension
import typed
from typed import Columns

# Per typed table: its signal, and what makes its columns of the JSON.
TABLES = {
    "spans": ("traces", typed.of_span),
    "log_records": ("logs", typed.of_log_record),
    "data_points": ("metrics", typed.of_data_point),
}
JSON_COLUMNS = {"attributes", "body", "metadata", "scope_attributes", "resource_attributes"}
# Lists that have times.
NESTED = {
    "spans": ["events"],
    "log_records": [],
    "data_points": ["exemplars"],
}
DATA = extension.ROOT / "test" / "data"
OWN = [str(path) for path in sorted(DATA.glob("*_simple.*"))] + [str(DATA / "shop.jsonl")]
FILES = [*OWN, *(str(corpus.FOLDER / name) for name in corpus.FILES)]


def short(path: str) -> str:
    """The name of a file and of its folder."""
    return "/".join(path.split("/")[-2:])


def columns(con: duckdb.DuckDBPyConnection, source: str, table: str) -> list[Columns]:
    """The rows of a typed relation, in its order, with times in nanoseconds and JSON parsed."""
    times = [
        f"list_transform({name}, lambda item: struct_update(item, "
        f"time_unix_nano := epoch_ns(item.time_unix_nano))) AS {name}"
        for name in NESTED[table]
    ]
    described = con.execute(f"DESCRIBE FROM {source}").fetchall()
    times += [
        f"epoch_ns({name}) AS {name}" for name, kind, *_ in described if kind == "TIMESTAMP_NS"
    ]
    cursor = con.execute(f"SELECT * REPLACE ({', '.join(times)}) FROM {source}")
    names = [name for name, *_ in cursor.description]
    return [parsed(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def parsed(row: Columns) -> Columns:
    """The row with its JSON parsed, and NaN as text."""
    found = {name: plain(name, value) for name, value in row.items()}
    if found.get("body") is not None:
        found["body"] = [found["body"]] if row["body"] != "null" else [None]
    elif row.get("body") == "null":
        found["body"] = [None]
    return found


def plain(name: str, value: Any) -> Any:
    """A value of Python that is equal to what `typed` expects."""
    if value is not None and (name in JSON_COLUMNS or name == "filtered_attributes"):
        return json.loads(value)
    if isinstance(value, list):
        return [plain(name, item) for item in value]
    if isinstance(value, dict):
        return {key: plain(key, item) for key, item in value.items()}
    return typed.double(value) if isinstance(value, float) else value


def expected(con: duckdb.DuckDBPyConnection, source: str, table: str) -> list[Columns]:
    """The same rows, made of the JSON that `source` has; a metric without points has none."""
    signal, make = TABLES[table]
    query = f"SELECT coalesce(resource, '{{}}'), data FROM {source} WHERE signal = '{signal}'"
    rows = [map(json.loads, row) for row in con.execute(query).fetchall()]
    return [make(resource, data) for resource, data in rows if typed.is_row(data)]


def assert_same(found: list[Columns], wanted: list[Columns]) -> None:
    """Row by row, and column by column, so that a failure names what differs."""
    assert len(found) == len(wanted)
    for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
        assert one.keys() == other.keys()
        for name in one:
            assert one[name] == other[name], (number, name)


@pytest.mark.parametrize("path", FILES, ids=short)
def test_values_of_files(path: str, con: duckdb.DuckDBPyConnection) -> None:
    """Every column of every row is what the JSON says; the rows are those of the JSON, in order."""
    con.execute("SET threads = 1")
    for table in TABLES:
        found = columns(con, f"read_otlp_{table}('{path}')", table)
        assert_same(found, expected(con, f"read_otlp('{path}')", table))


@pytest.mark.parametrize("path", FILES, ids=short)
def test_values_live(path: str, con: duckdb.DuckDBPyConnection) -> None:
    """A receiver that holds the rows shows the same columns."""
    con.execute("ATTACH 'otlp://localhost:0' AS live (TYPE otlp)")
    for table, (signal, _) in TABLES.items():
        con.execute(f"INSERT INTO live.{signal} FROM read_otlp('{path}', signal := '{signal}')")
        found = columns(con, f"live.{table}", table)
        assert_same(found, expected(con, f"(SELECT *, signal FROM live.{signal})", table))


@corpus.needed
@pytest.mark.parametrize("name", corpus.FILES)
def test_counts(name: str, con: duckdb.DuckDBPyConnection) -> None:
    """The rows of each typed relation are those that an independent reader counted."""
    for table, (signal, _) in TABLES.items():
        query = f"SELECT count(*) FROM read_otlp_{table}(?)"
        ((found,),) = con.execute(query, [str(corpus.FOLDER / name)]).fetchall()
        assert found == corpus.counts()[name][signal], table
