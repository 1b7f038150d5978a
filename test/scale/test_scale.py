"""Past one machine, as docs/scale.md has it: many receivers, other engines, a cluster."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import polars

import extension
import live
import process
from otlp_client import JSON, post

ROWS = 50
SHOP = extension.ROOT / "test" / "data" / "shop.jsonl"
SPARK_JOB = extension.ROOT / "examples" / "spark_convert.py"


def receive(folder: str, name: str) -> int:
    """Archives spans of a service to a folder. Runs in a process of its own."""
    con = extension.connect()
    receiver = live.attach(con, archive=folder, archive_interval="10ms")
    for number in range(ROWS):
        times = f'"startTimeUnixNano":"1764288000000000000","endTimeUnixNano":"{number}"'
        request = f'{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":\
{{"stringValue":"{name}"}}}}]}},"scopeSpans":[{{"spans":[{{"name":"{name}-{number}",{times}}}]}}]}}]}}'
        assert post(receiver.port, "traces", request.encode(), JSON).status == 200
    receiver.detach()
    return ROWS


def test_two_receivers_and_one_folder(tmp_path: Path) -> None:
    """Two processes archive to one folder at a time, and another engine reads it."""
    folder = f"{tmp_path}/otel"
    names = ("checkout", "payment")
    both = [process.start("test_scale:receive", folder, name) for name in names]
    for started in both:
        assert process.hear(started) == ROWS
        assert started.wait(60) == 0
    frame = polars.scan_parquet(f"{folder}/spans/**/*.parquet", hive_partitioning=True)
    counts = frame.group_by("service_name").agg(
        polars.len().alias("rows"), polars.col("name").n_unique().alias("names")
    )
    assert sorted(counts.collect().rows()) == [(name, ROWS, ROWS) for name in names]


def test_a_cluster(tmp_path: Path) -> None:
    """Two worker processes of Spark convert what one process does, to the last row."""
    files = tmp_path / "in"
    files.mkdir()
    lines = SHOP.read_text().splitlines(keepends=True)
    for number in range(8):
        (files / f"part-{number}.jsonl").write_text("".join(lines[number::8]))
    target = tmp_path / "out"
    target.mkdir()
    command = [sys.executable, str(SPARK_JOB), f"{files}/*.jsonl", str(target), "--parts", "4"]
    command += ["--extension", str(extension.path())]
    submit = "--master local-cluster[2,1,1024] --conf spark.ui.enabled=false pyspark-shell"
    environment = os.environ | {
        "PYSPARK_SUBMIT_ARGS": submit,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_HOSTNAME": "localhost",
        "TMPDIR": str(tmp_path),
    }
    ran = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    con = extension.connect()
    written, read = f"read_parquet('{target}/*.parquet')", f"read_otlp_spans('{SHOP}')"
    assert len(list(target.iterdir())) == 4
    assert f"8 files, {rows(con, read)} rows" in ran.stdout
    assert rows(con, written) == rows(con, read) > 0
    assert rows(con, f"(FROM {read} EXCEPT ALL FROM {written})") == 0


def rows(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    """The rows of a relation."""
    ((count,),) = con.execute(f"SELECT count(*) FROM {relation}").fetchall()
    return int(count)
