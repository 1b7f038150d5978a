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
QUESTIONS = re.findall(r"^### (.+)$", TEXT, re.MULTILINE)
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


def test_files_and_receivers_answer_alike() -> None:
    """A query on the views has the same rows over files and over a receiver."""
    con = extension.connect()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(extension.ROOT)
        answers = []
        for blocks in ((FILES,), (ATTACH, REPLAY)):
            for block in blocks:
                con.execute(block)
            answers.append([sorted(map(repr, rows(con, block))) for block in QUERIES])
    for block, one, other in zip(QUERIES, *answers, strict=True):
        assert one == other, block
    con.close()


def rows(con: duckdb.DuckDBPyConnection, block: str) -> list[tuple[object, ...]]:
    """The rows of a block that asks the views for what has one answer."""
    skipped = any(word in block for word in ("live", "read_", "any_value"))
    return [] if skipped else con.execute(long_ago(block)).fetchall()


def test_data_is_up_to_date() -> None:
    """test/data/shop.jsonl is what its script writes."""
    script = extension.ROOT / "scripts" / "generate_shop.py"
    assert subprocess.run([sys.executable, script, "--check"]).returncode == 0
