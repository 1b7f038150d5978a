"""Critical path and self time of random traces, against a look at every moment of each."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest

import extension

MS = 1_000_000
TRACES = 100


@dataclass(frozen=True)
class Span:
    """A span; times are whole milliseconds, None where there is none."""

    id: str
    parent: str | None
    start: int | None
    end: int | None

    def runs(self, moment: int) -> bool:
        """Whether the millisecond that begins there is within the span."""
        if self.start is None or self.end is None:
            return False
        return self.start <= moment < self.end

    @property
    def duration(self) -> int | None:
        """As the typed tables have it."""
        return None if self.start is None or self.end is None else self.end - self.start


def made(number: int) -> list[Span]:
    """Up to 20 spans: parents are lost or outlived, clocks disagree, times are missing."""
    rng = random.Random(number)
    root = Span("s00", None, 10, 10 + rng.randint(0, 60))
    spans = [root]
    for place in range(1, rng.randint(1, 20)):
        parent = rng.choice(spans)
        start = (
            rng.randint(0, 70) if rng.random() < 0.5 else (parent.start or 0) + rng.randint(0, 9)
        )
        end = start + rng.choice([rng.randint(-5, 5), rng.randint(0, 40)])
        lost, untimed = rng.random() < 0.05, rng.random() < 0.05
        spans.append(
            Span(
                f"s{place:02}",
                "gone" if lost else parent.id,
                None if untimed else start,
                None if untimed else end,
            )
        )
    return spans


def deep(number: int) -> list[Span]:
    """120 spans, most below the one before; some outlive their parent, or begin before it."""
    rng = random.Random(number)
    line = [Span("s000", None, 0, 300)]
    spans = list(line)
    for place in range(1, 120):
        aside = rng.random() < 0.2
        parent = rng.choice(line[-4:]) if aside else line[-1]
        start = (parent.start or 0) + rng.randint(-1, 2)
        end = (parent.end or 0) + (rng.randint(-90, -3) if aside else rng.randint(-2, 1))
        spans.append(Span(f"s{place:03}", parent.id, start, end))
        if not aside:
            line.append(spans[-1])
    return spans


def children(spans: list[Span], parent: Span) -> list[Span]:
    """Those directly below it."""
    return [span for span in spans if span.parent == parent.id]


def self_time(spans: list[Span], span: Span) -> int:
    """How many milliseconds no child of the span covers."""
    if span.start is None or span.end is None:
        return 0
    below = children(spans, span)
    return sum(not any(child.runs(at) for child in below) for at in range(span.start, span.end))


def critical(spans: list[Span]) -> Counter[str]:
    """Of each span how long it is the one that the trace waits for."""
    known = {span.id for span in spans}
    roots = [span for span in spans if span.parent not in known]
    root = min(
        roots, key=lambda span: (-(span.duration if span.duration is not None else -99), span.id)
    )
    own: Counter[str] = Counter({root.id: 0})
    for moment in range(root.start or 0, root.end or 0):
        span = root
        while running := [child for child in children(spans, span) if child.runs(moment)]:
            span = min(running, key=lambda child: (-(child.end or 0), child.start, child.id))
        own[span.id] += 1
    return own


@pytest.fixture(scope="module")
def telemetry() -> Iterator[duckdb.DuckDBPyConnection]:
    """The random traces in a table `spans`, each span twice, as retries store them."""
    con = extension.connect()
    con.execute(
        "CREATE TABLE spans (trace_id VARCHAR, span_id VARCHAR, parent_span_id VARCHAR, "
        "service_name VARCHAR, name VARCHAR, start_time_unix_nano TIMESTAMP_NS, duration_ns BIGINT)"
    )
    rows = [
        (
            f"t{number}",
            span.id,
            span.parent,
            f"service {span.id[-1]}",
            span.id,
            None if span.start is None else span.start * MS,
            None if span.duration is None else span.duration * MS,
        )
        for number in range(TRACES)
        for span in made(number)
    ]
    con.executemany("INSERT INTO spans VALUES (?, ?, ?, ?, ?, make_timestamp_ns(?), ?)", rows * 2)
    yield con
    con.close()


def test_self_time(telemetry: duckdb.DuckDBPyConnection) -> None:
    """Of each span, once: what none of its children covers."""
    found = telemetry.execute(
        "SELECT trace, span_id, self_ms FROM otlp_self_time(spans := 'spans') ORDER BY ALL"
    ).fetchall()
    wanted = [
        (f"t{number}", span.id, self_time(spans, span))
        for number in range(TRACES)
        for spans in [made(number)]
        for span in spans
    ]
    assert found == sorted(wanted)


def test_self_time_by_operation(telemetry: duckdb.DuckDBPyConnection) -> None:
    """The sum of each operation, and its share of all."""
    wanted: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for number in range(TRACES):
        spans = made(number)
        for span in spans:
            wanted[span.id] += self_time(spans, span)
            counts[span.id] += 1
    found = telemetry.execute(
        "SELECT operation, spans, self_ms, percent "
        "FROM otlp_self_time_by_operation(spans := 'spans')"
    ).fetchall()
    assert {name: self_ms for name, _, self_ms, _ in found} == wanted
    assert {name: spans for name, spans, *_ in found} == counts
    assert sum(percent for *_, percent in found) == pytest.approx(100, abs=1)


def test_critical_path(telemetry: duckdb.DuckDBPyConnection) -> None:
    """Each moment belongs to one span: of the children that run the last to end, and so on down."""
    for number in range(TRACES):
        found = telemetry.execute(
            "SELECT span_id, own_ms FROM otlp_critical_path(?, spans := 'spans')", [f"t{number}"]
        ).fetchall()
        wanted = critical(made(number))
        assert len(found) == len(dict(found))
        assert {span: own for span, own in found if own} == {k: v for k, v in wanted.items() if v}
        assert found[0][0] in wanted


def test_critical_path_of_deep_traces() -> None:
    """Of a hundred levels, it is what a look at every moment says."""
    con = extension.connect()
    con.execute(
        "CREATE TABLE spans (trace_id VARCHAR, span_id VARCHAR, parent_span_id VARCHAR, "
        "service_name VARCHAR, name VARCHAR, start_time_unix_nano TIMESTAMP_NS, duration_ns BIGINT)"
    )
    deepest = 0
    for number in range(2):
        spans = deep(number)
        rows = [
            (
                f"t{number}",
                span.id,
                span.parent,
                None,
                span.id,
                (span.start or 0) * MS,
                duration * MS,
            )
            for span in spans
            if (duration := span.duration) is not None
        ]
        con.executemany("INSERT INTO spans VALUES (?, ?, ?, ?, ?, make_timestamp_ns(?), ?)", rows)
        found = con.execute(
            "SELECT span_id, own_ms FROM otlp_critical_path(?, spans := 'spans')", [f"t{number}"]
        ).fetchall()
        wanted = critical(spans)
        assert {span: own for span, own in found if own} == {k: v for k, v in wanted.items() if v}
        # Parents come before what is below them, and earlier children before later ones.
        places = {span: place for place, (span, _) in enumerate(found)}
        parents = {span.id: span.parent for span in spans}
        assert all(places[parent] < places[span] for span in places if (parent := parents[span]))
        deepest = max(deepest, len(found))
    assert deepest > 50
    con.close()
