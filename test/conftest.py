"""Fixtures of all tests."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import extension
from faults import Files


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A fresh database with the extension loaded."""
    connection = extension.connect()
    yield connection
    connection.close()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder to write files into."""
    return Files(tmp_path)
