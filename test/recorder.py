"""A receiver that only writes down what it is sent: what a sender says to it, it says to others."""

import gzip
import json
import threading
from concurrent import futures
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.message import Message

import otlp_json
from otlp_client import JSON, METHODS, RESPONSES


@dataclass
class Recorder:
    """gRPC on one port and HTTP on another, on loopback, while inside `with`."""

    requests: dict[str, list[Message]] = field(
        default_factory=lambda: {signal: [] for signal in METHODS}
    )
    zipped: list[bool] = field(default_factory=list)
    """Of each request over HTTP, whether it was compressed."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self.grpc_server = grpc.server(futures.ThreadPoolExecutor(4))
        self.grpc_server.add_generic_rpc_handlers((Handler(self),))
        self.grpc_port = self.grpc_server.add_insecure_port("localhost:0")
        self.grpc_server.start()
        self.http_server = ThreadingHTTPServer(("localhost", 0), http_handler(self))
        self.http_port = self.http_server.server_port
        threading.Thread(target=self.http_server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.grpc_server.stop(None)
        self.http_server.shutdown()
        self.http_server.server_close()

    def port(self, protocol: str) -> int:
        """Where this protocol is answered."""
        return self.grpc_port if protocol == "grpc" else self.http_port

    def add(self, signal: str, request: Message) -> None:
        """Writes a request down."""
        with self.lock:
            self.requests[signal].append(request)


class Handler(grpc.GenericRpcHandler):
    """Answers the three Export methods."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        signal = next((one for one in METHODS if METHODS[one] == call.method), None)
        if signal is None:
            return None

        def export(content: bytes, _context: grpc.ServicerContext) -> bytes:
            self.recorder.add(signal, otlp_json.DATA[signal].FromString(content))
            return b""

        return grpc.unary_unary_rpc_method_handler(export)


def http_handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    """A class of handlers that write to this recorder."""

    class HttpHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            signal = self.path.removeprefix("/v1/")
            content = self.content()
            kind = self.headers["content-type"].split(";")[0]
            recorder.add(signal, decoded(signal, content, kind))
            answer = b"{}" if kind == JSON else RESPONSES[signal]().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def content(self) -> bytes:
            if self.headers["transfer-encoding"] == "chunked":
                content = b"".join(self.chunks())
            else:
                content = self.rfile.read(int(self.headers["content-length"]))
            zipped = self.headers["content-encoding"] == "gzip"
            recorder.zipped.append(zipped)
            return gzip.decompress(content) if zipped else content

        def chunks(self) -> Any:
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return HttpHandler


def decoded(signal: str, content: bytes, kind: str) -> Message:
    """A request in either encoding."""
    message = otlp_json.DATA[signal]
    if kind == JSON:
        return otlp_json.from_json(json.loads(content), message)
    return message.FromString(content)
