#!/usr/bin/env python3
"""Writes test/data/*_simple.binpb from test/data/*_simple.jsonl with the official OTLP classes.

Each file becomes one bare message that holds the lines of the JSON file in order. What was written
is read back by a wire decoder that shares nothing with the writer but the field numbers and types
of the .proto files, and compared with the JSON. `--check` writes nothing and fails if a file on
disk is not what would be written.
"""

import argparse
import base64
import json
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

DATA = Path(__file__).resolve().parent.parent / "test" / "data"
SIGNALS: dict[str, type[Message]] = {
    "traces": TracesData,
    "metrics": MetricsData,
    "logs": LogsData,
}
ID_KEYS = {"traceId", "spanId", "parentSpanId"}


def main() -> int:
    """Writes or checks the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare only")
    check = parser.parse_args().check
    stale = [signal for signal in SIGNALS if not process(signal, check)]
    if stale:
        print(f"out of date: {', '.join(stale)}; run {Path(__file__).name}", file=sys.stderr)
    return 1 if stale else 0


def process(signal: str, check: bool) -> bool:
    """Writes or checks one file; false if it is not what it should be."""
    path = DATA / f"{signal}_simple.binpb"
    lines = (DATA / f"{signal}_simple.jsonl").read_text("utf-8").splitlines()
    documents = [json.loads(line) for line in lines]
    data = b"".join(encode(document, SIGNALS[signal]) for document in documents)
    verify(data, documents, SIGNALS[signal])
    if check:
        return path.exists() and path.read_bytes() == data
    path.write_bytes(data)
    print(f"{path.relative_to(DATA.parent.parent)}: {len(data)} bytes")
    return True


def encode(document: dict[str, Any], message: type[Message]) -> bytes:
    """OTLP/JSON to protobuf. Concatenated messages of one type are one message in protobuf."""
    filled = json_format.ParseDict(ids_to_base64(document), message())
    data: bytes = filled.SerializeToString(deterministic=True)
    return data


def ids_to_base64(value: Any) -> Any:
    """OTLP/JSON writes ids in hex, where protobuf's own JSON mapping wants base64."""
    if isinstance(value, list):
        return [ids_to_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode()
        if key in ID_KEYS
        else ids_to_base64(item)
        for key, item in value.items()
    }


def verify(data: bytes, documents: list[dict[str, Any]], message: type[Message]) -> None:
    """Raises unless `data`, decoded independently, says what the documents say."""
    merged: dict[str, list[Any]] = {}
    for document in documents:
        for key, items in document.items():
            merged.setdefault(key, []).extend(items)
    decoded = decode(data, message.DESCRIPTOR)
    if decoded != merged:
        raise SystemExit(f"{message.DESCRIPTOR.name}: {decoded} is not {merged}")


def decode(data: bytes, descriptor: Descriptor) -> dict[str, Any]:
    """Protobuf bytes to OTLP/JSON, by the wire format alone. Unknown fields are errors."""
    result: dict[str, Any] = {}
    for number, wire_type, raw in fields(data):
        field = descriptor.fields_by_number[number]
        if not field.is_repeated:
            result[field.json_name] = scalar(field, raw)
        elif wire_type == 2 and field.type in FIXED:
            width, form = FIXED[field.type]
            steps = range(0, len(raw), width)
            items = [number_to_json(field, struct.unpack_from(form, raw, at)[0]) for at in steps]
            result.setdefault(field.json_name, []).extend(items)
        else:
            result.setdefault(field.json_name, []).append(scalar(field, raw))
    return result


def fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message: number, wire type, and varint or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            value, at = varint(data, at)
            yield number, wire_type, value
            continue
        if wire_type == 2:
            length, at = varint(data, at)
        else:
            length = {1: 8, 5: 4}[wire_type]
        yield number, wire_type, data[at : at + length]
        at += length


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A base-128 varint and the position behind it."""
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | data[at] << shift, at + 1


FIXED = {
    FieldDescriptor.TYPE_FIXED32: (4, "<I"),
    FieldDescriptor.TYPE_FIXED64: (8, "<Q"),
    FieldDescriptor.TYPE_SFIXED64: (8, "<q"),
    FieldDescriptor.TYPE_DOUBLE: (8, "<d"),
}
OTHERS: dict[int, Callable[[Any], Any]] = {
    FieldDescriptor.TYPE_STRING: lambda raw: raw.decode("utf-8"),
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_ENUM: int,
    FieldDescriptor.TYPE_UINT32: int,
    FieldDescriptor.TYPE_INT64: lambda raw: str(raw - (1 << 64) if raw >> 63 else raw),
    FieldDescriptor.TYPE_UINT64: str,
    FieldDescriptor.TYPE_SINT32: lambda raw: (raw >> 1) ^ -(raw & 1),
}


def scalar(field: FieldDescriptor, raw: Any) -> Any:
    """One value in OTLP/JSON."""
    if field.message_type:
        return decode(raw, field.message_type)
    if field.type == FieldDescriptor.TYPE_BYTES:
        is_id = field.json_name in ID_KEYS
        return raw.hex() if is_id else base64.b64encode(raw).decode()
    if field.type in FIXED:
        return number_to_json(field, struct.unpack(FIXED[field.type][1], raw)[0])
    return OTHERS[field.type](raw)


def number_to_json(field: FieldDescriptor, number: float) -> Any:
    """64-bit integers are strings in OTLP/JSON, other numbers are numbers."""
    is_long = field.type in (FieldDescriptor.TYPE_FIXED64, FieldDescriptor.TYPE_SFIXED64)
    return str(number) if is_long else number


if __name__ == "__main__":
    sys.exit(main())
