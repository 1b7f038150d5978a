"""The runner of the SQL tests must fail where a test fails, and say where."""

from pathlib import Path

import pytest

import sqllogic

PASSING = {
    "statement ok": "statement ok\nSELECT\n42\n",
    "statement maybe": "statement maybe\nSELECT x\n----\nBinder\n\nstatement maybe\nSELECT 1\n",
    "error without text": "statement error\nSELECT nothing\n",
    "error with text": "statement error\nSELECT nothing\n----\nBinder Error\n",
    "error with pattern": "statement error\nSELECT nothing\n----\n<REGEX>:Binder.*nothing.*\n",
    "error without pattern": "statement error\nSELECT nothing\n----\n<!REGEX>:.*everything.*\n",
    "a row per line": "query IT\nVALUES (1, 'a b'), (2, '')\n----\n1\ta b\n2\t(empty)\n",
    "a value per line": "query IT\nVALUES (1, 'a'), (2, NULL)\n----\n1\na\n2\nNULL\n",
    "no rows": "query I\nSELECT 1 WHERE false\n----\n",
    "numbers": "query RI\nSELECT 0.1 + 0.2, 7\n----\n0.30000000000000004\t7\n",
    "Booleans": "query II\nSELECT true, false\n----\ntrue\tfalse\n\n"
    "query I\nSELECT true\n----\n1\n",
    "times": "query II\nSELECT TIMESTAMP '2025-01-01 00:00:00.5', DATE '2025-01-02'\n"
    "----\n2025-01-01 00:00:00.5\t2025-01-02\n",
    "nested": "query II\nSELECT [1, NULL], {'a': 'x'}\n----\n[1, NULL]\t{'a': x}\n",
    "rowsort": "query IT rowsort\nVALUES (2, 'b'), (1, 'c')\n----\n1\tc\n2\tb\n",
    "valuesort": "query II valuesort\nVALUES (2, 3), (1, 4)\n----\n1\n2\n3\n4\n",
    "cell pattern": "query TT\nSELECT 'ab', 'cd'\n----\n<REGEX>:a.\t<!REGEX>:a.\n",
    "labels": "query I nosort same\nSELECT 1\n\nquery I nosort same\nSELECT 1\n",
    "foreach": "foreach x 1 2\n\nquery I\nSELECT ${x} * 0\n----\n0\n\nendloop\n",
    "loop": "statement ok\nCREATE TABLE t (i INT)\n\nloop i 0 3\n\nloop j 0 2\n\nstatement ok\n"
    "INSERT INTO t VALUES (${i} + ${j})\n\nendloop\n\nendloop\n\n"
    "query II\nSELECT count(*), sum(i) FROM t\n----\n6\t9\n",
    "mode": "mode skip\n\nstatement ok\nSELECT nothing\n\nmode unskip\n\nstatement ok\nSELECT 1\n",
    "skipif": "skipif duckdb\nstatement ok\nSELECT x\n\nonlyif other\nstatement ok\nSELECT x\n",
    "onlyif": "onlyif duckdb\nstatement ok\nSELECT 1\n",
    "halt": "halt\n\nstatement ok\nSELECT nothing\n",
    "comments": "# name: x\n# description: y\n# group: [z]\n\n# more\nstatement ok\nSELECT 1\n",
    "connections": "statement ok one\nCREATE TEMP TABLE t AS SELECT 1 AS i\n\nquery I one\nFROM t\n"
    "----\n1\n\nstatement error two\nFROM t\n----\ndoes not exist\n",
    "reconnect": "statement ok\nCREATE TABLE t AS SELECT 1 AS i\n\nstatement ok\n"
    "CREATE TEMP TABLE u AS SELECT 1 AS i\n\nreconnect\n\nquery I\nFROM t\n----\n1\n\n"
    "statement error\nFROM u\n",
    "load and restart": "load __TEST_DIR__/x.db\n\n"
    "statement ok\nCREATE TABLE t AS SELECT 1 AS i\n\n"
    "restart\n\nquery I\nFROM t\n----\n1\n\nload {TEST_DIR}/x.db readonly\n\n"
    "statement error\nDROP TABLE t\n----\nread-only\n",
    "the extension": "require duckspan\n\nquery I\nFROM loaded\n----\n1\n\nrestart\n\n"
    "query I\nFROM loaded\n----\n1\n",
    "require": "require json\n\nstatement ok\nSELECT 1\n",
    "require-env": "require-env SQLLOGIC_TEST yes no\n\nquery T\nSELECT '${SQLLOGIC_TEST}'\n"
    "----\nyes\n",
}

FAILING = {
    "a statement that fails": ("statement ok\nSELECT nothing\n", ":1: the statement fails: Binder"),
    "a statement that works": ("\nstatement error\nSELECT 1\n", ":2: the statement should fail"),
    "another error": ("statement error\nSELECT x\n----\nIO Error\n", "wrong error message"),
    "an error for maybe": ("statement maybe\nSELECT x\n----\nIO Error\n", "wrong error message"),
    "an error that must not match": (
        "statement error\nSELECT x\n----\n<!REGEX>:Binder.*\n",
        "wrong error message",
    ),
    "a wrong value": ("query I\nSELECT 1\n----\n2\n", ":1: wrong result\nexpected:\n2\nactual:\n1"),
    "a wrong real": ("query R\nSELECT 0.5\n----\n0.50001\n", "wrong result"),
    "a wrong Boolean": ("query I\nSELECT true\n----\n0\n", "wrong result"),
    "a wrong pattern": ("query T\nSELECT 'ab'\n----\n<REGEX>:a\n", "wrong result"),
    "a forbidden pattern": ("query T\nSELECT 'ab'\n----\n<!REGEX>:a.\n", "wrong result"),
    "NULL for text": ("query T\nSELECT ''\n----\nNULL\n", "wrong result"),
    "a missing row": ("query I\nVALUES (1)\n----\n1\n2\n", "wrong result"),
    "a row too many": ("query I\nVALUES (1), (2)\n----\n1\n", "wrong result"),
    "rows where none are": ("query I\nSELECT 1\n----\n", "wrong result"),
    "a missing value": ("query II\nVALUES (1, 2)\n----\n1\n", "wrong result"),
    "another order": ("query I\nVALUES (2), (1)\n----\n1\n2\n", "wrong result"),
    "unsorted expectations": ("query I rowsort\nVALUES (2), (1)\n----\n2\n1\n", "wrong result"),
    "another width": ("query I\nSELECT 1, 2\n----\n1\n", "1 columns expected, 2 found"),
    "a query that fails": ("query I\nSELECT x\n----\n1\n", "the query fails: Binder"),
    "nothing expected": ("query I\nSELECT 1\n", "neither a result nor a label"),
    "labels that differ": (
        "query I nosort a\nSELECT 1\n\nquery I nosort a\nSELECT 2\n",
        ":4: not the result of label a",
    ),
    "nanoseconds": ("query I\nSELECT now()::TIMESTAMP_NS\n----\n1\n", "cast column"),
    "an unknown directive": ("frobnicate\n", ":1: unknown directive frobnicate"),
    "an unknown outcome": ("statement fine\nSELECT 1\n", "unknown outcome fine"),
    "no SQL": ("statement ok\n\nSELECT 1\n", "no SQL"),
    "no endloop": ("loop i 0 3\n\nstatement ok\nSELECT 1\n", ":1: no endloop"),
    "an error in a loop": (
        "foreach x 1 2\n\nquery I\nSELECT ${x}\n----\n1\n\nendloop\n",
        ":3: wrong result",
    ),
}

SKIPPED = {
    "an extension that is not here": "require no_such_extension\n\nstatement ok\nSELECT x\n",
    "an unset variable": "require-env SQLLOGIC_UNSET\n\nstatement ok\nSELECT x\n",
    "another value": "require-env SQLLOGIC_TEST no\n\nstatement ok\nSELECT x\n",
}


def run(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a script in which `require duckspan` makes a table `loaded`."""
    monkeypatch.setenv("SQLLOGIC_TEST", "yes")
    monkeypatch.delenv("SQLLOGIC_UNSET", raising=False)
    file = folder / "case.test"
    file.write_text(text, "utf-8")

    def load(con: sqllogic.Connection) -> None:
        con.execute("CREATE TABLE loaded AS SELECT 1 AS i")

    sqllogic.run(file, folder, load)


@pytest.mark.parametrize("name", PASSING)
def test_passes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A correct script passes."""
    run(PASSING[name], tmp_path, monkeypatch)


@pytest.mark.parametrize("name", FAILING)
def test_fails(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong script fails, and the message names the file, the line and the reason."""
    text, message = FAILING[name]
    with pytest.raises(sqllogic.SqlLogicError) as error:
        run(text, tmp_path, monkeypatch)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / 'case.test'}:")


@pytest.mark.parametrize("name", SKIPPED)
def test_skips(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script whose condition does not hold is skipped, not passed."""
    with pytest.raises(sqllogic.SkipTest):
        run(SKIPPED[name], tmp_path, monkeypatch)
