"""The command `duckspan`, as the Python package has it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

import extension


def install(folder: Path) -> Path:
    """The package in a folder as it is installed, with the extension under test."""
    installed = folder / "duckspan"
    (installed / "extensions" / f"v{duckdb.__version__}").mkdir(parents=True)
    (installed / "extensions" / f"v{duckdb.__version__}" / extension.path().name).symlink_to(
        extension.path()
    )
    for source in (extension.ROOT / "python" / "duckspan").glob("*.py"):
        (installed / source.name).symlink_to(source)
    metadata = folder / "duckspan-7.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: duckspan\nVersion: 7\n")
    return folder


def environment(package: Path) -> dict[str, str]:
    """Where the package is found, on a machine without a screen, with a terminal of 80 columns."""
    unwanted = ("DISPLAY", "WAYLAND_DISPLAY")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "PYTHONPATH": str(package), "COLUMNS": "80"}


def run(package: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command, run to its end."""
    command = [sys.executable, "-m", "duckspan", *map(str, arguments)]
    env = environment(package)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(
    package: Path, *arguments: object, end: int = signal.SIGINT, errors: str = ""
) -> Iterator[list[str]]:
    """What the command says, while it runs; it has to end well, once it is told to, and with no
    other words than these."""
    command = [sys.executable, "-m", "duckspan", *map(str, arguments)]
    with subprocess.Popen(
        command,
        env=environment(package),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said: list[str] = []
            for line in process.stdout:
                said.append(line.rstrip("\n"))
                if line.startswith("Ctrl-C"):
                    break
            yield said
            # Who holds Ctrl-C, or what tells a whole group, ends it as well as others, whatever it
            # does by then: it is told until there is nothing left to tell.
            told_until = time.monotonic() + 30
            while process.poll() is None and time.monotonic() < told_until:
                process.send_signal(end)
                time.sleep(0.001)
            _, told = process.communicate(timeout=30)
            assert process.returncode == 0, (process.returncode, told)
            assert re.fullmatch(errors, told), told
        finally:
            process.kill()


def address(said: list[str]) -> str:
    """The address of the page that it names."""
    (line,) = [line for line in said if line.startswith("The page is at ")]
    return line.removeprefix("The page is at ")
