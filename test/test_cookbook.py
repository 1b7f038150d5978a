"""Every query of docs/cookbook.md runs as it is pasted, on files and live, and answers."""

import re
import subprocess
import sys
from collections.abc import Iterator

import duckdb
import pytest

import extension

TEXT = (extension.ROOT / "docs" / "cookbook.md").read_text("utf-8")
BLOCK = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES, ATTACH, REPLAY, *QUERIES = BLOCK.findall(TEXT)
# Those about telemetry, and not about how it is stored.
ABOUT, _ = TEXT.split("## Files and receivers")
ANSWERS = BLOCK.findall(ABOUT)[3:]
QUESTIONS = re.findall(r"^### (.+)$", TEXT, re.MULTILINE)
ZONES = ["UTC", "America/New_York", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Auckland"]
# What these make are no rows.
MAKING = ("ATTACH", "COPY", "CREATE", "INSERT", "SET", "TRUNCATE")


@pytest.fixture(scope="module", params=["files", "live"])
def telemetry(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the views of the cookbook, over files or over a receiver."""
    con = extension.connect()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(extension.ROOT)
        for block in (ATTACH, REPLAY, *([FILES] if request.param == "files" else [])):
            con.execute(block)
        yield con
    con.close()


def long_ago(block: str) -> str:
    """The block, about a time that the data of the shop is of."""
    return block.replace("otlp_ago(INTERVAL 5 MINUTES)", "otlp_ago(INTERVAL 50 YEARS)")


def head(block: str) -> str:
    """The first line, as the name of a test."""
    return " ".join(block.split())[:50]


@pytest.mark.parametrize("block", QUERIES, ids=head)
def test_answers(block: str, telemetry: duckdb.DuckDBPyConnection) -> None:
    """Each statement runs; each query has rows."""
    for statement in duckdb.extract_statements(long_ago(block)):
        rows = telemetry.execute(statement).fetchall()
        if not statement.query.strip().upper().startswith(MAKING):
            assert rows, statement.query


def test_questions() -> None:
    """At least twenty questions, each with a query, none asked twice."""
    assert len(set(QUESTIONS)) == len(QUESTIONS) >= 20
    for section in TEXT.split("\n### ")[1:]:
        assert BLOCK.search(section), section
    assert TEXT.count("```") == 2 * len(BLOCK.findall(TEXT))


@pytest.fixture(scope="module")
def answers() -> list[list[str]]:
    """What the queries on the views answer over files, in UTC."""
    con = extension.connect()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(extension.ROOT)
        con.execute(f"SET TimeZone = 'UTC'; {FILES}")
        return [rows(con, block) for block in ANSWERS]


def rows(con: duckdb.DuckDBPyConnection, block: str) -> list[str]:
    """The rows of a block, in an order of their own."""
    return sorted(map(repr, con.execute(long_ago(block)).fetchall()))


@pytest.mark.parametrize("source", ["files", "live"])
def test_answers_alike_where_retries_stored_spans_twice(
    source: str, answers: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over files and over a receiver, in every time zone, with each span stored once or twice."""
    monkeypatch.chdir(extension.ROOT)
    con = extension.connect()
    if source == "files":
        con.execute(FILES)
        stored = "read_otlp_spans('test/data/shop.jsonl')"
        con.execute(f"CREATE OR REPLACE VIEW stored_spans AS FROM {stored} UNION ALL FROM {stored}")
    else:
        for block in (ATTACH, REPLAY):
            con.execute(block)
        con.execute(REPLAY.splitlines()[0])
    stored = "SELECT count(*) = 2 * count(DISTINCT span_id) FROM stored_spans"
    assert con.execute(stored).fetchone() == (True,)
    for zone in ZONES:
        con.execute(f"SET TimeZone = '{zone}'")
        for block, answer in zip(ANSWERS, answers, strict=True):
            assert rows(con, block) == answer, (zone, block)
    con.close()


def test_data_is_up_to_date() -> None:
    """test/data/shop.jsonl is what its script writes."""
    script = extension.ROOT / "scripts" / "generate_shop.py"
    assert subprocess.run([sys.executable, script, "--check"]).returncode == 0
