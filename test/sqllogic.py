"""Runs DuckDB's sqllogictest dialect on the `duckdb` Python package.

It knows the part of the dialect that an extension's tests use, and refuses what it does not know:
a directive that is skipped in silence would be a test that cannot fail.

    run(Path("test/sql/schema.test"), temp=Path("/tmp/x"), load=lambda con: con.execute("LOAD ..."))
"""

import datetime
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection

# Conditions of `require` that hold, or that this runner has no use for.
ALWAYS = {"json", "parquet", "core_functions", "skip_reload", "notwindows", "noforcestorage"}
SORTS = {"nosort", "rowsort", "sort", "valuesort"}
# Types whose values Python cannot show as DuckDB does.
LOSSY = {"TIMESTAMP_NS": "it loses nanoseconds in Python", "INTERVAL": "it loses months"}


class SqlLogicError(AssertionError):
    """A test file that fails, or that cannot be understood. The text starts with file:line."""


class SkipTest(Exception):  # noqa: N818
    """A condition of the test file does not hold here."""


@dataclass(frozen=True)
class Record:
    """A directive with the SQL and the expected result that belong to it."""

    file: Path
    line: int
    words: tuple[str, ...]
    sql: str = ""
    expected: tuple[str, ...] | None = None

    def fail(self, *parts: str) -> SqlLogicError:
        """The error that names the place of this record."""
        text = "\n".join(part for part in parts if part)
        return SqlLogicError(f"{self.file}:{self.line}: {text}\n{self.sql}".rstrip())

    def word(self, at: int, what: str) -> str:
        """A word that must be there."""
        if at >= len(self.words):
            raise self.fail(f"{self.words[0]}: {what} is missing")
        return self.words[at]


def parse(file: Path) -> list[Record]:
    """The records of a test file."""
    lines = file.read_text("utf-8").splitlines()
    records = []
    at = 0
    while at < len(lines):
        number, words = at + 1, tuple(lines[at].split())
        at += 1
        if not words or words[0].startswith("#"):
            continue
        if words[0] not in ("statement", "query"):
            records.append(Record(file, number, words))
            continue
        end = next((i for i in range(at, len(lines)) if not lines[i].strip()), len(lines))
        records.append(with_body(Record(file, number, words), lines[at:end]))
        at = end
    return records


def with_body(record: Record, body: list[str]) -> Record:
    """The record with its SQL and, below `----`, what is expected of it."""
    cut = body.index("----") if "----" in body else len(body)
    sql = "\n".join(body[:cut])
    if not sql.strip():
        raise record.fail("no SQL")
    expected = tuple(body[cut + 1 :]) if cut < len(body) else None
    return Record(record.file, record.line, record.words, sql, expected)


def run(file: Path, temp: Path, load: Callable[[Connection], object]) -> None:
    """Runs a test file. `temp` is its `__TEST_DIR__`; `load` loads the extension under test.

    Raises SqlLogicError if it fails, SkipTest if it asks for something that is not here.
    """
    runner = Runner(temp, load)
    try:
        runner.block(parse(file), {})
    finally:
        runner.close()


@dataclass
class Runner:
    """The state of one test file while it runs."""

    temp: Path
    load: Callable[[Connection], object]
    database: str = ":memory:"
    config: dict[str, str] = field(default_factory=lambda: {"allow_unsigned_extensions": "true"})
    opened: Connection | None = None
    connections: dict[str, Connection] = field(default_factory=dict)
    extension: bool = False
    labels: dict[str, list[str]] = field(default_factory=dict)
    skipping: bool = False
    skip_next: bool = False
    halted: bool = False
    env: dict[str, str] = field(default_factory=dict)

    def block(self, records: Sequence[Record], variables: dict[str, str]) -> None:
        """Runs records, and loops as often as they say."""
        at = 0
        while at < len(records) and not self.halted:
            record = records[at]
            at += 1
            if record.words[0] in ("loop", "foreach"):
                end = end_of_loop(records, at)
                name = record.word(1, "the variable")
                for value in self.loop_values(self.filled(record, variables)):
                    self.block(records[at:end], {**variables, name: value})
                at = end + 1
            else:
                self.record(self.filled(record, variables))

    def loop_values(self, record: Record) -> Iterator[str]:
        """The values of the variable of a loop."""
        if record.words[0] == "foreach":
            return iter(record.words[2:])
        start, end = int(record.word(2, "the start")), int(record.word(3, "the end"))
        return (str(value) for value in range(start, end))

    def filled(self, record: Record, variables: dict[str, str]) -> Record:
        """The record with its variables replaced."""

        def fill(text: str) -> str:
            for name in ("__TEST_DIR__", "{TEST_DIR}"):
                text = text.replace(name, str(self.temp))
            for name, value in variables.items():
                text = text.replace(f"${{{name}}}", value)
            for name, value in self.env.items():
                text = text.replace(f"${{{name}}}", value).replace(f"{{{name}}}", value)
            return text

        words = tuple(fill(word) for word in record.words)
        expected = None if record.expected is None else tuple(map(fill, record.expected))
        return Record(record.file, record.line, words, fill(record.sql), expected)

    def record(self, record: Record) -> None:
        """Runs one record."""
        if record.words[0] == "mode":
            self.skipping = {"skip": True, "unskip": False}[record.word(1, "skip or unskip")]
            return
        if self.skipping:
            return
        if record.words[0] in ("skipif", "onlyif"):
            is_duckdb = record.word(1, "the system") == "duckdb"
            self.skip_next |= is_duckdb == (record.words[0] == "skipif")
            return
        if self.skip_next:
            self.skip_next = False
            return
        directive = DIRECTIVES.get(record.words[0])
        if directive is None:
            raise record.fail(f"unknown directive {record.words[0]}")
        directive(self, record)

    def connection(self, name: str = "") -> Connection:
        """The connection of that name, opened on first use; the default one has no name."""
        if name not in self.connections:
            self.connections[name] = self.owner().cursor()
        return self.connections[name]

    def owner(self) -> Connection:
        """The connection that keeps the database open; it closes all others when it closes."""
        if self.opened is None:
            self.opened = duckdb.connect(self.database, config={**self.config})
            if self.extension:
                self.load(self.opened)
        return self.opened

    def close(self) -> None:
        """Closes the database and every connection to it."""
        self.connections.clear()
        if self.opened:
            self.opened.close()
        self.opened = None

    def statement(self, record: Record) -> None:
        """Runs SQL and judges whether it works."""
        kind = record.word(1, "ok, error or maybe")
        if kind not in ("ok", "error", "maybe"):
            raise record.fail(f"unknown outcome {kind}")
        name = record.words[2] if len(record.words) > 2 else ""
        try:
            self.connection(name).execute(record.sql).fetchall()
        except duckdb.Error as error:
            self.refused(record, kind, str(error))
        else:
            if kind == "error":
                raise record.fail("the statement should fail, but it works")

    def refused(self, record: Record, kind: str, message: str) -> None:
        """Judges the error of a statement."""
        if kind == "ok":
            raise record.fail(f"the statement fails: {message}")
        wanted = "\n".join(record.expected or ())
        is_bug = message.startswith("INTERNAL") or "DuckSpan panicked" in message
        if is_bug and "INTERNAL" not in wanted:
            raise record.fail(f"an internal error: {message}")
        if not matches_message(message, wanted):
            raise record.fail("wrong error message", f"expected: {wanted}", f"actual: {message}")

    def query(self, record: Record) -> None:
        """Runs a query and judges its result."""
        types = record.word(1, "the column types")
        sort, name, label = "nosort", "", ""
        if len(record.words) > 2:
            known = record.words[2] in SORTS
            sort, name = (record.words[2], "") if known else (sort, record.words[2])
        if len(record.words) > 3:
            label = record.words[3]
        try:
            cursor = self.connection(name).execute(record.sql)
            columns, rows = cursor.description, cursor.fetchall()
        except duckdb.Error as error:
            raise record.fail(f"the query fails: {error}") from error
        if len(columns) != len(types):
            raise record.fail(f"{len(types)} columns expected, {len(columns)} found")
        check_types(record, columns)
        cells = ordered([[text(value) for value in row] for row in rows], sort)
        if record.expected is not None:
            compare(record, types, cells)
        self.check_label(record, label, [cell for row in cells for cell in row])

    def check_label(self, record: Record, label: str, values: list[str]) -> None:
        """Queries of one label must have one result."""
        if label and self.labels.setdefault(label, values) != values:
            first = " ".join(self.labels[label])
            raise record.fail(f"not the result of label {label}", first, " ".join(values))
        if not label and record.expected is None:
            raise record.fail("neither a result nor a label is expected")

    def require(self, record: Record) -> None:
        """Loads an extension; skips the file where there is none."""
        name = record.word(1, "the condition")
        if name == "duckspan":
            self.load(self.owner())
            self.extension = True
        elif name not in ALWAYS:
            try:
                self.owner().execute(f"LOAD {name}")
            except duckdb.Error as error:
                raise SkipTest(f"{record.file}:{record.line}: no {name} here") from error

    def require_env(self, record: Record) -> None:
        """Skips the file unless an environment variable is set (to one of the given values)."""
        name = record.word(1, "the variable")
        value = os.environ.get(name)
        if value is None or (len(record.words) > 2 and value not in record.words[2:]):
            raise SkipTest(f"{record.file}:{record.line}: needs {' '.join(record.words[1:])}")
        self.env[name] = value

    def load_database(self, record: Record) -> None:
        """Opens a database file, or a new one in memory."""
        self.close()
        self.database = record.words[1] if len(record.words) > 1 else ":memory:"
        self.config.pop("access_mode", None)
        if record.words[2:] == ("readonly",):
            self.config["access_mode"] = "READ_ONLY"

    def restart(self, _: Record) -> None:
        """Closes the database; the next record opens it again."""
        self.close()

    def reconnect(self, _: Record) -> None:
        """A new default connection; the database and the other connections stay."""
        self.connection().close()
        del self.connections[""]

    def sleep(self, record: Record) -> None:
        """Waits."""
        unit = {"millisecond": 0.001, "second": 1.0}[record.word(2, "the unit").rstrip("s")]
        time.sleep(int(record.word(1, "the time")) * unit)

    def halt(self, _: Record) -> None:
        """Ends the file here."""
        self.halted = True

    def nothing(self, _: Record) -> None:
        """A directive that asks for nothing."""


DIRECTIVES: dict[str, Callable[[Runner, Record], None]] = {
    "statement": Runner.statement,
    "query": Runner.query,
    "require": Runner.require,
    "require-env": Runner.require_env,
    "load": Runner.load_database,
    "restart": Runner.restart,
    "reconnect": Runner.reconnect,
    "sleep": Runner.sleep,
    "halt": Runner.halt,
    "tags": Runner.nothing,
}


def end_of_loop(records: Sequence[Record], start: int) -> int:
    """The position of the `endloop` that closes the loop whose body begins at `start`."""
    depth = 1
    for at in range(start, len(records)):
        depth += {"loop": 1, "foreach": 1, "endloop": -1}.get(records[at].words[0], 0)
        if depth == 0:
            return at
    raise records[start - 1].fail("no endloop")


def check_types(record: Record, columns: Sequence[tuple[Any, ...]]) -> None:
    """Python cannot show every value as DuckDB does; such a column must be cast in the test."""
    for name, kind, *_ in columns:
        if reason := LOSSY.get(str(kind)):
            raise record.fail(f"cast column {name} to VARCHAR: {kind}, {reason}")


def text(value: Any) -> str:
    """A value as DuckDB's test runner prints it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ").rstrip("0") if value.microsecond else value.isoformat(" ")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{key}': {text(item)}" for key, item in value.items()) + "}"
    return str(value).replace("\0", "\\0") or "(empty)"


def ordered(rows: list[list[str]], sort: str) -> list[list[str]]:
    """The rows in the order of comparison."""
    if sort in ("rowsort", "sort"):
        return sorted(rows)
    if sort == "valuesort":
        return [[value] for value in sorted(value for row in rows for value in row)]
    return rows


def compare(record: Record, types: str, rows: list[list[str]]) -> None:
    """Raises unless the rows are the expected ones."""
    lines = list(record.expected or ())
    width = len(rows[0]) if rows else len(types)
    wanted = [line.split("\t") for line in lines]
    if width > 1 and any(len(row) != width for row in wanted):
        wanted = [lines[at : at + width] for at in range(0, len(lines), width)]
    same = len(wanted) == len(rows) and all(
        len(left) == len(right) and all(map(matches_value, left, right))
        for left, right in zip(wanted, rows, strict=True)
    )
    if not same:
        actual = "\n".join("\t".join(row) for row in rows)
        raise record.fail("wrong result", "expected:", "\n".join(lines), "actual:", actual)


def matches_value(expected: str, actual: str) -> bool:
    """Whether a cell is the expected one: by pattern, as text, as a Boolean, or as a number."""
    found = matches_pattern(expected, actual)
    if found is not None:
        return found
    if expected == actual or (expected, actual) in (("1", "true"), ("0", "false")):
        return True
    try:
        return "." in expected + actual and math.isclose(float(expected), float(actual))
    except ValueError:
        return False


def matches_message(message: str, expected: str) -> bool:
    """Whether an error message matches the expected pattern, or holds the expected text."""
    found = matches_pattern(expected, message)
    return expected in message if found is None else found


def matches_pattern(expected: str, actual: str) -> bool | None:
    """Whether `actual` fits the pattern `expected`; None if that is no pattern."""
    if expected.startswith("<REGEX>:"):
        return bool(re.fullmatch(expected.removeprefix("<REGEX>:"), actual, re.DOTALL))
    if expected.startswith("<!REGEX>:"):
        return not re.fullmatch(expected.removeprefix("<!REGEX>:"), actual, re.DOTALL)
    return None
