"""An upstream to send to: a server of gRPC's own library, with the official classes."""

from collections.abc import Callable
from concurrent import futures

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


class Upstream(grpc.GenericRpcHandler):
    """A server of gRPC's own library, with the official classes."""

    def __init__(self, answer: Answer | None = None, port: int = 0) -> None:
        self.came: list[tuple[str, object]] = []
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

    def spans(self) -> list[int]:
        """The ids of all spans that came."""
        return [
            int(span.span_id.hex(), 16)
            for _, request in self.came
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
