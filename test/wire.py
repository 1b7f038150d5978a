"""Protobuf by hand, for what the official classes would never write."""

import struct

from framing import varint


def tag(number: int, wire_type: int) -> bytes:
    """The tag of a field."""
    return varint(number << 3 | wire_type)


def length(number: int, content: bytes) -> bytes:
    """A length-delimited field: text, bytes or a message."""
    return tag(number, 2) + varint(len(content)) + content


def fixed64(number: int, value: int) -> bytes:
    """An eight-byte field."""
    return tag(number, 1) + struct.pack("<Q", value)


def double(number: int, value: float) -> bytes:
    """An eight-byte floating point field."""
    return tag(number, 1) + struct.pack("<d", value)


def integer(number: int, value: int) -> bytes:
    """A varint field."""
    return tag(number, 0) + varint(value)


def request(*elements: bytes) -> bytes:
    """A request with these spans, metrics or log records in one scope of one resource."""
    scope = b"".join(length(2, element) for element in elements)
    return length(1, length(2, scope))


def attribute(key: str, value: bytes) -> bytes:
    """A KeyValue with the content of an AnyValue."""
    return length(1, key.encode()) + length(2, value)


def span(*fields: bytes, name: str = "span") -> bytes:
    """A valid span with more fields in it."""
    return b"".join(
        [
            length(1, b"\x01" * 16),
            length(2, b"\x02" * 8),
            length(5, name.encode()),
            fixed64(7, 1_763_978_400_000_000_000),
            *fields,
        ]
    )


def metric(field: int, point: bytes, name: str = "m") -> bytes:
    """A metric with one data point."""
    return request(length(1, name.encode()) + length(field, length(1, point)))


def nested(depth: int, kind: str) -> bytes:
    """The content of an AnyValue with so many lists around a number: array, kvlist or mixed."""
    content = integer(3, 7)
    size, prefixes = len(content), []
    for level in reversed(range(depth)):
        if kind == "kvlist" or (kind == "mixed" and level % 2):
            levels = [tag(2, 2), length(1, b"k"), tag(1, 2), tag(6, 2)]
        else:
            levels = [tag(1, 2), tag(5, 2)]
        for prefix in levels:
            if prefix != length(1, b"k"):
                prefix += varint(size)
            prefixes.append(prefix)
            size += len(prefix)
    return b"".join(reversed(prefixes)) + content
