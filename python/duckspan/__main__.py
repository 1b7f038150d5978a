"""A page in the browser over telemetry, with one command.

duckspan view traces.jsonl      # files of OTLP, or an archive
duckspan serve                  # a receiver, and what it receives
"""

import argparse
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import duckdb

import duckspan

KINDS = ("spans", "log_records", "data_points")

DESCRIPTION = "OpenTelemetry in DuckDB, as a page in the browser: traces, logs, metrics, SQL."
VIEW = (
    "Shows files of OTLP: JSON or protobuf, compressed or not, as the Collector and others write "
    "them. Or an archive: its folder, or the DuckDB file that has its tables."
)
SERVE = (
    "Receives OTLP, gRPC and HTTP, from programs on this machine, and shows it as it comes. It is "
    "kept in memory, the newest rows, unless --archive says where to keep it."
)


class UsageError(Exception):
    """What was asked for cannot be done; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    asked = parser().parse_args(arguments)
    try:
        con = duckspan.connect()
        try:
            # What takes long on a slow machine would be drawn between what is said.
            con.execute("SET enable_progress_bar = false")
            asked.run(con, asked)
            ended = told_to_end()
            open_page(con, asked)
            wait(ended)
            close(con, asked)
        finally:
            con.close()
    except KeyboardInterrupt:
        return 130
    except (UsageError, duckspan.UnsupportedDuckDBError) as error:
        return fail(str(error))
    except duckdb.Error as error:
        return fail(words_of(error))
    return 0


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    result = argparse.ArgumentParser(prog="duckspan", description=DESCRIPTION)
    version = f"duckspan {duckspan.__version__}, DuckDB {duckdb.__version__}"
    result.add_argument("--version", action="version", version=version)
    commands = result.add_subparsers(title="commands", required=True, metavar="COMMAND")

    view = commands.add_parser("view", help="show files of OTLP, or an archive", description=VIEW)
    view.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder, or a glob")
    view.add_argument(
        "--port", type=int, dest="page_port", help="of the page; 4320, or one that is free"
    )
    view.set_defaults(run=view_files)

    serve = commands.add_parser("serve", help="receive OTLP and show it", description=SERVE)
    serve.add_argument(
        "--port", type=int, default=4317, help="where OTLP is received; 4317, and 4318 beside it"
    )
    serve.add_argument(
        "--page-port", type=int, metavar="PORT", help="of the page; 4320, or one that is free"
    )
    serve.add_argument(
        "--archive",
        metavar="WHERE",
        help="keep all that is received: in a folder, as Parquet, or in a DuckDB file, x.duckdb",
    )
    serve.add_argument(
        "--forward",
        metavar="ADDRESS",
        help="send all that is received on, as to otlp://collector:4317 or https://otlp.example.com",
    )
    serve.add_argument(
        "--memory-limit", metavar="SIZE", default="512MB", help="of what is kept; 512MB"
    )
    serve.set_defaults(run=serve_rows)

    for command in (view, serve):
        command.add_argument(
            "--no-browser", action="store_true", help="only print the URL of the page"
        )
        command.add_argument(
            "--allow-write", action="store_true", help="let the page run any SQL, not only queries"
        )
    return result


def view_files(con: duckdb.DuckDBPyConnection, asked: argparse.Namespace) -> None:
    """Makes views of what is to be shown."""
    first = Path(asked.files[0])
    if len(asked.files) == 1 and first.suffix in (".duckdb", ".db"):
        sources = tables_of(con, first)
    elif len(asked.files) == 1 and any(first.glob("spans/**/*.parquet")):
        sources = {kind: parquet(first / kind) for kind in KINDS if (first / kind).is_dir()}
    else:
        files = f"[{', '.join(quoted(file) for file in asked.files)}]"
        # Files that are not there, or have no OTLP, are an error now rather than on the page.
        con.execute(f"SELECT 1 FROM read_otlp({files}) LIMIT 1").fetchall()
        sources = {kind: f"read_otlp_{kind}({files})" for kind in KINDS}
    for kind, source in sources.items():
        con.execute(f"CREATE VIEW {kind} AS FROM {source}")
    asked.shown = ", ".join(f"{kind} := '{kind}'" for kind in sources)


def tables_of(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """The tables of an archive in a DuckDB file."""
    if not path.is_file():
        raise UsageError(f"{path} is not there")
    con.execute(f"ATTACH {quoted(str(path))} AS archive (READ_ONLY)")
    found = con.execute(
        "SELECT schema_name, list(table_name) FROM duckdb_tables() WHERE database_name = 'archive' "
        f"AND table_name IN {KINDS} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    if len(found) != 1:
        schemas = " and ".join(schema for schema, _ in found)
        what = f"has archives in {schemas}" if found else f"has no table of {', '.join(KINDS)}"
        raise UsageError(f"{path} {what}: attach it, and CALL otlp_viewer(spans := '…')")
    ((schema, tables),) = found
    name = schema.replace('"', '""')
    return {kind: f'archive."{name}".{kind}' for kind in KINDS if kind in tables}


def parquet(folder: Path) -> str:
    """The files of an archive of one kind."""
    return f"read_parquet({quoted(f'{folder}/**/*.parquet')}, hive_partitioning = false)"


def serve_rows(con: duckdb.DuckDBPyConnection, asked: argparse.Namespace) -> None:
    """Attaches a receiver."""
    options = ["TYPE otlp", f"memory_limit {quoted(asked.memory_limit)}"]
    if asked.archive:
        target = asked.archive
        if Path(target).suffix in (".duckdb", ".db"):
            con.execute(f"ATTACH {quoted(target)} AS archive")
            target = "archive.telemetry"
        elif "/" not in target:
            target = f"./{target}"
        options.append(f"archive {quoted(target)}")
    if asked.forward:
        options.append(f"forward {quoted(asked.forward)}")
    address = f"otlp://localhost:{asked.port}"
    con.execute(f"ATTACH {quoted(address)} AS live ({', '.join(options)})")
    asked.shown = ""
    ((port, http_port),) = con.execute(
        "SELECT split_part(path, ':', 3), options['http_port'] FROM duckdb_databases() "
        "WHERE database_name = 'live'"
    ).fetchall()
    print(f"OTLP is received at http://localhost:{port}, gRPC and HTTP", end="")
    print(f", and at {http_port}." if (http_port or "none") != "none" else ".")
    if int(port) != 4317:
        print(f"Programs find it with OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{port}")
    if asked.archive:
        print(f"It is kept in {asked.archive}")
    if asked.forward:
        print(f"It goes on to {asked.forward}")


def open_page(con: duckdb.DuckDBPyConnection, asked: argparse.Namespace) -> None:
    """Starts the viewer, and a browser on it."""
    options = [asked.shown] if asked.shown else []
    if asked.page_port is not None:
        options.append(f"port := {asked.page_port}")
    if asked.allow_write:
        options.append("allow_write := true")
    ((url,),) = con.execute(f"CALL otlp_viewer({', '.join(options)})").fetchall()
    print(f"The page is at {url}\nCtrl-C ends it.", flush=True)
    if not asked.no_browser and has_screen():
        webbrowser.open(url)


def has_screen() -> bool:
    """Whether a browser has a screen to be seen on: one in this terminal is of no use."""
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def told_to_end() -> socket.socket:
    """A byte comes from it at a signal that ends the command, which does nothing else from now."""
    # Not an event: a second signal could be handled while the waiter for the first holds the
    # event's lock, and wait for it for ever. And on Windows no signal ends a wait but a socket's.
    ended, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.detach(), warn_on_full_buffer=False)
    for number in ends():
        signal.signal(number, lambda *_: None)
    return ended


def ends() -> list[int]:
    """Ctrl-C, what stops services, and a terminal that closes unless `nohup` has that ignored."""
    hangup = getattr(signal, "SIGHUP", None)
    closes = hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([hangup] if closes else [])]


def wait(ended: socket.socket) -> None:
    """Waits for the end. More of these signals cut short neither what is to be done then, nor the
    interpreter's own end: that would make of a handler in Python the default, which kills."""
    ended.recv(1)
    for number in ends():
        signal.signal(number, signal.SIG_IGN)


def close(con: duckdb.DuckDBPyConnection, asked: argparse.Namespace) -> None:
    """Ends what was started. Archive and upstream get what they do not have yet, or it says so."""
    con.execute("CALL otlp_viewer_stop()").fetchall()
    if asked.run is serve_rows:
        con.execute("CALL enable_logging(level := 'warning')").fetchall()
        con.execute("DETACH live")
        query = "SELECT message FROM duckdb_logs WHERE log_level = 'WARNING'"
        for (message,) in con.execute(query).fetchall():
            print(f"duckspan: {message}", file=sys.stderr)


def words_of(error: duckdb.Error) -> str:
    """What went wrong, without the SQL of ours in which it did."""
    text = str(error).split("\n\nLINE 1: ")[0]
    return text.partition("Error: ")[2] or text


def fail(message: str) -> int:
    """Says why nothing is shown."""
    print(f"duckspan: {message.strip()}", file=sys.stderr)
    return 1


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    sys.exit(main())
