"""OTLP is found by content, in every framing and compression, whatever the file is called."""

import gzip
import random
from itertools import product
from pathlib import Path

import duckdb
import pytest
import zstandard
from google.protobuf.message import Message

import framing
import otlp_json
import rows
import telemetry
import wire
from faults import rejects
from rows import Row

SIGNALS = list(otlp_json.DATA)
WRONG_NAMES = ["x", "x.parquet", "x.csv", "x.json", "x.pb", "x.json.gz", "x.binpb.zst", "x.txt"]


def write(folder: Path, name: str, data: bytes) -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def wanted(requests: list[Message], signal: str) -> list[Row]:
    elements = (element for one in requests for element in rows.elements(signal, one))
    return [rows.expected(element) for element in elements]


def skipped(con: duckdb.DuckDBPyConnection, file: Path) -> list[tuple[int | None, str, str]]:
    """The records of a file that were skipped: number, kind and reason."""
    return [one for one in rejects(con, file) if one[1] != "repaired"]


def shape(found: list[Row]) -> list[tuple[str, int | None, object, object]]:
    """Rows with their JSON parsed, to compare what they say."""
    return [
        (row.signal, row.timestamp, otlp_json.parse(row.resource), otlp_json.parse(row.data))
        for row in found
    ]


@pytest.mark.parametrize("framed", framing.FRAMINGS)
def test_framing_and_compression(
    framed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Each framing in each compression, for each signal, gives the same rows."""
    for signal in SIGNALS:
        requests = telemetry.requests(signal, 5, 4)
        data, expected = framing.FRAMINGS[framed](requests), shape(wanted(requests, signal))
        for compressed, compress in framing.COMPRESSIONS.items():
            found = rows.read(con, write(tmp_path, "file", compress(data)))
            assert shape(found) == expected, (signal, compressed)


@pytest.mark.parametrize("framed", framing.FRAMINGS)
def test_one_request(framed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A file with a single request, the hardest to tell apart."""
    for signal, seed in product(SIGNALS, range(8)):
        requests = telemetry.requests(signal, seed, 1)
        file = write(tmp_path, "file", framing.FRAMINGS[framed](requests))
        assert shape(rows.read(con, file)) == shape(wanted(requests, signal)), (signal, seed)


STRICT = ", ignore_errors := false"


@pytest.mark.parametrize("compressed", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("framed", framing.FRAMINGS)
def test_cut_last_record(
    framed: str, compressed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A file that is still written may end anywhere: that is told, but is never an error."""
    for signal in SIGNALS:
        requests = [one for one in telemetry.requests(signal, 13, 5) if wanted([one], signal)]
        data = framing.COMPRESSIONS[compressed](framing.FRAMINGS[framed](requests)[:-30])
        file = write(tmp_path, signal, data)
        found = shape(rows.read(con, file, options=STRICT))
        assert found == shape(wanted(requests, signal))[: len(found)]
        assert len(found) >= len(wanted(requests[:-1], signal))
        assert [(kind, "cut off" in why) for _, kind, why in skipped(con, file)] == [
            ("incomplete", True)
        ]


@pytest.mark.parametrize("framed", ["gzip", "zstd"])
def test_cut_compressed_file(framed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The same for a compressed file that is cut: one record is lost, and told once."""
    requests = telemetry.requests("logs", 14, 40)
    whole = framing.COMPRESSIONS[framed](framing.FRAMINGS["json lines"](requests))
    file = write(tmp_path, "cut", whole[:-20])
    found = shape(rows.read(con, file, options=STRICT))
    assert found == shape(wanted(requests, "logs"))[: len(found)]
    assert [kind for _, kind, _ in skipped(con, file)] == ["incomplete"]


@pytest.mark.parametrize("framed", ["protobuf, big-endian length", "json, big-endian length"])
def test_damaged_length(framed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A length that reaches beyond the file is no cut if other records follow."""
    requests = [one for one in telemetry.requests("logs", 15, 4) if wanted([one], "logs")]
    whole = framing.FRAMINGS[framed](requests)
    start = len(framing.FRAMINGS[framed](requests[:1]))
    file = write(tmp_path, "damaged", whole[:start] + b"\0\x7f" + whole[start + 2 :])
    assert shape(rows.read(con, file)) == shape(wanted(requests[:1], "logs"))
    assert [(number, kind) for number, kind, _ in skipped(con, file)] == [(2, "malformed")]
    with pytest.raises(duckdb.Error, match=rf"damaged.*record 2, byte {start}"):
        rows.read(con, file, options=STRICT)


@pytest.mark.parametrize("framed", framing.FRAMINGS)
def test_names_do_not_matter(framed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A suffix that says something else changes nothing."""
    requests = telemetry.requests("logs", 5, 3)
    data, expected = framing.FRAMINGS[framed](requests), shape(wanted(requests, "logs"))
    for compressed in ["none", "gzip", "zstd"]:
        packed = framing.COMPRESSIONS[compressed](data)
        for name in WRONG_NAMES:
            found = rows.read(con, write(tmp_path, name, packed))
            assert shape(found) == expected, (compressed, name)


MIXABLE = [name for name in framing.FRAMINGS if not name.startswith("protobuf, bare")]


@pytest.mark.parametrize("framed", MIXABLE)
def test_mixed_signals(framed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """All signals in one file: each record is taken for what it is."""
    made = [(signal, one) for signal in SIGNALS for one in telemetry.requests(signal, 6, 4)]
    random.Random(6).shuffle(made)
    file = write(tmp_path, "mixed", framing.FRAMINGS[framed]([one for _, one in made]))
    every = [row for signal, one in made for row in wanted([one], signal)]
    found = rows.read(con, file)
    for signal in SIGNALS:
        of_signal = shape([row for row in every if row.signal == signal])
        assert shape([row for row in found if row.signal == signal]) == of_signal
        assert shape(rows.read(con, file, options=f", signal := '{signal}'")) == of_signal


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize(
    ("format_name", "framed"),
    [
        ("json", "json lines"),
        ("json", "json array, pretty"),
        ("protobuf", "protobuf, bare"),
        ("protobuf", "protobuf, varint length"),
    ],
)
def test_options_name_what_is_there(
    signal: str, format_name: str, framed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Saying what a file is gives what sniffing gives."""
    requests = telemetry.requests(signal, 7, 3)
    data = gzip.compress(framing.FRAMINGS[framed](requests))
    file = write(tmp_path, "file", data)
    options = f", signal := '{signal}', format := '{format_name}', compression := 'gzip'"
    assert rows.read(con, file, options=options) == rows.read(con, file)


@pytest.mark.parametrize(("signal", "other"), [("traces", "logs"), ("logs", "metrics")])
def test_another_format_is_an_error(
    signal: str, other: str, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A file that is not what the options say is an error that names it, not wrong rows."""
    file = write(
        tmp_path, "named", framing.FRAMINGS["json lines"](telemetry.requests(signal, 8, 2))
    )
    for options in (", format := 'protobuf'", ", compression := 'zstd'", ", compression := 'gzip'"):
        with pytest.raises(duckdb.Error, match="named"):
            rows.read(con, file, options=options)
    assert rows.read(con, file, options=f", signal := '{other}'") == []


def test_large_records(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Records far larger than any buffer, cut by it anywhere."""
    requests = telemetry.requests("traces", 9, 120)
    large = type(requests[0]).FromString(b"".join(framing.protobuf(requests)))
    messages = [requests[0], large, requests[1], large]
    whole = rows.read(con, write(tmp_path, "whole", framing.FRAMINGS["json lines"](messages)))
    assert shape(whole) == shape(wanted(messages, "traces"))
    for framed, lay_out in framing.FRAMINGS.items():
        data = lay_out(messages)
        for compressed in ["none", "gzip"]:
            file = write(tmp_path, "large", framing.COMPRESSIONS[compressed](data))
            assert rows.read(con, file) == whole, (framed, compressed)


@pytest.mark.parametrize("compressed", ["gzip", "zstd"])
def test_compressed_twice(compressed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A file that was compressed twice is read; one compressed far more often is an error."""
    compress = framing.COMPRESSIONS[compressed]
    requests = telemetry.requests("logs", 11, 2)
    data = framing.FRAMINGS["json lines"](requests)
    twice = compress(compress(data))
    found = rows.read(con, write(tmp_path, "twice", twice))
    assert shape(found) == shape(wanted(requests, "logs"))
    with pytest.raises(duckdb.Error, match="often"):
        rows.read(con, write(tmp_path, "often", compress(compress(compress(twice)))))


ELEMENTS = {
    "traces": wire.span(),
    "metrics": wire.length(1, b"m") + wire.length(5, wire.length(1, wire.fixed64(3, 1_000))),
    "logs": wire.fixed64(1, 1_000) + wire.length(5, wire.length(1, b"body")),
}
FRAMES = {
    "bare": b"".join,
    "varint": framing.varint_delimited,
    "big-endian": framing.big_endian,
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("signal", SIGNALS)
def test_lengths_that_look_like_something_else(
    signal: str, frame: str, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Lengths near the start of a file may be the bytes of `{`, of a newline, of anything."""
    scope = wire.length(2, wire.length(2, ELEMENTS[signal]))
    for size, count in product(range(300), (1, 2)):
        resource = wire.length(1, wire.length(1, wire.attribute("x" * size, wire.integer(3, 1))))
        record = wire.length(1, resource + scope)
        found = rows.read(con, write(tmp_path, "file", FRAMES[frame]([record] * count)))
        assert [row.signal for row in found] == [signal] * count, (size, record[:8].hex())


@pytest.mark.parametrize("signal", SIGNALS)
def test_framed_zstd_inside_zstd(
    signal: str, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A file of the Collector with zstd inside its framing, archived with zstd."""
    requests = telemetry.requests(signal, 12, 3)
    data = zstandard.compress(framing.FRAMINGS["protobuf, framed zstd"](requests))
    found = rows.read(con, write(tmp_path, "archived.zst", data))
    assert shape(found) == shape(wanted(requests, signal))
