"""The programs of test/clients: each tells one story with the OpenTelemetry SDK of a language."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import extension
from otlp_client import PROTOCOLS

CLIENTS = extension.ROOT / "test" / "clients"
BUILD = extension.ROOT / "build" / "clients"


@dataclass(frozen=True)
class Sender:
    """A program of test/clients."""

    command: list[str]
    protocols: tuple[str, ...] = PROTOCOLS
    signals: tuple[str, ...] = ("traces", "metrics", "logs")
    needs: tuple[Path, ...] = ()
    """Files that `make clients` puts there, where it finds the toolchain."""
    environment: dict[str, str] = field(default_factory=dict)

    def missing(self) -> str | None:
        """Why the program cannot run here; None if it can."""
        if shutil.which(self.command[0]) is None:
            return f"{self.command[0]} is not there: install its toolchain and run `make clients`"
        absent = [str(file) for file in self.needs if not file.exists()]
        return f"{', '.join(absent)} is not there: run `make clients`" if absent else None

    def send(
        self, protocol: str, ports: list[int], scheme: str = "http", **environment: str
    ) -> str:
        """Tells the story to each port, and returns what the program printed."""
        endpoints = [f"{scheme}://localhost:{port}" for port in ports]
        process = subprocess.run(
            [*self.command, protocol, *endpoints],
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = process.stdout + process.stderr
        if process.returncode != 0:
            raise AssertionError(f"{self.command[0]} ended with {process.returncode}\n{said}")
        return said


MODULES = BUILD / "javascript" / "node_modules"

SENDERS = {
    "python": Sender([sys.executable, str(CLIENTS / "python" / "send.py")]),
    "javascript": Sender(
        ["node", str(CLIENTS / "javascript" / "send.cjs")],
        needs=(MODULES,),
        environment={"NODE_PATH": str(MODULES)},
    ),
    "rust": Sender([str(BUILD / "rust" / "send")]),
    # Go's SDK has no logs in the version that Debian packages; JSON would be none of its own.
    "go": Sender([str(BUILD / "go" / "send")], ("grpc", "http/protobuf"), ("traces", "metrics")),
}
