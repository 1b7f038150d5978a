"""Fixtures of the live tests."""

import urllib.request
from collections.abc import Iterator

import duckdb
import pytest
import s3fs
from moto.server import ThreadedMotoServer

import live
from live import Live
from upstream import HttpUpstream, Upstream


@pytest.fixture
def receiver(con: duckdb.DuckDBPyConnection) -> Iterator[Live]:
    """A receiver on a free port; when a test is over, its counts must balance."""
    attached = live.attach(con)
    yield attached
    attached.assert_balanced()
    attached.detach()


@pytest.fixture
def s3() -> Iterator[s3fs.S3FileSystem]:
    """An S3 server on loopback, with a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    reset = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset).close()
    filesystem = s3fs.S3FileSystem(
        key="x",
        secret="x",
        endpoint_url=f"http://{host}:{port}",
        client_kwargs={"region_name": "eu-central-1"},
        skip_instance_cache=True,
    )
    filesystem.mkdir("telemetry")
    yield filesystem
    server.stop()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream that takes everything."""
    server = Upstream()
    yield server
    server.server.stop(None)


@pytest.fixture
def http_upstream() -> Iterator[HttpUpstream]:
    """The same over HTTP."""
    server = HttpUpstream()
    yield server
    server.stop()
