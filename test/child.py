"""Queries in a process of their own, for input that might crash it, hang it or fill its memory."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import extension

PRELUDE = """
import json, sys, threading, time
import duckdb
import extension

def memory(key):
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(key))
    return int(line.split()[1]) * 1024

con = extension.connect()
con.execute("SET enable_progress_bar = false")  # it would be printed among the results
arguments = json.load(sys.stdin)
"""

QUERY = """
try:
    rows = con.execute(*arguments).fetchall()
    print(json.dumps({"rows": rows}, default=str))
except duckdb.Error as error:
    print(json.dumps({"error": str(error)}))
"""


@dataclass(frozen=True)
class Outcome:
    """What a query gave: rows, or the text of an error."""

    rows: list[list[Any]] | None
    error: str | None


def run(code: str, *arguments: object, timeout: float = 60) -> dict[str, Any]:
    """Runs code behind the prelude; it prints one JSON object, which is returned.

    Raises if the process crashes, or takes longer than `timeout` seconds.
    """
    process = subprocess.run(
        [sys.executable, "-c", PRELUDE + code],
        input=json.dumps(arguments, default=str),
        cwd=extension.ROOT / "test",
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if process.returncode != 0:
        raise AssertionError(f"exit code {process.returncode}\n{process.stderr[-4000:]}")
    result: dict[str, Any] = json.loads(process.stdout)
    return result


def query(sql: str, *parameters: object, timeout: float = 60) -> Outcome:
    """The outcome of one query. An internal error counts as a crash."""
    result = run(QUERY, sql, parameters, timeout=timeout)
    error = result.get("error")
    if extension.is_bug(error):
        raise AssertionError(error)
    return Outcome(result.get("rows"), error)
