"""Measures what an honest client waits for beside hostile ones, all in one run: `make bench`.

They send small bodies that expand to nearly all that a request may have, over and over, from many
connections. The peer is the same client beside as much work of other processes.
"""

import contextlib
import gzip
import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

if __name__ == "__main__":
    TEST = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(TEST), str(TEST / "integration")]

import bench
import zstandard
from jobs import MILLISECONDS, Job

import extension
import live
import process
from otlp_client import JSON

SECONDS = 4.0
#: Bytes that a hostile body expands to; a request may have 64 MB.
EXPANDED = 62_000_000
EXPORTS = b'{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}'
PAUSE = 0.01


def main() -> int:
    """The exit code."""
    options = bench.parser(__doc__).parse_args()
    return bench.run("beside hostile clients", jobs(), options)


def jobs() -> Iterator[Job]:
    """The median of Export may double, for it is answered in turns with what is theirs."""
    for encoding, connections in (("zstd", 8), ("gzip", 64)):
        name = f"live, p50 beside {connections} connections of {encoding} bombs / busy processes"
        ours, peer = Beside(f"bench_hostile:attack_{encoding}", connections), Beside(None, 4)
        yield Job(name, ours, peer, 2, unit=MILLISECONDS)


@dataclass
class Beside:
    """An honest client beside so many hostile connections, or busy processes."""

    attack: str | None
    count: int

    def measure(self) -> float:
        """The median of what its requests take."""
        with contextlib.closing(extension.connect()) as con:
            receiver = live.attach(con, "127.0.0.1:0")
            with self.attacking(receiver.port):
                found = median(latencies(receiver.port))
            receiver.detach()
        return found * 1e3

    @contextlib.contextmanager
    def attacking(self, port: int) -> Iterator[None]:
        if self.attack:
            hostile = [process.start(self.attack, port, self.count)]
            process.hear(hostile[0])
        else:
            busy = [sys.executable, "-c", "while True: pass"]
            hostile = [subprocess.Popen(busy, text=True) for _ in range(self.count)]
        yield
        for one in hostile:
            one.kill()
            one.communicate()


def latencies(port: int) -> Iterator[float]:
    """Seconds that each of the requests of a while takes, with pauses between them."""
    body = EXPORTS % b",".join(b'{"name":"%d"}' % number for number in range(10))
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.perf_counter()
        assert export(client, body) in (200, 503)
        yield time.perf_counter() - begun
        time.sleep(PAUSE)


def export(client: http.client.HTTPConnection, body: bytes, **headers: str) -> int:
    """The status of an answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    client.request("POST", "/v1/traces", body, {"content-type": JSON, **headers})
    answer = client.getresponse()
    answer.read()
    return answer.status


def attack_zstd(port: int, connections: int) -> None:
    """Sends 6 KB that expand to 62 MB of rows."""
    attack(port, connections, zstandard.compress(rows()), "zstd")


def attack_gzip(port: int, connections: int) -> None:
    """Sends 125 KB that expand to 62 MB of rows."""
    attack(port, connections, gzip.compress(rows()), "gzip")


def rows() -> bytes:
    """A request with rows of a kilobyte."""
    row = b'{"name":"%s"},' % (b"a" * 1000)
    return EXPORTS % (row * (EXPANDED // len(row)) + b"{}")


def attack(port: int, connections: int, body: bytes, encoding: str) -> None:
    """Sends it from each of the connections until the process is killed."""

    def run() -> None:
        while True:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            # Who is too much for the receiver is turned away, and comes again.
            with contextlib.suppress(OSError, http.client.HTTPException):
                while True:
                    export(client, body, content_encoding=encoding)

    for _ in range(connections):
        threading.Thread(target=run, daemon=True).start()
    # Until all of them have had time to be in the midst of it.
    time.sleep(1)
    process.say(len(body))
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
