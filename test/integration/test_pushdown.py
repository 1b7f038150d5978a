"""Filters give what DuckDB makes of the same rows in a table of its own."""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

import corpus
import extension
import live

SIGNALS = {"spans": "traces", "log_records": "logs", "data_points": "metrics"}
SHOP = extension.ROOT / "test" / "data" / "shop.jsonl"
FILES = [str(SHOP), *(str(corpus.FOLDER / name) for name in corpus.FILES)]

#: Predicates of each table and source, drawn from its values. Files are read anew for each.
DRAWS, DRAWS_OF_FILES = 150, 75

#: Spans and log records enough for parts that have a summary: of 40 services, in traces of four.
MANY = """
INSERT INTO live.{signal} SELECT make_timestamp(1763978400000000 + n * 1000),
    {{attributes: [{{key: 'service.name', value: {{stringValue: 's' || n // 500}}}}]}}::JSON,
    {{{row}}}::JSON
FROM range({count}) AS numbers(n)
"""
MANY_ROWS = {
    "traces": """traceId: printf('%032x', n // 4 + 1), spanId: printf('%016x', n + 1),
        name: 'n' || n % 7, kind: n % 6,
        startTimeUnixNano: (1763978400000000000 + n * 1000000)::VARCHAR,
        endTimeUnixNano: (1763978400000000000 + n * 1001000)::VARCHAR,
        attributes: [{key: 'http.route', value: {stringValue: '/r' || n % 11}}]""",
    "logs": """timeUnixNano: (1763978400000000000 + n * 1000000)::VARCHAR, severityNumber: n % 25,
        attributes: [{key: 'user.id', value: {intValue: (n % 5)::VARCHAR}}],
        traceId: printf('%032x', n // 4 + 1)""",
}


@dataclass
class Draw:
    """Predicates on a table of DuckDB's own."""

    con: duckdb.DuckDBPyConnection
    table: str
    random: random.Random

    def predicate(self) -> str:
        """One that may be true of some rows."""
        terms = [self.term() for _ in range(self.random.choice([1, 1, 2, 3]))]
        return self.random.choice([" AND ", " AND ", " OR "]).join(terms)

    def term(self) -> str:
        """A condition on one column."""
        described = self.con.execute(f"DESCRIBE {self.table}").fetchall()
        name, kind = self.random.choice([(name, kind) for name, kind, *_ in described])
        term = self.comparison(name, kind)
        return f"NOT ({term})" if self.random.random() < 0.1 else term

    def comparison(self, name: str, kind: str) -> str:
        """A condition on a column of that type."""
        if kind == "JSON":
            return self.attribute(name)
        if kind not in (
            "VARCHAR",
            "INTEGER",
            "UINTEGER",
            "BIGINT",
            "UBIGINT",
            "TIMESTAMP_NS",
            "DOUBLE",
        ):
            return f"{name} IS NOT NULL"
        values = self.values(f"{name}::VARCHAR", 3) or [
            "0" if kind != "TIMESTAMP_NS" else "2025-01-01"
        ]
        first, *_ = listed = [literal(value) for value in values]
        orders = ["<", "<=", ">", ">="] if name not in NAMES else []
        choices = [
            f"{name} {self.random.choice(['=', '<>', *orders])} {first}",
            f"{name} IN ({', '.join(listed)})",
            f"{name} IS {self.random.choice(['', 'NOT '])}NULL",
        ]
        if orders:
            choices.append(f"{name} BETWEEN {min(listed)} AND {max(listed)}")
        if kind == "VARCHAR":
            choices += [f"{name} LIKE {literal(values[0][:2] + '%')}", f"upper({name}) = {first}"]
        if kind == "TIMESTAMP_NS":
            choices.append(f"{name} >= {first}::TIMESTAMP")
        return self.random.choice(choices)

    def attribute(self, name: str) -> str:
        """A condition on a member of a JSON object."""
        keys = self.values(f"unnest(json_keys({name}))", 1) if name != "body" else []
        key = literal(keys[0] if keys else "no.such.key")
        values = self.values(f"{name}->>{key}", 3) or ["x"]
        listed = [literal(value) for value in values]
        choices = [
            f"{name}->>{key} = {listed[0]}",
            f"{listed[0]} = {name}->>{key}",
            f"{name}->>{key} IN ({', '.join(listed)})",
            f"{name}->>{key} = {listed[0]} OR {name}->>{key} = {listed[-1]}",
            f"{name}->>{key} <> {listed[0]}",
            f"{name}->>{key} IS NULL",
        ]
        return "(" + self.random.choice(choices) + ")"

    def values(self, expression: str, count: int) -> list[str]:
        """Some texts that the expression has."""
        texts = f"SELECT {expression} AS text FROM {self.table}"
        query = f"SELECT DISTINCT text FROM ({texts}) WHERE text IS NOT NULL ORDER BY ALL"
        found = [text for (text,) in self.con.execute(query).fetchall()]
        return self.random.sample(found, min(count, len(found)))


# Columns that may not be compared by the order of their letters.
NAMES = {"kind", "status_code", "severity", "aggregation_temporality"}


def literal(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def rows(con: duckdb.DuckDBPyConnection, columns: str, source: str, predicate: str) -> list[Any]:
    """What passes, in an order of its own; or how the query fails."""
    try:
        return con.execute(
            f"SELECT {columns} FROM {source} WHERE {predicate} ORDER BY ALL"
        ).fetchall()
    except duckdb.ConversionException as error:
        return [type(error)]


def assert_same(draw: Draw, columns: str, source: str, draws: int) -> None:
    """The same rows of the source as of the table."""
    passed = 0
    for _ in range(draws):
        predicate = draw.predicate()
        expected = rows(draw.con, columns, draw.table, predicate)
        assert rows(draw.con, columns, source, predicate) == expected, predicate
        passed += bool(expected)
    assert passed > draws / 4, "most predicates should be true of a row"


def fill(con: duckdb.DuckDBPyConnection, count: int) -> None:
    """Attaches a receiver that holds so many rows of a kind, and odd ones."""
    live.attach(con)
    for signal in live.SIGNALS:
        con.execute(f"INSERT INTO live.{signal} FROM read_otlp({FILES}, signal := '{signal}')")
        if signal in MANY_ROWS:
            con.execute(MANY.format(signal=signal, row=MANY_ROWS[signal], count=count))


@pytest.mark.parametrize("table", SIGNALS)
def test_filters_live(table: str, con: duckdb.DuckDBPyConnection) -> None:
    """Of a receiver's rows, by their numbers."""
    fill(con, 20_000)
    con.execute(f"CREATE TABLE copied AS SELECT rowid AS id, * FROM live.{table}")
    draw = Draw(con, "copied", random.Random(f"live {table}"))
    assert_same(draw, "id", f"(SELECT rowid AS id, * FROM live.{table})", DRAWS)


@pytest.mark.parametrize("table", SIGNALS)
def test_filters_of_files(table: str, con: duckdb.DuckDBPyConnection) -> None:
    """Of the rows of files, by what is in them."""
    source = f"read_otlp_{table}({FILES})"
    con.execute(f"CREATE TABLE copied AS FROM {source}")
    draw = Draw(con, "copied", random.Random(f"files {table}"))
    columns = (
        "name, attributes, service_name" if table != "log_records" else "attributes, body_text"
    )
    assert_same(draw, f"{columns}, resource_attributes", source, DRAWS_OF_FILES)


#: Values of every type, the odd ones of each.
VALUES = [
    *({"doubleValue": value} for value in (0.0, -0.0, 100.0, 0.1, 1e15, 1e16, -1.5e17, 1e20, 1e21)),
    *(
        {"doubleValue": value}
        for value in (1.5e300, 1e-5, -1.25e-6, 1e-7, 5e-324, "NaN", "-Infinity")
    ),
    {"boolValue": True},
    {"intValue": "-9223372036854775808"},
    {"bytesValue": "AP8Q"},
    {"stringValue": ""},
    {"stringValue": 'a"b\\/\n\x01\x1f\x7f\u2028é🦆'},
    {},
    {"arrayValue": {}},
    {
        "arrayValue": {
            "values": [{}, {"doubleValue": 1e21}, {"stringValue": '"\\/\b\f\r\t\x1f\x7fé🦆'}]
        }
    },
    {"kvlistValue": {"values": [{"key": 'k"\x02', "value": {"intValue": "1"}}, {"key": ""}] * 2}},
]
READS = [
    "SELECT {id}, attributes->>'v' FROM {rows}",
    "SELECT {id}, attributes->>'v', attributes FROM {rows} ORDER BY start_time_unix_nano DESC",
    "SELECT attributes->>'v' AS v, count(*), max(attributes->>'w') FROM {rows} GROUP BY v",
    "SELECT {id} FROM {rows} WHERE attributes->>'v' IS NULL AND attributes->>'w' = 'w'",
    "SELECT {id} FROM {rows} WHERE attributes->>'v' > '1' OR attributes->>'w' LIKE 'w%'",
    "SELECT {id} FROM {rows} WHERE attributes->>'v' IN ('1e21', 'true', '0.0')",
    "SELECT v FROM (SELECT *, attributes->>'v' AS v FROM (FROM {rows})) WHERE v = '100.0'",
    "SELECT a.{id} FROM {rows} a JOIN {rows} b ON a.attributes->>'w' = b.attributes->>'w'",
    "SELECT DISTINCT attributes->>'v' FROM {rows}",
    "SELECT attributes->>'v' FROM (SELECT attributes FROM {rows} UNION ALL FROM "
    "(SELECT attributes FROM {rows}))",
    "SELECT {id} FROM {rows} WHERE attributes->>'w' = 'w' ORDER BY name DESC LIMIT 3",
    "SELECT {id}, (SELECT max(b.attributes->>'v') FROM {rows} b WHERE b.name = a.name) "
    "FROM {rows} a",
    "WITH seen AS MATERIALIZED (SELECT attributes->>'v' AS v, {id} FROM {rows}) FROM seen",
]


@pytest.fixture
def odd(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A receiver that holds a span for each value, and a table with the same rows."""
    live.attach(con)
    for number, value in enumerate(VALUES):
        v, w = {"key": "v", "value": value}, {"key": "w", "value": {"stringValue": "w"}}
        data = {"name": str(number), "attributes": [v, v] if number % 3 else [w]}
        con.execute("INSERT INTO live.traces VALUES (NULL, '{}', ?::JSON)", [json.dumps(data)])
    con.execute("CREATE TABLE copied AS SELECT rowid AS id, * FROM live.spans")
    con.execute("CREATE VIEW seen_through AS SELECT rowid AS id, * FROM live.spans")
    return con


#: With columns of their own for members, and without: no answer depends on it.
SETTINGS = ["true", "false"]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("query", READS)
def test_single_attributes(query: str, setting: str, odd: duckdb.DuckDBPyConnection) -> None:
    """An attribute that is read by itself is what it is in the object of all of them."""
    odd.execute(f"SET otlp_member_columns = {setting}")
    expected, *found = (
        sorted(odd.execute(query.format(id=number, rows=rows)).fetchall(), key=repr)
        for number, rows in [("id", "copied"), ("rowid", "live.spans"), ("id", "seen_through")]
    )
    assert expected
    assert found == [expected, expected]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("suffix", ["jsonl", "binpb"])
def test_single_attributes_of_files(
    suffix: str, setting: str, odd: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Of files as well, however they are written."""
    odd.execute(f"COPY live.traces TO '{tmp_path}/odd.{suffix}' (FORMAT otlp)")
    files = f"read_otlp_spans('{tmp_path}/odd.{suffix}')"
    odd.execute(f"CREATE VIEW seen_in_files AS FROM {files}")
    odd.execute(f"SET otlp_member_columns = {setting}")
    for query in READS:
        expected, *found = (
            sorted(odd.execute(query.format(id="name", rows=rows)).fetchall(), key=repr)
            for rows in ("copied", files, "seen_in_files")
        )
        assert expected
        assert found == [expected, expected], query


def test_plans_of_single_attributes_of_files(con: duckdb.DuckDBPyConnection) -> None:
    """Only what is asked for is read; what a CTE has is copied by DuckDB, and left alone."""
    files = f"read_otlp_spans('{SHOP}')"
    group = f"SELECT {ROUTE} AS v, count(*) FROM {{rows}} GROUP BY v"
    ((_, plan),) = con.execute("EXPLAIN " + group.format(rows=files)).fetchall()
    assert f"Members: {ROUTE}" in plan
    assert "Projections: attributes " not in plan
    apart = f"{group.format(rows=f'(FROM {files} OFFSET 0)')} ORDER BY ALL"
    expected = con.execute(apart).fetchall()
    twice = f"WITH s AS NOT MATERIALIZED (FROM {files}) "
    twice += f"SELECT * FROM ({group.format(rows='s')}) JOIN ({group.format(rows='s')}) USING (v)"
    found = con.execute(f"SELECT v, a FROM ({twice}) AS t(v, a, b) ORDER BY ALL").fetchall()
    assert found == [row for row in expected if row[0] is not None]
    prepared = f"PREPARE routes AS SELECT count(*) FROM {files} WHERE {ROUTE} = ?"
    con.execute(prepared)
    for route, count in expected:
        if route is not None:
            assert con.execute(f"EXECUTE routes('{route}')").fetchall() == [(count,)]


def test_a_partition_named_attributes_is_the_partition(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A column that DuckDB makes of the path has no members in the file."""
    folder = tmp_path / 'attributes={"a":"of the path"}'
    folder.mkdir()
    shutil.copy(SHOP, folder)
    query = "SELECT DISTINCT attributes->>'a', attributes->>'http.route' FROM read_otlp_spans(?)"
    found = con.execute(query, [str(folder / "*")]).fetchall()
    assert found == [("of the path", None)]


def test_a_partition_named_like_an_enum_is_the_partition(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Nor has it the names of the column in the file, with which comparisons are checked."""
    folder = tmp_path / "kind=server"
    folder.mkdir()
    shutil.copy(SHOP, folder)
    query = "SELECT count(*) > 0 FROM read_otlp_spans(?) WHERE kind = 'server'"
    assert con.execute(query, [str(folder / "*")]).fetchall() == [(True,)]


def test_plans_of_single_attributes(odd: duckdb.DuckDBPyConnection) -> None:
    """Only what is asked for is read, through views as well."""
    for rows in ("live.spans", "seen_through"):
        query = f"EXPLAIN SELECT attributes->>'v' AS v, count(*) FROM {rows} GROUP BY v"
        ((_, plan),) = odd.execute(query).fetchall()
        assert "Members: attributes->>'v'" in plan
        assert "Projections: attributes " not in plan
        odd.execute("SET otlp_member_columns = false")
        ((_, plan),) = odd.execute(query).fetchall()
        assert "Members" not in plan
        odd.execute("RESET otlp_member_columns")


#: Members of `data`, some of which are read by themselves.
MEMBERS = {
    "traces": [
        *("traceId", "spanId", "parentSpanId", "traceState", "name", "kind", "flags"),
        *("startTimeUnixNano", "endTimeUnixNano", "droppedAttributesCount"),
        *("attributes", "status", "scope", "schemaUrl", "none"),
    ],
    "metrics": ["name", "description", "unit", "gauge", "sum", "scope"],
    "logs": [
        *("timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText", "eventName"),
        *("traceId", "spanId", "flags", "body", "attributes"),
    ],
}
MEMBER_READS = [
    "SELECT {id}, data->>'{m}', json_extract_string(data, '$.{m}'), data->>'/{m}' FROM {rows}",
    "SELECT data->>'{m}' AS m, count(*), max(timestamp) FROM {rows} GROUP BY m HAVING m > '1'",
    "SELECT {id}, data FROM {rows} WHERE data->>'{m}' IS NULL OR data->>'{m}' LIKE '%2'",
    "SELECT {id}, data FROM {rows} WHERE data->>'{m}' = (SELECT max(data->>'{m}') FROM {rows})",
    "SELECT {id}, data->>'{m}' FROM {rows} ORDER BY timestamp DESC, {id} LIMIT 9",
    "SELECT {id}, resource->>'{m}', signal FROM {rows} WHERE data->>'{m}' < '1' AND {id} % 7 = 1",
    "SELECT m FROM (SELECT *, data->>'{m}' AS m FROM (FROM {rows})) WHERE m >= '9'",
]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("signal", MEMBERS)
def test_members_of_data(signal: str, setting: str, con: duckdb.DuckDBPyConnection) -> None:
    """A member of `data` that is read by itself is what it is in the whole of it."""
    fill(con, 3_000)
    table = f"live.{signal}"
    con.execute(f"SET otlp_member_columns = {setting}")
    con.execute(f"CREATE TABLE copied AS SELECT rowid AS id, *, signal FROM {table}")
    con.execute(f"CREATE VIEW seen_through AS SELECT rowid AS id, *, signal FROM {table}")
    found = 0
    for member in MEMBERS[signal]:
        for read in MEMBER_READS:
            expected, *answers = (
                sorted(
                    con.execute(read.format(m=member, id=number, rows=rows)).fetchall(), key=repr
                )
                for number, rows in [("id", "copied"), ("rowid", table), ("id", "seen_through")]
            )
            assert answers == [expected, expected], (member, read)
            found += len(expected)
    assert found > 300


def test_plans_of_members_of_data(odd: duckdb.DuckDBPyConnection) -> None:
    """`data` is not read where a member is all that is wanted of it."""
    odd.execute("CREATE VIEW spans AS FROM live.traces")
    for rows in ("live.traces", "spans"):
        query = f"EXPLAIN SELECT data->>'name' AS name, count(*) FROM {rows} GROUP BY name"
        ((_, plan),) = odd.execute(query).fetchall()
        assert "Members: data->>'name'" in plan
        assert "Projections: data " not in plan


#: Queries of every shape, on the shop: `{t}` has its spans.
ROUTE = "attributes->>'http.route'"
SHAPES = [
    "SELECT id, row_number() OVER (PARTITION BY {K} ORDER BY start_time_unix_nano, id) FROM {t}",
    "SELECT {K} r, count(*) n FROM {t} GROUP BY r HAVING count(*)>3 AND r IS NOT NULL "
    "ORDER BY max({K}) DESC",
    "SELECT id FROM {t} QUALIFY rank() OVER (ORDER BY {K} DESC NULLS LAST) < 5",
    "SELECT DISTINCT ON ({K}) {K} FROM {t} ORDER BY {K}",
    "SELECT a.id, l.r FROM {t} a, LATERAL (SELECT a.{K} AS r) l",
    "SELECT a.id, (SELECT count(*) FROM {t} b WHERE b.{K} = a.{K} AND b.id < a.id) FROM {t} a",
    "SELECT id FROM {t} a WHERE EXISTS (SELECT 1 FROM {t} b WHERE b.parent_span_id = "
    "a.span_id AND b.{K} IS NULL)",
    "SELECT id FROM {t} WHERE {K} IN (SELECT {K} FROM {t} WHERE status_code='ERROR')",
    "WITH x AS (SELECT *, {K} AS route FROM {t}) SELECT x.id, y.route FROM x LEFT JOIN x "
    "y ON x.route=y.route AND y.id=x.id+1",
    "WITH RECURSIVE r AS (SELECT span_id, {K} AS p, 0 d FROM {t} WHERE parent_span_id IS "
    "NULL UNION ALL SELECT s.span_id, s.{K}, d+1 FROM r JOIN {t} s ON "
    "s.parent_span_id=r.span_id) FROM r",
    "PIVOT (SELECT {K} r, status_code, id FROM {t}) ON status_code USING count(*)",
    "SELECT * FROM (SELECT {K} AS r, attributes->>'http.response.status_code' AS s, "
    "resource_attributes->>'host.name' AS h, scope_attributes->>'x' AS x FROM {t}) WHERE "
    "s > '200' OR x IS NULL",
    "SELECT {K} FROM {t} UNION SELECT resource_attributes->>'host.name' FROM {t}",
    "SELECT {K} FROM {t} EXCEPT SELECT '/checkout'",
    "SELECT CASE WHEN {K} = '/checkout' THEN attributes->>'shop.cart' ELSE {K} END, "
    "CAST(attributes->>'http.response.status_code' AS INT) + 1 FROM {t}",
    "SELECT count(*) FILTER ({K} = '/checkout'), list({K} ORDER BY id), "
    "string_agg(DISTINCT {K}, ',' ORDER BY {K}) FROM {t}",
    "SELECT {K}, kind, count(*) FROM {t} GROUP BY ROLLUP ({K}, kind)",
    "SELECT attributes->>'$.\"http.route\"', attributes->>'/http.route', "
    "attributes->'http.route', json_extract_string(attributes,'http.route') FROM {t}",
    "SELECT id FROM {t} WHERE {K} LIKE '%out' AND NOT ({K} = '/cart') ORDER BY {K}, id "
    "LIMIT 4 OFFSET 1",
    "SELECT id, {K} FROM {t} ORDER BY {K} DESC NULLS LAST, id LIMIT 5",
    "SELECT a.id FROM {t} a ASOF JOIN {t} b ON a.{K} = b.{K} AND a.start_time_unix_nano > "
    "b.start_time_unix_nano",
    "SELECT a.id, b.id FROM {t} a FULL JOIN (SELECT * FROM {t} WHERE {K} = '/checkout') b "
    "ON a.id=b.id AND a.{K} = '/checkout'",
    "SELECT unnest([{K}, name]) FROM {t}",
    "SELECT max(r) FROM (SELECT {K} r FROM {t} WHERE id > 10 LIMIT 100000)",
]


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    """The spans of the shop in a receiver and in a file, behind views, and in tables."""
    con = extension.connect()
    live.attach(con)
    con.execute(f"INSERT INTO live.traces FROM read_otlp('{SHOP}', signal := 'traces')")
    con.execute("CREATE TABLE copied AS SELECT rowid AS id, * FROM live.spans")
    con.execute("CREATE VIEW seen AS SELECT rowid AS id, * FROM live.spans")
    # What numbers the rows of a file is in the file.
    numbered = f"SELECT ('0x' || span_id[-15:])::BIGINT AS id, * FROM read_otlp_spans('{SHOP}')"
    con.execute(f"CREATE TABLE copied_file AS {numbered}")
    con.execute(f"CREATE VIEW seen_file AS {numbered}")
    for of in ("copied", "seen", "copied_file", "seen_file"):
        query = f"SELECT * EXCLUDE (events) FROM {of} WHERE kind = 'SERVER'"
        con.execute(f"CREATE VIEW {of}_served AS {query}")
    yield con
    con.close()


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("query", SHAPES)
def test_shapes_of_queries(query: str, setting: str, shop: duckdb.DuckDBPyConnection) -> None:
    """Wherever an attribute stands in a query, the answer is that of a table."""
    shop.execute(f"SET otlp_member_columns = {setting}")
    for of in ("", "_served", "_file", "_file_served"):
        expected, found = (
            sorted(shop.execute(query.format(t=rows + of, K=ROUTE)).fetchall(), key=repr)
            for rows in ("copied", "seen")
        )
        assert found == expected, of


def scanned(con: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    """Parts that a scan read, of how many."""
    ((_, plan),) = con.execute(f"EXPLAIN ANALYZE {query}").fetchall()
    found = plan.split("Row Groups Scanned: ")[1].split()
    return int(found[0]), int(found[2])


@pytest.mark.parametrize(
    "predicate",
    [
        "trace_id = printf('%032x', 7)",
        "trace_id IN (printf('%032x', 7), printf('%032x', 8))",
        "service_name = 's3'",
        "start_time_unix_nano < '2025-11-24 10:00:01'",
        "start_time_unix_nano < '2025-11-24 10:00:01'::TIMESTAMP",
    ],
)
def test_parts_are_passed_over(predicate: str, con: duckdb.DuckDBPyConnection) -> None:
    """Parts without the service, the trace or the time are not read."""
    live.attach(con)
    con.execute(MANY.format(signal="traces", row=MANY_ROWS["traces"], count=20_000))
    read, parts = scanned(con, f"SELECT name FROM live.spans WHERE {predicate}")
    assert parts >= 2
    assert 1 <= read < parts
