"""Live tables: a receiver that is attached, what it holds and what it counted."""

import json
import time
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

import duckdb

from rows import Row

SIGNALS = ("traces", "metrics", "logs")


@dataclass(frozen=True)
class Stats:
    """A row of `stats`; its columns have these names."""

    rows: int
    bytes: int
    pinned_bytes: int
    received: int
    evicted: int
    cleared: int
    requests: int
    rejected: int
    in_flight_bytes: int


@dataclass
class Live:
    """An attached receiver, and the connection that it was attached by."""

    con: duckdb.DuckDBPyConnection
    name: str
    host: str
    port: int

    def fetch(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query, which may name the database as `live`."""
        return self.con.execute(query, parameters).fetchall()

    def rows(self, signal: str) -> list[Row]:
        """Everything that a table holds, in order of arrival."""
        query = (
            "SELECT signal, epoch_us(timestamp), resource::VARCHAR, data::VARCHAR "
            f"FROM {self.name}.{signal} ORDER BY rowid"
        )
        return [Row(*row) for row in self.fetch(query)]

    def names(self, signal: str = "traces") -> list[str]:
        """The names of all spans or metrics, in order of arrival."""
        query = f"SELECT data ->> 'name' FROM {self.name}.{signal} ORDER BY rowid"
        return [name for (name,) in self.fetch(query)]

    def count(self, signal: str = "traces") -> int:
        """The number of rows that a table holds."""
        ((count,),) = self.fetch(f"SELECT count(*) FROM {self.name}.{signal}")
        return int(count)

    def stats(self) -> dict[str, Stats]:
        """What was counted, by signal."""
        return stats(self.con, self.name)

    def settled(self) -> dict[str, Stats]:
        """The counts once no request is in flight; a client may go on before its request ends."""
        deadline = time.monotonic() + 5
        while any(counts.in_flight_bytes for counts in self.stats().values()):
            assert time.monotonic() < deadline, self.stats()
            time.sleep(0.01)
        return self.stats()

    def assert_balanced(self) -> None:
        """Every row that was accepted is held, was evicted or was removed on demand."""
        self.settled()
        # A client that has left may have sent what is still to be read: one moment for all counts.
        with self.con.cursor() as con:
            con.begin()
            moment = Live(con, self.name, self.host, self.port)
            for signal, counts in moment.stats().items():
                gone = counts.evicted + counts.cleared
                assert counts.received == counts.rows + gone, (signal, counts)
                assert counts.rows == moment.count(signal), (signal, counts)
            con.rollback()

    def detach(self) -> None:
        """Stops the receiver."""
        self.con.execute(f"DETACH {self.name}")


def stats(con: duckdb.DuckDBPyConnection, name: str = "live") -> dict[str, Stats]:
    """What a receiver counted, by signal."""
    columns = ", ".join(field.name for field in fields(Stats))
    found = con.execute(f"SELECT signal, {columns} FROM {name}.stats").fetchall()
    assert {signal for signal, *_ in found} == set(SIGNALS)
    return {signal: Stats(*counts) for signal, *counts in found}


def rejections(con: duckdb.DuckDBPyConnection, signal: str, name: str = "live") -> dict[str, int]:
    """How many requests of a signal were refused, by reason."""
    query = f"SELECT rejected_by FROM {name}.stats WHERE signal = ?"
    ((found,),) = con.execute(query, [signal]).fetchall()
    reasons: dict[str, int] = json.loads(found)
    return reasons


def attach(
    con: duckdb.DuckDBPyConnection,
    address: str = "localhost:0",
    name: str = "live",
    verb: str = "ATTACH",
    **options: object,
) -> Live:
    """Attaches a receiver, by default on a free port."""
    listed = ", ".join(["TYPE otlp", *(f"{key} {literal(options[key])}" for key in options)])
    con.execute(f"{verb} 'otlp://{address}' AS {name} ({listed})")
    host, port = bound(con, name)
    return Live(con, name, host, port)


def literal(value: object) -> str:
    """A value of an option in SQL."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def bound(con: duckdb.DuckDBPyConnection, name: str) -> tuple[str, int]:
    """The host and port that a receiver listens on, as DuckDB shows them."""
    query = "SELECT path FROM duckdb_databases() WHERE database_name = ?"
    ((path,),) = con.execute(query, [name]).fetchall()
    address = urlsplit(path)
    assert address.scheme == "otlp", path
    assert address.hostname, path
    assert address.port, path
    return address.hostname, address.port
