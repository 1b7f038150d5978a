"""Turns a shared object into a loadable DuckDB extension.

Appends DuckDB's footer, and lays the result out as a repository too:
    OUT/duckspan.duckdb_extension
    OUT/repository/vVERSION/PLATFORM/duckspan.duckdb_extension.gz

Usage: package.py SHARED_OBJECT DUCKDB_VERSION OUT
"""

import gzip
import pathlib
import platform
import re
import shutil
import sys

ABI = "CPP"
ROOT = pathlib.Path(__file__).resolve().parent.parent


def field(text: str) -> bytes:
    """A metadata field: 32 bytes, padded with NUL."""
    return text.encode().ljust(32, b"\0")


def duckdb_platform() -> str:
    """The platform as `PRAGMA platform` names it."""
    system = {"Linux": "linux", "Darwin": "osx"}[platform.system()]
    machine = platform.machine().lower()
    return f"{system}_{'arm64' if machine in ('arm64', 'aarch64') else 'amd64'}"


def own_version() -> str:
    """The version of the extension."""
    manifest = (ROOT / "Cargo.toml").read_text()
    version = re.search(r'^version = "(.+)"', manifest, re.MULTILINE)
    assert version, "the workspace has a version"
    return version[1]


def footer(duckdb: str) -> bytes:
    """A WebAssembly custom section: eight fields, last first, and room for a signature."""
    section = b"\x00\x93\x04\x10duckdb_signature\x80\x04"
    fields = ["", "", "", ABI, own_version(), f"v{duckdb}", duckdb_platform(), "4"]
    return section + b"".join(map(field, fields)) + b"\0" * 256


def main(shared_object: str, duckdb: str, out: str) -> None:
    """Writes the extension and the repository below `out`."""
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    extension = folder / "duckspan.duckdb_extension"
    # A process may have the old file mapped: replace it rather than write into it.
    fresh = extension.with_suffix(".new")
    shutil.copyfile(shared_object, fresh)
    with fresh.open("ab") as file:
        file.write(footer(duckdb))
    fresh.replace(extension)
    repository = folder / "repository" / f"v{duckdb}" / duckdb_platform()
    repository.mkdir(parents=True, exist_ok=True)
    with (
        extension.open("rb") as plain,
        gzip.open(repository / "duckspan.duckdb_extension.gz", "wb", compresslevel=1) as packed,
    ):
        shutil.copyfileobj(plain, packed)
    print(extension)


if __name__ == "__main__":
    main(*sys.argv[1:])
