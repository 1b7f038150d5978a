"""A development build works in the DuckDB that it was built for, and says so in any other."""

import subprocess
import sys
import venv
from pathlib import Path

import duckdb
import duckdb_release
import pytest

import extension

LOAD = """
import duckdb, sys
con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
try:
    con.execute(f"LOAD '{sys.argv[1]}'")
except duckdb.Error as error:
    print(error)
"""

pytestmark = pytest.mark.skipif(
    not (extension.path().parent / "link").exists(),
    reason="a release loads anywhere",
)


def load_elsewhere(folder: Path, version: str) -> str:
    """What a second environment with a DuckDB says."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"duckdb=={version}"], check=True)
    command = [python, "-c", LOAD, extension.path()]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_same_version_elsewhere_is_told_where_it_works(tmp_path: Path) -> None:
    """Another file of the same DuckDB would be a second one in the process."""
    said = load_elsewhere(tmp_path, duckdb.__version__)
    assert "development build" in said
    assert sys.prefix in said
    assert str(tmp_path) in said
    assert "make release" in said


def test_another_version_is_refused_by_duckdb(tmp_path: Path) -> None:
    """It is the version in the file that DuckDB looks at."""
    said = load_elsewhere(tmp_path, duckdb_release.UNSUPPORTED)
    assert f"built specifically for DuckDB version 'v{duckdb.__version__}'" in said
