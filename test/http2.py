"""HTTP/2 as no client library would speak it: requests in pieces, broken ones, floods of frames."""

import socket
import struct
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

from otlp_client import METHODS


@dataclass
class Answer:
    """What came back on a stream. Trailers are among the headers."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: bool = False

    @property
    def grpc_status(self) -> int:
        return int(self.headers["grpc-status"])


class Http2:
    """A connection to a receiver."""

    def __init__(self, port: int, timeout: float = 10) -> None:
        self.port = port
        self.socket = socket.create_connection(("localhost", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.state = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.state.initiate_connection()
        self.answers: dict[int, Answer] = {}
        self.closed = False
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    def flush(self) -> None:
        """Sends what the state machine has to say."""
        self.socket.sendall(self.state.data_to_send())

    def start(self, path: str, **more: str) -> int:
        """Sends the head of a gRPC call; `more` are headers with `_` for `-`."""
        stream = self.state.get_next_available_stream_id()
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", f"localhost:{self.port}"),
            ("content-type", more.pop("content_type", "application/grpc")),
            ("te", "trailers"),
            *((name.replace("_", "-"), value) for name, value in more.items()),
        ]
        self.answers[stream] = Answer()
        self.state.send_headers(stream, headers)
        self.flush()
        return stream

    def data(self, stream: int, data: bytes, end: bool = False) -> None:
        """Sends bytes of a body, waiting for the window that they need."""
        for at in range(0, len(data), 16_384):
            part = data[at : at + 16_384]
            while self.state.local_flow_control_window(stream) < len(part):
                self.receive()
            self.state.send_data(stream, part)
            self.flush()
        if end:
            self.state.end_stream(stream)
            self.flush()

    def receive(self) -> None:
        """Waits for bytes, and takes note of what they say. Raises TimeoutError."""
        data = self.socket.recv(65_536)
        if not data:
            self.closed = True
            raise EOFError
        for event in self.state.receive_data(data):
            if isinstance(event, ConnectionTerminated):
                self.closed = True
            elif isinstance(event, (ResponseReceived, TrailersReceived)):
                self.answers[event.stream_id].headers.update(event.headers)
            elif isinstance(event, DataReceived):
                self.answers[event.stream_id].body += event.data
                self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                self.answers[event.stream_id].ended = True
            elif isinstance(event, StreamReset):
                self.answers[event.stream_id].reset = True
        self.flush()

    def answer(self, stream: int) -> Answer:
        """The whole answer on a stream."""
        answer = self.answers[stream]
        while not (answer.ended or answer.reset):
            self.receive()
        return answer


def call(port: int, body: bytes, path: str = METHODS["traces"], **more: str) -> Answer:
    """The answer to a gRPC call with this body, framing included."""
    with Http2(port) as connection:
        stream = connection.start(path, **more)
        connection.data(stream, body, end=True)
        return connection.answer(stream)


def framed(message: bytes, flag: int = 0) -> bytes:
    """A message as gRPC frames it; flag 1 says that it is compressed."""
    return struct.pack(">BI", flag, len(message)) + message
