"""Runs the extension under valgrind: no invalid access, and nothing lost, however often it is used.

python scripts/valgrind_test.py [CYCLES]

No access with the extension in its stack may be invalid, and no block of memory may be lost. Some
blocks stay reachable until the process ends, such as what the first LOAD sets up: twice as many
cycles must keep no more of them.
"""

import contextlib
import gzip
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import grpc
import zstandard

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test"))

import extension  # noqa: E402
import live  # noqa: E402
import otlp_client  # noqa: E402
import process  # noqa: E402

# CPython's own allocator would hide what is allocated and freed, and DuckDB's stacks are deep.
VALGRIND = ["env", "PYTHONMALLOC=malloc", "valgrind", "--leak-check=full", "--num-callers=50"]
VALGRIND += ["--show-leak-kinds=all", "--fair-sched=yes", "--xml=yes"]
LOST = ("Leak_DefinitelyLost", "Leak_IndirectlyLost")
KEPT = ("Leak_PossiblyLost", "Leak_StillReachable")
DATA = ROOT / "test" / "data"


@dataclass
class Report:
    """What valgrind found."""

    errors: list[str] = field(default_factory=list)
    """Invalid accesses with the extension in a stack, and everything that is lost."""
    kept: int = 0
    """Bytes of the extension that something still points to."""


def run(function: str, *arguments: object, cycles: int = 0) -> Report:
    """Runs a function; so often as it has cycles, it says its port, and then that it detached."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        under = [*VALGRIND, f"--xml-file={report}"]
        started = time.monotonic()
        with process.start(function, *arguments, hang=3600, under=under) as child:
            for _ in range(cycles):
                with sending(process.hear(child)):
                    process.tell(child)
                    assert process.hear(child) == "detached"
            _, error = child.communicate()
            assert child.returncode == 0, error
        found = read(report)
    print("\n".join(found.errors[:10]))
    print(
        f"{function} {cycles or ''}: {len(found.errors)} errors, {found.kept} bytes kept by the "
        f"extension, {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return found


def write(folder: Path) -> None:
    """Writes the same telemetry in several layouts, and some that is damaged."""
    folder.mkdir()
    shop = (DATA / "shop.jsonl").read_bytes()
    (folder / "shop.jsonl").write_bytes(shop)
    (folder / "shop.jsonl.gz").write_bytes(gzip.compress(shop))
    (folder / "shop.jsonl.zst").write_bytes(zstandard.compress(shop))
    for file in DATA.glob("*_simple.binpb"):
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "malformed.jsonl").write_bytes((DATA / "malformed.jsonl").read_bytes())


@contextlib.contextmanager
def sending(port: int) -> Iterator[None]:
    """Sends every signal in every way, and what is refused; the last connection stays open."""
    for signal in live.SIGNALS:
        message = (DATA / f"{signal}_simple.binpb").read_bytes()
        lines = (DATA / f"{signal}_simple.jsonl").read_bytes().splitlines()
        ways = {"identity": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}
        for encoding, compress in ways.items():
            reply = otlp_client.post(port, signal, compress(message), content_encoding=encoding)
            assert reply.status == 200, reply
            for line in lines:
                body = compress(line)
                kind = otlp_client.JSON
                reply = otlp_client.post(port, signal, body, kind, content_encoding=encoding)
                assert reply.status == 200, reply
        assert otlp_client.post(port, signal, message[:-1]).status == 400
        assert otlp_client.post(port, signal, b"{", otlp_client.JSON).status == 400
    with otlp_client.Grpc(port) as client:
        for signal in live.SIGNALS:
            message = (DATA / f"{signal}_simple.binpb").read_bytes()
            client.export(signal, message)
            client.export(signal, message, grpc.Compression.Gzip)
            otlp_client.refused(client, signal, message[:-1])
        yield


def read(report: Path) -> Report:
    """What a report of valgrind says."""
    found = Report()
    for _, error in ElementTree.iterparse(report):
        if error.tag != "error":
            continue
        kind = error.findtext("kind", "")
        objects = {Path(obj.text or "").name for obj in error.iter("obj")}
        ours = extension.path().name in objects
        if ours and kind in KEPT:
            found.kept += int(error.findtext("xwhat/leakedbytes", "0"))
        elif ours or kind in LOST:
            what = error.findtext("what") or error.findtext("xwhat/text")
            found.errors.append("\n".join([f"{kind}: {what}", *map(frame, error.iter("frame"))]))
        error.clear()
    return found


def frame(element: ElementTree.Element) -> str:
    """A line of a stack."""
    name = element.findtext("fn") or element.findtext("ip")
    return f"    {name} ({Path(element.findtext('obj', '?')).name})"


def main() -> int:
    """Prints what was found, and says whether it is nothing."""
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "files")
        write(files)
        once, twice = (run("cycles:run", n, str(files), cycles=n) for n in (cycles, 2 * cycles))
    threads = run("lifetimes:attach_detach_and_scan_in_threads")
    wrong = once.errors or twice.errors or threads.errors or twice.kept > once.kept
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
