"""COPY … TO 'otlp://…' (FORMAT otlp, SPEED 1.0): rows go at the pace of their times, as of now."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import grpc
import pytest
from google.protobuf.message import Message

import live
from otlp_client import RESPONSES
from upstream import Upstream

Connection = duckdb.DuckDBPyConnection
SECOND = 1_000_000_000
FIRST = 1_600_000_000 * SECOND + 123_456_789
"""The time of the first row, in nanoseconds."""
HOUR = 3_600 * SECOND


SPAN = """json_object('spanId', printf('%016x', id), 'startTimeUnixNano', (FIRST + gap)::VARCHAR,
    'endTimeUnixNano', (FIRST + gap + 5)::VARCHAR, 'events', [{timeUnixNano:
    (FIRST + gap + 3)::VARCHAR}], 'attributes', [{key: 'timeUnixNano', value: {intValue: '5'}}])"""
LOG = """json_object('timeUnixNano', (FIRST + gap + 1)::VARCHAR, 'observedTimeUnixNano',
    (FIRST + gap + 9)::VARCHAR, 'body', {intValue: id::VARCHAR})"""
POINT = """json_object('name', id::VARCHAR, 'sum', {dataPoints: [{startTimeUnixNano:
    (FIRST - 7)::VARCHAR, timeUnixNano: (FIRST + gap + 2)::VARCHAR, asInt: '0', exemplars:
    [{timeUnixNano: (FIRST + gap - 2)::VARCHAR, asInt: '0'}]}]})"""
UNTIMED = "json_object('spanId', 'ffffffffffffffff', 'endTimeUnixNano', FIRST::VARCHAR)"


def rows(con: Connection, gaps: list[int]) -> str:
    """A query: a span, a log record and a point so long after the first time each; one without."""
    con.execute("CREATE OR REPLACE TABLE gaps (id BIGINT, gap BIGINT)")
    for number, gap in enumerate(gaps, 1):
        con.execute("INSERT INTO gaps VALUES (?, ?)", [number, gap])
    kinds = {SPAN: "FIRST + gap", LOG: "FIRST + gap + 1", POINT: "FIRST + gap + 2"}
    some = [
        f"SELECT ({when}) // 1000 AS us, {data} AS data FROM gaps" for data, when in kinds.items()
    ]
    query = " UNION ALL ".join([*some, f"SELECT NULL, {UNTIMED}"]).replace("FIRST", str(FIRST))
    return f"(SELECT make_timestamp(us) AS timestamp, NULL::JSON AS resource, data FROM ({query}))"


def times(message: Message, path: str = "") -> Iterator[tuple[str, int]]:
    """All times of a message that are set, by where they stand."""
    for field, value in message.ListFields():
        if field.name.endswith("time_unix_nano"):
            yield f"{path}.{field.name}", value
        elif field.type == field.TYPE_MESSAGE:
            for at, inner in enumerate([value] if isinstance(value, Message) else value):
                yield from times(inner, f"{path}.{field.name}{at}")


NAMES = {
    "traces": lambda span: span.span_id.hex(),
    "logs": lambda record: str(record.body.int_value),
    "metrics": lambda metric: metric.name,
}


def elements(signal: str, request: Message) -> Iterator[tuple[tuple[str, str], Message]]:
    """The spans, log records and metrics of a request, by what tells one from another."""
    for group in request.ListFields()[0][1]:
        for scope in next(value for field, value in group.ListFields() if "scope" in field.name):
            for element in scope.ListFields()[-1][1]:
                yield (signal, NAMES[signal](element)), element


class Clocked(Upstream):
    """An upstream that knows when each row came."""

    def __init__(self) -> None:
        self.arrived: dict[tuple[str, str], float] = {}
        self.order: list[tuple[str, str]] = []
        self.rows: dict[tuple[str, str], dict[str, int]] = {}
        self.first = threading.Event()

        def answer(signal: str, request: Message, _: grpc.ServicerContext) -> object:
            now = time.monotonic()
            for key, element in elements(signal, request):
                self.arrived[key] = now
                self.order.append(key)
                self.rows[key] = dict(times(element))
            self.first.set()
            return RESPONSES[signal]()

        super().__init__(answer)


@pytest.fixture
def clocked() -> Iterator[Clocked]:
    """An upstream that knows when each row came."""
    upstream = Clocked()
    yield upstream
    upstream.server.stop(None)


def send(con: Connection, query: str, endpoint: str, options: str = "") -> int:
    """Sends; returns how many rows that says."""
    ((count,),) = con.execute(f"COPY ({query}) TO '{endpoint}' (FORMAT otlp{options})").fetchall()
    return int(count)


@pytest.mark.parametrize("speed", [1.0, 4.0])
@pytest.mark.parametrize("in_order", [True, False])
def test_rows_keep_their_pace(
    con: Connection, clocked: Clocked, speed: float, in_order: bool
) -> None:
    """All times move by as much; none is sent before it is due, whatever order the query has."""
    con.execute(f"SET preserve_insertion_order = {in_order}")
    gaps = [900_000_000, 0, 400_000_000, 50_000_000, 900_000_010]
    query = rows(con, gaps)
    assert send(con, query, clocked.endpoint) == 3 * len(gaps) + 1
    original = dict(clocked.rows)
    clocked.rows.clear()
    clocked.order.clear()
    begun, clock = time.monotonic(), time.time_ns()
    sent = send(
        con,
        f"FROM {query} ORDER BY timestamp DESC",
        clocked.endpoint,
        f", SPEED {speed}, IN_FLIGHT 1",
    )
    assert sent == len(clocked.order) == len(original)
    moved = {
        clocked.rows[key][path] - at
        for key, found in original.items()
        for path, at in found.items()
    }
    assert {key: found.keys() for key, found in clocked.rows.items()} == {
        key: found.keys() for key, found in original.items()
    }
    (shift,) = moved
    # Times of rows are those of microseconds.
    assert clock - 1_000 <= FIRST + shift <= time.time_ns()
    for number, gap in enumerate(gaps, 1):
        for key in (("traces", f"{number:016x}"), ("logs", str(number)), ("metrics", str(number))):
            assert clocked.arrived[key] - begun >= gap / SECOND / speed, key
    by_gap = [gaps[int(name) - 1] for signal, name in clocked.order if signal == "logs"]
    assert [gap // 1000 for gap in by_gap] == sorted(gap // 1000 for gap in gaps)
    assert [name for signal, name in clocked.order if signal == "traces"][-1] == "f" * 16


def test_many_rows_to_another_receiver(con: Connection) -> None:
    """Each once, with the times between them."""
    attached = live.attach(con)
    con.execute(
        "CREATE TABLE many AS SELECT make_timestamp(i * 10) AS timestamp, NULL::JSON AS resource, "
        "json_object('spanId', printf('%016x', i), 'startTimeUnixNano', (i * 10000)::VARCHAR) "
        "AS data FROM range(1, 30001) t(i)"
    )
    begun = time.monotonic()
    endpoint = f"otlp://localhost:{attached.port}"
    assert send(con, "FROM many ORDER BY hash(data)", endpoint, ", SPEED 1.0") == 30_000
    assert time.monotonic() - begun >= 0.29999
    moved = con.execute(
        "SELECT DISTINCT date_diff('microseconds', many.timestamp, live.timestamp) FROM many "
        "JOIN live.traces AS live ON many.data->>'spanId' = live.data->>'spanId'"
    ).fetchall()
    assert len(moved) == 1
    assert attached.count() == 30_000
    attached.detach()


def test_a_query_that_is_interrupted_while_it_waits(con: Connection, clocked: Clocked) -> None:
    """Ends, though the next row is due in an hour."""
    query = rows(con, [0, HOUR])
    ended = threading.Event()

    def interrupt() -> None:
        assert clocked.first.wait(60)
        while not ended.is_set():
            con.interrupt()
            time.sleep(0.05)

    interrupting = threading.Thread(target=interrupt, daemon=True)
    interrupting.start()
    with pytest.raises(duckdb.InterruptException):
        send(con, query, clocked.endpoint, ", SPEED 1.0")
    ended.set()
    interrupting.join()


def test_an_upstream_that_refuses_while_the_next_row_waits(con: Connection) -> None:
    """Is an error at once, not in an hour."""

    def answer(signal: str, _: Message, context: grpc.ServicerContext) -> object:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"no {signal}")

    upstream = Upstream(answer)
    query = rows(con, [0, HOUR])
    with pytest.raises(duckdb.IOException, match="INVALID_ARGUMENT: no"):
        send(con, query, upstream.endpoint, ", SPEED 1.0")
    upstream.server.stop(None)


def test_rows_without_times(con: Connection, clocked: Clocked) -> None:
    """Are sent as they are: no time is made up."""
    query = rows(con, [])
    assert send(con, query, clocked.endpoint, ", SPEED 1.0") == 1
    assert clocked.rows == {("traces", "f" * 16): {".end_time_unix_nano": FIRST}}
    assert send(con, f"FROM {query} LIMIT 0", clocked.endpoint, ", SPEED 1.0") == 0


@pytest.mark.parametrize(
    "speed", ["0", "-1.0", "0.0", "'nan'", "'NaN'", "'inf'", "'fast'", "true", "", "'1,5'"]
)
def test_what_is_no_speed(con: Connection, speed: str) -> None:
    """Is told before anything is sent."""
    query = rows(con, [0])
    with pytest.raises(duckdb.BinderException, match=r"speed '.*' is not a number more than 0"):
        send(con, query, "otlp://localhost", f", SPEED {speed}")


def test_what_has_no_speed(con: Connection, tmp_path: Path) -> None:
    """A file, and rows whose times nobody knows."""
    query = rows(con, [0])
    with pytest.raises(duckdb.BinderException, match="speed is for rows that are sent"):
        send(con, query, str(tmp_path / "x.jsonl"), ", SPEED 1.0")
    with pytest.raises(duckdb.BinderException, match="speed takes the column timestamp"):
        send(con, f"SELECT resource, data FROM {query}", "otlp://localhost", ", SPEED 1.0")
