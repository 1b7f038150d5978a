"""Telemetry made up from a seed: every field of every message, with awkward values among them."""

import functools
import math
import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

import otlp_json

# Where the time of a row is read from; these stay what a TIMESTAMP can hold, most of the time.
TIMES = {"time_unix_nano", "start_time_unix_nano", "end_time_unix_nano", "observed_time_unix_nano"}
NOW = 1_763_978_400_000_000_000
MAX_DEPTH = 4

WORDS = [
    "",
    "service.name",
    "checkout",
    "GET /users/{id}",
    'quoted "text" with \\ and /',
    "line\nbreak\ttab\rreturn\b\f",
    "control \x00\x01\x1f\x7f",
    "Grüße, 世界, 🦆, \u2028, \ufffd, \uffff",
    "a" * 300,
]
DOUBLES = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1e16,
    1e21,
    1e-7,
    5e-324,
    1.7976931348623157e308,
    123456789012345680.0,
    math.nan,
    math.inf,
    -math.inf,
]
INTEGERS = {
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64 - 1),
}


def request(signal: str, rng: random.Random) -> Message:
    """A request of some resources, each with some scopes, each with some elements."""
    message = otlp_json.DATA[signal]()
    while not message.ListFields():
        fill(message, rng, 0)
    return message


def requests(signal: str, seed: int, count: int) -> list[Message]:
    """Requests that are the same for the same seed."""
    return [otlp_json.DATA[signal].FromString(made) for made in serialized(signal, seed, count)]


@functools.cache
def serialized(signal: str, seed: int, count: int) -> list[bytes]:
    """They take longer to make than to read, and many tests ask for the same."""
    rng = random.Random(f"{signal} {seed}")
    return [request(signal, rng).SerializeToString() for _ in range(count)]


def fill(message: Message, rng: random.Random, depth: int) -> None:
    """Sets most fields of a message, one field of each oneof."""
    chosen = {rng.choice(oneof.fields).name for oneof in message.DESCRIPTOR.oneofs if oneof.fields}
    for field in message.DESCRIPTOR.fields:
        if field.name in otlp_json.STRINDEX or not wanted(field, chosen, rng, depth):
            continue
        if field.is_repeated:
            add(message, field, rng, depth)
        elif field.message_type:
            child = getattr(message, field.name)
            child.SetInParent()
            fill(child, rng, depth + nesting(field))
        else:
            setattr(message, field.name, scalar(field, rng))


def wanted(field: FieldDescriptor, chosen: set[str], rng: random.Random, depth: int) -> bool:
    """Whether to set a field: the chosen of a oneof; no deep nesting; most of the others."""
    if depth >= MAX_DEPTH and nesting(field):
        return False
    if field.containing_oneof:
        return field.name in chosen and rng.random() < 0.95
    return rng.random() < 0.9


def nesting(field: FieldDescriptor) -> int:
    """1 where a field leads deeper into the only recursion that OTLP has."""
    return int(field.message_type is not None and field.message_type.name in RECURSIVE)


RECURSIVE = {"ArrayValue", "KeyValueList"}


def add(message: Message, field: FieldDescriptor, rng: random.Random, depth: int) -> None:
    """Adds one to three values to a repeated field."""
    values = getattr(message, field.name)
    for _ in range(rng.randint(1, 3)):
        if field.message_type:
            fill(values.add(), rng, depth)
        else:
            values.append(scalar(field, rng))


def scalar(field: FieldDescriptor, rng: random.Random) -> Any:
    """A value of a field, extreme ones and defaults among them."""
    if field.name in TIMES:
        return rng.choice([0, NOW + rng.randrange(10**15), NOW, rng.randrange(2**64)])
    if field.type == FieldDescriptor.TYPE_STRING:
        return rng.choice(WORDS)
    if field.type == FieldDescriptor.TYPE_BYTES:
        size = otlp_json.IDS.get(field.json_name) or rng.randrange(9)
        return rng.randbytes(size)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return rng.choice([*DOUBLES, rng.uniform(-1e6, 1e6), rng.random()])
    if field.type == FieldDescriptor.TYPE_ENUM:
        return rng.choice([*field.enum_type.values_by_number, 99, -1])
    low, high = INTEGERS[field.type]
    return rng.choice([0, 1, low, high, rng.randint(low, high), rng.randint(0, 1000)])
