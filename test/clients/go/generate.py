"""Writes the Go classes of OTLP from the descriptors that the official Python classes carry.

python generate.py PROTOC_GEN_GO DIRECTORY
"""

import subprocess
import sys
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor import FileDescriptor
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2


def add(request: CodeGeneratorRequest, file: FileDescriptor) -> None:
    """Asks for the classes of a file, and first for those of the files that it needs."""
    if file.name in request.file_to_generate:
        return
    for needed in file.dependencies:
        add(request, needed)
    request.file_to_generate.append(file.name)
    file.CopyToProto(request.proto_file.add())


def main() -> None:
    """Speaks to the plugin as protoc would."""
    plugin, directory = sys.argv[1:]
    request = CodeGeneratorRequest()
    for service in (metrics_service_pb2, trace_service_pb2):
        add(request, service.DESCRIPTOR)
    process = subprocess.run(
        [plugin], input=request.SerializeToString(), stdout=subprocess.PIPE, check=True
    )
    response = CodeGeneratorResponse.FromString(process.stdout)
    if response.error:
        sys.exit(response.error)
    for file in response.file:
        path = Path(directory, file.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content)


if __name__ == "__main__":
    main()
