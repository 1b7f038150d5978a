"""Increases, rates and quantiles, against measurements that are counted one by one."""

import json
import math
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import duckdb
import pytest

import extension

SECOND = 1_000_000_000
SERIES = 40
WIDTH = 40
Point = dict[str, Any]
#: When an increase began (None if that is unknown), when it ended, and how much it is.
Step = tuple[int | None, int, float | None]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with an empty table `data_points` that is like the typed one."""
    connection = extension.connect()
    shop = extension.ROOT / "test" / "data" / "shop.jsonl"
    connection.execute(f"CREATE TABLE data_points AS FROM read_otlp_data_points('{shop}') LIMIT 0")
    yield connection
    connection.close()


def store(con: duckdb.DuckDBPyConnection, points: list[Point]) -> None:
    """All that the table has: each point twice and in any order, as retries may leave it."""
    twice = points * 2
    random.Random(7).shuffle(twice)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(point) + "\n" for point in twice)
        file.flush()
        con.execute("TRUNCATE data_points")
        con.execute(
            "INSERT INTO data_points BY NAME SELECT * REPLACE "
            f"(make_timestamp_ns({SECOND} * CAST(time_unix_nano AS BIGINT)) AS time_unix_nano, "
            f"make_timestamp_ns({SECOND} * CAST(start_time_unix_nano AS BIGINT)) "
            f"AS start_time_unix_nano) FROM read_json('{file.name}')"
        )


@dataclass
class Life:
    """A process from its start to its end: when it exported, and what it measured when."""

    begin: int
    exports: list[int]
    measured: list[tuple[int, float]]

    def between(self, since: int, until: int) -> list[float]:
        """What it measured after the one and until the other."""
        return [value for at, value in self.measured if since < at <= until]


def lives(rng: random.Random, draw: Callable[[], float]) -> list[Life]:
    """Processes one after the other; exports are lost now and then."""
    found, at = [], rng.randint(0, 50)
    for _ in range(rng.randint(1, 4)):
        begin = at
        end = begin + rng.randint(1, 200)
        exports = sorted(rng.sample(range(begin + 1, end + 1), min(end - begin, rng.randint(1, 7))))
        measured = [(rng.randint(begin + 1, end), draw()) for _ in range(rng.randint(0, 60))]
        found.append(Life(begin, exports, measured))
        at = exports[-1] + rng.choice([0, rng.randint(0, 90)])
    return found


def base(rng: random.Random, number: int, kind: str, temporality: str) -> Point:
    """What identifies a series: of two instances, and with attributes that come in any order."""
    labels = [("route", f"/r{number // 4}"), ("method", "GET"), ("n", 1)]
    rng.shuffle(labels)
    return {
        "name": f"metric {number // 4}",
        "kind": kind,
        "unit": "1",
        "flags": 0,
        "service_name": "shop",
        "service_instance_id": f"i{number % 4}",
        "resource_attributes": json.dumps({"service.instance.id": f"i{number % 4}"}),
        "attributes": json.dumps(dict(labels)),
        "aggregation_temporality": temporality,
    }


def sums(number: int) -> tuple[list[Point], list[Step]]:
    """A series of a sum: its points, and by how much it grew."""
    rng = random.Random(number)
    way = ["known", "absent", "equal", "delta", "up and down"][number // 4 % 5]
    draw = (lambda: rng.choice([-3, 1, 2])) if way == "up and down" else (lambda: rng.randint(1, 9))
    points: list[Point] = []
    steps: list[Step] = []
    earlier: tuple[int, float] | None = None
    for life in lives(rng, draw):
        first = life.exports[0]
        for since, at in pairwise([life.begin, *life.exports]):
            grown = sum(life.between(since, at))
            total = sum(life.between(life.begin, at))
            start = {"absent": None, "equal": first, "delta": since}.get(way, life.begin)
            step: Step = (since, at, grown)
            if way in ("absent", "equal") and since == life.begin:
                if earlier is None:
                    step = (None, at, None) if way == "absent" else (at, at, 0)
                else:
                    fell = total < earlier[1]
                    step = (earlier[0], at, total if fell else total - earlier[1])
            earlier = (at, total)
            steps.append(step)
            points.append(
                {
                    **base(rng, number, "sum", "DELTA" if way == "delta" else "CUMULATIVE"),
                    "time_unix_nano": at,
                    "start_time_unix_nano": start,
                    "is_monotonic": way != "up and down",
                    "value": grown if way == "delta" else total,
                }
            )
    ended = {**points[-1], "time_unix_nano": 10_000, "value": None, "flags": 1}
    return [*points, ended], steps


def seconds(column: str) -> str:
    """A time in seconds."""
    return f"epoch_ns({column}) // {SECOND}"


def test_increase_of_sums(con: duckdb.DuckDBPyConnection) -> None:
    """Of each point, once: since when, and by how much."""
    made = {number: sums(number) for number in range(SERIES)}
    store(con, [point for points, _ in made.values() for point in points])
    found = con.execute(
        f"SELECT metric, instance, {seconds('since')}, {seconds('time')}, increase, per_second "
        "FROM otlp_increase(data_points := 'data_points') ORDER BY ALL"
    ).fetchall()
    wanted = [
        (
            f"metric {number // 4}",
            f"i{number % 4}",
            *step,
            None if step[2] is None or step[0] == step[1] else step[2] / (step[1] - (step[0] or 0)),
        )
        for number, (_, steps) in made.items()
        for step in steps
    ]
    assert len(found) == len(wanted)
    assert sorted(map(repr, found)) == sorted(
        repr((*row[:4], *(None if value is None else float(value) for value in row[4:])))
        for row in wanted
    )


def test_rate_of_sums(con: duckdb.DuckDBPyConnection) -> None:
    """In each bucket of time what is in it of every second's growth, over all instances."""
    made = {number: sums(number) for number in range(SERIES)}
    store(con, [point for points, _ in made.values() for point in points])
    begin = (min(at for _, steps in made.values() for _, at, _ in steps) - WIDTH) // WIDTH * WIDTH
    grown: dict[tuple[str, int], float] = defaultdict(float)
    covered: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, (_, steps) in made.items():
        for since, at, increase in steps:
            if increase is None:
                continue
            metric = f"metric {number // 4}"
            if since is None or since == at:
                grown[metric, at // WIDTH * WIDTH] += increase
                covered[metric, at // WIDTH * WIDTH] += [at]
            for second in range(max(since if since is not None else at, begin), at):
                bucket = second // WIDTH * WIDTH
                grown[metric, bucket] += increase / (at - (since or 0))
                covered[metric, bucket] += [second, second + 1]
    found = con.execute(
        "SELECT metric, CAST(epoch(time) AS BIGINT), per_second "
        f"FROM otlp_rate(data_points := 'data_points', width := INTERVAL {WIDTH} SECONDS)"
    ).fetchall()
    assert len(found) == len(grown)
    for metric, bucket, per_second in found:
        length = max(covered[metric, bucket]) - min(covered[metric, bucket])
        rate = grown[metric, bucket] / length if length else None
        assert per_second == (None if rate is None else pytest.approx(rate, rel=1e-7, abs=1e-9))


BOUNDS = [[1.0, 5.0, 10.0, 50.0], [1.0, 10.0, 50.0], [5.0, 10.0], [2.0, 7.0], []]


def counted(values: list[float], bounds: list[float]) -> list[int]:
    """How many are in each bucket."""
    edges = [-math.inf, *bounds, math.inf]
    return [sum(low < value <= high for value in values) for low, high in pairwise(edges)]


def histograms(number: int) -> tuple[list[Point], list[Any]]:
    """A series of a histogram whose bounds change: its points, and what it counted between them."""
    rng = random.Random(number)
    way = ["known", "absent", "delta"][number // 4 % 3]
    points: list[Point] = []
    steps: list[Any] = []
    earlier: tuple[int, list[float], list[float]] | None = None
    for life in lives(rng, lambda: rng.choice([0.5, 1, 3, 6, 7, 9, 30, 70, -2])):
        bounds = rng.choice(BOUNDS)
        for since, at in pairwise([life.begin, *life.exports]):
            bounds = rng.choice([bounds, bounds, rng.choice(BOUNDS)])
            new, whole = life.between(since, at), life.between(life.begin, at)
            if way == "delta" or (way == "known" and since == life.begin):
                steps.append((since, at, counted(new, bounds), bounds))
            elif earlier is None:
                steps.append((None, at, None, bounds))
            else:
                common = sorted(set(bounds) & set(earlier[2]))
                grown = [
                    now - then
                    for now, then in zip(
                        counted(whole, common), counted(earlier[1], common), strict=True
                    )
                ]
                fell = min(grown) < 0
                steps.append(
                    (
                        earlier[0],
                        at,
                        counted(whole, bounds) if fell else grown,
                        bounds if fell else common,
                    )
                )
            earlier = (at, whole, bounds)
            values = new if way == "delta" else whole
            points.append(
                {
                    **base(rng, number, "histogram", "DELTA" if way == "delta" else "CUMULATIVE"),
                    "time_unix_nano": at,
                    "start_time_unix_nano": {"absent": None, "delta": since}.get(way, life.begin),
                    "count": len(values),
                    "sum": sum(values),
                    "bucket_counts": counted(values, bounds),
                    "explicit_bounds": bounds,
                }
            )
    return points, steps


def test_increase_of_histograms(con: duckdb.DuckDBPyConnection) -> None:
    """Buckets are subtracted by their bounds, and never below nothing."""
    made = {number: histograms(number) for number in range(SERIES)}
    store(con, [point for points, _ in made.values() for point in points])
    found = con.execute(
        f"SELECT metric, instance, {seconds('since')}, {seconds('time')}, bucket_counts, "
        "explicit_bounds, increase FROM otlp_increase(data_points := 'data_points')"
    ).fetchall()
    wanted = [
        (f"metric {number // 4}", f"i{number % 4}", *step, step[2] and float(sum(step[2])))
        for number, (_, steps) in made.items()
        for step in steps
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))


@dataclass(frozen=True)
class Resolution:
    """How an exponential histogram counts."""

    scale: int
    threshold: float

    def point(self, values: list[float]) -> Point:
        """The buckets of the values."""
        sides = {1: Counter[int](), -1: Counter[int]()}
        zeros = 0
        for value in values:
            if abs(value) <= self.threshold:
                zeros += 1
            else:
                index = math.ceil(math.log2(abs(value)) * 2**self.scale) - 1
                sides[1 if value > 0 else -1][index] += 1
        return {
            "count": len(values),
            "scale": self.scale,
            "zero_count": zeros,
            "zero_threshold": self.threshold,
            "positive": dense(sides[1]),
            "negative": dense(sides[-1]),
        }


def dense(counts: Counter[int]) -> dict[str, Any]:
    """Buckets as OTLP has them."""
    if not counts:
        return {"offset": 0, "bucket_counts": []}
    return {
        "offset": min(counts),
        "bucket_counts": [counts[at] for at in range(min(counts), max(counts) + 1)],
    }


def sparse(buckets: dict[str, Any]) -> dict[int, int]:
    """The buckets that hold anything."""
    return {
        buckets["offset"] + at: count for at, count in enumerate(buckets["bucket_counts"]) if count
    }


def measurement(rng: random.Random) -> float:
    """A value of any size and sign that is no bound of a bucket."""
    return rng.choice([0.0, 1, 1, 1, -1]) * math.exp(rng.uniform(-3, 5))


def exponential(number: int) -> tuple[list[Point], list[Any]]:
    """A series of an exponential histogram that grows coarser: its points, and what it counted."""
    rng = random.Random(number)
    points: list[Point] = []
    steps: list[Any] = []
    for life in lives(rng, lambda: measurement(rng)):
        now = Resolution(6, 0.0)
        for since, at in pairwise([life.begin, *life.exports]):
            scale = max(now.scale - rng.choice([0, 0, 1, 2]), 0)
            now = Resolution(scale, max(now.threshold, rng.choice([0, 0, 0.25])))
            steps.append((since, at, now.point(life.between(since, at))))
            points.append(
                {
                    **base(rng, number, "exponential_histogram", "CUMULATIVE"),
                    **now.point(life.between(life.begin, at)),
                    "time_unix_nano": at,
                    "start_time_unix_nano": life.begin,
                }
            )
    return points, steps


def test_increase_of_exponential_histograms(con: duckdb.DuckDBPyConnection) -> None:
    """Also where the scale falls and the zero bucket takes in others between two points."""
    made = {number: exponential(number) for number in range(SERIES)}
    store(con, [point for points, _ in made.values() for point in points])
    found = con.execute(
        f"SELECT metric, instance, {seconds('since')}, {seconds('time')}, increase, zero_count, "
        "positive, negative FROM otlp_increase(data_points := 'data_points')"
    ).fetchall()
    wanted = [
        (
            f"metric {number // 4}",
            f"i{number % 4}",
            since,
            at,
            float(step["count"]),
            step["zero_count"],
            sparse(step["positive"]),
            sparse(step["negative"]),
        )
        for number, (_, steps) in made.items()
        for since, at, step in steps
    ]
    got = [(*row[:6], sparse(row[6]), sparse(row[7])) for row in found]
    assert sorted(map(repr, got)) == sorted(map(repr, wanted))


Bucket = tuple[int, str, float | None, float | None]


def of_bounds(counts: list[int], bounds: list[float]) -> Iterator[tuple[Any, Any, int]]:
    """Buckets of a histogram with their bounds; the outermost have one."""
    yield from zip([None, *bounds], [*bounds, None], counts, strict=True)


def of_scale(point: Point) -> Iterator[tuple[float, float, int]]:
    """Buckets of an exponential histogram with their bounds; none reaches into that of zero."""
    zero = point["zero_threshold"]
    yield -zero, zero, point["zero_count"]
    for sign in (1, -1):
        side = sparse(point["positive" if sign > 0 else "negative"])
        for index, count in side.items():
            ends = [2 ** (at / 2 ** point["scale"]) for at in (index, index + 1)]
            low, high = sorted(sign * max(end, zero) for end in ends)
            yield low, high, count


@pytest.mark.parametrize("kind", ["histogram", "exponential_histogram"])
def test_buckets(con: duckdb.DuckDBPyConnection, kind: str) -> None:
    """What all instances measured in a bucket of time, bucket by bucket."""
    generate = histograms if kind == "histogram" else exponential
    made = {number: generate(number) for number in range(SERIES)}
    store(con, [point for points, _ in made.values() for point in points])
    wanted: Counter[Bucket] = Counter()
    for number, (_, steps) in made.items():
        for _, at, *grown in steps:
            if grown[0] is None:
                continue
            for low, high, count in of_bounds(*grown) if kind == "histogram" else of_scale(*grown):
                wanted[at // WIDTH * WIDTH, f"metric {number // 4}", near(low), near(high)] += count
    found = con.execute(
        f"SELECT {seconds('time')}, metric, low, high, count FROM otlp_buckets("
        f"data_points := 'data_points', width := INTERVAL {WIDTH} SECONDS)"
    ).fetchall()
    assert {(time, metric, near(low), near(high)): n for time, metric, low, high, n in found} == {
        bucket: count for bucket, count in wanted.items() if count
    }


def near(bound: float | None) -> float | None:
    """A bound as far as the last digits of a power do not matter."""
    return None if bound is None else float(f"{bound:.9g}") + 0.0


def by_prometheus(point: Point, quantile: float) -> float | None:
    """What Prometheus's histogram_quantile says of a native histogram with these buckets."""
    zero, base = point["zero_threshold"], 2**2 ** -point["scale"]
    positive, negative = sparse(point["positive"]), sparse(point["negative"])
    buckets = [(-(base ** (at + 1)), -max(base**at, zero), n) for at, n in negative.items()]
    buckets += [(max(base**at, zero), base ** (at + 1), n) for at, n in positive.items()]
    low = 0.0 if positive and not negative else -zero
    high = 0.0 if negative and not positive else zero
    buckets = sorted(
        [*buckets, *([(low, high, point["zero_count"])] if point["zero_count"] else [])]
    )
    total = sum(count for *_, count in buckets)
    if not total:
        return None
    forward = quantile < 0.5
    rank = (quantile if forward else 1 - quantile) * total
    seen = 0
    order = iter(buckets if forward else reversed(buckets))
    while seen < rank or not seen:
        low, high, count = next(order)
        seen += count
    part = ((rank - seen + count) if forward else (seen - rank)) / count
    if low <= 0 <= high:
        return low + (high - low) * part
    return low * (high / low) ** part


QUANTILES = [0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.99, 1]
OF_EXPONENTIAL = "scale, zero_count, zero_threshold, positive, negative"


def test_quantiles_of_exponential_histograms(con: duckdb.DuckDBPyConnection) -> None:
    """By the rules of Prometheus, of each point and of all of a metric together."""
    rng = random.Random(3)
    points, measured = [], defaultdict(list)
    for number in range(80):
        sign = [1, -1, 0][number // 4 % 3]
        values = [measurement(rng) for _ in range(rng.choice([0, 1, 2, 5, 40]))]
        values = [abs(value) * sign if sign else value for value in values]
        resolution = Resolution(rng.randint(0, 3), rng.choice([0, 0, 0.25]))
        measured[f"metric {number // 4}"].append((resolution, values))
        points.append(
            {
                **base(rng, number, "exponential_histogram", "DELTA"),
                **resolution.point(values),
                "time_unix_nano": number,
                "start_time_unix_nano": None,
            }
        )
    store(con, points)
    for quantile in QUANTILES:
        found = con.execute(
            f"SELECT scale, zero_count, zero_threshold, positive, negative, "
            f"otlp_exponential_histogram_quantile({OF_EXPONENTIAL}, {quantile}) FROM data_points"
        )
        names = OF_EXPONENTIAL.split(", ")
        for *columns, value in found.fetchall():
            point = dict(zip(names, columns, strict=True))
            assert value == pytest.approx(by_prometheus(point, quantile), nan_ok=False), point
        merged = con.execute(
            f"SELECT name, otlp_merged_exponential_histogram_quantile({OF_EXPONENTIAL}, "
            f"{quantile}) FROM data_points GROUP BY name"
        ).fetchall()
        assert len(merged) == len(measured)
        for name, value in merged:
            scale = min(resolution.scale for resolution, _ in measured[name])
            zero = max(resolution.threshold for resolution, _ in measured[name])
            together = [value for _, values in measured[name] for value in values]
            whole = Resolution(scale, zero).point(together * 2)
            assert value == pytest.approx(by_prometheus(whole, quantile)), (name, quantile)


def interpolated(counts: list[int], bounds: list[float], quantile: float) -> float | None:
    """What Prometheus's histogram_quantile says of a classic histogram."""
    if not sum(counts) or not bounds:
        return None
    rank, seen = quantile * sum(counts), 0
    at = -1
    while seen < rank or not seen:
        at += 1
        seen += counts[at]
    count = counts[at]
    if at == len(bounds):
        return bounds[-1]
    if at == 0 and bounds[0] <= 0:
        return bounds[0]
    low = bounds[at - 1] if at else 0
    return low + (bounds[at] - low) * (rank - seen + count) / count


def test_quantiles_of_histograms(con: duckdb.DuckDBPyConnection) -> None:
    """Of each point, and of all of a metric together in the buckets that they have in common."""
    rng = random.Random(4)
    points, measured = [], defaultdict(list)
    for number in range(80):
        values = [measurement(rng) for _ in range(rng.choice([0, 1, 2, 5, 40]))]
        bounds = rng.choice(BOUNDS)
        measured[f"metric {number // 4}"].append((bounds, values))
        points.append(
            {
                **base(rng, number, "histogram", "DELTA"),
                "bucket_counts": counted(values, bounds),
                "explicit_bounds": bounds,
                "time_unix_nano": number,
                "start_time_unix_nano": None,
            }
        )
    store(con, points)
    for quantile in QUANTILES:
        found = con.execute(
            "SELECT bucket_counts, explicit_bounds, "
            f"otlp_histogram_quantile(bucket_counts, explicit_bounds, {quantile}) FROM data_points"
        ).fetchall()
        for counts, bounds, value in found:
            assert value == pytest.approx(interpolated(counts, bounds, quantile))
        merged = con.execute(
            f"SELECT name, otlp_merged_histogram_quantile(bucket_counts, explicit_bounds, "
            f"{quantile}) FROM data_points GROUP BY name"
        ).fetchall()
        assert len(merged) == len(measured)
        for name, value in merged:
            common = sorted(set.intersection(*(set(bounds) for bounds, _ in measured[name])))
            together = [value for _, values in measured[name] for value in values]
            assert value == pytest.approx(
                interpolated(counted(together, common), common, quantile)
            ), (name, quantile)
