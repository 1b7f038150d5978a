"""How processes with a viewer end; run by test/process.py."""

import contextlib
import os
import signal
import socket
import sys
import time

import extension
import live
import viewer

LONG = "SELECT count(*) FROM range(100_000_000_000) a WHERE hash(a) = 42"
# Seconds in which whatever stops must have stopped.
BOUND = 5.0


def end(way: str) -> str:
    """Ends in some way, with queries at work, but for one."""
    con = extension.connect()
    live.attach(con)
    opened = viewer.start(con)
    queries = [] if way == "idle" else [opened.begin(LONG) for _ in range(3)]
    waiting_for(opened, len(queries))
    began = time.monotonic()
    if way == "exit":
        globals()["kept"] = (con, queries)  # nothing may clean up before the end
        sys.exit(3)
    if way == "os._exit":
        os._exit(4)
    if way == "exception":
        raise ValueError
    if way == "SIGTERM":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
    if way == "stop":
        con.execute("CALL otlp_viewer_stop()").fetchall()
    else:
        if way == "detach and close":
            con.execute("DETACH live")
        con.close()
    assert time.monotonic() - began < BOUND
    if way in ("stop", "idle"):
        assert not is_open(opened.port)
    # A query holds the database until its browser goes; then both end.
    for connection in queries:
        connection.close()
    deadline = time.monotonic() + BOUND
    while is_open(opened.port):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return way


def waiting_for(opened: viewer.Viewer, count: int) -> None:
    """Waits until so many queries run."""
    deadline = time.monotonic() + BOUND
    sql = "SELECT count::INTEGER FROM duckdb_connection_count()"
    while opened.query(sql).rows[0][0] < count + 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_open(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    return False


def fork() -> None:
    """A child that ends does nothing to the viewer of its parent."""
    con = extension.connect()
    live.attach(con)
    opened = viewer.start(con)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert opened.query("SELECT 1").rows == [[1]]
    con.close()
    assert not is_open(opened.port)
