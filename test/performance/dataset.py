"""The files that are measured: generated once, kept in build/bench-data."""

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import writers

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "bench-data"


def program(name: str) -> Path:
    """A program of crates/bench, as `cargo build --release -p duckspan-bench` leaves it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = target / "release" / name
    if not path.exists():
        raise SystemExit(f"{path} is not there: run cargo build --release -p duckspan-bench")
    return path


@dataclass
class Dataset:
    """The same spans in every format; each file is made when it is first asked for."""

    rows: int

    @cached_property
    def json(self) -> Path:
        """JSON lines."""
        return self._file("jsonl", "--format", "jsonl")

    @cached_property
    def frames(self) -> Path:
        """Protobuf of the Collector's file exporter: each request after its length."""
        return self._file("binpb", "--format", "length-prefixed")

    @cached_property
    def sdk_frames(self) -> Path:
        """The same with the fields in the order in which SDKs write them."""
        return self._file("sdk.binpb", "--format", "length-prefixed", "--layout", "sdk")

    @cached_property
    def gzip(self) -> Path:
        """JSON lines in gzip."""
        return self._file("jsonl.gz", "--compression", "gzip")

    @cached_property
    def zstd(self) -> Path:
        """JSON lines in zstd."""
        return self._file("jsonl.zst", "--compression", "zstd")

    def written_by(self, writer: str) -> Path:
        """JSON lines as another writer than the Collector has them."""
        number = list(writers.WRITERS).index(writer)
        path = CACHE / f"traces-{self.rows}.{number}.jsonl"
        if not path.exists() or path.stat().st_mtime < self.json.stat().st_mtime:
            writers.write(writer, self.json, path)
        return path

    @cached_property
    def small_requests(self) -> Path:
        """JSON lines of about 100 KB."""
        return self._file("small.jsonl", "--batch", "100")

    @cached_property
    def many_files(self) -> Path:
        """The same, each of them a file."""
        folder = CACHE / f"traces-{self.rows}.files"
        source = self.small_requests
        if not folder.exists() or folder.stat().st_mtime < source.stat().st_mtime:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for number, line in enumerate(source.open("rb")):
                (folder / f"{number:05}.jsonl").write_bytes(line)
        return folder / "*.jsonl"

    def _file(self, suffix: str, *options: str) -> Path:
        """The file, made anew where the generator is newer than it."""
        generate = program("generate")
        path = CACHE / f"traces-{self.rows}.{suffix}"
        if not path.exists() or path.stat().st_mtime < generate.stat().st_mtime:
            CACHE.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            command = [generate, "--rows", str(self.rows), *options, partial]
            subprocess.run(command, check=True)
            partial.rename(path)
        return path


def requests(frames: Path) -> Iterator[bytes]:
    """The requests of a length-prefixed file, one after the other."""
    with open(frames, "rb") as file:
        while prefix := file.read(4):
            (length,) = struct.unpack(">I", prefix)
            yield file.read(length)
