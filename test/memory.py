"""Memory of a process whose receiver is full: functions for test/process.py."""

import ctypes
import statistics

from lifetimes import memory

import extension
import live
import otlp_client
import wire
from live import Live

# Rows of one INSERT or of one request.
BATCH = 1_000

# What a span carries, so that rows are most of the memory of the process.
LOAD = "0123456789" * 60

INSERT = """
    INSERT INTO live.traces (data)
    SELECT {name: 'span ' || row, attributes: [{key: 'load', value: {stringValue: $load}}]}::JSON
    FROM range($first, $first + $rows) AS t (row)
"""


def insert(receiver: Live, first: int) -> None:
    """Appends spans by SQL."""
    receiver.con.execute(INSERT, {"first": first, "rows": BATCH, "load": LOAD})


def export(receiver: Live, first: int) -> None:
    """Sends spans."""
    load = wire.length(9, wire.attribute("load", wire.length(1, LOAD.encode())))
    spans = wire.request(*(wire.span(load, name=f"span {first + row}") for row in range(BATCH)))
    assert otlp_client.post(receiver.port, "traces", spans).status == 200


def leak(receiver: Live, first: int) -> None:
    """Sends spans, and keeps 100 bytes for each: what the measurement must notice."""
    export(receiver, first)
    KEPT.append(bytearray(b"x" * 100 * BATCH))


KEPT: list[bytearray] = []
WAYS = {"insert": insert, "export": export}

# What `growth` may say of a full ring. Of 1,000,000 rows without a leak it says 2 % at most.
LIMIT = 0.03


def samples(way: str, rows: int, ring: int, often: int) -> list[dict[str, int]]:
    """Sends `rows` rows through a ring of `ring`; what was held each time after `often` rows."""
    receiver = live.attach(extension.connect(), max_rows=ring)
    found = []
    for first in range(0, rows, BATCH):
        {**WAYS, "leak": leak}[way](receiver, first)
        if (first + BATCH) % often == 0:
            found.append(sample(receiver))
    receiver.assert_balanced()
    assert receiver.stats()["traces"].received == rows
    return found


def sample(receiver: Live) -> dict[str, int]:
    """What a receiver holds, and its process.

    Memory that is free, but that the C library keeps, comes and goes by a tenth: `resident` has it,
    `used` is what remains when it is given back.
    """
    counts = receiver.stats()["traces"]
    resident = memory("VmRSS")
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    used = memory("VmRSS")
    return {"rows": counts.rows, "bytes": counts.bytes, "resident": resident, "used": used}


def growth(values: list[int]) -> float:
    """By how much the median of the last quarter is above that of the second."""
    quarter = len(values) // 4
    second, last = values[quarter : 2 * quarter], values[-quarter:]
    return statistics.median(last) / statistics.median(second) - 1
