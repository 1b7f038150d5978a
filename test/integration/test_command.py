"""What the command `duckspan` does, and says."""

import re
import signal
import socket
import urllib.request
from pathlib import Path

import duckdb
import pytest

import command
import extension
import otlp_client
import wire
from command import run, running
from upstream import Upstream
from viewer import Viewer

DATA = extension.ROOT / "test" / "data"
SHOP = DATA / "shop.jsonl"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed."""
    return command.install(tmp_path_factory.mktemp("package"))


def page(said: list[str]) -> Viewer:
    """The page that it names."""
    return Viewer.open(command.address(said))


def spans(opened: Viewer) -> int:
    """How many spans the page shows."""
    ((count,),) = opened.query("SELECT count(*)::INTEGER FROM spans").rows
    return int(count)


def test_help(package: Path) -> None:
    """What it can do, in 80 columns."""
    for arguments in (["--help"], ["view", "--help"], ["serve", "--help"]):
        told = run(package, *arguments)
        assert told.returncode == 0
        assert all(len(line) <= 80 for line in told.stdout.splitlines())
    assert run(package, "--version").stdout == f"duckspan 7, DuckDB {duckdb.__version__}\n"
    assert run(package).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["view", "nowhere.jsonl"], 'No files found that match the pattern "nowhere.jsonl"'),
        (["view", SHOP, "it's.jsonl"], "it's.jsonl"),
        (["view", extension.ROOT / "README.md"], "holds no OTLP"),
        (["view", "nowhere.duckdb"], "nowhere.duckdb is not there"),
        (["view", "--port", "99999", SHOP], "99999"),
        (["serve", "--port", "99999"], "99999"),
        (["serve", "--port", "0", "--memory-limit", "lots"], "lots"),
    ],
)
def test_errors_are_a_sentence(package: Path, arguments: list[object], words: str) -> None:
    told = run(package, *arguments)
    assert told.returncode == 1
    assert told.stderr.startswith("duckspan: ")
    assert words in told.stderr
    assert "LINE 1" not in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("files", [[SHOP], [DATA / "shop.*", DATA / "traces_simple.jsonl"]])
def test_view_of_files(package: Path, files: list[Path], con: duckdb.DuckDBPyConnection) -> None:
    """Spans, logs and metrics of all files, whatever their format."""
    with running(package, "view", "--port", 0, *files) as said:
        opened = page(said)
        paths = [str(file) for file in files]
        for kind in ("spans", "log_records", "data_points"):
            ((count,),) = con.execute(
                f"SELECT count(*) FROM read_otlp_{kind}(?)", [paths]
            ).fetchall()
            query = f"SELECT count(*)::INTEGER FROM {kind}"
            assert opened.query(query).rows == [[count]]
        assert opened.session()["live"] is None


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("archive", ["kept", "kept.duckdb"])
def test_serve_then_view(package: Path, tmp_path: Path, archive: str, end: int) -> None:
    """A receiver with its page; what it received is there when it has ended, to be viewed."""
    kept = tmp_path / archive
    arguments = ["serve", "--port", 0, "--page-port", 0, "--archive", kept]
    with running(package, *arguments, end=end) as said:
        opened = page(said)
        assert opened.session()["live"] == "live"
        port = int(re.findall(r"http://localhost:(\d+)", said[0])[0])
        assert any(
            line.endswith(f"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{port}") for line in said
        )
        assert spans(opened) == 0
        body = wire.request(wire.span(name="first"), wire.span(name="second"))
        assert otlp_client.post(port, "traces", body).status == 200
        assert spans(opened) == 2
    for listened in (port, opened.port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", listened), 5)
    with running(package, "view", "--port", 0, kept) as said:
        assert page(said).query("SELECT name FROM spans ORDER BY name").rows == [
            ["first"],
            ["second"],
        ]


def test_serve_and_forward(package: Path, upstream: Upstream) -> None:
    """What is received goes on, to the last row when it ends; when it cannot, that is said."""
    arguments = ["serve", "--port", 0, "--page-port", 0, "--forward"]
    body = wire.request(wire.span(name="first"), wire.span(name="second"))
    with running(package, *arguments, upstream.endpoint) as said:
        assert f"It goes on to {upstream.endpoint}" in said
        port = int(re.findall(r"http://localhost:(\d+)", said[0])[0])
        assert otlp_client.post(port, "traces", body).status == 200
    assert len(upstream.spans()) == 2
    upstream.server.stop(None).wait(30)
    words = f"2 rows of otlp://localhost:.* were not forwarded to {upstream.endpoint}.*\n"
    with running(package, *arguments, upstream.endpoint, errors=f"duckspan: {words}") as said:
        port = int(re.findall(r"http://localhost:(\d+)", said[0])[0])
        assert otlp_client.post(port, "traces", body).status == 200


def test_the_receiver_says_where_the_page_is(package: Path) -> None:
    with running(package, "serve", "--port", 0, "--page-port", 0) as said:
        place = f"http://127.0.0.1:{page(said).port}/"
        at = re.findall(r"http://localhost:\d+", said[0])[0]
        with urllib.request.urlopen(f"{at}/", timeout=10) as answer:
            text = answer.read().decode()
        assert place in text
        assert "token=" not in text
