"""COPY … TO (FORMAT otlp): what is written is what was read, in every encoding."""

import base64
import gzip
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import zstandard
from google.protobuf import json_format
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

import corpus
import extension
import live
from otlp_client import JSON, post

Connection = duckdb.DuckDBPyConnection
DATA = extension.ROOT / "test" / "data"
CLASSES = {"traces": TracesData, "metrics": MetricsData, "logs": LogsData}
ENCODINGS = ["jsonl", "json", "protobuf", "length_prefixed"]
COMPRESSIONS = {"none": bytes, "gzip": gzip.decompress, "zstd": lambda text: unzstd(text)}
ROWS = "SELECT signal, timestamp, resource::VARCHAR, data::VARCHAR FROM"


def unzstd(text: bytes) -> bytes:
    """All frames."""
    return zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(text)


def differing(con: Connection, left: str, right: str) -> int:
    """Rows that are on one side only."""
    one, other = f"{ROWS} {left}", f"{ROWS} {right}"
    both = f"(({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))"
    ((count,),) = con.execute(f"SELECT count(*) FROM ({both})").fetchall()
    return int(count)


def rows(con: Connection, relation: str) -> int:
    """The rows of a relation."""
    ((count,),) = con.execute(f"SELECT count(*) FROM {relation}").fetchall()
    return int(count)


def copied(con: Connection, query: str, path: Path, options: str = "") -> int:
    """Copies; returns how many rows that says."""
    ((count,),) = con.execute(f"COPY ({query}) TO '{path}' (FORMAT otlp{options})").fetchall()
    return int(count)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("signal", CLASSES)
def test_round_trip(
    con: Connection, tmp_path: Path, signal: str, encoding: str, compression: str
) -> None:
    """The rows of the shop are the same once they were written."""
    source = f"read_otlp('{DATA}/shop.jsonl', signal := '{signal}')"
    path = tmp_path / "copy"
    options = f", ENCODING '{encoding}', COMPRESSION '{compression}'"
    assert copied(con, f"FROM {source}", path, options) == rows(con, source) > 0
    assert differing(con, source, f"read_otlp('{path}')") == 0


def requests(encoding: str, signal: str, content: bytes) -> Iterator[object]:
    """What official classes read of a file."""
    if encoding == "jsonl":
        lines = content.decode().splitlines()
    elif encoding == "json":
        lines = [content.decode()]
    else:
        lines = []
    for line in lines:
        yield json_format.Parse(with_base64(line), CLASSES[signal]())
    while encoding == "length_prefixed" and content:
        (length,) = struct.unpack(">I", content[:4])
        yield CLASSES[signal].FromString(content[4 : 4 + length])
        content = content[4 + length :]
    if encoding == "protobuf":
        yield CLASSES[signal].FromString(content)


def with_base64(text: str) -> str:
    """OTLP/JSON with ids as the JSON of protobuf has them."""

    def fix(value: object) -> object:
        if isinstance(value, list):
            return [fix(one) for one in value]
        if not isinstance(value, dict):
            return value
        names = ("traceId", "spanId", "parentSpanId")
        return {
            key: base64.b64encode(bytes.fromhex(one)).decode() if key in names else fix(one)
            for key, one in value.items()
        }

    return json.dumps(fix(json.loads(text)))


def leaves(request: object) -> list[str]:
    """What official classes read, leaf by leaf: with its resource and scope."""
    found = []
    for _, resources in request.ListFields():
        for resource in resources:
            (name,) = [
                f for f in ("scope_spans", "scope_metrics", "scope_logs") if hasattr(resource, f)
            ]
            for scope in getattr(resource, name):
                owner = f"{resource.resource}{resource.schema_url}{scope.scope}{scope.schema_url}"
                for kind in ("spans", "log_records", "metrics"):
                    for leaf in getattr(scope, kind, []):
                        found += [owner + str(one) for one in points(leaf)]
    return sorted(found)


def points(leaf: object) -> Iterator[object]:
    """A metric for each point, or the leaf itself."""
    kind = leaf.WhichOneof("data") if hasattr(leaf, "exponential_histogram") else None
    if kind is None or not getattr(leaf, kind).data_points:
        yield leaf
        return
    for point in list(getattr(leaf, kind).data_points):
        one = type(leaf)()
        one.CopyFrom(leaf)
        del getattr(one, kind).data_points[:]
        getattr(one, kind).data_points.append(point)
        yield one


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("signal", CLASSES)
def test_official_classes_read_it(
    con: Connection, tmp_path: Path, signal: str, encoding: str
) -> None:
    """What they read of a copy is what they read of the file that it was made of."""
    source = DATA / f"{signal}_simple.binpb"
    original = leaves(CLASSES[signal].FromString(source.read_bytes()))
    path = tmp_path / "copy"
    copied(con, f"FROM read_otlp('{source}')", path, f", ENCODING '{encoding}'")
    found = [
        one for request in requests(encoding, signal, path.read_bytes()) for one in leaves(request)
    ]
    assert sorted(found) == original


@corpus.needed
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_file_of_the_corpus(con: Connection, tmp_path: Path, encoding: str) -> None:
    """Real files come back to the last field, and are as large as they need to be."""
    for number, file in enumerate(corpus.FILES):
        source = f"read_otlp('{corpus.FOLDER / file}')"
        for (signal,) in con.execute(f"SELECT DISTINCT signal FROM {source}").fetchall():
            path = tmp_path / f"{number}-{signal}"
            only = f"FROM {source} WHERE signal = '{signal}'"
            copied(con, f"SELECT *, signal {only}", path, f", ENCODING '{encoding}'")
            assert differing(con, f"(SELECT *, signal {only})", f"read_otlp('{path}')") == 0, file


def test_all_signals_in_one_file(con: Connection, tmp_path: Path) -> None:
    """Lines and lengths take all signals, with a column `signal` or without; documents take one."""
    source = f"read_otlp('{DATA}/shop.jsonl')"
    for encoding in ("jsonl", "length_prefixed"):
        for query in (f"FROM {source}", f"SELECT *, signal FROM {source}"):
            path = tmp_path / encoding
            copied(con, query, path, f", ENCODING '{encoding}'")
            assert differing(con, source, f"read_otlp('{path}')") == 0
    for encoding in ("json", "protobuf"):
        with pytest.raises(duckdb.InvalidInputException, match="holds one signal"):
            copied(con, f"FROM {source}", tmp_path / "one", f", ENCODING '{encoding}'")
        assert not (tmp_path / "one").exists()


def test_many_rows_by_many_threads(con: Connection, tmp_path: Path) -> None:
    """Rows keep their order unless they need not; threads and sizes make several files."""
    con.execute("SET threads = 4")
    con.execute(
        "CREATE TABLE many AS SELECT make_timestamp(i) AS timestamp, NULL::JSON AS resource, "
        "json_object("
        "'spanId', printf('%016x', i), 'startTimeUnixNano', (i * 1000)::VARCHAR) AS data "
        "FROM range(1, 100001) t(i)"
    )
    ids = "SELECT data->>'spanId' FROM"
    ordered = con.execute(f"{ids} many").fetchall()
    for name in ("x.jsonl", "x.json", "x.binpb", "x.jsonl.zst"):
        assert copied(con, "FROM many", tmp_path / name) == 100_000
        assert con.execute(f"{ids} read_otlp('{tmp_path / name}')").fetchall() == ordered
    con.execute("SET preserve_insertion_order = false")
    several = {"threads": ", PER_THREAD_OUTPUT", "sizes": ", FILE_SIZE_BYTES '1MB'"}
    for name, options in ({"one.jsonl": ""} | several).items():
        path = tmp_path / name
        assert copied(con, "FROM many", path, options) == 100_000
        assert path.is_dir() if name in several else path.is_file()
        found = f"read_otlp('{path}{'/*' if name in several else ''}')"
        counts = con.execute(f"SELECT count(*), count(DISTINCT data) FROM {found}").fetchall()
        assert counts == [(100_000, 100_000)]
    assert len(list((tmp_path / "sizes").iterdir())) > 1


def test_of_a_receiver(con: Connection, tmp_path: Path) -> None:
    """A trace for a colleague."""
    attached = live.attach(con)
    source = f"read_otlp('{DATA}/shop.jsonl', signal := 'traces')"
    con.execute(f"INSERT INTO live.traces FROM {source}").fetchall()
    path = tmp_path / "trace.json"
    query = "FROM live.traces WHERE data->>'traceId' = (SELECT min(trace_id) FROM live.spans)"
    count = copied(con, query, path)
    assert rows(con, f"read_otlp('{path}')") == count > 1
    assert len(path.read_text().splitlines()) == 1
    held = attached.count()
    assert post(attached.port, "traces", path.read_bytes(), JSON).status == 200
    assert attached.count() == held + count
    attached.detach()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (f"FROM read_otlp_spans('{DATA}/shop.jsonl')", "typed columns of spans.*live.traces"),
        ("SELECT 1 AS a", "no such columns"),
        ("SELECT '{}' AS resource, 1 AS data", "data is of type INTEGER"),
        ("SELECT '{}' AS resource, NULL::VARCHAR AS data", "data is NULL"),
        ("SELECT '{}' AS resource, '{\"mine\": 1}' AS data", "mine"),
        ("SELECT '{\"mine\": 1}' AS resource, '{\"body\": {}}' AS data", "mine"),
        ("SELECT NULL AS resource, 'no' AS data", "resource is of type"),
    ],
)
def test_what_is_no_otlp(con: Connection, tmp_path: Path, query: str, message: str) -> None:
    """It is told, and leaves no file."""
    with pytest.raises(duckdb.Error, match=message):
        copied(con, query, tmp_path / "x.jsonl")
    assert not list(tmp_path.iterdir())


def test_a_trace_as_a_document(con: Connection) -> None:
    """It has the spans of that trace, each as it was."""
    con.execute(f"CREATE TABLE rows AS FROM read_otlp('{DATA}/shop.jsonl', signal := 'traces')")
    ((trace,),) = con.execute("SELECT data->>'traceId' FROM rows LIMIT 1").fetchall()
    ((document,),) = con.execute(f"SELECT json FROM otlp_trace_json('{trace}', rows)").fetchall()
    con.execute(
        "CREATE TABLE document AS SELECT unnest(otlp_rows(?), recursive := true)", [document]
    )
    spans = f"(SELECT 'traces' AS signal, * FROM rows WHERE data->>'traceId' = '{trace}')"
    assert rows(con, spans) > 1
    assert differing(con, spans, "document") == 0
    assert con.execute("FROM otlp_trace_json('00000000', rows)").fetchall() == []


def test_nothing(con: Connection, tmp_path: Path) -> None:
    """No rows are an empty file, or an empty document."""
    for name, content in {"x.jsonl": "", "x.json": "{}\n", "x.pb": ""}.items():
        assert copied(con, f"FROM read_otlp('{DATA}/shop.jsonl') LIMIT 0", tmp_path / name) == 0
        assert (tmp_path / name).read_text() == content
