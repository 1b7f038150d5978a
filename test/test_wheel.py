"""The Python package, as users install it: a wheel, into environments with nothing else.

`make wheel` makes it of what `make release` built.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

import duckdb_release
import pytest

import extension

WHEELS = sorted((extension.ROOT / "build" / "wheel").glob("duckspan-*.whl"))

pytestmark = pytest.mark.skipif(not WHEELS, reason="no wheel: `make release wheel` builds it")

READS_A_FILE = """
import duckdb, duckspan, sys
con = duckspan.connect()
[(rows,)] = con.execute("SELECT count(*) FROM read_otlp(?)", [sys.argv[1]]).fetchall()
print(rows, duckdb.__version__, duckspan.extension_path().exists())
"""

# The endpoint is nowhere named, so the SDK takes its own.
RECEIVES_FROM_THE_SDK = """
import duckspan
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
con = duckspan.connect()
con.execute("ATTACH 'otlp://localhost:4317' AS live (TYPE otlp)")
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
provider.get_tracer("wheel").start_span("hello").end()
provider.shutdown()
print(con.execute("SELECT name FROM live.spans").fetchall())
con.execute("DETACH live")
"""

REFUSES = """
import duckspan
try:
    duckspan.connect()
except duckspan.UnsupportedDuckDBError as error:
    print(error)
"""


class Environment:
    """A virtual environment with a DuckDB, the wheel, and other packages."""

    def __init__(self, folder: Path, duckdb: str, *packages: str) -> None:
        venv.create(folder, with_pip=True)
        self.python = folder / "bin" / "python"
        self.pip("install", f"duckdb=={duckdb}", *packages)
        self.pip("install", "--no-deps", str(WHEELS[-1]))

    def pip(self, *arguments: str) -> None:
        """Runs pip."""
        self.run("-m", "pip", "--quiet", *arguments)

    def run(self, *arguments: str) -> str:
        """What Python prints."""
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [self.python, *arguments]
        return subprocess.run(
            command, env=clean, check=True, capture_output=True, text=True, timeout=300
        ).stdout


def built_for() -> list[str]:
    """The versions of DuckDB that there are releases for."""
    folders = (extension.ROOT / "build" / "release").glob("v*")
    return sorted(folder.name.removeprefix("v") for folder in folders)


@pytest.mark.parametrize("version", built_for())
def test_reads_and_receives(tmp_path: Path, version: str) -> None:
    """A clean environment with a DuckDB that is supported."""
    there = Environment(tmp_path, version, "opentelemetry-exporter-otlp-proto-http==1.45.1")
    file = str(extension.ROOT / "test" / "data" / "traces_simple.jsonl")
    assert there.run("-c", READS_A_FILE, file).split() == ["3", version, "True"]
    assert there.run("-c", RECEIVES_FROM_THE_SDK).strip() == "[('hello',)]"
    command = [there.python.with_name("duckspan"), "--version"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.endswith(f", DuckDB {version}\n")


def test_another_duckdb_is_an_error_that_names_those_supported(tmp_path: Path) -> None:
    """Nothing is loaded that would only be refused by DuckDB."""
    there = Environment(tmp_path, duckdb_release.UNSUPPORTED)
    said = there.run("-c", REFUSES)
    assert duckdb_release.UNSUPPORTED in said
    assert all(version in said for version in built_for())


def test_pip_knows_which_duckdb_it_needs(tmp_path: Path) -> None:
    """So that an installation by name gets one that works."""
    folder = tmp_path / "unpacked"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", WHEELS[-1], folder], check=True)
    [metadata] = folder.glob("*.dist-info/METADATA")
    versions = built_for()
    assert f"Requires-Dist: duckdb<={versions[-1]},>={versions[0]}" in metadata.read_text()
