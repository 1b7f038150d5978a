"""A receiver that speaks TLS: SDKs and COPY send to it, and whoever cannot is told why."""

import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import duckdb
import grpc
import pytest

import certificates
import live
import senders
from certificates import Identity
from live import Live
from otlp_client import METHODS

Connection = duckdb.DuckDBPyConnection


@dataclass
class Files:
    """What a test has of TLS."""

    folder: Path
    authority: Identity
    ca: Path
    certificate: Path
    key: Path
    client: tuple[Path, Path]

    def attach(self, con: Connection, **options: object) -> Live:
        """A receiver that shows the certificate."""
        certificate, key = str(self.certificate), str(self.key)
        return live.attach(con, tls_certificate=certificate, tls_key=key, **options)

    def issue(self, days: int = 1) -> bytes:
        """A new certificate for the receiver."""
        server = certificates.issue("localhost", self.authority, days)
        server.write(self.folder, "server")
        return server.pem()

    def secret(self, con: Connection, *more: str) -> None:
        """Makes COPY trust the authority."""
        members = ", ".join(["TYPE otlp", f"CA '{self.ca}'", *more])
        con.execute(f"CREATE OR REPLACE SECRET trusted ({members})")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """An authority, and what it issued."""
    authority = certificates.issue("authority")
    ca, _ = authority.write(tmp_path, "ca")
    client = certificates.issue("client", authority).write(tmp_path, "client")
    found = Files(tmp_path, authority, ca, tmp_path / "server.pem", tmp_path / "server.key", client)
    found.issue()
    return found


def copy(con: Connection, endpoint: str) -> int:
    """Sends one span."""
    data = '{"spanId":"0101010101010101","name":"a"}'
    row = f"SELECT NULL::JSON AS resource, '{data}' AS data"
    ((count,),) = con.execute(f"COPY ({row}) TO '{endpoint}' (FORMAT otlp)").fetchall()
    return int(count)


@pytest.mark.parametrize("is_mutual", [False, True], ids=["server", "mutual"])
@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        (name, protocol)
        for protocol in ("grpc", "http/protobuf")
        for name in ("python", "javascript", "rust", "go")
    ],
)
def test_sdk(con: Connection, files: Files, name: str, protocol: str, is_mutual: bool) -> None:
    """An SDK that is told whom to trust, and what to show, sends as much as without TLS."""
    sender = senders.SENDERS[name]
    if reason := sender.missing():
        pytest.skip(f"the sender in {name} cannot run: {reason}")
    plain = live.attach(con, name="plain")
    sender.send(protocol, [plain.port])
    attached = files.attach(con, **({"tls_client_ca": str(files.ca)} if is_mutual else {}))
    shown = ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY")
    # Requests, which Python sends HTTP with, prefers the bundle of the environment if there is one.
    trusted = ("OTEL_EXPORTER_OTLP_CERTIFICATE", "REQUESTS_CA_BUNDLE")
    variables = dict.fromkeys(trusted, str(files.ca))
    if is_mutual:
        variables |= dict(zip(shown, map(str, files.client), strict=True))
    sender.send(protocol, [attached.port], "https", **variables)
    for signal in sender.signals:
        assert attached.count(signal) == plain.count(signal) > 0
    attached.detach()
    plain.detach()


@pytest.mark.parametrize("scheme", ["otlps", "https"])
def test_copy(con: Connection, files: Files, scheme: str) -> None:
    """COPY trusts whom its secret names, and shows what the receiver wants to see."""
    attached = files.attach(con, tls_client_ca=str(files.ca))
    endpoint = f"{scheme}://localhost:{attached.port}"
    stranger, _ = certificates.issue("stranger").write(files.folder, "stranger")
    con.execute(f"CREATE SECRET trusted (TYPE otlp, CA '{stranger}')")
    with pytest.raises(duckdb.IOException, match="of an authority that is not trusted"):
        copy(con, endpoint)
    files.secret(con)
    with pytest.raises(duckdb.IOException, match="wants a certificate of its client"):
        copy(con, endpoint)
    certificate, key = files.client
    files.secret(con, f"CERTIFICATE '{certificate}'", f"KEY '{key}'")
    assert copy(con, endpoint) == attached.count() == 1
    attached.detach()


def test_a_certificate_that_is_old(con: Connection, files: Files) -> None:
    """Is not trusted, and a client says so."""
    files.issue(days=-5)
    attached = files.attach(con)
    files.secret(con)
    for scheme in ("otlps", "https"):
        with pytest.raises(duckdb.IOException, match="its certificate has expired"):
            copy(con, f"{scheme}://localhost:{attached.port}")
    context = ssl.create_default_context(cafile=files.ca)
    with pytest.raises(urllib.error.URLError, match="certificate has expired"):
        urllib.request.urlopen(f"https://localhost:{attached.port}", context=context)
    attached.detach()


def test_a_client_without_tls(con: Connection, files: Files) -> None:
    """Is told in its own protocol that it has to speak TLS."""
    attached = files.attach(con)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://localhost:{attached.port}/v1/traces", data=b"")
    assert refused.value.code == 400
    assert b"this port speaks TLS only" in refused.value.read()
    with grpc.insecure_channel(f"localhost:{attached.port}") as channel:
        with pytest.raises(grpc.RpcError) as failed:
            channel.unary_unary(METHODS["traces"])(b"", timeout=30)
        # No code that clients try again at: the next try would not be over TLS either.
        assert failed.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert "this port speaks TLS only" in str(failed.value.details())
    assert live.rejections(con, "traces") == {"unsecured": 2}
    for scheme in ("otlp", "http"):
        with pytest.raises(duckdb.IOException, match="TLS"):
            copy(con, f"{scheme}://localhost:{attached.port}")
    attached.detach()


def test_a_receiver_without_tls(con: Connection, files: Files) -> None:
    """COPY says that it speaks none."""
    attached = live.attach(con)
    files.secret(con)
    for scheme, plain in (("otlps", "otlp"), ("https", "http")):
        address = f"localhost:{attached.port}"
        with pytest.raises(duckdb.IOException, match=f"send to '{plain}://{address}'"):
            copy(con, f"{scheme}://{address}")
    attached.detach()


def tls_error(attached: live.Live) -> str | None:
    """Why files that changed are not used."""
    ((error,),) = attached.fetch("SELECT DISTINCT tls_error FROM live.stats")
    return error


def test_files_that_change(con: Connection, files: Files) -> None:
    """Are read again, and connections that come then see them."""
    attached = files.attach(con)
    address = ("localhost", attached.port)
    before = ssl.get_server_certificate(address)
    new = files.issue().decode()
    deadline = time.monotonic() + 60
    while (now := ssl.get_server_certificate(address)) == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert now.strip() == new.strip()
    files.key.write_text("half of it")
    while (error := tls_error(attached)) is None:
        assert time.monotonic() < deadline
        assert ssl.get_server_certificate(address) == now
        time.sleep(0.05)
    assert "holds no private key in PEM" in error
    assert "half of it" not in error
    attached.detach()


def test_what_cannot_be_attached(con: Connection, files: Files) -> None:
    """Says which file it is, and the port stays free."""
    certificate, key = str(files.certificate), str(files.key)
    with pytest.raises(duckdb.BinderException, match="both tls_certificate and tls_key"):
        live.attach(con, tls_certificate=certificate)
    with pytest.raises(duckdb.IOException, match="tls_key '/none' cannot be read"):
        live.attach(con, tls_certificate=certificate, tls_key="/none")
    with pytest.raises(duckdb.IOException, match="holds no certificate in PEM"):
        live.attach(con, tls_certificate=key, tls_key=key)
    with pytest.raises(duckdb.IOException, match="do not belong together"):
        live.attach(con, tls_certificate=certificate, tls_key=str(files.client[1]))
