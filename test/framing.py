"""Every way in which OTLP is laid out in a file: record framings, and compressions around them."""

import functools
import gzip
import json
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import zstandard
from google.protobuf.message import Message

import otlp_json

Messages = Sequence[Message]


def json_text(message: Message, **style: Any) -> bytes:
    """A message as an OTLP/JSON document."""
    return json.dumps(
        document(type(message), message.SerializeToString()), ensure_ascii=False, **style
    ).encode()


@functools.lru_cache(maxsize=8)
def document(kind: type[Message], message: bytes) -> dict[str, Any]:
    """What one framing after another is asked for."""
    return otlp_json.to_json(kind.FromString(message))


def compact(messages: Messages) -> list[bytes]:
    """Each message as a document on one line."""
    return [json_text(message, separators=(",", ":")) for message in messages]


def pretty(messages: Messages) -> list[bytes]:
    """Each message as a document on many lines."""
    return [json_text(message, indent=2) for message in messages]


def protobuf(messages: Messages) -> list[bytes]:
    """Each message in protobuf."""
    return [message.SerializeToString(deterministic=True) for message in messages]


def big_endian(records: Iterable[bytes]) -> bytes:
    """The framing of the Collector's file exporter: four bytes of length before each record."""
    return b"".join(struct.pack(">I", len(record)) + record for record in records)


def varint_delimited(records: Iterable[bytes]) -> bytes:
    """A varint of length before each record, as protobuf's own delimited streams have it."""
    return b"".join(varint(len(record)) + record for record in records)


def varint(value: int) -> bytes:
    """A base-128 varint."""
    result = bytearray()
    while value > 0x7F:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*result, value])


def zstd_each(records: Iterable[bytes]) -> list[bytes]:
    """Each record as a zstd frame of its own, as the Collector compresses framed files."""
    return [zstandard.compress(record) for record in records]


def halves(data: bytes) -> tuple[bytes, bytes]:
    """Two parts, cut anywhere in a record."""
    return data[: len(data) // 2], data[len(data) // 2 :]


def zstd_stream(data: bytes) -> bytes:
    """A zstd frame written as a stream: it does not say how long its content is."""
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(data) + compressor.flush()


FRAMINGS: dict[str, Callable[[Messages], bytes]] = {
    "json lines": lambda messages: b"\n".join([*compact(messages), b""]),
    "json lines without last newline": lambda messages: b"\n".join(compact(messages)),
    "json lines with CRLF": lambda messages: b"\r\n".join([*compact(messages), b""]),
    "json lines with blank lines": lambda messages: b"\n\n \n".join([b"", *compact(messages), b""]),
    "json lines with BOM": lambda messages: b"\xef\xbb\xbf" + b"\n".join(compact(messages)),
    "json documents, pretty": lambda messages: b"\n".join(pretty(messages)),
    "json documents, a line and pretty": lambda messages: b"\n".join(
        compact(messages[:1]) + pretty(messages[1:])
    ),
    "json documents without separator": lambda messages: b"".join(compact(messages)),
    "json array": lambda messages: b"[" + b",".join(compact(messages)) + b"]",
    "json array, pretty": lambda messages: b"[\n" + b",\n".join(pretty(messages)) + b"\n]\n",
    "json, big-endian length": lambda messages: big_endian(compact(messages)),
    "json, framed zstd": lambda messages: big_endian(zstd_each(compact(messages))),
    "protobuf, bare": lambda messages: b"".join(protobuf(messages)),
    "protobuf, bare by line": lambda messages: b"\n".join(protobuf(messages)),
    "protobuf, big-endian length": lambda messages: big_endian(protobuf(messages)),
    "protobuf, varint length": lambda messages: varint_delimited(protobuf(messages)),
    "protobuf, framed zstd": lambda messages: big_endian(zstd_each(protobuf(messages))),
}

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "gzip, two members": lambda data: b"".join(gzip.compress(half) for half in halves(data)),
    "gzip, empty member last": lambda data: gzip.compress(data) + gzip.compress(b""),
    "zstd": zstandard.compress,
    "zstd, stream": zstd_stream,
    "zstd, two frames": lambda data: b"".join(map(zstandard.compress, halves(data))),
    "zstd, skippable frame first": lambda data: (
        b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstandard.compress(data)
    ),
}
