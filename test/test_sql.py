"""Runs test/sql/**/*.test, one test case per file, from the root of the repository."""

from pathlib import Path

import pytest

import extension
import sqllogic

FILES = sorted((extension.ROOT / "test" / "sql").glob("**/*.test"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_sql(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file passes; a condition that does not hold here skips it."""
    monkeypatch.chdir(extension.ROOT)
    try:
        sqllogic.run(file.relative_to(extension.ROOT), tmp_path, extension.load)
    except sqllogic.SkipTest as reason:
        pytest.skip(str(reason))
