"""Functions in a process of their own, for what might crash, hang or not end with its process.

    outcome = process.run("lifetimes:exit_without_close", 17, timeout=20)

The function stands in a module below `test`, takes what JSON can hold, and returns or says
(`process.say`) what JSON can hold. It must end in time.
"""

import faulthandler
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import extension

FOLDERS = [extension.ROOT / "test" / name for name in (".", "integration", "performance", "scale")]
START = f"import sys; sys.path[:0] = {[str(folder) for folder in FOLDERS]}; import process; "


@dataclass(frozen=True)
class Outcome:
    """How a process ended."""

    code: int
    said: list[Any]
    seconds: float
    stderr: str

    @property
    def result(self) -> Any:
        """What the function returned; it must have ended well."""
        assert self.code == 0, f"exit code {self.code}\n{self.stderr[-4000:]}"
        return self.said[-1]


def command(function: str, *arguments: object) -> list[str]:
    """The command that runs a function."""
    start = f"{START}process.main()"
    return [sys.executable, "-X", "faulthandler", "-c", start, function, json.dumps(arguments)]


def run(function: str, *arguments: object, timeout: float = 60) -> Outcome:
    """Runs a function to its end.

    Raises subprocess.TimeoutExpired, with the stacks of the process in its stderr, if that takes
    longer than `timeout` seconds.
    """
    started = time.monotonic()
    with start(function, *arguments, hang=timeout - 1) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            _, err = process.communicate()
            raise AssertionError(f"{function} hangs\n{err[-8000:]}") from None
    said = [json.loads(line) for line in out.splitlines()]
    return Outcome(process.returncode, said, time.monotonic() - started, err)


def start(
    function: str, *arguments: object, hang: float = 600, under: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Starts a function; `say` in it and `hear` here, `tell` here and its stdin there.

    `under` is a command that runs the command that follows it.
    """
    return subprocess.Popen(
        [*under, *command(function, *arguments), str(hang)],
        cwd=extension.ROOT / "test",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def hear(process: subprocess.Popen[str]) -> Any:
    """The next thing that a started function says."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        assert process.stderr is not None
        raise AssertionError(f"it ended with {process.wait()}: {process.stderr.read()[-4000:]}")
    return json.loads(line)


def tell(process: subprocess.Popen[str]) -> None:
    """Lets a started function go on that waits in `wait`."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def say(value: object) -> None:
    """Says something from inside the process."""
    words.write(json.dumps(value, default=str) + "\n")
    words.flush()


def wait() -> None:
    """Waits inside the process until it is told to go on, or nobody is there to tell."""
    sys.stdin.readline()


words = sys.stdout


def main() -> None:
    """The start of the process. Only what it says goes to stdout; DuckDB prints progress there."""
    global words
    words = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, arguments, hang = sys.argv[1:]
    faulthandler.dump_traceback_later(max(float(hang), 1), exit=False)
    module, function = name.split(":")
    say(getattr(importlib.import_module(module), function)(*json.loads(arguments)))
