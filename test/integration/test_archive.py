"""Rows that are archived: each once, whatever happens between."""

import os
import random
import re
import resource
import shutil
import signal as signals
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
import s3fs

import child
import extension
import live
from otlp_client import JSON, post

Connection = duckdb.DuckDBPyConnection

# How often a process is killed for each kind of archive; `make soak` does it 100 times.
KILLS = int(os.environ.get("DUCKSPAN_KILLS", "5"))
RELATIONS = {"spans": "traces", "log_records": "logs", "data_points": "metrics"}
# The start of a day, in nanoseconds.
DAY = 1764288000000000000
HALF_A_DAY = 43_200_000_000_000
FILES = str(extension.ROOT / "test" / "data" / "*.jsonl")


def spans(*names: str) -> bytes:
    """A request of spans with these names, at a time of two days."""
    leaves = ",".join(
        f'{{"name":"{name}","startTimeUnixNano":"{DAY + index * HALF_A_DAY}"}}'
        for index, name in enumerate(names)
    )
    return f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{leaves}]}}]}}]}}'.encode()


class Archive:
    """A place to archive to, and what is there."""

    def __init__(self, con: Connection, kind: str, folder: Path) -> None:
        self.con, self.kind, self.folder = con, kind, folder
        targets = {"tables": "lake.telemetry", "bucket": "s3://telemetry/otel"}
        self.target = targets.get(kind, str(folder / "otel"))
        if kind == "tables":
            con.execute(f"ATTACH '{folder / 'lake.duckdb'}' AS lake")

    def relation(self, name: str) -> str:
        """What to read a relation from."""
        if self.kind == "tables":
            return f"lake.telemetry.{name}"
        return f"read_parquet('{self.target}/{name}/**/*.parquet', hive_partitioning = false)"

    def names(self) -> list[str]:
        """The names of all spans."""
        found = self.con.execute(f"SELECT name FROM {self.relation('spans')} ORDER BY name")
        return [name for (name,) in found.fetchall()]

    def break_(self) -> None:
        """Makes it fail from now on."""
        if self.kind == "tables":
            self.con.execute("ALTER TABLE lake.telemetry.spans RENAME TO gone")
            self.con.execute("CREATE VIEW lake.telemetry.spans AS FROM lake.telemetry.gone")
        else:
            (self.folder / "otel").rename(self.folder / "gone")
            (self.folder / "otel").write_text("a file in its place")

    def mend(self) -> None:
        """Makes it work again."""
        if self.kind == "tables":
            self.con.execute("DROP VIEW lake.telemetry.spans")
            self.con.execute("ALTER TABLE lake.telemetry.gone RENAME TO spans")
        else:
            (self.folder / "otel").unlink()
            (self.folder / "gone").rename(self.folder / "otel")


@contextmanager
def in_the_way(archive: Archive) -> Iterator[None]:
    """Something else has the place of the table, or of the folder."""
    archive.break_()
    yield
    archive.mend()


@contextmanager
def no_more_bytes(archive: Archive, size: int = 1000) -> Iterator[None]:
    """No file may become larger, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def no_checkpoint(archive: Archive) -> Iterator[None]:
    """The log takes rows, and the file does not: DuckDB refuses it until it is attached anew."""
    archive.con.execute("CHECKPOINT lake; SET checkpoint_threshold = '1 byte'")
    with no_more_bytes(archive, 12_288):
        yield
        assert "checkpoint" in str(stat(archive.con, "archive_error"))


@contextmanager
def full_disk(archive: Archive) -> Iterator[None]:
    """The disk is full."""
    filler = archive.folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    filler.unlink()


HOLD = """
import sys, duckdb
con = duckdb.connect(sys.argv[1])
print("it is mine", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked_by_another(archive: Archive) -> Iterator[None]:
    """The file is detached, and another process has it."""
    file = str(archive.folder / "lake.duckdb")
    archive.con.execute("DETACH lake")
    command = [sys.executable, "-c", HOLD, file]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "it is mine\n"
        yield
        with pytest.raises(duckdb.IOException, match="lock"):
            archive.con.execute(f"ATTACH '{file}' AS lake")
        other.communicate(timeout=30)
    archive.con.execute(f"ATTACH '{file}' AS lake")


Fault = Callable[[Archive], AbstractContextManager[None]]


@pytest.fixture(params=["tables", "files"])
def archive(request: pytest.FixtureRequest, con: Connection, tmp_path: Path) -> Archive:
    """Tables of a DuckDB file, or Parquet files."""
    return Archive(con, request.param, tmp_path)


def attach(archive: Archive, **options: object) -> live.Live:
    """A receiver with that archive."""
    options = {"archive": archive.target, "archive_interval": "1h", **options}
    return live.attach(archive.con, **options)


def flush(con: Connection) -> None:
    """Waits until all is archived."""
    con.execute("CALL otlp_flush('live')").fetchall()


def stat(con: Connection, column: str, signal: str = "traces") -> object:
    """A number of the archive."""
    query = f"SELECT {column} FROM live.stats WHERE signal = ?"
    ((value,),) = con.execute(query, [signal]).fetchall()
    return value


def eventually(holds: Callable[[], bool]) -> None:
    """Waits for what takes a moment."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("relations", ["typed", "unified", "both"])
def test_every_row_of_every_signal(archive: Archive, relations: str) -> None:
    """What is archived is what the tables show, to the last column."""
    attach(archive, archive_relations=relations)
    con = archive.con
    for signal in live.SIGNALS:
        con.execute(
            f"INSERT INTO live.{signal} FROM read_otlp('{FILES}', signal := '{signal}')"
        ).fetchall()
    flush(con)
    names = [*RELATIONS] if relations != "unified" else []
    names += live.SIGNALS if relations != "typed" else []
    for name in names:
        archived = archive.relation(name)
        for one, other in ((archived, f"live.{name}"), (f"live.{name}", archived)):
            assert con.execute(f"FROM {one} EXCEPT ALL FROM {other}").fetchall() == [], name
        ((count,),) = con.execute(f"SELECT count(*) FROM live.all_{name}").fetchall()
        assert count == con.execute(f"SELECT count(*) FROM live.{name}").fetchall()[0][0] > 0
    other = "live.all_traces" if relations == "typed" else "live.all_spans"
    if relations != "both":
        with pytest.raises(duckdb.CatalogException):
            con.execute(f"FROM {other}")


def test_files_by_date_and_service(con: Connection, tmp_path: Path) -> None:
    """Files lie where their dates and services are, which other engines read as well."""
    archive = Archive(con, "files", tmp_path)
    attached = attach(archive, archive_partition_by="date, service")
    named = '{"attributes":[{"key":"service.name","value":{"stringValue":"a/b c"}}]}'
    body = spans("one", "two", "three").replace(
        b'{"scopeSpans"', f'{{"resource":{named},"scopeSpans"'.encode()
    )
    assert post(attached.port, "traces", body, JSON).status == 200
    assert post(attached.port, "traces", spans("none"), JSON).status == 200
    flush(con)
    files = f"read_parquet('{archive.target}/spans/**/*.parquet', hive_partitioning = true)"
    query = f"SELECT date::VARCHAR, service, name FROM {files} WHERE name IS NOT NULL ORDER BY ALL"
    assert con.execute(query).fetchall() == [
        ("2025-11-28", "a/b c", "one"),
        ("2025-11-28", "a/b c", "two"),
        ("2025-11-28", None, "none"),
        ("2025-11-29", "a/b c", "three"),
    ]
    query = "SELECT list(name ORDER BY name) FROM live.all_spans"
    assert con.execute(query).fetchall() == [(["none", "one", "three", "two"],)]
    assert not list(Path(archive.target, ".unfinished").iterdir())


def test_once_whoever_asks(archive: Archive) -> None:
    """Rows go there once, however often that is asked for, and are there after a restart."""
    attached = attach(archive)
    post(attached.port, "traces", spans("a", "b"), JSON)
    flush(archive.con)
    flush(archive.con)
    post(attached.port, "traces", spans("c"), JSON)
    assert archive.con.execute(f"CALL otlp_archive('live', '{archive.target}')").fetchall() == [
        (1,)
    ]
    assert archive.con.execute(f"CALL otlp_archive('live', '{archive.target}')").fetchall() == [
        (0,)
    ]
    flush(archive.con)
    assert archive.names() == ["a", "b", "c"]
    attached.detach()
    attached = attach(archive)
    assert archive.con.execute("SELECT name FROM live.all_spans ORDER BY name").fetchall() == [
        ("a",), ("b",), ("c",),
    ]  # fmt: skip
    post(attached.port, "traces", spans("d"), JSON)
    assert attached.fetch("SELECT count(*), count(DISTINCT name) FROM live.all_spans") == [(4, 4)]
    attached.detach()
    assert archive.names() == ["a", "b", "c", "d"]


def test_a_receiver_in_place_of_another(archive: Archive) -> None:
    """ATTACH OR REPLACE archives what the old one has."""
    attached = attach(archive)
    post(attached.port, "traces", spans("old"), JSON)
    attached = live.attach(
        archive.con, verb="ATTACH OR REPLACE", archive=archive.target, archive_interval="1h"
    )
    post(attached.port, "traces", spans("new"), JSON)
    flush(archive.con)
    assert archive.names() == ["new", "old"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"no disk can be mounted: {error}")
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


FAULTS = [
    ("tables", in_the_way),
    ("tables", no_more_bytes),
    ("tables", no_checkpoint),
    ("tables", locked_by_another),
    ("files", in_the_way),
    ("files", no_more_bytes),
]


@pytest.mark.parametrize(("kind", "fault"), FAULTS)
def test_a_target_that_fails_and_recovers(
    con: Connection, tmp_path: Path, kind: str, fault: Fault
) -> None:
    """Nothing is lost while it fails nor stored twice; with a full memory senders are to wait."""
    fails_and_recovers(Archive(con, kind, tmp_path), fault)


@pytest.mark.parametrize("kind", ["tables", "files"])
def test_a_full_disk(con: Connection, disk: Path, kind: str) -> None:
    """The same with a disk of its own, where one can be mounted."""
    fails_and_recovers(Archive(con, kind, disk), full_disk)


def test_a_bucket(con: Connection, tmp_path: Path, s3: s3fs.S3FileSystem) -> None:
    """A folder of a bucket is one as others are; it has what it refused once it takes it."""

    @contextmanager
    def refused(_archive: Archive) -> Iterator[None]:
        open_ = s3.open

        def refuse(path: str, mode: str = "rb", **options: object) -> object:
            if mode != "rb":
                raise PermissionError(f"{path} may not be written")
            return open_(path, mode, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(s3, "open", refuse)
            yield

    con.register_filesystem(s3)
    archive = Archive(con, "bucket", tmp_path)
    fails_and_recovers(archive, refused)
    assert archive.names() == sorted([*"abcdefghijk", "first"])
    attached = attach(archive)
    post(attached.port, "traces", spans("new"), JSON)
    assert attached.fetch("SELECT count(*) FROM live.all_spans") == [(13,)]
    assert attached.fetch("CALL otlp_flush('live')") == [(1,)]
    assert attached.fetch("SELECT count(*) FROM live.all_spans") == [(13,)]


def fails_and_recovers(archive: Archive, fault: Fault) -> None:
    """Sends before, while and after it fails."""
    attached = attach(archive, archive_interval="20ms", max_rows=10)
    post(attached.port, "traces", spans("first"), JSON)
    flush(archive.con)
    with fault(archive):
        # Of what comes before it is known that it fails, and after, nothing is forgotten.
        sent = time.monotonic()
        assert post(attached.port, "traces", spans(*"abcd"), JSON).status == 200
        eventually(lambda: stat(archive.con, "archive_error") is not None)
        assert post(attached.port, "traces", spans(*"efghij"), JSON).status == 200
        reply = post(attached.port, "traces", spans("k"), JSON)
        assert (reply.status, reply.headers.get("retry-after")) == (503, "1")
        assert (stat(archive.con, "waiting"), stat(archive.con, "evicted")) == (10, 1)
        with pytest.raises(duckdb.InvalidInputException, match="not archived or forwarded yet"):
            archive.con.execute("INSERT INTO live.traces (data) VALUES ('{}')")
        with pytest.raises(duckdb.IOException, match="could not be archived"):
            flush(archive.con)
        waited = (time.monotonic() - sent) * 1000
        assert int(waited) <= stat(archive.con, "archive_lag_ms")
    flush(archive.con)
    stats = [stat(archive.con, name) for name in ("archive_error", "waiting", "archive_lag_ms")]
    assert stats == [None, 0, 0]
    assert post(attached.port, "traces", spans("k"), JSON).status == 200
    attached.detach()
    assert archive.names() == sorted([*"abcdefghijk", "first"])


def test_the_last_round_has_all_rows(archive: Archive) -> None:
    """DETACH archives what failed, and what came after it."""
    attached = attach(archive)
    archive.break_()
    post(attached.port, "traces", spans("failed"), JSON)
    with pytest.raises(duckdb.IOException, match="could not be archived"):
        flush(archive.con)
    post(attached.port, "traces", spans("came later"), JSON)
    archive.mend()
    attached.detach()
    assert archive.names() == ["came later", "failed"]


REMOVED = {
    "spans": "DROP TABLE lake.telemetry.spans",
    "name": "ALTER TABLE lake.telemetry.spans RENAME TO others",
    "marks": "DROP TABLE lake.telemetry.otlp_archive",
    "schema": "DROP SCHEMA lake.telemetry CASCADE",
    "column": "ALTER TABLE lake.telemetry.spans DROP COLUMN kind",
    "folder": "",
}


@pytest.mark.parametrize("what", REMOVED)
def test_a_target_that_somebody_removes(con: Connection, tmp_path: Path, what: str) -> None:
    """It is made anew, and what was not archived yet is there."""
    archive = Archive(con, "files" if what == "folder" else "tables", tmp_path)
    attached = attach(archive, archive_interval="20ms")
    post(attached.port, "traces", spans("before"), JSON)
    flush(con)
    if what == "folder":
        shutil.rmtree(archive.target)
    else:
        con.execute(REMOVED[what])
    stays = ["before"] if what in ("marks", "column") else []
    post(attached.port, "traces", spans("after"), JSON)
    eventually(lambda: stat(con, "waiting") == 0)
    assert archive.names() == ["after", *stays]
    assert attached.fetch("SELECT count(*) FROM live.all_spans") == [(1 + len(stays),)]
    attached.detach()
    assert archive.names() == ["after", *stays]


def test_rows_that_may_go(archive: Archive) -> None:
    """Who prefers it has the oldest rows evicted, archived or not."""
    attached = attach(archive, archive_when_full="evict", max_rows=2)
    for name in "abc":
        assert post(attached.port, "traces", spans(name), JSON).status == 200
    attached.detach()
    assert archive.names() == ["b", "c"]


def test_few_rows_wait(con: Connection, tmp_path: Path) -> None:
    """Fewer rows than there are to be wait for others, or until somebody asks for them."""
    archive = Archive(con, "files", tmp_path)
    attached = attach(archive, archive_interval="1ms", archive_min_rows=3)
    post(attached.port, "traces", spans("a", "b"), JSON)
    time.sleep(0.2)
    post(attached.port, "traces", spans("c"), JSON)
    eventually(lambda: stat(con, "waiting") == 0)
    post(attached.port, "traces", spans("d"), JSON)
    flush(con)
    files = Path(archive.target, "spans").glob("date=2*/*.parquet")
    rows = sorted(file.stem.split("-", 1)[1] for file in files)
    assert rows == ["0-3", "3-4"]


@pytest.mark.parametrize("limit", [{"max_rows": 10}, {"memory_limit": "16MB"}])
def test_rows_that_would_fill_the_memory(archive: Archive, limit: dict[str, object]) -> None:
    """With half of the room taken the interval is not waited for, so that none are refused."""
    attached = attach(archive, **limit)
    # Four of the five megabytes that there are for rows, or eight of ten rows.
    name = "x" * 50_000 if "memory_limit" in limit else "x"
    sent = 0
    while sent < (80 if "memory_limit" in limit else 8):
        assert post(attached.port, "traces", spans(name, name), JSON).status == 200
        sent += 2
    eventually(lambda: stat(archive.con, "waiting") < sent)


def test_answers_wait_for_the_archive(archive: Archive) -> None:
    """A row whose sender was answered is there."""
    attached = attach(archive, acknowledge="archived")
    for name in "abcde":
        assert post(attached.port, "traces", spans(name), JSON).status == 200
        assert name in archive.names()


def test_a_detach_that_cannot_archive(archive: Archive) -> None:
    """DETACH ends in bounded time, and says in the log what is lost."""
    archive.con.execute("CALL enable_logging(level := 'warning')")
    attached = attach(archive)
    archive.break_()
    post(attached.port, "traces", spans("lost", "too"), JSON)
    began = time.monotonic()
    attached.detach()
    assert time.monotonic() - began < 20
    query = "SELECT message FROM duckdb_logs WHERE message LIKE '%not archived%'"
    ((message,),) = archive.con.execute(query).fetchall()
    assert message.startswith("2 rows of otlp://")


def test_tables_of_an_older_version(con: Connection, tmp_path: Path) -> None:
    """Columns that a table lacks are added; its own stay."""
    archive = Archive(con, "tables", tmp_path)
    con.execute("CREATE SCHEMA lake.telemetry")
    con.execute("CREATE TABLE lake.telemetry.spans AS SELECT 'old' AS name, 7 AS mine")
    attached = attach(archive)
    post(attached.port, "traces", spans("new"), JSON)
    flush(con)
    query = (
        "SELECT name, mine, start_time_unix_nano IS NULL FROM lake.telemetry.spans ORDER BY name"
    )
    assert con.execute(query).fetchall() == [("new", None, False), ("old", 7, True)]


def test_one_relation_of_ring_and_archive(archive: Archive) -> None:
    """At every moment the view has all rows, each once, while they come and are archived."""
    attached = attach(archive, archive_interval="1ms", max_rows=200)
    sent = 0
    stop = threading.Event()

    def send() -> None:
        nonlocal sent
        while not stop.is_set():
            if post(attached.port, "traces", spans(f"{sent:06}"), JSON).status == 200:
                sent += 1

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(40):
            before = sent
            ((count, distinct),) = attached.fetch(
                "SELECT count(*), count(DISTINCT name) FROM live.all_spans"
            )
            assert count == distinct >= before, (count, distinct, before)
    finally:
        stop.set()
        sender.join()
    attached.detach()
    assert archive.names() == [f"{number:06}" for number in range(sent)]


def test_a_transaction_that_saw_the_archive_first(con: Connection, tmp_path: Path) -> None:
    """What was archived and evicted since it looked cannot be seen there, which is an error."""
    archive = Archive(con, "tables", tmp_path)
    attached = attach(archive, max_rows=2)
    post(attached.port, "traces", spans("a"), JSON)
    flush(con)
    early = con.cursor()
    early.execute("BEGIN; FROM lake.telemetry.spans").fetchall()
    count = "SELECT count(*) FROM live.all_spans"
    post(attached.port, "traces", spans("b"), JSON)
    flush(con)
    other = con.cursor()
    other.execute("BEGIN; FROM lake.telemetry.spans").fetchall()
    assert other.execute(count).fetchall() == [(2,)]
    for name in "cde":
        post(attached.port, "traces", spans(name), JSON)
        flush(con)
    with pytest.raises(duckdb.InvalidInputException, match="begin another transaction"):
        early.execute(count).fetchall()
    assert other.execute(count).fetchall() == [(2,)]
    assert con.execute(count).fetchall() == [(5,)]


def test_small_files_become_a_large_one(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/scale.md says, and once more; what is archived meanwhile stays."""
    text = (extension.ROOT / "docs" / "scale.md").read_text("utf-8").split("## Small files")[1]
    (sql, *_), (shell, *_) = (
        re.findall(f"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("sql", "sh")
    )
    monkeypatch.chdir(tmp_path)
    archive = Archive(con, "files", tmp_path)
    attached = attach(archive)
    expected: list[str] = []
    for number in range(2):
        for name in (f"{number}a", f"{number}b", f"{number}c"):
            post(attached.port, "traces", spans(name), JSON)
            if name.endswith("c"):
                con.execute(sql)
            flush(con)
            expected.append(name)
        subprocess.run(shell, shell=True, check=True)
        assert archive.names() == expected
        day = Path(archive.target, "spans", "date=2025-11-28")
        assert len(list(day.glob("*.parquet"))) == 2
        assert attached.fetch("SELECT count(*) FROM live.all_spans") == [(len(expected),)]


def test_what_a_flush_says(archive: Archive) -> None:
    """How many rows it archived, of all signals."""
    attached = attach(archive)
    post(attached.port, "traces", spans("a", "b"), JSON)
    assert attached.fetch("CALL otlp_flush('live')") == [(2,)]
    assert attached.fetch("CALL otlp_flush('live')") == [(0,)]


WATCH = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void note(const char *what, const char *one, const char *other) {
    FILE *file = fopen(getenv("NOTED"), "a");
    fprintf(file, "%s|%s|%s\n", what, one, other);
    fclose(file);
}

int fsync(int file) {
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    readlink(link, path, sizeof path - 1);
    note("fsync", path, "");
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}

int rename(const char *from, const char *to) {
    note("rename", from, to);
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}
"""

KEEP = """
import sys
import extension
con = extension.connect()
con.execute(f"ATTACH 'otlp://localhost:0' AS live (TYPE otlp, archive '{sys.argv[1]}')")
con.execute("INSERT INTO live.traces (data) VALUES ('{}')").fetchall()
con.execute("CALL otlp_flush('live')").fetchall()
"""


def test_files_outlive_a_power_cut(tmp_path: Path) -> None:
    """Files and folders, and their names, are on the disk when their rows count as archived."""
    (tmp_path / "watch.c").write_text(WATCH)
    library, noted = tmp_path / "watch.so", tmp_path / "noted"
    build = ["cc", "-shared", "-fPIC", "-o", library, tmp_path / "watch.c", "-ldl"]
    subprocess.run(build, check=True)
    subprocess.run(
        [sys.executable, "-c", KEEP, f"file://{tmp_path}/otel"],
        cwd=extension.ROOT / "test",
        env=os.environ | {"LD_PRELOAD": str(library), "NOTED": str(noted)},
        check=True,
        timeout=60,
    )
    calls = [tuple(line.split("|")) for line in noted.read_text().splitlines()]
    (file,) = Path(tmp_path, "otel", "spans").glob("*/*-0-1.parquet")
    ((at, unfinished),) = [
        (at, from_)
        for at, (call, from_, to) in enumerate(calls)
        if (call, to) == ("rename", str(file))
    ]
    assert ("fsync", unfinished, "") in calls[:at]
    assert ("fsync", str(file.parent), "") in calls[at:]
    for folder in (tmp_path, tmp_path / "otel", tmp_path / "otel" / "spans"):
        assert ("fsync", str(folder), "") in calls[:at]


ENDS = {
    "exit": "pass",
    "close": "con.close()",
    "drop": "del con",
    "os_exit": "import os; sys.stdout.flush(); os._exit(0)",
    "exception": "import atexit; atexit.register(lambda: time.sleep(0.05))",
    "fork": """
        import os
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        """,
}

BUSY = """
kind, folder = arguments
if kind == "tables":
    con.execute(f"ATTACH '{folder}/lake.duckdb' AS lake")
target = "lake.telemetry" if kind == "tables" else f"{folder}/otel"
options = f"TYPE otlp, archive '{target}', archive_interval '1ms'"
con.execute(f"ATTACH 'otlp://localhost:0' AS live ({options})")
rows = "SELECT json_object('name', i::VARCHAR) FROM range(20000) t(i)"
con.execute(f"INSERT INTO live.traces (data) {rows}").fetchall()
print(json.dumps({"ok": True}), flush=True)
time.sleep(0.1 * (hash(folder) % 5))
"""


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", ["tables", "files"])
def test_a_process_that_ends(kind: str, end: str, tmp_path: Path) -> None:
    """A process ends as it would without an archive, be it in the middle of a statement."""
    code = BUSY + textwrap.dedent(ENDS[end])
    assert child.run(code, kind, str(tmp_path), timeout=60) == {"ok": True}


def test_processes_that_end_at_many_moments(tmp_path: Path) -> None:
    """As one does: statics of DuckDB were gone at the exit of one in ten, if it was at work."""

    def end(number: int) -> Any:
        folder = tmp_path / str(number)
        folder.mkdir()
        moment = f"\ntime.sleep({0.02 * number})"
        return child.run(BUSY + moment, "tables", str(folder), timeout=60)

    with ThreadPoolExecutor(4) as processes:
        assert list(processes.map(end, range(16))) == [{"ok": True}] * 16


SERVER = """
import sys, time
import extension
kind, folder = sys.argv[1:]
con = extension.connect()
if kind == "tables":
    con.execute(f"ATTACH '{folder}/lake.duckdb' AS lake")
target = "lake.telemetry" if kind == "tables" else f"{folder}/otel"
con.execute(
    f"ATTACH 'otlp://localhost:0' AS live (TYPE otlp, archive '{target}', acknowledge 'archived')"
)
[(path,)] = con.execute("SELECT path FROM duckdb_databases() WHERE type = 'otlp'").fetchall()
print(path, flush=True)
time.sleep(60)
"""


def start(kind: str, folder: Path) -> subprocess.Popen[str]:
    """A process with a receiver, to be killed."""
    with (folder / "errors.txt").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-c", SERVER, kind, str(folder)],
            cwd=extension.ROOT / "test",
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )


def kill(process: subprocess.Popen[str], after: float) -> None:
    """Kills it in a moment, which it must live to see."""
    time.sleep(after)
    process.send_signal(signals.SIGKILL)
    assert process.wait() == -signals.SIGKILL
    assert process.stdout is not None
    process.stdout.close()


def send_until_killed(port: int, prefix: str, acknowledged: list[str]) -> None:
    """Sends spans with names of their own, and notes those that were acknowledged."""
    number = 0
    while True:
        names = [f"{prefix}-{number}-{index}" for index in range(5)]
        try:
            reply = post(port, "traces", spans(*names), JSON)
        except OSError:
            return
        except Exception:  # the connection ends in the middle of an answer
            return
        if reply.status == 200:
            acknowledged.extend(names)
        number += 1


@pytest.mark.parametrize("kind", ["tables", "files"])
def test_kill_at_any_moment(kind: str, tmp_path: Path) -> None:
    """Every row that was acknowledged as archived is there once, and no row is there twice."""
    acknowledged: list[str] = []
    for number in range(KILLS):
        if number % 4 == 3:
            kill(start(kind, tmp_path), random.uniform(0.1, 1))
        process = start(kind, tmp_path)
        assert process.stdout is not None
        # Where a statement takes long DuckDB prints something as well.
        path = next((line for line in process.stdout if line.startswith("otlp://")), None)
        errors = (tmp_path / "errors.txt").read_text()
        assert path, f"it did not start: exit code {process.wait()}, {errors}"
        port = int(path.rsplit(":", 1)[1])
        senders = [
            threading.Thread(
                target=send_until_killed, args=(port, f"{number}-{sender}", acknowledged)
            )
            for sender in range(3)
        ]
        for sender in senders:
            sender.start()
        kill(process, random.uniform(0.05, 0.6))
        for sender in senders:
            sender.join()
    con = extension.connect()
    found = Counter(Archive(con, kind, tmp_path).names())
    print(f"{KILLS} kills, {len(acknowledged)} rows acknowledged, {found.total()} there")
    assert acknowledged
    assert [name for name in acknowledged if found[name] != 1] == []
    assert [name for name, count in found.items() if count > 1] == []
    con.close()
