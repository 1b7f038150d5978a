"""The viewer of a database, as a browser that follows no script sees it."""

import http.client
import json
import socket
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import duckdb

# Seconds after which an answer is overdue.
TIMEOUT = 30.0


@dataclass(frozen=True)
class Answer:
    """An answer of HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Result:
    """The result of a query, as its lines tell it."""

    columns: list[tuple[str, str]]
    rows: list[list[Any]]
    end: dict[str, Any] | None
    error: dict[str, Any] | None
    progress: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Viewer:
    """A viewer, and the cookie for it."""

    host: str
    port: int
    token: str
    cookie: str

    @classmethod
    def open(cls, url: str) -> Self:
        """Exchanges the token of a URL for a cookie, as a browser does that opens it."""
        parts = urlsplit(url)
        assert parts.hostname, url
        assert parts.port, url
        answer = request(parts.hostname, parts.port, "GET", f"/?{parts.query}")
        assert (answer.status, answer.headers["location"]) == (303, "/"), answer
        cookie = answer.headers["set-cookie"].split(";")[0]
        return cls(parts.hostname, parts.port, parts.query.partition("=")[2], cookie)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """What is at a path."""
        return self.send("GET", path, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """The answer to a request with the cookie; headers that are empty are left out."""
        given = {"Cookie": self.cookie, **(headers or {})}
        given = {name: value for name, value in given.items() if value}
        return request(self.host, self.port, method, path, body, given)

    def session(self) -> dict[str, Any]:
        """What the page asks first."""
        answer = self.get("/session")
        assert answer.status == 200, answer
        session: dict[str, Any] = json.loads(answer.body)
        return session

    def query(self, sql: str, **asked: object) -> Result:
        """The result of a query."""
        answer = self.ask({"sql": sql, **asked})
        assert answer.status == 200, answer
        assert answer.headers["content-type"] == "application/x-ndjson"
        return read(answer.body)

    def ask(self, body: object, **headers: str) -> Answer:
        """The answer to a query, however it is put."""
        given = {"Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", "/query", json.dumps(body).encode(), given)

    def begin(self, sql: str) -> socket.socket:
        """Sends a query whose answer nobody reads yet."""
        body = json.dumps({"sql": sql})
        connection = self.connect()
        connection.sendall(
            f"POST /query HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nCookie: {self.cookie}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        return connection

    def connect(self) -> socket.socket:
        """A connection, over which nothing was sent."""
        return socket.create_connection((self.host, self.port), TIMEOUT)


def start(con: duckdb.DuckDBPyConnection, port: int = 0, **options: object) -> Viewer:
    """Starts a viewer, by default on a free port, and opens it."""
    return Viewer.open(url(con, port, **options))


def url(con: duckdb.DuckDBPyConnection, port: int = 0, **options: object) -> str:
    """Starts a viewer; the URL that opens it."""
    given = {"port": port, **options}
    listed = ", ".join(f"{name} := {literal(value)}" for name, value in given.items())
    ((found,),) = con.execute(f"CALL otlp_viewer({listed})").fetchall()
    return str(found)


def literal(value: object) -> str:
    """A value in SQL."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def request(
    host: str,
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """The answer to a request over a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.putrequest(method, path, skip_host="Host" in (headers or {}))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        given = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, given, answer.read())
    finally:
        connection.close()


def read(body: bytes) -> Result:
    """The lines of a result, in the order that they have to come in."""
    lines = [json.loads(line) for line in body.splitlines()]
    last = lines.pop()
    columns: list[tuple[str, str]] = []
    rows: list[list[Any]] = []
    progress: list[float] = []
    for line in lines:
        match line:
            case {"columns": found}:
                assert not columns
                assert not rows
                columns = [(column["name"], column["type"]) for column in found]
            case {"rows": found}:
                assert all(len(row) == len(columns) for row in found)
                rows += found
            case {"progress": share}:
                progress.append(share)
            case other:
                raise AssertionError(other)
    assert ("end" in last) != ("error" in last), last
    return Result(columns, rows, last.get("end"), last.get("error"), progress)
