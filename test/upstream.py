"""Upstreams to send to, of gRPC's own library and Python's own HTTP, with the official classes."""

import contextlib
import gzip
import http.server
import socket
import threading
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass
from email.message import Message as Headers

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otlp_client import METHODS, RESPONSES

REQUESTS = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
Answer = Callable[[str, object, grpc.ServicerContext], object]


class Came:
    """Requests that came."""

    def __init__(self) -> None:
        self.came: list[tuple[str, object]] = []

    def spans(self) -> list[int]:
        """The ids of all spans that came."""
        return [
            int(span.span_id.hex(), 16)
            for signal, request in self.came
            if signal == "traces"
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Upstream(Came, grpc.GenericRpcHandler):
    """A server of gRPC's own library."""

    def __init__(self, answer: Answer | None = None, port: int = 0) -> None:
        super().__init__()
        self.answer = answer or (lambda signal, *_: RESPONSES[signal]())
        self.server = grpc.server(
            futures.ThreadPoolExecutor(8), handlers=[self], options=[("grpc.so_reuseport", 0)]
        )
        self.port = self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The handler of a method."""
        for signal, method in METHODS.items():
            if details.method == method:
                return self.handler(signal)
        return None

    def handler(self, signal: str) -> grpc.RpcMethodHandler:
        """Takes note of a request, and answers."""

        def export(request: object, context: grpc.ServicerContext) -> object:
            self.came.append((signal, request))
            return self.answer(signal, request, context)

        return grpc.unary_unary_rpc_method_handler(
            export, REQUESTS[signal].FromString, lambda answer: answer.SerializeToString()
        )

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return f"otlp://127.0.0.1:{self.port}"


@dataclass
class Reply:
    """What an HTTP upstream answers."""

    status: int
    body: bytes
    headers: dict[str, str]


class HttpUpstream(Came):
    """A server of Python's own HTTP. `answer` replies to a signal, or leaves it to be taken."""

    def __init__(
        self, answer: Callable[[str, object], Reply | None] | None = None, port: int = 0
    ) -> None:
        super().__init__()
        self.answer = answer or (lambda *_: None)
        self.headers: list[Headers] = []
        self.server = HttpServer(("127.0.0.1", port), Handler)
        self.server.upstream = self
        self.port = self.server.server_port
        self.serving = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.serving.start()

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def take(self, path: str, headers: Headers, body: bytes) -> Reply:
        """Takes note of a request, and answers."""
        signal = path.rpartition("/")[2]
        encoded = headers["content-encoding"]
        request = REQUESTS[signal].FromString(gzip.decompress(body) if encoded == "gzip" else body)
        self.came.append((signal, request))
        self.headers.append(headers)
        kind = {"content-type": "application/x-protobuf"}
        return self.answer(signal, request) or Reply(
            200, RESPONSES[signal]().SerializeToString(), kind
        )

    def stop(self) -> None:
        """Ends, as one that is killed: its connections break."""
        self.server.shutdown()
        self.server.server_close()
        self.server.break_off()
        self.serving.join()


class HttpServer(http.server.ThreadingHTTPServer):
    """Knows its connections, to break them."""

    daemon_threads = True
    upstream: HttpUpstream

    def __init__(self, *arguments: object) -> None:
        self.connections: list[socket.socket] = []
        super().__init__(*arguments)

    def process_request(self, request: socket.socket, address: object) -> None:
        """Serves a connection in a thread of its own."""
        self.connections.append(request)
        super().process_request(request, address)

    def handle_error(self, *_: object) -> None:
        """Is silent of connections that broke."""

    def break_off(self) -> None:
        """Breaks all connections."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection, which is kept."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Hands over a request, and writes the answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        reply = self.server.upstream.take(self.path, self.headers, body)
        self.send_response(reply.status)
        for name, value in {**reply.headers, "content-length": str(len(reply.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Is silent."""
