"""OpenTelemetry in DuckDB.

    import duckspan

    con = duckspan.connect()
    con.sql("FROM read_otlp_spans('traces.jsonl')")
    con.execute("ATTACH 'otlp://localhost:4317' AS live (TYPE otlp)")

The SQL is documented in DuckDB itself: `FROM duckdb_functions() WHERE function_name LIKE '%otlp%'`.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

__all__ = ["UnsupportedDuckDBError", "connect", "extension_path", "load", "supported_versions"]
__version__ = version("duckspan")

_EXTENSIONS = Path(__file__).parent / "extensions"


class UnsupportedDuckDBError(RuntimeError):
    """This package has no extension for the DuckDB that is installed."""


def supported_versions() -> list[str]:
    """The versions of DuckDB that this package has an extension for, oldest first."""
    names = (folder.name.removeprefix("v") for folder in _EXTENSIONS.glob("v*"))
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def extension_path() -> Path:
    """The file of the extension for the DuckDB that is installed, for `LOAD`.

    Raises UnsupportedDuckDBError if there is none.
    """
    path = _EXTENSIONS / f"v{duckdb.__version__}" / "duckspan.duckdb_extension"
    if not path.exists():
        supported = supported_versions()
        raise UnsupportedDuckDBError(
            f"duckspan {__version__} works with DuckDB {' and '.join(supported)}, "
            f"and {duckdb.__version__} is installed: pip install 'duckdb=={supported[-1]}'"
        )
    return path


def load(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Loads the extension into the database of a connection, and returns the connection.

    The database must have been opened with `allow_unsigned_extensions`, as `connect` does; DuckDB
    says so where it was not.
    """
    quoted = str(extension_path()).replace("'", "''")
    con.execute(f"LOAD '{quoted}'")
    return con


def connect(
    database: str | Path = ":memory:",
    read_only: bool = False,
    config: dict[str, Any] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Opens a database as `duckdb.connect` does, with the extension loaded.

    The extension is not signed by DuckDB, so the database accepts extensions that are not.
    """
    allowed = {"allow_unsigned_extensions": "true", **(config or {})}
    return load(duckdb.connect(database, read_only=read_only, config=allowed))
