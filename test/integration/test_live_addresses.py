"""Where a receiver can be reached, and where it cannot."""

import socket

import duckdb
import pytest

import live
import otlp_client
import senders
import wire
from live import Live
from otlp_client import Grpc

GOOD = wire.request(wire.span(name="good"))


def reaches(host: str, port: int) -> bool:
    """Whether somebody answers there."""
    try:
        socket.create_connection((host, port), 5).close()
    except OSError:
        return False
    return True


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")

REACHED = [
    # (address, what duckdb_databases() shows, hosts by which it is reached)
    ("127.0.0.1", "127.0.0.1", ["127.0.0.1", "localhost"]),
    ("localhost", "localhost", ["127.0.0.1", "localhost"]),
    ("0.0.0.0", "0.0.0.0", ["127.0.0.1", "localhost"]),
    pytest.param("localhost", "localhost", ["::1"], marks=needs_ipv6),
    pytest.param("[::1]", "::1", ["::1"], marks=needs_ipv6),
]


@pytest.mark.parametrize(("address", "shown", "hosts"), REACHED)
def test_reached(
    address: str, shown: str, hosts: list[str], con: duckdb.DuckDBPyConnection
) -> None:
    """Both transports, by every name that it has."""
    attached = live.attach(con, f"{address}:0")
    assert attached.host == shown
    for host in hosts:
        in_url = f"[{host}]" if ":" in host else host
        with Grpc(attached.port, in_url) as client:
            client.export("traces", GOOD)
        assert otlp_client.post(attached.port, "traces", GOOD, host=host).status == 200
    assert attached.count() == 2 * len(hosts)
    attached.assert_balanced()
    attached.detach()
    assert not any(reaches(host, attached.port) for host in hosts)


def test_loopback_only(con: duckdb.DuckDBPyConnection) -> None:
    """What listens on 127.0.0.1 is not reached by another address of this machine."""
    attached = live.attach(con, "127.0.0.1:0")
    assert not reaches("127.0.0.2", attached.port)
    assert reaches("127.0.0.1", attached.port)


def test_named_port(con: duckdb.DuckDBPyConnection) -> None:
    """A port that is asked for is the one that is had."""
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
    assert live.attach(con, f"localhost:{port}").port == port


def test_any_second_port(con: duckdb.DuckDBPyConnection) -> None:
    """`http_port 0` is any port that is free; both take both transports."""
    attached = live.attach(con, http_port=0)
    query = "SELECT options['http_port']::INT FROM duckdb_databases() WHERE database_name = 'live'"
    ((second,),) = con.execute(query).fetchall()
    assert second not in (0, attached.port)
    for port in (attached.port, second):
        with Grpc(port) as client:
            client.export("traces", GOOD)
        assert otlp_client.post(port, "traces", GOOD).status == 200
    assert attached.count() == 4
    attached.assert_balanced()


@pytest.fixture
def usual_ports() -> None:
    """The ports that exporters have as their default, which a test cannot choose."""
    for port in (4317, 4318):
        if reaches("localhost", port):
            pytest.skip(f"another process listens on port {port}")


@pytest.mark.usefixtures("usual_ports")
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf", "http/json"])
@pytest.mark.parametrize("language", ["python", "javascript"])
def test_an_exporter_with_its_defaults(
    con: duckdb.DuckDBPyConnection, language: str, protocol: str
) -> None:
    """Attached at 4317, a receiver is found by those that were told nothing."""
    sender = senders.SENDERS[language]
    if missing := sender.missing():
        pytest.skip(missing)
    attached = live.attach(con, "localhost:4317")
    sender.send(protocol, [])
    assert attached.count() == 5
    assert attached.count("logs") == 2
    attached.detach()
    assert not reaches("localhost", 4318)


def http_port(con: duckdb.DuckDBPyConnection) -> str | None:
    """The second port of the receiver, as DuckDB shows it."""
    query = "SELECT options['http_port'] FROM duckdb_databases() WHERE database_name = 'live'"
    ((port,),) = con.execute(query).fetchall()
    return port


@pytest.mark.usefixtures("usual_ports")
def test_a_second_port_that_is_taken(con: duckdb.DuckDBPyConnection) -> None:
    """Where somebody else has 4318, the receiver goes on without it and says so."""
    con.execute("CALL enable_logging(level = 'warning')")
    with socket.create_server(("localhost", 4318)):
        attached = live.attach(con, "localhost:4317")
        assert http_port(con) == "none"
    query = "SELECT message FROM duckdb_logs WHERE message LIKE '%4318%'"
    ((message,),) = con.execute(query).fetchall()
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317" in message
    attached.detach()


@pytest.mark.usefixtures("usual_ports")
def test_no_second_port(con: duckdb.DuckDBPyConnection) -> None:
    """One may be told not to have it; and only 4317 has one that nobody named."""
    attached = live.attach(con, "localhost:4317")
    assert http_port(con) == "4318"
    attached.detach()
    attached = live.attach(con, "localhost:4317", http_port="none")
    assert http_port(con) == "none"
    assert not reaches("localhost", 4318)
    attached.detach()
    attached = live.attach(con)
    assert http_port(con) is None
    attached.detach()


def test_many_requests_on_a_connection(receiver: Live) -> None:
    """A connection of HTTP/1.1 is kept for the next request."""
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD
    with socket.create_connection(("localhost", receiver.port), 10) as connection:
        for _ in range(50):
            connection.sendall(request)
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200 ")
    assert receiver.count() == 50


def test_read_only(con: duckdb.DuckDBPyConnection) -> None:
    """READ_ONLY forbids INSERT, not Export."""
    con.execute("ATTACH 'otlp://localhost:0' AS live (TYPE otlp, READ_ONLY)")
    attached = Live(con, "live", *live.bound(con, "live"))
    with Grpc(attached.port) as client:
        client.export("traces", GOOD)
    assert attached.names() == ["good"]
    with pytest.raises(duckdb.Error, match="read-only"):
        con.execute("INSERT INTO live.traces SELECT * FROM live.traces")
