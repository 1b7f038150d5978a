"""Nothing is lost: from the rows of a file, every message of it can be rebuilt, field for field.

The other side of each comparison is the official protobuf classes. What a row cannot tell apart:
how elements were grouped into requests, resources and scopes without elements, and, beside a schema
URL, an absent resource from an empty one.
"""

import json
import random
import re
from pathlib import Path

import duckdb
import pytest
from google.protobuf.message import Message

import corpus
import framing
import otlp_json
import rows
import telemetry
from rows import Element
from same import assert_same

SIGNALS = list(otlp_json.DATA)
SEEDS = range(4)

# What the official classes take, or refuse, in published files and the extension does not.
LENIENCIES = {
    "data-prepper/test-histogram-metrics-no-explicit-bounds.json": {
        '"unit": 1,': "",  # a number where a string must stand reads as absent
        '"bucket_counts": [10],': "",  # snake_case is no OTLP/JSON: an unknown member
    },
}

# Every field of the stable signals in opentelemetry-proto 1.11, as `number name`. The strindex
# fields (KeyValue 3, AnyValue 8) belong to profiles and read as absent elsewhere.
NUMBER_POINT = "2 start_time_unix_nano 3 time_unix_nano 8 flags"
FIELDS = {
    "TracesData": "1 resource_spans",
    "MetricsData": "1 resource_metrics",
    "LogsData": "1 resource_logs",
    "ResourceSpans": "1 resource 2 scope_spans 3 schema_url",
    "ResourceMetrics": "1 resource 2 scope_metrics 3 schema_url",
    "ResourceLogs": "1 resource 2 scope_logs 3 schema_url",
    "ScopeSpans": "1 scope 2 spans 3 schema_url",
    "ScopeMetrics": "1 scope 2 metrics 3 schema_url",
    "ScopeLogs": "1 scope 2 log_records 3 schema_url",
    "Resource": "1 attributes 2 dropped_attributes_count 3 entity_refs",
    "EntityRef": "1 schema_url 2 type 3 id_keys 4 description_keys",
    "InstrumentationScope": "1 name 2 version 3 attributes 4 dropped_attributes_count",
    "KeyValue": "1 key 2 value",
    "AnyValue": "1 string_value 2 bool_value 3 int_value 4 double_value 5 array_value "
    "6 kvlist_value 7 bytes_value",
    "ArrayValue": "1 values",
    "KeyValueList": "1 values",
    "Span": "1 trace_id 2 span_id 3 trace_state 4 parent_span_id 5 name 6 kind "
    "7 start_time_unix_nano 8 end_time_unix_nano 9 attributes 10 dropped_attributes_count "
    "11 events 12 dropped_events_count 13 links 14 dropped_links_count 15 status 16 flags",
    "Span.Event": "1 time_unix_nano 2 name 3 attributes 4 dropped_attributes_count",
    "Span.Link": "1 trace_id 2 span_id 3 trace_state 4 attributes 5 dropped_attributes_count "
    "6 flags",
    "Status": "2 message 3 code",
    "LogRecord": "1 time_unix_nano 2 severity_number 3 severity_text 5 body 6 attributes "
    "7 dropped_attributes_count 8 flags 9 trace_id 10 span_id 11 observed_time_unix_nano "
    "12 event_name",
    "Metric": "1 name 2 description 3 unit 5 gauge 7 sum 9 histogram 10 exponential_histogram "
    "11 summary 12 metadata",
    "Gauge": "1 data_points",
    "Sum": "1 data_points 2 aggregation_temporality 3 is_monotonic",
    "Histogram": "1 data_points 2 aggregation_temporality",
    "ExponentialHistogram": "1 data_points 2 aggregation_temporality",
    "Summary": "1 data_points",
    "NumberDataPoint": f"{NUMBER_POINT} 4 as_double 5 exemplars 6 as_int 7 attributes",
    "HistogramDataPoint": "2 start_time_unix_nano 3 time_unix_nano 4 count 5 sum 6 bucket_counts "
    "7 explicit_bounds 8 exemplars 9 attributes 10 flags 11 min 12 max",
    "ExponentialHistogramDataPoint": "1 attributes 2 start_time_unix_nano 3 time_unix_nano "
    "4 count 5 sum 6 scale 7 zero_count 8 positive 9 negative 10 flags 11 exemplars 12 min "
    "13 max 14 zero_threshold",
    "ExponentialHistogramDataPoint.Buckets": "1 offset 2 bucket_counts",
    "SummaryDataPoint": "2 start_time_unix_nano 3 time_unix_nano 4 count 5 sum "
    "6 quantile_values 7 attributes 8 flags",
    "SummaryDataPoint.ValueAtQuantile": "1 quantile 2 value",
    "Exemplar": "2 time_unix_nano 3 as_double 4 span_id 5 trace_id 6 as_int 7 filtered_attributes",
}


def original(file: Path, name: str) -> list[Element]:
    """The elements of a published file, by the official classes."""
    if file.suffix == ".pb":
        signal = next(s for s in SIGNALS if s.removesuffix("s") in name)
        request = otlp_json.DATA[signal].FromString(file.read_bytes())
        return list(rows.elements(signal, request))
    text = file.read_text("utf-8")
    for written, read in LENIENCIES.get(name, {}).items():
        text = text.replace(written, read)
    found: list[Element] = []
    for document in otlp_json.documents(text):
        signal = otlp_json.signal_of(document)
        assert signal is not None
        request = otlp_json.from_json(document, otlp_json.DATA[signal])
        found += rows.elements(signal, request)
    return found


def generated(signal: str, seed: int) -> tuple[list[Message], list[Element]]:
    """Made-up requests and their elements."""
    requests = telemetry.requests(signal, seed, 12)
    return requests, [element for one in requests for element in rows.elements(signal, one)]


@corpus.needed
@pytest.mark.parametrize("name", corpus.FILES)
def test_published_file(name: str, con: duckdb.DuckDBPyConnection) -> None:
    """A published file gives the rows that the official classes see in it."""
    file = corpus.FOLDER / name
    assert_same(rows.read(con, file), original(file, name))


@corpus.needed
@pytest.mark.parametrize("name", ["traces", "logs"])
def test_published_twins(name: str, con: duckdb.DuckDBPyConnection) -> None:
    """A capture that was published in both encodings gives the same rows from both."""
    folder = corpus.FOLDER / "otlp2parquet"
    in_json = rows.read(con, folder / f"{name}.jsonl")
    assert in_json == rows.read(con, folder / f"{name}.pb")
    assert in_json


@pytest.mark.parametrize("framed", ["json lines", "protobuf, big-endian length"])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("signal", SIGNALS)
def test_generated_file(
    signal: str, seed: int, framed: str, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Made-up requests that use every field and awkward values come back whole."""
    requests, elements = generated(signal, seed)
    file = tmp_path / "made-up"
    file.write_bytes(framing.FRAMINGS[framed](requests))
    assert_same(rows.read(con, file), elements)


@pytest.mark.parametrize("signal", SIGNALS)
def test_encodings_agree(signal: str, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """JSON and protobuf of the same requests give the same rows, to the last byte."""
    requests, _ = generated(signal, 99)
    paths = {name: tmp_path / name for name in ("json documents, pretty", "protobuf, bare")}
    for name, path in paths.items():
        path.write_bytes(framing.FRAMINGS[name](requests))
    first, second = (rows.read(con, path) for path in paths.values())
    assert first == second


@pytest.mark.parametrize("signal", SIGNALS)
def test_generator_sets_every_field(signal: str) -> None:
    """The made-up requests set every field of every message of their signal."""
    made = {field for seed in SEEDS for one in generated(signal, seed)[0] for field in fields(one)}
    types = otlp_json.descriptors(otlp_json.DATA[signal].DESCRIPTOR)
    wanted = {(name, field) for name in types for field in FIELDS[name].split()[1::2]}
    assert made == wanted


def fields(message: Message) -> set[tuple[str, str]]:
    return set(otlp_json.set_fields(message))


@pytest.mark.parametrize("signal", SIGNALS)
def test_field_table_is_the_official_one(signal: str) -> None:
    """The table above and the official classes know the same fields."""
    for name, descriptor in otlp_json.descriptors(otlp_json.DATA[signal].DESCRIPTOR).items():
        official = {
            (field.number, field.name)
            for field in descriptor.fields
            if field.name not in otlp_json.STRINDEX
        }
        words = FIELDS[name].split()
        assert official == set(zip(map(int, words[::2]), words[1::2], strict=True)), name


def test_doubles_are_shortest(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Doubles read back to the same bits, and with no more digits than that needs."""
    rng = random.Random(7)
    values = [rng.uniform(-1, 1) * 10.0 ** rng.randrange(-300, 300) for _ in range(500)]
    points = [{"timeUnixNano": "1", "asDouble": value} for value in values]
    metric = {"name": "m", "gauge": {"dataPoints": points}}
    document = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    file = tmp_path / "doubles.json"
    file.write_text(json.dumps(document))
    texts = [row.data.split('"asDouble":')[1].rstrip("}]") for row in rows.read(con, file)]
    assert [float(text) for text in texts] == values
    assert [digits(text) for text in texts] == [digits(repr(value)) for value in values]


def digits(number: str) -> str:
    """The significant digits of a number."""
    return re.sub(r"[eE].*|[-.]", "", number).strip("0")


def test_rows_keep_the_order_of_the_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Rows come in the order of the file, also from a file that many threads read."""
    span = {"traceId": "01" * 16, "spanId": "02" * 8, "attributes": []}
    lines = []
    for number in range(30_000):
        named = {**span, "name": str(number), "startTimeUnixNano": str(number + 1)}
        lines.append(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [named]}]}]}))
    file = tmp_path / "ordered.jsonl"
    file.write_text("\n".join(lines * 4))
    con.execute("SET threads = 4")
    found = con.execute("SELECT data ->> 'name' FROM read_otlp(?)", [str(file)]).fetchall()
    assert [int(name) for (name,) in found] == [*range(30_000)] * 4
