"""Prints how large an extension is, and how long DuckDB takes to load it.

Usage: extension_facts.py EXTENSION
"""

import pathlib
import statistics
import sys
import time

import duckdb


def load_seconds(path: str) -> float:
    """The time of one LOAD into a database of its own."""
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    started = time.perf_counter()
    con.execute(f"LOAD '{path}'")
    return time.perf_counter() - started


def main(path: str) -> None:
    """The first LOAD of a process maps the file; the others only register its functions."""
    size = pathlib.Path(path).stat().st_size / 1e6
    first, *others = [load_seconds(path) * 1e3 for _ in range(6)]
    again = statistics.median(others)
    took = f"{first:.0f} ms to load into DuckDB {duckdb.__version__}, {again:.0f} ms again"
    print(f"{path}: {size:.1f} MB, {took}")


if __name__ == "__main__":
    main(*sys.argv[1:])
