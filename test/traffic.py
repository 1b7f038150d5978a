"""Senders without end, in a process of their own, and what became of their requests.

with Traffic(port, "grpc", threads=2) as traffic: ...
traffic.sent, traffic.failed
"""

import subprocess
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self

import grpc

import otlp_client
import process
import wire
from otlp_client import Grpc


def request(sender: int, number: int, rows: int) -> bytes:
    """Spans named `sender.request.row`."""
    return wire.request(*(wire.span(name=f"{sender}.{number}.{row}") for row in range(rows)))


class Traffic:
    """Sends until it is stopped, or for good if it may run dry of receivers."""

    def __init__(self, port: int, protocol: str = "grpc", threads: int = 2, rows: int = 10) -> None:
        self.process = process.start("traffic:flood", port, protocol, threads, rows)
        self.sent = 0
        """Rows of requests that were answered with success."""
        self.failed: dict[str, int] = {}
        """Requests that were not, by status."""
        self.uncertain = 0
        """Rows of requests whose answer was lost: they may be stored or not."""

    def __enter__(self) -> Self:
        process.hear(self.process)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.stop()
        finally:
            end(self.process)

    def stop(self) -> None:
        """Ends the sending and takes the counts."""
        if self.process.poll() is None:
            process.tell(self.process)
            counts = process.hear(self.process)
            self.sent, self.failed, self.uncertain = (
                counts["sent"],
                counts["failed"],
                counts["uncertain"],
            )
            self.process.wait(10)


def end(started: subprocess.Popen[Any]) -> None:
    """Makes sure that a process is gone."""
    started.kill()
    started.wait()
    for pipe in (started.stdin, started.stdout, started.stderr):
        if pipe is not None:
            pipe.close()


def flood(port: int, protocol: str, threads: int, rows: int) -> dict[str, Any]:
    """Sends from several threads until told to stop. Says so when all of them have begun."""
    stop = threading.Event()
    begun = threading.Barrier(threads + 1)
    senders = [Sender(port, protocol, number, rows, begun, stop) for number in range(threads)]
    for sender in senders:
        sender.start()
    begun.wait()
    process.say("begun")
    process.wait()
    stop.set()
    for sender in senders:
        sender.join()
    failed: Counter[str] = sum((sender.failed for sender in senders), Counter())
    return {
        "sent": sum(sender.sent for sender in senders) * rows,
        "failed": failed,
        "uncertain": sum(sender.uncertain for sender in senders) * rows,
    }


class Sender(threading.Thread):
    """Sends one request after the other."""

    def __init__(
        self,
        port: int,
        protocol: str,
        number: int,
        rows: int,
        begun: threading.Barrier,
        stop: threading.Event,
    ) -> None:
        super().__init__(daemon=True)
        self.port, self.protocol, self.number, self.rows = port, protocol, number, rows
        self.begun, self.stop = begun, stop
        self.sent = self.uncertain = 0
        self.failed: Counter[str] = Counter()

    def run(self) -> None:
        with Grpc(self.port) as client:
            number = 0
            while not self.stop.is_set():
                status = self.send(client, request(self.number, number, self.rows))
                if status == "OK":
                    self.sent += 1
                else:
                    self.failed[status] += 1
                    time.sleep(0.01)
                if number == 0:
                    self.begun.wait()
                number += 1

    def send(self, client: Grpc, body: bytes) -> str:
        """The status of one export."""
        if self.protocol == "grpc":
            try:
                client.export("traces", body, timeout=10)
            except grpc.RpcError as error:
                self.uncertain += "Connection refused" not in str(error)
                return str(error.code().name)
            return "OK"
        try:
            reply = otlp_client.post(self.port, "traces", body)
        except ConnectionRefusedError:
            return "refused"
        except OSError as error:
            self.uncertain += 1
            return type(error).__name__
        return "OK" if reply.status == 200 else str(reply.status)
