"""OTLP/JSON and the official protobuf classes: the oracle that the extension is compared with.

Reading goes through `google.protobuf.json_format`, after what OTLP writes otherwise (ids in hex)
was turned into what protobuf's own mapping wants. Writing is our own walk over the descriptors,
since `json_format` has enum names, another field order and no rule for ids.
"""

import base64
import binascii
import json
import math
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

DATA: dict[str, type[Message]] = {"traces": TracesData, "metrics": MetricsData, "logs": LogsData}
TOP_KEYS = {"resourceSpans": "traces", "resourceMetrics": "metrics", "resourceLogs": "logs"}
IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
STRINDEX = {"key_strindex", "string_value_strindex"}
LONG = {
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT64,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED64,
}


def signal_of(document: dict[str, Any]) -> str | None:
    """The signal of an OTLP/JSON document; None if it has none of the three keys."""
    return next((signal for key, signal in TOP_KEYS.items() if key in document), None)


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON documents that stand one after the other in `text`, or inside one array."""
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        document, at = decoder.raw_decode(text, at)
        yield from document if isinstance(document, list) else [document]


def from_json(document: dict[str, Any], message: type[Message]) -> Message:
    """OTLP/JSON to an official message; unknown members are ignored.

    Ids in base64 and enums by name are taken too, as real files have them.
    """
    return json_format.ParseDict(ids_to_base64(document), message(), ignore_unknown_fields=True)


def ids_to_base64(value: Any) -> Any:
    """The document with hex ids in base64, as protobuf's own JSON mapping wants them."""
    if isinstance(value, list):
        return [ids_to_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(id_bytes(item, IDS[key])).decode()
        if key in IDS
        else ids_to_base64(item)
        for key, item in value.items()
    }


def id_bytes(text: str, size: int) -> bytes:
    """An id from hex, or from base64 where its length says so; what is neither is absent."""
    try:
        if len(text) == (size + 2) // 3 * 4:
            return base64.b64decode(text, validate=True)
        return bytes.fromhex(text)
    except (ValueError, binascii.Error):
        return b""


def to_json(message: Message) -> dict[str, Any]:
    """An official message as canonical OTLP/JSON: what the extension must write."""
    # The fields that are on the wire, by number.
    return {
        field.json_name: [value_to_json(field, item) for item in value]
        if field.is_repeated
        else value_to_json(field, value)
        for field, value in message.ListFields()
        if field.name not in STRINDEX
    }


def value_to_json(field: FieldDescriptor, value: Any) -> Any:
    """One value in OTLP/JSON."""
    if field.message_type:
        return to_json(value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        is_id = field.json_name in IDS
        return value.hex() if is_id else base64.b64encode(value).decode()
    if field.type in LONG:
        return str(value)
    if field.type == FieldDescriptor.TYPE_DOUBLE and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def parse(text: str | None) -> Any:
    """JSON text (or NULL) with the order of its members kept, and with the sign of -0.

    Objects are lists of pairs, so that order and duplicates count in a comparison.
    """
    if text is None:
        return None
    return json.loads(text, object_pairs_hook=Pairs, parse_int=integer)


def integer(text: str) -> float:
    """An integer in JSON; -0 is a double."""
    return -0.0 if text == "-0" else int(text)


class Pairs(list[tuple[str, Any]]):
    """A JSON object as it stands."""


def descriptors(top: Descriptor) -> dict[str, Descriptor]:
    """Every message type that can stand in `top`, by name without the package."""
    found: dict[str, Descriptor] = {}
    open_types = [top]
    while open_types:
        descriptor = open_types.pop()
        if short_name(descriptor) not in found:
            found[short_name(descriptor)] = descriptor
            open_types += [field.message_type for field in descriptor.fields if field.message_type]
    return found


def short_name(descriptor: Descriptor) -> str:
    """`Span.Event` of `opentelemetry.proto.trace.v1.Span.Event`."""
    return str(descriptor.full_name.removeprefix(f"{descriptor.file.package}."))


def set_fields(message: Message) -> Iterator[tuple[str, str]]:
    """Every field that is set anywhere in a message: the names of its message and of itself."""
    for field, value in message.ListFields():
        yield short_name(message.DESCRIPTOR), field.name
        if field.message_type:
            for item in value if field.is_repeated else [value]:
                yield from set_fields(item)
