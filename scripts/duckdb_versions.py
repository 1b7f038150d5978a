"""The releases of DuckDB that DuckSpan is built for, as `duckdb_versions.txt` lists them.

Usage: duckdb_versions.py    prints them, newest first
"""

import pathlib

FILE = pathlib.Path(__file__).with_suffix(".txt")


def sources() -> dict[str, str]:
    """Each version, newest first, and the SHA-256 of its source distribution."""
    lines = FILE.read_text().splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))


if __name__ == "__main__":
    print("\n".join(sources()))
