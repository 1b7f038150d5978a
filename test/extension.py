"""The extension under test, and connections that have it loaded."""

import os
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent


def is_bug(error: object) -> bool:
    """Whether an error says that DuckDB or DuckSpan is wrong, which no input may bring about."""
    return str(error).startswith("INTERNAL") or "DuckSpan panicked" in str(error)


def path() -> Path:
    """The extension file: `DUCKSPAN_EXTENSION`, or where `make` puts it."""
    default = ROOT / "build" / "duckspan.duckdb_extension"
    return Path(os.environ.get("DUCKSPAN_EXTENSION", default)).resolve()


def load(con: duckdb.DuckDBPyConnection) -> None:
    """Loads the extension; an extension that was not built is an error, never a skipped test."""
    file = path()
    if not file.exists():
        raise FileNotFoundError(f"{file} is not there: build it, or set DUCKSPAN_EXTENSION")
    con.execute(f"LOAD '{file}'")


def unloaded(database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A database that may load unsigned extensions, without ours."""
    return duckdb.connect(database, config={"allow_unsigned_extensions": "true"})


def connect(database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A database with the extension loaded."""
    con = unloaded(database)
    load(con)
    return con
