"""Ten thousand spans a second: what Export takes, what the server needs, and that nothing is lost.

    python test/performance/load_test.py                # five minutes, with a report
    python test/performance/load_test.py --seconds 30 --rate 20000 --sink PROGRAM
    python test/performance/load_test.py --seconds 600 --archive tables

Three processes: a database with a receiver, in which queries run all the while; a sender, whose
requests were encoded before and are sent on time, whatever the last one took; and this one, which
watches. Latencies count from the time at which a request was due, so that a stall shows in all of
the requests that it held up. The same load against a sink that drops what it takes, in the same
run, shows what of it is the network and the sender.

pytest runs ten seconds of it, and asserts what does not depend on the machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import grpc
import pytest

import extension
import live
import process
import traffic
import wire
from otlp_client import METHODS

RATE = 10_000
SECONDS = 300
BATCH = 512
#: Full after ten seconds.
MAX_ROWS = 100_000
#: With an archive, for rows that wait: what a receiver has unless told.
MAX_ROWS_ARCHIVED = 1_000_000

#: Requests that differ, sent in turn.
DISTINCT = 64

#: What must hold after five minutes.
P99 = 0.100
GROWTH = 1.05

#: What DuckDB may use with an archive; it keeps of the archive's tables what this leaves it.
MEMORY = 1_000_000_000

QUERIES = [
    "SELECT count(*) FROM live.traces",
    "SELECT data FROM live.traces ORDER BY timestamp DESC LIMIT 20",
    "SELECT data ->> 'name', count(*) FROM live.traces GROUP BY ALL ORDER BY ALL LIMIT 10",
]
#: Seconds between two queries.
PAUSE = 1.0


@dataclass(frozen=True)
class Latencies:
    """Seconds from when requests were due until they were answered."""

    p50: float
    p99: float
    longest: float

    @staticmethod
    def of(seconds: list[float]) -> "Latencies":
        ordered = sorted(seconds)
        at = [ordered[int(len(ordered) * share)] for share in (0.5, 0.99)]
        return Latencies(*at, ordered[-1])


@dataclass(frozen=True)
class Report:
    """One run against a receiver."""

    seconds: float
    sent: int
    failed: dict[str, int]
    received: int
    held: int
    evicted: int
    archived: int
    """Rows of the archive, when all is detached; of none without one."""
    latencies: Latencies
    cpu: float
    """Seconds of CPU time of the server, queries included."""
    memory: list[int]
    """Bytes of resident memory of the server, once a second."""
    queries: int
    query_p99: float

    def lost(self) -> int:
        """Rows that were answered with success and are neither held nor evicted."""
        return self.sent - self.held - self.evicted

    def kept_twice_or_never(self) -> int:
        """Rows that were answered with success and are not in the archive once."""
        return abs(self.sent - self.archived)

    def quarters(self) -> tuple[int, int]:
        """Memory at most in the third quarter of the run, and in the last."""
        quarter = max(len(self.memory) // 4, 1)
        return max(self.memory[-2 * quarter : -quarter]), max(self.memory[-quarter:])

    def growth(self) -> float:
        """Memory in the last quarter of the run, as a multiple of that in the third."""
        third, last = self.quarters()
        return last / third

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        rate = self.sent / self.seconds
        yield f"sent      {self.sent} spans in {self.seconds:.1f} s, {rate:.0f}/s"
        yield f"lost      {self.lost()}; refused {self.failed or 'none'}"
        if self.archived:
            yield f"archived  {self.archived}"
        yield f"Export    {milliseconds(self.latencies)}"
        yield f"CPU       {self.cpu:.2f} s of the server, {self.sent / self.cpu:.0f} spans/s of CPU"
        memory = f"{self.memory[-1] / 1e6:.0f} MB at the end, {max(self.memory) / 1e6:.0f} at most"
        yield f"memory    {memory}, last quarter against the third {self.growth():.3f}"
        yield f"queries   {self.queries}, p99 {self.query_p99 * 1e3:.1f} ms"


def milliseconds(latencies: Latencies) -> str:
    """Latencies, for people."""
    return ", ".join(f"{name} {value * 1e3:.2f} ms" for name, value in asdict(latencies).items())


def span(request: int, row: int) -> bytes:
    """A span as instrumented servers send them, of about 350 bytes."""
    attributes = {
        "http.request.method": "GET",
        "url.path": f"/api/carts/{request * BATCH + row}/items",
        "server.address": "checkout.internal",
        "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    }
    fields = [wire.fixed64(8, 1_763_978_400_100_000_000 + row)]
    for key, value in attributes.items():
        fields.append(wire.length(9, wire.attribute(key, wire.length(1, value.encode()))))
    return wire.span(*fields, name=f"GET /api/carts/{row % 20}")


def requests(batch: int) -> list[bytes]:
    """Encoded requests."""
    resource = wire.length(1, wire.attribute("service.name", wire.length(1, b"checkout")))
    found = []
    for number in range(DISTINCT):
        spans = b"".join(wire.length(2, span(number, row)) for row in range(batch))
        found.append(wire.length(1, wire.length(1, resource) + wire.length(2, spans)))
    return found


def send(port: int, rate: int, seconds: float, batch: int) -> dict[str, Any]:
    """Sends on time. Runs in a process of its own."""
    bodies = requests(batch)
    channel = grpc.insecure_channel(f"localhost:{port}")
    call = channel.unary_unary(METHODS["traces"])
    call(b"", timeout=10)
    process.say("ready")
    pace, total = batch / rate, round(rate * seconds / batch)
    latencies: list[float] = []
    failed: dict[str, int] = {}
    begun = time.perf_counter()

    def export(number: int) -> None:
        due = begun + number * pace
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            call(bodies[number % DISTINCT], timeout=30)
        except grpc.RpcError as error:
            code = error.code().name
            failed[code] = failed.get(code, 0) + 1
        else:
            latencies.append(time.perf_counter() - due)

    # One call at a time keeps up with the pace; the others are there for when one stalls.
    with futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(export, range(total)))
    return {
        "seconds": time.perf_counter() - begun,
        "sent": len(latencies) * batch,
        "failed": failed,
        "latencies": asdict(Latencies.of(latencies)),
    }


def serve(max_rows: int, archive: str | None, options: dict[str, object]) -> dict[str, Any]:
    """Receives, with queries running, until told to stop. Runs in a process of its own."""
    con = extension.connect()
    with tempfile.TemporaryDirectory() as folder:
        if archive:
            # Where a receiver is to have more, it is not memory that is measured.
            if "memory_limit" not in options:
                con.execute(f"SET memory_limit = '{MEMORY}B'")
            con.execute(f"ATTACH '{folder}/lake.duckdb' AS lake")
            options["archive"] = "lake.telemetry" if archive == "tables" else f"{folder}/otel"
        counts = receive(con, max_rows, options)
        if archive == "tables":
            counts["archived"] = count(con, "lake.telemetry.spans")
        elif archive:
            counts["archived"] = count(con, f"read_parquet('{folder}/otel/spans/**/*.parquet')")
        con.close()
    return counts


def count(con: Any, relation: str) -> int:
    """The rows of a relation."""
    ((rows,),) = con.execute(f"SELECT count(*) FROM {relation}").fetchall()
    return int(rows)


def receive(con: Any, max_rows: int, options: dict[str, object]) -> dict[str, Any]:
    """Receives, with queries running, until told to stop."""
    receiver = live.attach(con, max_rows=max_rows, **options)
    process.say({"port": receiver.port, "pid": os.getpid()})
    stopped = threading.Event()
    taken: list[float] = []

    def query(cursor: Any) -> None:
        while not stopped.wait(PAUSE):
            for sql in QUERIES:
                begun = time.perf_counter()
                cursor.execute(sql).fetchall()
                taken.append(time.perf_counter() - begun)

    thread = threading.Thread(target=query, args=[con.cursor()])
    thread.start()
    process.wait()
    stopped.set()
    thread.join()
    counts = receiver.settled()["traces"]
    receiver.assert_balanced()
    held = receiver.count()
    receiver.detach()
    return {
        "received": counts.received,
        "held": held,
        "evicted": counts.evicted,
        "archived": 0,
        "queries": len(taken),
        "query_p99": Latencies.of(taken).p99 if taken else 0.0,
    }


@contextmanager
def watching(pid: int) -> Iterator[list[int]]:
    """Resident memory of a process, once a second, while inside."""
    samples: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            samples.append(resident(pid))
            done.wait(1)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def resident(pid: int) -> int:
    """Bytes of resident memory."""
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu(pid: int) -> float:
    """Seconds of CPU time."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def sending(port: int, rate: int, seconds: float, batch: int) -> Iterator[Callable[[], Any]]:
    """A sender at work; what is given ends with it and returns its results."""
    sender = process.start("load_test:send", port, rate, seconds, batch)
    try:
        process.hear(sender)
        yield lambda: process.hear(sender)
    finally:
        traffic.end(sender)


def load(
    seconds: float,
    rate: int = RATE,
    batch: int = BATCH,
    max_rows: int = MAX_ROWS,
    archive: str | None = None,
    **options: object,
) -> Report:
    """Runs the load against a receiver with these options, and an archive in tables or files."""
    server = process.start("load_test:serve", max_rows, archive, options)
    try:
        said = process.hear(server)
        pid = said["pid"]
        with sending(said["port"], rate, seconds, batch) as result, watching(pid) as memory:
            before = cpu(pid)
            sent = result()
            used = cpu(pid) - before
        process.tell(server)
        counts = process.hear(server)
    finally:
        traffic.end(server)
    sent["latencies"] = Latencies(**sent["latencies"])
    return Report(**sent, **counts, cpu=used, memory=memory)


def sink(program: str, seconds: float, rate: int, batch: int) -> Latencies:
    """The same load against a program that prints its port and drops what it takes.

    Its standard input is open until it may end.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(program, shell=True, stdin=pipe, stdout=pipe, text=True) as started:
        try:
            assert started.stdout is not None
            port = int(started.stdout.readline().rsplit(":", 1)[-1])
            with sending(port, rate, seconds, batch) as result:
                return Latencies(**result()["latencies"])
        finally:
            started.kill()


@contextmanager
def querying(rows: int) -> Iterator[None]:
    """The queries of a receiver that holds so many rows, and gets no more, while inside."""
    server = process.start("load_test:serve", rows, None, {})
    try:
        fill = sending(process.hear(server)["port"], 1_000_000, rows / 1_000_000, BATCH)
        with fill as result:
            result()
        yield
    finally:
        traffic.end(server)


def test_load() -> None:
    """Ten seconds, with a ring that is full after two: nothing is lost, and memory stays flat."""
    report = load(10, max_rows=20_000)
    print(*report.lines(), sep="\n")
    assert not report.failed
    assert report.received == report.sent
    assert report.lost() == 0
    assert report.held == 20_000
    assert report.sent >= 0.9 * 10 * RATE
    assert report.queries >= len(QUERIES)
    # The allocator rounds; five minutes show more than ten seconds.
    assert report.growth() < GROWTH or report.memory[-1] - report.memory[-5] < 16 << 20


@pytest.mark.parametrize("archive", ["tables", "files"])
def test_load_with_an_archive(archive: str) -> None:
    """The same with a ring that has to be archived before it has room: each row is stored once."""
    report = load(
        5, max_rows=20_000, archive=archive, archive_interval="500ms", memory_limit="64MB"
    )
    print(*report.lines(), sep="\n")
    assert report.received == report.sent
    assert report.lost() == 0
    assert report.kept_twice_or_never() == 0


def main() -> int:
    """Runs the load, prints the report, and fails where a target is missed."""
    options = parse()
    max_rows = options.max_rows or (MAX_ROWS_ARCHIVED if options.archive else MAX_ROWS)
    report = load(options.seconds, options.rate, options.batch, max_rows, options.archive)
    print(json.dumps(asdict(report)) if options.json else "\n".join(report.lines()), flush=True)
    missed = {
        "rows were lost": report.lost() != 0 or report.received != report.sent,
        "rows are not in the archive once": options.archive and report.kept_twice_or_never(),
        "requests were refused": bool(report.failed),
        "p99 of Export is over 100 ms": report.latencies.p99 >= P99,
        "memory grows": not options.archive and report.growth() >= GROWTH,
        "memory is beyond DuckDB's limit": options.archive and max(report.memory) > MEMORY,
    }
    if options.sink:
        bare = sink(options.sink, min(options.seconds, 60), options.rate, options.batch)
        ratio = report.latencies.p99 / bare.p99
        print(f"sink      {milliseconds(bare)}; p99 of ours / its {ratio:.2f}")
    for what in (what for what in missed if missed[what]):
        print(f"MISSED: {what}")
    return int(any(missed.values()))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rate", type=int, default=RATE, help="spans per second")
    parser.add_argument("--batch", type=int, default=BATCH, help="spans per request")
    parser.add_argument("--max-rows", type=int, help="rows that the ring holds")
    parser.add_argument("--archive", choices=["tables", "files"], help="with an archive of these")
    parser.add_argument("--sink", help="command of a sink to compare with; it prints its port")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
