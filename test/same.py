"""Compares rows with the elements that they were made of: every field, canonical, in order."""

import re

import duckdb

import otlp_json
import rows
from rows import Element, Row

#: What a row is, but for its place.
ROW = "SELECT signal, timestamp, resource::VARCHAR, data::VARCHAR FROM"
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')


def assert_same(actual: list[Row], wanted: list[Element]) -> None:
    """Every row is the canonical one of its element, in the order they were written in."""
    assert len(actual) == len(wanted)
    for row, element in zip(actual, wanted, strict=True):
        assert_canonical(row, rows.expected(element))
        rebuilt = rows.rebuild(row).SerializeToString(deterministic=True)
        assert rebuilt == element.request.SerializeToString(deterministic=True), row


def assert_canonical(row: Row, wanted: Row) -> None:
    """The same members, in the same order, and no spaces."""
    assert (row.signal, row.timestamp) == (wanted.signal, wanted.timestamp)
    for text, expected in ((row.resource, wanted.resource), (row.data, wanted.data)):
        if text is None or expected is None:
            assert text is expected
            continue
        assert otlp_json.parse(text) == otlp_json.parse(expected)
        assert not re.search(r"\s", STRINGS.sub("", text)), text


def differing(con: duckdb.DuckDBPyConnection, left: str, right: str) -> int:
    """Rows that are in one unified relation only, or more often."""
    one, other = f"{ROW} {left}", f"{ROW} {right}"
    both = f"(({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))"
    ((count,),) = con.execute(f"SELECT count(*) FROM ({both})").fetchall()
    return int(count)
