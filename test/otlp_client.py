"""Sends OTLP without an SDK: requests as they are told, byte for byte, over gRPC and HTTP."""

import gzip
import http.client
import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

import otlp_json

PACKAGE = "opentelemetry.proto.collector"
METHODS = {
    "traces": f"/{PACKAGE}.trace.v1.TraceService/Export",
    "metrics": f"/{PACKAGE}.metrics.v1.MetricsService/Export",
    "logs": f"/{PACKAGE}.logs.v1.LogsService/Export",
}
RESPONSES: dict[str, type[Message]] = {
    "traces": ExportTraceServiceResponse,
    "metrics": ExportMetricsServiceResponse,
    "logs": ExportLogsServiceResponse,
}
PROTOBUF = "application/x-protobuf"
JSON = "application/json"
PROTOCOLS = ("grpc", "http/protobuf", "http/json")

# Seconds after which an answer is overdue.
TIMEOUT = 30.0


class Grpc:
    """A channel of its own to a receiver; `with` closes it."""

    def __init__(
        self,
        port: int,
        host: str = "localhost",
        token: str | None = None,
        authority: str | None = None,
    ) -> None:
        options: list[tuple[str, int | str]] = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_send_message_length", -1),
        ]
        if authority is not None:
            options.append(("grpc.default_authority", authority))
        self.channel = grpc.insecure_channel(f"{host}:{port}", options)
        self.metadata = [("authorization", f"Bearer {token}")] if token is not None else []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.channel.close()

    def export(
        self,
        signal: str,
        request: Message | bytes,
        compression: grpc.Compression = grpc.Compression.NoCompression,
        timeout: float = TIMEOUT,
    ) -> Any:
        """The answer to an Export. Raises grpc.RpcError where it has another status than OK."""
        answer = self.call(METHODS[signal], body(request), compression, timeout)
        return RESPONSES[signal].FromString(answer)

    def call(
        self,
        method: str,
        request: bytes,
        compression: grpc.Compression = grpc.Compression.NoCompression,
        timeout: float = TIMEOUT,
    ) -> bytes:
        """The answer of any method, in bytes."""
        call = self.channel.unary_unary(method)
        answer = call(request, timeout=timeout, metadata=self.metadata, compression=compression)
        return bytes(answer)


def refused(client: Grpc, signal: str, request: Message | bytes, **options: Any) -> grpc.RpcError:
    """The error that an Export must end with."""
    try:
        client.export(signal, request, **options)
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"a request for {signal} was accepted")


def body(request: Message | bytes) -> bytes:
    """The bytes of a request in protobuf."""
    return request if isinstance(request, bytes) else request.SerializeToString()


def json_body(request: Message) -> bytes:
    """The bytes of a request in OTLP/JSON."""
    return json.dumps(otlp_json.to_json(request), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Reply:
    """What an HTTP request was answered with; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def message(self, signal: str) -> Any:
        """The body of a success."""
        return parsed(self, RESPONSES[signal])


def parsed(reply: Reply, message: type[Message]) -> Any:
    """The body of an answer in the encoding that its Content-Type names."""
    kind = reply.headers["content-type"].split(";")[0]
    if kind == PROTOBUF:
        return message.FromString(reply.body)
    assert kind == JSON, kind
    return json_format.Parse(reply.body, message())


def http_request(
    port: int,
    method: str,
    path: str,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
    host: str = "localhost",
    timeout: float = TIMEOUT,
) -> Reply:
    """The answer to one HTTP request on a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, path, content, headers or {})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, found, response.read())
    finally:
        connection.close()


def post(
    port: int,
    signal: str,
    content: bytes,
    kind: str = PROTOBUF,
    host: str = "localhost",
    **more: str,
) -> Reply:
    """The answer to an export over HTTP; `more` are headers with `_` for `-`."""
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    headers["content-type"] = kind
    return http_request(port, "POST", f"/v1/{signal}", content, headers, host)


def send(port: int, protocol: str, signal: str, request: Message, zipped: bool = False) -> Any:
    """Exports a request in one of the three protocols, and returns the answer."""
    if protocol == "grpc":
        compression = grpc.Compression.Gzip if zipped else grpc.Compression.NoCompression
        with Grpc(port) as client:
            return client.export(signal, request, compression)
    content, kind = body(request), PROTOBUF
    if protocol == "http/json":
        content, kind = json_body(request), JSON
    more = {"content_encoding": "gzip"} if zipped else {}
    reply = post(port, signal, gzip.compress(content) if zipped else content, kind, **more)
    assert reply.status == 200, reply
    assert reply.headers["content-type"] == kind, reply
    return reply.message(signal)
