"""The fault matrix, rows 16 to 33: values that are odd, or that are not what they should be."""

import json
from itertools import permutations

import duckdb
import pytest

import framing
import telemetry
import wire
from faults import (
    Connection,
    Files,
    documents,
    json_logs,
    json_metrics,
    json_request,
    json_spans,
    repairs,
    rows,
)

NO_UTF8 = [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"ok\x80ok", b"\xc0\xaf"]


def with_text(text: bytes) -> dict[str, bytes]:
    """Requests that have the text in different places; the names say where."""
    attribute = wire.length(9, wire.length(1, text) + wire.length(2, wire.length(1, text)))
    point = wire.length(5, wire.length(1, wire.fixed64(3, 1_000)))
    return {
        "name": wire.request(wire.span(wire.length(5, text))),
        "attributes.0.key": wire.request(wire.span(attribute)),
        "attributes.0.value.stringValue": wire.request(wire.span(attribute)),
        "body.stringValue": wire.request(wire.fixed64(1, 1) + wire.length(5, wire.length(1, text))),
        "unit": wire.request(wire.length(1, b"metric") + wire.length(3, text) + point),
        "traceState": json_spans({"traceState": "X"}).replace(b"X", text),
        "attributes.1.key": json_spans({"attributes": [{}, {"key": "X"}]}).replace(b"X", text),
    }


@pytest.mark.parametrize("broken", NO_UTF8)
@pytest.mark.parametrize("place", with_text(b""))
def test_row_16_invalid_utf8(place: str, broken: bytes, con: Connection, files: Files) -> None:
    """Strings that are no UTF-8 read with U+FFFD, wherever they stand; the repair is counted."""
    path = files.write(with_text(broken)[place])
    (value,) = documents(con, path)
    for step in place.split("."):
        value = value[int(step) if step.isdigit() else step]
    assert value == broken.decode("utf-8", "replace")
    assert len(repairs(con, path)) == 1


@pytest.mark.parametrize(
    ("escape", "text"),
    [
        (r"a\u0000b", "a\0b"),
        (r"\ud83e\udd86", "🦆"),
        (r"a\ud800b", "a\ufffdb"),
        (r"\udc00", "\ufffd"),
        (r"\ud800\ud83e\udd86", "\ufffd🦆"),
        (r"\ud800\u0041", "\ufffdA"),
        (r"\/\b\f\n\r\t\"\\", '/\b\f\n\r\t"\\'),
    ],
)
def test_row_17_escapes(escape: str, text: str, con: Connection, files: Files) -> None:
    """NUL is kept, half a surrogate pair is U+FFFD."""
    path = files.write(json_spans({"name": "X"}).replace(b"X", escape.encode()))
    assert [span["name"] for span in documents(con, path)] == [text]
    assert len(repairs(con, path)) == ("\ufffd" in text)


def test_row_17_nul_in_protobuf(con: Connection, files: Files) -> None:
    path = files.write(wire.request(wire.span(name="a\0b")))
    assert [span["name"] for span in documents(con, path)] == ["a\0b"]


IDS = [b"", b"\x01" * 15, b"\x01" * 17, b"\x00" * 16, b"\x00" * 8, b"\xff" * 16, b"\x01"]


@pytest.mark.parametrize("id_bytes", IDS, ids=bytes.hex)
def test_row_18_19_ids(id_bytes: bytes, con: Connection, files: Files) -> None:
    """An id of any length is kept as it is in spans, logs and exemplars: neither cut nor filled."""
    fields = wire.length(1, id_bytes) + wire.length(2, id_bytes) + wire.length(5, b"span")
    log = wire.fixed64(1, 1_000) + wire.length(9, id_bytes) + wire.length(10, id_bytes)
    exemplar = wire.length(5, wire.length(4, id_bytes) + wire.length(5, id_bytes))
    hex_id = id_bytes.hex() or None
    in_json = {"traceId": id_bytes.hex(), "spanId": id_bytes.hex(), "name": "span"}
    for data in (wire.request(fields), wire.request(log), json_spans(in_json), json_logs(in_json)):
        (row,) = documents(con, files.write(data))
        assert (row.get("traceId"), row.get("spanId")) == (hex_id, hex_id)
    point = wire.fixed64(3, 1_000) + wire.double(4, 1) + exemplar
    (row,) = documents(con, files.write(wire.metric(5, point)))
    (found,) = row["gauge"]["dataPoints"][0]["exemplars"]
    assert (found.get("traceId"), found.get("spanId")) == (hex_id, hex_id)


@pytest.mark.parametrize(
    ("text", "read", "repaired"),
    [
        ("", None, False),
        ("0AF7651916CD43DD8448EB211C80319C", "0af7651916cd43dd8448eb211c80319c", False),
        ("0af7651916cd43dd8448eb211c80319", None, True),
        ("zz", None, True),
        ("0af76519-16cd-43dd-8448-eb211c80319c", None, True),
        ("CvdlGRbNQ92ESOshHIAxnA==", "0af7651916cd43dd8448eb211c80319c", True),
    ],
)
def test_row_20_ids_in_json(
    text: str, read: str | None, repaired: bool, con: Connection, files: Files
) -> None:
    """Hex in any case; base64 as protobuf's own JSON has it; what is neither is absent."""
    path = files.write(json_spans({"traceId": text, "name": "span"}))
    assert [span.get("traceId") for span in documents(con, path)] == [read]
    assert bool(repairs(con, path)) == repaired


ODD_TIMES = [0, (1 << 63) - 1, 1 << 63, 11651379494838206464, (1 << 64) - 1]


@pytest.mark.parametrize("time_value", ODD_TIMES)
def test_row_21_22_23_odd_times(time_value: int, con: Connection, files: Files) -> None:
    """Times that are unknown or out of range are NULL; the rows around them are read."""
    point = wire.double(4, 1)
    contents = [
        framing.big_endian(
            [
                wire.request(wire.length(5, b"s") + wire.fixed64(7, time_value)),
                wire.request(wire.span()),
            ]
        ),
        framing.big_endian(
            [
                wire.metric(5, wire.fixed64(3, time_value) + point),
                wire.metric(5, wire.fixed64(3, 1_763_978_400_000_000_000) + point),
            ]
        ),
        json_logs(
            {"timeUnixNano": str(time_value)},
            {"timeUnixNano": time_value},
            {"timeUnixNano": 1_763_978_400_000_000_000},
        ),
    ]
    for data in contents:
        times = rows(con, files.write(data), "epoch_us(timestamp)")
        assert times[-1] == 1_763_978_400_000_000
        assert set(times[:-1]) == {None}


def test_row_24_end_before_start(con: Connection, files: Files) -> None:
    span = {"startTimeUnixNano": "2000", "endTimeUnixNano": "1000"}
    path = files.write(json_spans(span))
    assert rows(con, path, "epoch_us(timestamp)") == [2]
    assert [found["endTimeUnixNano"] for found in documents(con, path)] == ["1000"]


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_row_25_doubles_that_are_no_numbers(word: str, con: Connection, files: Files) -> None:
    """As JSON strings, wherever a double stands, from both encodings."""
    value = float(word.replace("Infinity", "inf"))
    number = wire.fixed64(3, 1_000) + wire.double(4, value)
    histogram = wire.fixed64(3, 1_000) + wire.double(5, value) + wire.double(7, value)
    summary = wire.fixed64(3, 1_000) + wire.length(6, wire.double(1, value) + wire.double(2, value))
    attribute = wire.length(9, wire.attribute("k", wire.double(4, value)))
    contents = [wire.metric(5, number), wire.metric(9, histogram), wire.metric(11, summary)]
    contents.append(wire.request(wire.span(attribute)))
    for data in contents:
        path = files.write(data)
        (text,) = rows(con, path)
        assert f'"{word}"' in text
        group, scopes, elements = ("resourceMetrics", "scopeMetrics", "metrics")
        if "traceId" in text:
            group, scopes, elements = ("resourceSpans", "scopeSpans", "spans")
        again = files.write(json_request(group, scopes, elements, json.loads(text)))
        assert rows(con, again) == [text]


@pytest.mark.parametrize("value", [{"doubleValue": None}, {"intValue": None}, {}, None])
def test_row_26_null_values(value: object, con: Connection, files: Files) -> None:
    """`null` is an absent field: the attribute stays, without a value."""
    path = files.write(json_spans({"attributes": [{"key": "k", "value": value}]}))
    (span,) = documents(con, path)
    assert span["attributes"] in ([{"key": "k", "value": {}}], [{"key": "k"}])


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (7, "7"),
        ("-7", "-7"),
        (9223372036854775807, "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        (9223372036854775808, None),
        ("9223372036854775808", None),
        ("abc", None),
        ("", None),
        (1.5, None),
        (True, None),
        ([7], None),
        ({"low": 7, "high": 0, "unsigned": False}, "7"),
        ({"low": -7, "high": -1}, "-7"),
        ({"low": 7}, None),
    ],
    ids=str,
)
def test_row_27_integers(value: object, read: str | None, con: Connection, files: Files) -> None:
    """An integer that is none reads as absent and is told; it never goes through a double."""
    path = files.write(json_spans({"attributes": [{"key": "k", "value": {"intValue": value}}]}))
    (span,) = documents(con, path)
    assert span["attributes"][0]["value"].get("intValue") == read
    if read is None:
        (told,) = repairs(con, path)
        value_text = json.dumps(value)
        member = "resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.intValue"
        assert told.startswith(f"{member} is {value_text}: ")
    else:
        assert not repairs(con, path)


@pytest.mark.parametrize(
    ("kind", "read", "repaired"),
    [
        (3, 3, False),
        ("SPAN_KIND_CLIENT", 3, False),
        ("CLIENT", 3, False),
        ("Client", 3, False),
        ("SPAN_KIND_TELEPATHY", None, True),
        (99, 99, False),
        (-1, -1, False),
        ("3", 3, None),
        (2147483647, 2147483647, False),
    ],
)
def test_row_28_enums(
    kind: object, read: int | None, repaired: bool | None, con: Connection, files: Files
) -> None:
    """Enums by number or name; unknown numbers are kept, an unknown name is 0 and counted."""
    path = files.write(json_spans({"name": "span", "kind": kind}))
    (span,) = documents(con, path)
    assert span.get("kind") == read
    if repaired is not None:
        assert bool(repairs(con, path)) == repaired


def test_row_28_enums_in_protobuf(con: Connection, files: Files) -> None:
    for kind in (3, 99, (1 << 64) - 1):
        path = files.write(wire.request(wire.span(wire.integer(6, kind))))
        (span,) = documents(con, path)
        assert span["kind"] == (kind if kind < 100 else -1)


def test_row_29_duplicate_keys(con: Connection, files: Files) -> None:
    """Attributes with one key are kept side by side, as are `a.b` and `b` inside `a`."""
    inner = {"kvlistValue": {"values": [{"key": "b", "value": {"intValue": "3"}}]}}
    attributes = [
        {"key": "k", "value": {"intValue": "1"}},
        {"key": "k", "value": {"intValue": "2"}},
        {"key": "a.b", "value": {"intValue": "3"}},
        {"key": "a", "value": inner},
    ]
    path = files.write(json_spans({"attributes": attributes}))
    (span,) = documents(con, path)
    assert span["attributes"] == attributes


def test_row_29_duplicate_members(con: Connection, files: Files) -> None:
    """Of two members of one name in a JSON object the last counts."""
    path = files.write(json_spans({"A": 1}).replace(b'"A": 1', b'"name":"first","name":"last"'))
    assert [span["name"] for span in documents(con, path)] == ["last"]


@pytest.mark.parametrize("flags", [0, 1])
def test_row_30_point_without_value(flags: int, con: Connection, files: Files) -> None:
    point = wire.fixed64(3, 1_000_000) + (wire.integer(8, flags) if flags else b"")
    path = files.write(wire.metric(5, point))
    assert rows(con, path, "epoch_us(timestamp)") == [1_000]
    (found,) = documents(con, path)[0]["gauge"]["dataPoints"]
    assert found == {"timeUnixNano": "1000000", **({"flags": 1} if flags else {})}


def test_row_31_histograms_that_do_not_add_up(con: Connection, files: Files) -> None:
    """Buckets and bounds that contradict each other are kept as they are."""
    points = [
        {"bucketCounts": ["1"], "explicitBounds": [1.5, 2.5, 3.5]},
        {"bucketCounts": ["1", "2", "3"]},
        {"bucketCounts": ["1", "2"], "explicitBounds": [2.5, 0.5, -1.5]},
    ]
    path = files.write(json_metrics({"name": "m", "histogram": {"dataPoints": points}}))
    assert [row["histogram"]["dataPoints"][0] for row in documents(con, path)] == points
    points = [
        {"scale": 100, "positive": {"offset": -(1 << 31), "bucketCounts": ["1"]}},
        {"scale": -(1 << 31), "negative": {"offset": (1 << 31) - 1}},
    ]
    path = files.write(json_metrics({"name": "m", "exponentialHistogram": {"dataPoints": points}}))
    assert [row["exponentialHistogram"]["dataPoints"][0] for row in documents(con, path)] == points


def test_row_32_string_indices(con: Connection, files: Files) -> None:
    """Indices into the string table of profiles mean nothing elsewhere: they read as absent."""
    key_value = wire.integer(3, 5) + wire.length(2, wire.integer(8, 6))
    path = files.write(wire.request(wire.span(wire.length(9, key_value))))
    assert documents(con, path)[0]["attributes"] == [{"value": {}}]
    members = {"keyStrindex": 5, "value": {"stringValueStrindex": 6}}
    path = files.write(json_spans({"attributes": [members]}))
    assert documents(con, path)[0]["attributes"] == [{"value": {}}]


@pytest.mark.parametrize(("signal", "other"), list(permutations(["traces", "metrics", "logs"], 2)))
def test_row_33_another_signal(signal: str, other: str, con: Connection, files: Files) -> None:
    """Protobuf of one signal never gives rows of another, whoever asks."""
    path = files.write(framing.FRAMINGS["protobuf, bare"](telemetry.requests(signal, 33, 3)))
    query = "SELECT count(*) FROM read_otlp(?, signal := ?)"
    try:
        found = con.execute(query, [str(path), other]).fetchall()
    except duckdb.Error as error:
        found = [(0,)] if path.name in str(error) else [(str(error),)]
    assert found == [(0,)]
