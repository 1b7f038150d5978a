"""Fetches DuckDB's source of one version from PyPI, which has it within that of its Python package.

Usage: duckdb_source.py VERSION FOLDER
"""

import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

from duckdb_versions import FILE, sources

INSIDE = "external/duckdb"


def download(version: str, folder: pathlib.Path) -> pathlib.Path:
    """The source distribution, by pip, which checks its hash."""
    known = sources()
    if version not in known:
        sys.exit(f"DuckDB {version} is not in {FILE.name}, which has {', '.join(known)}")
    pinned = folder / "pinned.txt"
    pinned.write_text(f"duckdb=={version} --hash=sha256:{known[version]}\n")
    options = ["--quiet", "--no-deps", "--no-binary=duckdb", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "-r", pinned]
    subprocess.run(command, check=True)
    return folder / f"duckdb-{version}.tar.gz"


def main(version: str, target: str) -> None:
    """Unpacks DuckDB's source to `target`, which is there as a whole or not at all."""
    folder = pathlib.Path(target)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        work = pathlib.Path(scratch)
        with tarfile.open(download(version, work)) as archive:
            archive.extractall(work, filter="data")
        shutil.rmtree(folder, ignore_errors=True)
        (work / f"duckdb-{version}" / INSIDE).rename(folder)
    print(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
