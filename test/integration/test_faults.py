"""The fault matrix, rows 1 to 15: broken records, and records that ask for too much.

Whatever might crash, hang or fill memory runs in a process of its own with a hard time limit.
"""

import gzip
import json
import random
import struct
from itertools import accumulate

import pytest
import zstandard
from google.protobuf.message import DecodeError
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

import child
import extension
import framing
import wire
from faults import (
    ENCODINGS,
    GOOD,
    MEBIBYTE,
    Connection,
    Files,
    assert_refused,
    documents,
    json_spans,
    rejects,
    rows,
)

DATA = extension.ROOT / "test" / "data"

# The rows of a query, and the memory that it took.
SCAN = """
before = memory("VmHWM")
found = con.execute(arguments[0], [arguments[1]]).fetchall()
print(json.dumps({"rows": found, "memory": memory("VmHWM") - before}))
"""


@pytest.mark.parametrize(
    "data",
    [b"", b"\n \r\n", gzip.compress(b""), zstandard.compress(b""), b"\xef\xbb\xbf"],
    ids=["nothing", "blank", "gzip", "zstd", "BOM"],
)
def test_row_01_empty_file(data: bytes, con: Connection, files: Files) -> None:
    path = files.write(data)
    assert rows(con, path) == []
    assert rejects(con, path) == []


@pytest.mark.parametrize(
    "data",
    [
        b'{"resourceSpans":[]}',
        b'{"resourceLogs":null}',
        b'{"resourceSpans":[{}]}',
        b'{"resourceMetrics":[{"resource":{"attributes":[{"key":"a"}]}}]}',
        b'{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"s"},"logRecords":[]}]}]}',
        wire.length(1, b""),
        wire.length(1, wire.length(1, wire.length(1, wire.attribute("a", b"")))),
        wire.length(1, wire.length(2, wire.length(1, wire.length(1, b"scope")))),
    ],
)
def test_row_02_envelopes_without_elements(data: bytes, con: Connection, files: Files) -> None:
    path = files.write(data)
    assert rows(con, path) == []
    assert rejects(con, path) == []


def test_row_03_random_bytes(files: Files) -> None:
    """No row and a reason; a sound file read along with it still gives its rows."""
    rng = random.Random(3)
    noise = [rng.randbytes(size) for size in [*range(1, 60), 500, 5_000, 3 * MEBIBYTE]]
    for data, result in zip(noise, files.sweep(*noise), strict=True):
        if len(data) >= 16:
            assert_refused(result)
    bad, good = files.write(noise[-2]), files.write(GOOD)
    outcome = child.query("SELECT data->>'name' FROM read_otlp(?)", [bad, good])
    assert outcome.rows == [["good"]]


CUTTABLE = {
    "json lines": (DATA / "traces_simple.jsonl").read_bytes(),
    "protobuf, bare": (DATA / "metrics_simple.binpb").read_bytes(),
    "protobuf, big-endian length": framing.big_endian(
        [(DATA / "logs_simple.binpb").read_bytes()] * 2
    ),
    "protobuf, varint length": framing.varint_delimited(
        [(DATA / "traces_simple.binpb").read_bytes()] * 2
    ),
    "gzip": gzip.compress((DATA / "traces_simple.jsonl").read_bytes()),
    "zstd": zstandard.compress((DATA / "traces_simple.jsonl").read_bytes()),
}


def boundaries(name: str) -> set[int]:
    """Where a file can be cut without cutting a record."""
    data = CUTTABLE[name]
    if name == "json lines":
        ends = list(accumulate(len(line) for line in data.splitlines(keepends=True)))
        return {0, *ends, *(end - 1 for end in ends)}
    if name == "protobuf, bare":
        ends = [at for at in range(len(data)) if is_whole(data[:at])]
        return {*ends, *(end + 1 for end in ends)}  # the first byte of a message is a newline
    return {0, len(data) // 2} if "length" in name else {0}


def is_whole(data: bytes) -> bool:
    """Whether protobuf was cut between two resources."""
    try:
        MetricsData.FromString(data)
    except DecodeError:
        return False
    return True


@pytest.mark.parametrize("name", CUTTABLE)
def test_row_04_truncated_at_every_byte(name: str, files: Files) -> None:
    """A cut file gives a prefix of its rows, and says that something is missing."""
    data = CUTTABLE[name]
    cuts = [data[:at] for at in range(len(data))]
    found = files.sweep(*cuts, data, timeout=600)
    whole = found.pop()["rows"]
    ends = boundaries(name)
    for at, result in enumerate(found):
        kept = result.get("rows", [])
        assert kept == whole[: len(kept)], at
        # A first byte 0x0a alone may as well be a line break.
        if at not in ends and data[:at].strip():
            # The end of a compressed file is a check sum: without it all rows may be there.
            assert len(kept) < len(whole) or name in ("gzip", "zstd"), at
            assert "error" in result or result["rejects"], at


@pytest.mark.parametrize("name", CUTTABLE)
def test_row_04_truncated_and_strict(name: str, files: Files) -> None:
    """A cut end is normal, and no error even with `ignore_errors := false`."""
    data = CUTTABLE[name]
    cuts = sorted(set(range(1, len(data), 7)) - boundaries(name))
    found = files.sweep(
        *(data[:at] for at in cuts), options=", ignore_errors := false", timeout=600
    )
    for at, result in zip(cuts, found, strict=True):
        # So short a file may be nothing that can be told as OTLP.
        assert "error" not in result or "neither" in str(result["rejects"]), (at, result)


BROKEN = {
    "05 attribute longer than its span": wire.tag(9, 2) + b"\x7f" + wire.length(1, b"key"),
    "05 value longer than its attribute": wire.length(9, wire.tag(2, 2) + b"\x20" + b"\x0a\x01x"),
    "05 length of 4 GiB": wire.tag(9, 2) + framing.varint(1 << 32),
    "05 length of 2^64-1": wire.tag(9, 2) + framing.varint((1 << 64) - 1),
    "06 varint of 11 bytes": wire.tag(6, 0) + b"\xff" * 10 + b"\x01",
    "06 tag of 11 bytes": b"\xff" * 10 + b"\x01",
    "06 field number 0": wire.tag(0, 0) + b"\x01",
    "06 end of no group": wire.tag(20, 4),
    "06 group without end": wire.tag(20, 3) + wire.integer(1, 1),
    "06 group with another end": wire.tag(20, 3) + wire.tag(21, 4),
    "06 wire type 6": wire.tag(20, 6),
    "06 wire type 7": wire.tag(20, 7) + b"\x01",
    "06 cut fixed64": wire.tag(8, 1) + b"\x01\x02",
    "06 cut fixed32": wire.tag(16, 5) + b"\x01",
}


@pytest.mark.parametrize("name", BROKEN)
def test_row_05_06_broken_wire_format(name: str, files: Files) -> None:
    """A message that breaks the wire format is refused; the messages around it are read."""
    bad = wire.request(wire.span(BROKEN[name]))
    good = wire.request(wire.span(name="good"))
    framed = framing.big_endian([good, bad, good])
    among, alone = files.sweep(framed, bad)
    assert [json.loads(row)["name"] for row in among["rows"]] == ["good", "good"]
    assert [record for record, kind, _ in among["rejects"] if kind != "repaired"] == [2]
    assert_refused(alone)
    (strict,) = files.sweep(framed, options=", ignore_errors := false")
    assert "record 2" in strict["error"]


def test_row_07_unknown_fields(con: Connection, files: Files) -> None:
    """Fields that OTLP does not know are ignored, groups too."""
    unknown = [
        wire.integer(100, 5),
        wire.fixed64(101, 6),
        wire.length(102, b"\xff\xfe anything"),
        wire.tag(103, 5) + b"\x01\x02\x03\x04",
        wire.tag(104, 3) + wire.tag(1, 3) + wire.integer(2, 7) + wire.tag(1, 4) + wire.tag(104, 4),
        wire.length((1 << 29) - 1, b"largest number"),
    ]
    plain = wire.request(wire.span())
    more = wire.request(wire.span(*unknown))
    group = wire.length(1, wire.length(2, wire.length(2, wire.span())) + wire.length(1001, b"new"))
    assert documents(con, files.write(more)) == documents(con, files.write(plain))
    assert documents(con, files.write(group)) == documents(con, files.write(plain))


def test_row_08_packed_and_unpacked(con: Connection, files: Files) -> None:
    counts, bounds = [1, 2, 3], [0.5, 1.5]
    packed_counts = wire.length(6, struct.pack("<3Q", *counts))
    packed_bounds = wire.length(7, struct.pack("<2d", *bounds))
    unpacked = b"".join(wire.fixed64(6, count) for count in counts)
    unpacked += b"".join(wire.double(7, bound) for bound in bounds)
    split = wire.length(6, struct.pack("<Q", 1)) + packed_bounds + wire.fixed64(6, 2)
    split += wire.length(6, struct.pack("<Q", 3)) + wire.length(6, b"")
    time_field = wire.fixed64(3, 1_000)
    found = [
        documents(con, files.write(wire.metric(9, time_field + point)))
        for point in (packed_counts + packed_bounds, unpacked, split)
    ]
    assert found[0] == found[1] == found[2]
    point = found[0][0]["histogram"]["dataPoints"][0]
    assert (point["bucketCounts"], point["explicitBounds"]) == (["1", "2", "3"], bounds)


def test_row_08_varint_buckets(con: Connection, files: Files) -> None:
    """Buckets of exponential histograms are varints: packed, unpacked and split."""
    packed = wire.length(2, b"".join(map(framing.varint, [1, 300, (1 << 64) - 1])))
    unpacked = b"".join(wire.integer(2, count) for count in [1, 300, (1 << 64) - 1])
    split = wire.integer(2, 1) + wire.length(2, framing.varint(300))
    split += wire.integer(2, (1 << 64) - 1)
    for buckets in (packed, unpacked, split):
        path = files.write(wire.metric(10, wire.fixed64(3, 1_000) + wire.length(8, buckets)))
        point = documents(con, path)[0]["exponentialHistogram"]["dataPoints"][0]
        assert point["positive"]["bucketCounts"] == ["1", "300", "18446744073709551615"]


def test_row_09_singular_messages_merge(con: Connection, files: Files) -> None:
    """Two resources of one group are one, two values of a oneof are the last."""
    first = wire.length(1, wire.length(1, wire.attribute("a", wire.length(1, b"1"))))
    value = wire.integer(3, 1) + wire.integer(2, 1)
    second = wire.length(1, wire.length(1, wire.attribute("b", value)))
    scope = wire.length(2, wire.length(2, wire.span()))
    path = files.write(wire.length(1, first + scope + second))
    (resource,) = rows(con, path, "resource::VARCHAR")
    assert json.loads(resource)["attributes"] == [
        {"key": "a", "value": {"stringValue": "1"}},
        {"key": "b", "value": {"boolValue": True}},
    ]


def nested_json(depth: int, kind: str) -> str:
    """An AnyValue with `depth` lists around a number."""
    opening, closing = [], []
    for level in range(depth):
        in_map = kind == "kvlist" or (kind == "mixed" and level % 2)
        opening.append('{"kvlistValue":{"values":[{"key":"k","value":' if in_map else ARRAY)
        closing.append("}]}}" if in_map else "]}}")
    return "".join(opening) + '{"intValue":"7"}' + "".join(reversed(closing))


ARRAY = '{"arrayValue":{"values":['


def deep(encoding: str, depth: int, kind: str) -> bytes:
    """A request with a span that has a deep attribute."""
    if encoding == "protobuf":
        attribute = wire.attribute("k", wire.nested(depth, kind))
        return wire.request(wire.span(wire.length(9, attribute)))
    value = nested_json(depth, kind)
    return json_spans({"name": "span", "attributes": ["VALUE"]}).replace(
        b'"VALUE"', b'{"key":"k","value":' + value.encode() + b"}"
    )


@pytest.mark.parametrize("kind", ["array", "kvlist", "mixed"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_row_10_deep_values(encoding: str, kind: str, con: Connection, files: Files) -> None:
    """Values nested 30 and 64 deep come back whole."""
    for depth in (30, 64):
        (span,) = documents(con, files.write(deep(encoding, depth, kind)))
        assert span["attributes"][0]["value"] == json.loads(nested_json(depth, kind))


@pytest.mark.parametrize("depth", [65, 1_000, 200_000])
@pytest.mark.parametrize("kind", ["array", "kvlist", "mixed"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_row_11_too_deep_values(encoding: str, kind: str, depth: int, files: Files) -> None:
    """Deeper values are refused, the record after them is read, and memory stays flat."""
    bad = deep(encoding, depth, kind)
    good = GOOD if encoding == "json" else wire.request(wire.span(name="good"))
    data = bad + b"\n" + good if encoding == "json" else framing.big_endian([good, bad, good])
    result, memory = files.count(data)
    assert result["rows"] == ["1" if encoding == "json" else "2"]
    assert len([kind for _, kind, _ in result["rejects"] if kind == "malformed"]) == 1
    assert memory < 100 * MEBIBYTE + 8 * len(data)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'], ids=["arrays", "objects"])
def test_row_12_deep_unknown_member(opening: bytes, files: Files) -> None:
    bad = b'{"unknown":' + opening * 1_000_000
    result, memory = files.count(GOOD + b"\n" + bad + b"\n" + GOOD)
    assert result["rows"] == ["2"]
    assert result["rejects"]
    assert memory < 200 * MEBIBYTE


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_row_13_a_million_empty_spans(encoding: str, files: Files) -> None:
    """Two bytes make a row: the rows come, or must be named, and memory does not explode."""
    if encoding == "protobuf":
        data = wire.length(1, wire.length(2, wire.length(2, b"") * 1_000_000))
    else:
        data = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * 999_999 + b"{}]}]}]}"
    result, memory = files.count(data)
    if encoding == "protobuf":
        assert "signal := 'traces'" in str(result["rejects"])
    else:
        assert result["rows"] == ["1000000"]
    assert memory < 400 * MEBIBYTE


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_row_14_large_key_and_value(encoding: str, con: Connection, files: Files) -> None:
    key, value = "k" * MEBIBYTE, "v" * (10 * MEBIBYTE)
    attribute = wire.attribute(key, wire.length(1, value.encode()))
    data = wire.request(wire.span(wire.length(9, attribute)))
    if encoding == "json":
        data = json_spans({"attributes": [{"key": key, "value": {"stringValue": value}}]})
    (span,) = documents(con, files.write(data))
    assert span["attributes"] == [{"key": key, "value": {"stringValue": value}}]


LARGE_NAME = "n" * (2_200 * 1024)


def shared_scope(encoding: str) -> bytes:
    """A request of 2,048 spans, whose scope has a large name."""
    if encoding == "json":
        scope = {"scope": {"name": LARGE_NAME}, "spans": [{"name": "span"}] * 2048}
        return json.dumps({"resourceSpans": [{"scopeSpans": [scope]}]}).encode()
    scope = wire.length(1, wire.length(1, LARGE_NAME.encode()))
    return wire.length(1, wire.length(2, scope + wire.length(2, wire.span()) * 2048))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_row_14_large_scope_of_many_rows(encoding: str, files: Files) -> None:
    """What rows share counts for each of them that has a copy: together that is 4.5 GB of text."""
    path = files.write(gzip.compress(shared_scope(encoding)))
    first = child.query("SELECT length(data->'scope'->>'name') FROM read_otlp(?) LIMIT 1", path)
    assert first.rows == [[len(LARGE_NAME)]]
    found = child.run(SCAN, "SELECT count(*), min(length(data)) FROM read_otlp(?)", path)
    ((count, least),) = found["rows"]
    assert count == 2048
    assert least > len(LARGE_NAME)
    assert found["memory"] < 300 * MEBIBYTE


def test_row_14_large_resource_as_variant(files: Files) -> None:
    """A VARIANT is a copy for each row of what is one text for all."""
    attribute = wire.attribute("large", wire.length(1, LARGE_NAME[: 1 << 18].encode()))
    spans = wire.length(2, wire.length(2, wire.span()) * 2048)
    path = files.write(wire.length(1, wire.length(1, wire.length(1, attribute)) + spans))
    source = "read_otlp_spans(?, attributes_as_variant := true)"
    found = child.run(SCAN, f"SELECT count(resource_attributes) FROM {source}", path)
    assert found["rows"] == [[2048]]
    assert found["memory"] < 300 * MEBIBYTE


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_row_15_a_hundred_thousand_attributes(encoding: str, files: Files) -> None:
    """Many attributes on one span, many of them with equal keys: the work is not quadratic."""
    keys = [f"key {number % 70_000}" for number in range(100_000)]
    fields = (wire.length(9, wire.attribute(key, wire.integer(3, 1))) for key in keys)
    data = wire.request(wire.span(*fields))
    if encoding == "json":
        data = json_spans({"attributes": [{"key": k, "value": {"intValue": "1"}} for k in keys]})
    (result,) = files.sweep(data, timeout=30)
    (span,) = result["rows"]
    assert len(json.loads(span)["attributes"]) == 100_000
