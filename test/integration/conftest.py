"""Fixtures of the live tests."""

from collections.abc import Iterator

import duckdb
import pytest

import live
from live import Live


@pytest.fixture
def receiver(con: duckdb.DuckDBPyConnection) -> Iterator[Live]:
    """A receiver on a free port; when a test is over, its counts must balance."""
    attached = live.attach(con)
    yield attached
    attached.assert_balanced()
    attached.detach()
