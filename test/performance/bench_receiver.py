"""Measures receiving against sinks that drop what they take, all in one run: `make bench`.

What a row costs the server is CPU time, since the sender would be busy before it. How long an
Export takes is measured by the load of load_test.py, with queries running, in short rounds of ours
and the sink's in turn: p99 is the median of the rounds, each of which has processes of its own.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bench
import load_test
from dataset import program
from jobs import MEGABYTES, MILLISECONDS, ROWS, ROWS_PER_CPU_SECOND, Job, Value
from load_test import BATCH, GROWTH, P99, RATE, Latencies, Report

import extension
import live
import process

#: Seconds of one run of a server under all the requests that it can take.
SECONDS = 1.0

#: What p99 of Export should stay below at half of saturation, in seconds.
HALF_P99 = 0.010

ROUNDS = 3
ROUND_SECONDS = 10
#: The ring is full before half of a round is over, at any rate.
ROUND_ROWS = 40_000

#: Spans a second that are forwarded: fewer than can be, or rows would make room for others before
#: they are.
FORWARDED = 1_000_000

#: Spans that are due at once: the pace at which they arrive is the saturation.
SATURATING = 4_000_000


def main() -> int:
    """The exit code."""
    options = bench.parser(__doc__).parse_args()
    return bench.run("receiver", jobs(), options)


def jobs() -> Iterator[Job]:
    """The live rows of the performance table that are about receiving."""
    yield from cost()
    yield from forwarding()
    yield from under(Load(f"{RATE:,} spans/s", lambda: RATE), "target", P99)
    half = Load("half of saturation", lambda: saturation() / 2)
    rate, steady = Value(lambda: half.rate), Value(lambda: RATE)
    yield Job(f"live, {half.name} / {RATE:,} spans/s", rate, steady)
    yield from under(half, "stretch", HALF_P99)


@dataclass
class Ingest:
    """A server of the `ingest` program, under one kind of requests."""

    server: str
    protocol: str
    rows: int
    compression: str

    def measure(self) -> float:
        """Rows per second of its CPU time."""
        command = self.command()
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def command(self) -> list[str | Path]:
        """The program, and what it is asked for."""
        command = [program("ingest"), "--protocol", self.protocol, "--rows", str(self.rows)]
        return [*command, "--compression", self.compression, "--seconds", str(SECONDS), self.server]


def cost() -> Iterator[Job]:
    """What a row costs, in requests of every kind; those of 512 spans have targets."""
    grpc, http = (0.5, 0.7), (0.2, 0.5)
    yield ingest("grpc", 512, *grpc)
    yield ingest("grpc", 512, sink="tonic")
    for rows in (1, 10, 8192):
        yield ingest("grpc", rows)
    for compression in ("gzip", "zstd"):
        yield ingest("grpc", 512, compression=compression)
    yield ingest("http", 512, *http)
    yield ingest("http", 10)
    yield ingest("json", 512)


def ingest(
    protocol: str,
    rows: int,
    target: float | None = None,
    stretch: float | None = None,
    compression: str = "none",
    sink: str | None = None,
) -> Job:
    """The receiver against the sink of a protocol, or another."""
    sink = sink or ("tonic-tuned" if protocol == "grpc" else "hyper")
    name = {"grpc": "gRPC", "http": "HTTP/protobuf", "json": "HTTP/JSON"}[protocol]
    kind = "" if compression == "none" else f" {compression}"
    ours, peer = (Ingest(server, protocol, rows, compression) for server in ("receiver", sink))
    name = f"live, {name}{kind}, batches of {rows} / {sink} sink"
    return Job(name, ours, peer, target, stretch, ROWS_PER_CPU_SECOND)


@dataclass
class Attached:
    """A receiver of the extension, which forwards to a sink of that kind, or to nobody."""

    sink: str | None

    def measure(self) -> float:
        """Rows per second of CPU time of the process that has it, until all are forwarded."""
        with contextlib.ExitStack() as stack:
            options = {"memory_limit": "2GB"}
            if self.sink:
                command = [program("ingest"), "--serve", self.sink]
                piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
                serving = stack.enter_context(subprocess.Popen(command, **piped))
                assert serving.stdout
                scheme = "http" if self.sink == "hyper" else "otlp"
                options["forward"] = f"{scheme}://{serving.stdout.readline().strip()}"
            receiving = stack.enter_context(process.start("bench_receiver:receive", options))
            at = process.hear(receiving)
            before = cpu_time(at["pid"])
            command = [program("ingest"), "--pid", str(at["pid"]), "--seconds", str(SECONDS)]
            command += ["--rate", str(FORWARDED), f"127.0.0.1:{at['port']}"]
            subprocess.run(command, check=True, capture_output=True)
            process.tell(receiving)
            received, forwarded = process.hear(receiving)
            after = cpu_time(at["pid"])
            # Otherwise it would be cheap for not being done.
            assert not self.sink or forwarded > 0.9 * received, (received, forwarded)
            return received / (after - before)


def cpu_time(pid: int) -> float:
    """Seconds that the threads of a process have run for."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def receive(options: dict[str, Any]) -> None:
    """Receives until told to; says how many rows were received and forwarded once none waits."""
    attached = live.attach(extension.connect(), "127.0.0.1:0", **options)
    process.say({"port": attached.port, "pid": os.getpid()})
    process.wait()
    query = "SELECT received, forwarded, forward_waiting FROM live.stats WHERE signal = 'traces'"
    while (counts := attached.fetch(query)[0])[2]:
        time.sleep(0.05)
    process.say((counts[0], counts[1] or 0))
    process.wait()


def forwarding() -> Iterator[Job]:
    """What it costs to forward what is received: no more than 15 % of it."""
    for sink, name in (("hyper", "HTTP"), ("tonic-tuned", "gRPC")):
        job = f"live, gRPC, batches of 512, forwarded over {name} / not"
        yield Job(job, Attached(sink), Attached(None), 1 / 1.15, unit=ROWS_PER_CPU_SECOND)


@dataclass
class Load:
    """Rounds of the same load: against the receiver, the sink, and the sink beside the queries."""

    name: str
    at: Callable[[], float]
    """Spans a second, found when they are first needed."""

    @cached_property
    def rate(self) -> int:
        return round(self.at())

    @cached_property
    def rounds(self) -> list[tuple[Report, Latencies, Latencies]]:
        """What was measured, once."""
        return [self.round() for _ in range(ROUNDS)]

    def round(self) -> tuple[Report, Latencies, Latencies]:
        sink = f"exec '{program('ingest')}' --serve tonic-tuned"
        ours = load_test.load(ROUND_SECONDS, self.rate, max_rows=ROUND_ROWS)
        alone = load_test.sink(sink, ROUND_SECONDS, self.rate, BATCH)
        with load_test.querying(ROUND_ROWS):
            beside = load_test.sink(sink, ROUND_SECONDS, self.rate, BATCH)
        return ours, alone, beside

    def ours(self, value: Callable[[Report], float], over: Callable = median) -> Value:
        """The median, or another aggregate, of the receiver's rounds."""
        return Value(lambda: over(value(report) for report, _, _ in self.rounds))

    def sinks(self, value: Callable[[Latencies], float]) -> Value:
        """The median of the sink's rounds."""
        return Value(lambda: median(value(alone) for _, alone, _ in self.rounds))

    def beside_queries(self, value: Callable[[Latencies], float]) -> Value:
        """The median of the sink's rounds with the same queries beside it, in another process."""
        return Value(lambda: median(value(beside) for _, _, beside in self.rounds))


def saturation() -> float:
    """Spans a second of a sender that never waits for its time."""
    instant = 1e-3
    report = load_test.load(instant, round(SATURATING / instant), max_rows=ROUND_ROWS)
    return report.sent / report.seconds


def under(load: Load, goal: str, limit: float) -> Iterator[Job]:
    """What Export takes, against the sink and against a limit in seconds, which is a target or a
    stretch; that nothing is lost; and that memory is flat once the ring is full."""
    name, p99 = f"live, {load.name}", load.ours(lambda report: report.latencies.p99 * 1e3)
    sink = load.sinks(lambda latencies: latencies.p99 * 1e3)
    yield Job(f"{name}, p99 of Export / tonic sink", p99, sink, unit=MILLISECONDS, **{goal: 2})
    sink = load.beside_queries(lambda latencies: latencies.p99 * 1e3)
    yield Job(f"{name}, p99 of Export / sink beside queries", p99, sink, unit=MILLISECONDS)
    bound = Value(lambda: limit * 1e3)
    yield Job(
        f"{name}, p99 of Export / {bound.value():g} ms", p99, bound, unit=MILLISECONDS, **{goal: 1}
    )
    last = load.ours(lambda report: report.quarters()[1] / 1e6)
    third = load.ours(lambda report: report.quarters()[0] / 1e6)
    yield Job(f"{name}, memory of last quarter / third", last, third, GROWTH, unit=MEGABYTES)
    kept = load.ours(lambda report: report.held + report.evicted, sum)
    sent = load.ours(lambda report: report.sent + BATCH * sum(report.failed.values()), sum)
    yield Job(f"{name}, rows held or evicted / sent", kept, sent, 1, unit=ROWS)


if __name__ == "__main__":
    sys.exit(main())
