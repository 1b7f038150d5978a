"""Other ways to read the same rows from the same files."""

import importlib.util
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import clock
import duckdb

#: What a reader is asked for: everything is made, little is done with it.
ALL_COLUMNS = "count(*), sum(epoch_us(timestamp)), sum(strlen(resource)), sum(strlen(data))"
#: The same for a query of two typed columns.
NARROW = "count(*), sum(strlen(name)), sum(duration_ns)"
ROWS_AND_TIMES = "count(*), sum(epoch_us(timestamp))::VARCHAR"

SPANS = """
SELECT make_timestamp((span->>'startTimeUnixNano')::BIGINT // 1000) AS timestamp, resource,
       span AS data
FROM (SELECT rs.resource AS resource, unnest(ss.spans) AS span
      FROM (SELECT rs, unnest(rs.scopeSpans) AS ss FROM (SELECT unnest({resource_spans}) AS rs
                                                         FROM {source})))
"""

#: The reader of JSON with types, as its documentation shows. The scope is not merged into `data`,
#: nor the schema URL into `resource`, which ours does.
TYPED = SPANS.format(
    resource_spans="resourceSpans",
    source="""read_json('{file}', format = 'newline_delimited', columns = {{resourceSpans:
        'STRUCT(resource JSON, scopeSpans STRUCT(scope JSON, spans JSON[])[])[]'}})""",
)

#: The fastest of about fifteen ways that were tried: one `from_json` of each line.
FASTEST = SPANS.format(
    resource_spans="""from_json(json, '{{"resourceSpans":
        [{{"resource": "JSON", "scopeSpans": [{{"spans": ["JSON"]}}]}}]}}').resourceSpans""",
    source="read_ndjson_objects('{file}')",
)

#: Two columns of spans; only what they need is parsed.
TYPED_NARROW = """
SELECT span.name AS name, span.endTimeUnixNano - span.startTimeUnixNano AS duration_ns
FROM (SELECT unnest(ss.spans) AS span
      FROM (SELECT unnest(rs.scopeSpans) AS ss
            FROM (SELECT unnest(resourceSpans) AS rs
                  FROM read_json('{file}', format = 'newline_delimited', columns = {{resourceSpans:
                      'STRUCT(scopeSpans STRUCT(spans STRUCT(name VARCHAR, startTimeUnixNano BIGINT,
                       endTimeUnixNano BIGINT)[])[])[]'}}))))
"""

CHDB_SPANS = """
SELECT fromUnixTimestamp64Micro(
           intDiv(toInt64(JSONExtractString(data, 'startTimeUnixNano')), 1000)) AS timestamp,
       rs.1 AS resource, arrayJoin(arrayFlatten(arrayMap(s -> s.1, rs.2))) AS data
FROM (SELECT arrayJoin(JSONExtract(json, 'resourceSpans',
             'Array(Tuple(resource String, scopeSpans Array(Tuple(spans Array(String)))))')) AS rs
      FROM file('{file}', 'JSONAsString', 'json String'))
"""
CHDB_ALL_COLUMNS = (
    "count(), sum(toUnixTimestamp64Micro(timestamp)), sum(length(resource)), sum(length(data))"
)
CHDB_ROWS_AND_TIMES = "count(), toString(sum(toInt128(toUnixTimestamp64Micro(timestamp))))"


def timed(con: duckdb.DuckDBPyConnection, query: str) -> float:
    """Rows a second of a query whose first column is their count."""
    start = clock.now()
    (row,) = con.execute(query).fetchall()
    return row[0] / (clock.now() - start)


@dataclass
class DuckDB:
    """DuckDB's own SQL."""

    file: Path
    threads: int
    query: str
    columns: str = ALL_COLUMNS

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """A database without the extension."""
        return duckdb.connect(config={"threads": self.threads})

    def measure(self) -> float:
        return timed(self.con, f"SELECT {self.columns} FROM ({self.query.format(file=self.file)})")

    def rows_and_times(self) -> tuple[Any, ...]:
        query = f"SELECT {ROWS_AND_TIMES} FROM ({self.query.format(file=self.file)})"
        return self.con.execute(query).fetchall()[0]


@dataclass
class Chdb:
    """ClickHouse, in this process."""

    file: Path
    threads: int

    @staticmethod
    def available() -> bool:
        """Whether chdb is installed."""
        return importlib.util.find_spec("chdb") is not None

    def measure(self) -> float:
        start = clock.now()
        rows = self._row(CHDB_ALL_COLUMNS)[0]
        return int(rows) / (clock.now() - start)

    def rows_and_times(self) -> tuple[Any, ...]:
        rows, times = self._row(CHDB_ROWS_AND_TIMES)
        return int(rows), times

    def _row(self, columns: str) -> list[str]:
        import chdb

        query = f"SELECT {columns} FROM ({CHDB_SPANS.format(file=self.file)})"
        return str(chdb.query(f"{query} SETTINGS max_threads = {self.threads}", "TSV")).split()
