"""Processes that have a receiver: what they do is a function each, run by test/process.py."""

import contextlib
import os
import queue
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import duckdb_release
import grpc
import pytest

import extension
import live
import otlp_client
import process
import wire
from live import Live
from traffic import Traffic, request

# Seconds in which whatever stops must have stopped.
BOUND = 3.0


def memory(key: str) -> int:
    """Bytes of memory of this process: VmRSS now, VmHWM at most so far."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(key))
    return int(line.split()[1]) * 1024


def held() -> dict[str, int]:
    """Threads, file descriptors and sockets of this process."""
    descriptors = os.listdir("/proc/self/fd")
    targets = [read_link(f"/proc/self/fd/{descriptor}") for descriptor in descriptors]
    return {
        "threads": len(os.listdir("/proc/self/task")),
        "descriptors": len(descriptors),
        "sockets": sum(target.startswith("socket:") for target in targets),
    }


def held_at_most(threads: int) -> dict[str, int]:
    """What this process holds, once it has so few threads.

    The kernel lists a thread for a moment after it was joined.
    """
    deadline = time.monotonic() + 10
    while (now := held())["threads"] > threads:
        assert time.monotonic() < deadline, f"{now}, and at most {threads} threads"
        time.sleep(0.001)
    return now


def read_link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def serve(options: dict[str, Any], descriptors: int | None = None) -> dict[str, Any]:
    """Receives until told to stop; says its port first.

    Returns the counts and names of spans held, and the memory that it all took.
    """
    if descriptors is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    con = extension.connect()
    attached = live.attach(con, **options)
    before = memory("VmHWM")
    process.say({"port": attached.port, "pid": os.getpid()})
    process.wait()
    attached.assert_balanced()
    return {
        "rows": {signal: attached.count(signal) for signal in live.SIGNALS},
        "rejected": {signal: live.rejections(con, signal) for signal in live.SIGNALS},
        "memory": memory("VmHWM") - before,
        "held": held(),
    }


def export(port: int, *names: str, host: str = "localhost") -> None:
    """Sends spans; over HTTP, since a gRPC channel has threads of its own."""
    spans = wire.request(*(wire.span(name=name) for name in names or ["span"]))
    assert otlp_client.post(port, "traces", spans, host=host).status == 200


def is_open(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    try:
        socket.create_connection(("localhost", port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def seconds(function: Callable[[], object]) -> float:
    """How long a function takes; it may raise no internal error of DuckDB."""
    started = time.monotonic()
    function()
    return time.monotonic() - started


def in_thread(function: Callable[[], object]) -> None:
    """Runs a function in a thread that does not keep the process alive."""
    threading.Thread(target=function, daemon=True).start()


@contextlib.contextmanager
def error(text: str) -> Iterator[None]:
    """What is inside fails with this text in the error, and not by a fault of ours."""
    with pytest.raises(duckdb.Error) as found:
        yield
    assert not extension.is_bug(found.value), found.value
    assert text.lower() in str(found.value).lower(), found.value


@contextlib.contextmanager
def perhaps_error() -> Iterator[None]:
    """What is inside works, or fails with an error for people."""
    try:
        yield
    except duckdb.Error as found:
        if extension.is_bug(found):
            raise


def attached(**options: object) -> Live:
    """A receiver in a database of its own."""
    return live.attach(extension.connect(), **options)


def filled(rows: int, **options: object) -> Live:
    """A receiver that holds so many spans."""
    receiver = attached(**options)
    for number in range(rows // 10_000):
        body = request(0, number, 10_000)
        assert otlp_client.post(receiver.port, "traces", body).status == 200
    assert receiver.count() == rows // 10_000 * 10_000
    return receiver


def detach_while_sending(protocol: str) -> float:
    """DETACH with senders that do not stop; then the port is free for the next."""
    receiver = attached()
    with Traffic(receiver.port, protocol, threads=4) as traffic:
        time.sleep(0.3)
        assert receiver.count() > 0
        took = seconds(receiver.detach)
        assert not is_open(receiver.port)
        again = live.attach(receiver.con, f"localhost:{receiver.port}")
        deadline = time.monotonic() + 20  # clients wait before they try again
        while again.count() == 0:
            assert time.monotonic() < deadline
        traffic.stop()
    again.assert_balanced()
    assert took < BOUND
    return took


def detach_with_open_request(protocol: str, finishes: bool) -> dict[str, Any]:
    """DETACH waits for a request that is on its way, but not for one that never ends."""
    receiver = attached()
    end, statuses = threading.Event(), queue.SimpleQueue[str]()
    in_thread(lambda: statuses.put(OPEN_REQUESTS[protocol](receiver.port, end)))
    while receiver.stats()["traces"].in_flight_bytes == 0:
        pass
    if finishes:
        threading.Timer(0.5, end.set).start()
    took = seconds(receiver.detach)
    assert not is_open(receiver.port)
    assert took < BOUND
    return {"seconds": took, "status": statuses.get(timeout=10)}


def open_request_in_grpc(port: int, end: threading.Event) -> str:
    """Sends a message, and ends the call when it is told to; the status of it."""

    def messages() -> Iterator[bytes]:
        yield wire.request(wire.span(name="late"))
        end.wait(10)

    with otlp_client.Grpc(port) as client:
        try:
            client.channel.stream_unary(otlp_client.METHODS["traces"])(messages(), timeout=20)
        except grpc.RpcError as error:
            return str(error.code().name)
    return "OK"


def open_request_in_http(port: int, end: threading.Event) -> str:
    """Sends half of a body, and the rest when it is told to; the status line."""
    body = wire.request(wire.span(name="late"))
    head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: {otlp_client.PROTOBUF}\r\n"
    with socket.create_connection(("localhost", port), 10) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:20])
        if not end.wait(4):
            return "closed" if connection.recv(1) == b"" else "answered"
        connection.sendall(body[20:])
        return connection.recv(100).split(b"\r\n")[0].decode()


OPEN_REQUESTS = {"grpc": open_request_in_grpc, "http": open_request_in_http}


def detach_while_querying() -> dict[str, Any]:
    """DETACH while a query of another connection is in the midst of its rows; it has them all."""
    receiver = filled(50_000)
    other = receiver.con.cursor()
    begun, detached = threading.Event(), threading.Event()

    def pause(_: str) -> int:
        begun.set()
        assert detached.wait(30)
        return 1

    other.create_function("pause", pause, ["VARCHAR"], "INTEGER", side_effects=True)
    found: list[Any] = []

    def query() -> None:
        sql = "SELECT count(data), sum(pause(data ->> 'name')), min(resource) FROM live.traces"
        found.extend(other.execute(sql).fetchall())

    thread = threading.Thread(target=query)
    thread.start()
    assert begun.wait(30)
    took = seconds(receiver.detach)
    assert not is_open(receiver.port)
    detached.set()
    thread.join(30)
    assert found == [(50_000, 50_000, None)]
    with error("live"):
        other.execute("SELECT count(*) FROM live.traces")
    assert took < BOUND
    return {"seconds": took}


def detach_with_prepared() -> None:
    """EXECUTE after DETACH is an error, and works again after the next ATTACH or says why not."""
    receiver = attached()
    export(receiver.port)
    other = receiver.con.cursor()
    other.execute("PREPARE counted AS SELECT count(*) FROM live.traces")
    assert other.execute("EXECUTE counted").fetchall() == [(1,)]
    assert seconds(receiver.detach) < BOUND
    with error("live"):
        other.execute("EXECUTE counted")
    again = live.attach(receiver.con)
    export(again.port, "a", "b")
    assert other.execute("EXECUTE counted").fetchall() == [(2,)]


def detach_with_transaction() -> None:
    """A transaction of another connection keeps its rows but does not hold up DETACH."""
    receiver = attached()
    export(receiver.port)
    other = receiver.con.cursor()
    other.begin()
    assert other.execute("SELECT count(*) FROM live.traces").fetchall() == [(1,)]
    assert seconds(receiver.detach) < BOUND
    assert not is_open(receiver.port)
    assert other.execute("SELECT count(*) FROM live.traces").fetchall() == [(1,)]
    other.commit()
    with error("live"):
        other.execute("SELECT count(*) FROM live.traces")


def detach_in_a_transaction_that_read() -> None:
    """DuckDB refuses it, or lets go of the receiver at once; then its name is free for another one,
    in the same transaction, which sees the other's rows.
    """
    receiver = attached()
    export(receiver.port)
    con = receiver.con
    con.begin()
    assert receiver.count() == 1
    if duckdb_release.REFUSES_DETACH_OF_WHAT_WAS_READ:
        with error("outstanding"):
            receiver.detach()
        con.rollback()
        assert is_open(receiver.port)
        receiver.detach()
    else:
        assert seconds(receiver.detach) < BOUND
        assert not is_open(receiver.port)
        receiver = live.attach(con)
        export(receiver.port, "a", "b")
        assert receiver.count() == 2
        receiver.detach()
        con.commit()
    assert not is_open(receiver.port)


def detach_while_listing(listing: str) -> int:
    """ATTACH and DETACH again and again, beside three connections that list what there is.

    Returns how often they did; that a name stands for another database now is their only error.
    """
    con = extension.connect()
    started, listed = time.monotonic(), [0, 0, 0]

    def goes_on() -> bool:
        took = time.monotonic() - started
        return took < 2 or (took < 20 and not all(listed))

    def work(number: int) -> None:
        own = con.cursor()
        while goes_on():
            with contextlib.suppress(duckdb.TransactionException):
                own.execute(listing).fetchall()
                listed[number] += 1

    threads = [threading.Thread(target=work, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    while goes_on():
        live.attach(con).detach()
    for thread in threads:
        thread.join()
    assert all(listed), listed
    return sum(listed)


def detach_within_listing() -> None:
    """A result that is fetched slowly names columns of what was detached meanwhile."""
    con = extension.connect()
    columns = ", ".join(f"c{number} INTEGER" for number in range(5_000))
    con.execute(f"CREATE TABLE wide ({columns})")
    live.attach(con, name="zz")  # listed last
    ((expected,),) = con.execute("SELECT count(*) FROM duckdb_columns()").fetchall()
    result = con.cursor().execute("SELECT database_name, comment FROM duckdb_columns()")
    found = result.fetchmany(1)
    con.execute("DETACH zz")
    found += result.fetchall()
    assert len(found) == expected
    comments = [comment for database, comment in found if database == "zz"]
    assert comments
    assert all(comments)


def attach_and_detach_often(cycles: int) -> list[dict[str, int]]:
    """ATTACH, Export, SELECT and DETACH on one port: nothing is left behind.

    Returns what the process held after ten cycles, and after all.
    """
    con = extension.connect()
    port = live.attach(con).port
    con.execute("DETACH live")
    found = []
    for number in range(cycles):
        receiver = live.attach(con, f"localhost:{port}")
        export(port, "a", "b")
        assert receiver.count() == 2
        receiver.detach()
        if number in (9, cycles - 1):
            now = held_at_most(found[0]["threads"]) if found else held()
            found.append({**now, "memory": memory("VmRSS")})
    first, last = found
    assert last["descriptors"] <= first["descriptors"]
    assert last["memory"] < first["memory"] + (16 << 20)
    return found


def replace_on_the_same_port() -> None:
    """ATTACH OR REPLACE: the new one takes over the port of the old one, whose rows are gone."""
    con = extension.connect()
    receiver = live.attach(con)
    address = f"localhost:{receiver.port}"
    export(receiver.port, "old")
    before = held()["threads"]
    for number in range(20):
        receiver = live.attach(con, address, verb="ATTACH OR REPLACE", max_rows=100 + number)
        assert receiver.count() == 0
        export(receiver.port, "new")
        assert receiver.names() == ["new"]
    held_at_most(before)
    assert receiver.detach() is None
    assert not is_open(receiver.port)


def replace_that_fails() -> None:
    """ATTACH OR REPLACE that cannot start leaves the old one as it was, on the same port."""
    receiver = attached()
    address = f"localhost:{receiver.port}"
    export(receiver.port, "kept")
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        with error("already in use"):
            live.attach(receiver.con, f"localhost:{port}", verb="ATTACH OR REPLACE")
        export(receiver.port, "more")
        with error("already in use"):
            live.attach(receiver.con, address, verb="ATTACH OR REPLACE", http_port=port)
    export(receiver.port, "still")
    assert receiver.names() == ["kept", "more", "still"]


def roll_back() -> None:
    """ATTACH in a transaction that is rolled back leaves no receiver behind."""
    con = extension.connect()
    before = held()
    con.begin()
    receiver = live.attach(con)
    export(receiver.port)
    con.rollback()
    assert not is_open(receiver.port)
    with error("live"):
        con.execute("SELECT count(*) FROM live.traces")
    held_at_most(before["threads"])
    again = live.attach(con, f"localhost:{receiver.port}")
    export(again.port)
    assert again.count() == 1


def port_in_use() -> str:
    """A port that is taken: an error that names it, nothing attached, and the other unharmed."""
    first = attached()
    before = held()
    other = extension.connect()
    with pytest.raises(duckdb.Error) as found:
        live.attach(other, f"localhost:{first.port}", name="second")
    names = "SELECT count(*) FROM duckdb_databases() WHERE database_name = 'second'"
    assert other.execute(names).fetchall() == [(0,)]
    other.close()
    held_at_most(before["threads"])
    with error("already exists"):
        live.attach(first.con, f"localhost:{first.port}")
    export(first.port)
    assert first.count() == 1
    assert f"localhost:{first.port}" in str(found.value)
    return str(found.value)


def privileged_port() -> str | None:
    """A port that only root may have; None where everybody may, or nobody is not there."""
    con = extension.connect()
    if os.geteuid() == 0:
        os.setuid(65_534)
    try:
        with socket.create_server(("127.0.0.1", 81)):
            return None
    except PermissionError:
        pass
    with pytest.raises(duckdb.Error) as found:
        live.attach(con, "127.0.0.1:81")
    return str(found.value)


def close_database(busy: bool) -> float:
    """Closes a database whose receiver is live."""
    receiver = attached()
    before = held()["threads"]
    with contextlib.ExitStack() as stack:
        if busy:
            stack.enter_context(Traffic(receiver.port))
            time.sleep(0.3)
            assert receiver.count() > 0
        took = seconds(receiver.con.close)
        assert not is_open(receiver.port)
    held_at_most(before - 1)
    assert took < BOUND
    return took


def leave(way: str) -> str:
    """Ends the process in some way with a receiver live and with senders at work.

    A query is at work too where Python does not end first: it cannot end under a thread's query.
    """
    # What a shell starts in the background ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    receiver = filled(50_000)
    traffic = Traffic(receiver.port)
    traffic.__enter__()
    if way in ("os._exit", "SIGTERM"):
        other = receiver.con.cursor()
        query = "SELECT max(data::VARCHAR) FROM live.traces, range(10_000)"
        in_thread(lambda: other.execute(query))
    time.sleep(0.3)
    globals()["kept"] = (receiver, traffic)  # nothing may clean up before the end
    process.say(time.time())
    WAYS[way]()
    return way


def sleep() -> None:
    """Sleeps until a signal comes; in naps, for one that comes just before does not end a nap."""
    for _ in range(600):
        time.sleep(0.1)


WAYS: dict[str, Callable[[], Any]] = {
    "end of the program": lambda: None,
    "sys.exit": lambda: sys.exit(3),
    "os._exit": lambda: os._exit(4),
    "exception": lambda: 1 // 0,
    "SIGINT": sleep,
    "SIGTERM": sleep,
}


def reopen(path: str) -> list[float]:
    """Opens one file ten times, each time with a receiver, and closes it without DETACH."""
    took = []
    for number in range(10):
        started = time.monotonic()
        con = extension.connect(path)
        receiver = live.attach(con)
        export(receiver.port)
        con.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM live.traces LIMIT 0")
        con.execute("INSERT INTO kept SELECT * FROM live.traces")
        assert con.execute("SELECT count(*) FROM kept").fetchall() == [(number + 1,)]
        con.close()
        assert not is_open(receiver.port)
        took.append(time.monotonic() - started)
    assert max(took) < BOUND
    return took


def fork(child: str) -> dict[str, Any]:
    """Forks with a receiver live; what the child does must not touch it, nor hang."""
    receiver = attached()
    receiver.con.execute("SET threads = 1")  # DuckDB's own threads are not in the child either
    export(receiver.port, "before")
    pid = os.fork()
    if pid == 0:
        CHILDREN[child](receiver)
        os._exit(0)
    deadline = time.monotonic() + 20
    while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0):
        assert time.monotonic() < deadline, "the child hangs"
        time.sleep(0.01)
    export(receiver.port, "after")
    assert receiver.names() == ["before", "after"]
    receiver.assert_balanced()
    assert seconds(receiver.detach) < BOUND
    assert not is_open(receiver.port)
    return {"child": os.waitstatus_to_exitcode(ended[1])}


def child_queries(receiver: Live) -> None:
    """Rows or a clear error."""
    with perhaps_error():
        assert receiver.names() in ([], ["before"])


def child_detaches(receiver: Live) -> None:
    """What the parent receives by stays open."""
    with contextlib.suppress(duckdb.Error):
        receiver.detach()


def child_attaches(receiver: Live) -> None:
    """A receiver of its own, or a clear error."""
    with perhaps_error():
        own = live.attach(receiver.con, name="own")
        export(own.port)
        assert own.count() == 1


# To close the database is nothing that DuckDB itself survives in a child.
CHILDREN: dict[str, Callable[[Live], None]] = {
    "exits": lambda _: None,
    "queries": child_queries,
    "detaches": child_detaches,
    "attaches": child_attaches,
}


def two_databases() -> None:
    """Two databases of one process: separate ports, rows and lives."""
    first, second = attached(), attached()
    export(first.port, "first")
    export(second.port, "second")
    assert (first.names(), second.names()) == (["first"], ["second"])
    with error("already in use"):
        live.attach(second.con, f"localhost:{first.port}", name="more")
    first.con.close()
    assert not is_open(first.port)
    export(second.port, "more")
    assert second.names() == ["second", "more"]
    again = attached(address=f"localhost:{first.port}")
    export(again.port, "again")
    assert (again.names(), second.names()) == (["again"], ["second", "more"])


def two_receivers() -> None:
    """Two receivers of one database, which a query may join."""
    first = attached()
    second = live.attach(first.con, name="other")
    export(first.port, "a", "b")
    export(second.port, "b", "c")
    query = "SELECT x.data ->> 'name' FROM live.traces x JOIN other.traces y USING (data)"
    assert first.fetch(query) == [("b",)]
    second.detach()
    export(first.port, "d")
    assert first.names() == ["a", "b", "d"]


def without_a_disk(folder: str) -> None:
    """Receives and reads where nothing can be written; what has to write fails without harm."""
    os.environ["HOME"] = "/proc/nowhere"
    receiver = attached()
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    export(receiver.port, "kept")
    with error("write"):
        receiver.fetch(f"COPY live.traces TO '{folder}/kept.parquet'")
    path = extension.ROOT / "test" / "data" / "traces_simple.jsonl"
    assert receiver.fetch("SELECT count(*) FROM read_otlp(?)", str(path)) == [(3,)]
    export(receiver.port, "more")
    assert receiver.names() == ["kept", "more"]
    receiver.detach()


def http_port() -> None:
    """A second port for the same rows; both are free after DETACH, or if one of them is taken."""
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        con = extension.connect()
        before = held()
        with error(str(port)):
            live.attach(con, http_port=port)
        assert held_at_most(before["threads"])["sockets"] <= before["sockets"]
    receiver = live.attach(con, http_port=port)
    with otlp_client.Grpc(receiver.port) as client:
        client.export("traces", wire.request(wire.span(name="gRPC")))
    export(port, "second port")
    export(receiver.port, "first port")
    assert receiver.names() == ["gRPC", "second port", "first port"]
    receiver.assert_balanced()
    receiver.detach()
    assert not is_open(port)
    assert not is_open(receiver.port)


def interrupt(query: str) -> float:
    """Seconds from the interruption of a query to its end."""
    receiver = filled(200_000)
    interrupted: list[float] = []

    def stop() -> None:
        interrupted.append(time.monotonic())
        receiver.con.interrupt()

    threading.Timer(0.3, stop).start()
    with error("interrupt"):
        receiver.con.execute(query).fetchall()
    took = time.monotonic() - interrupted[0]
    assert receiver.count() == 200_000
    export(receiver.port)
    assert receiver.count() == 200_001
    return took


def attach_detach_and_scan_in_threads() -> None:
    """Eight threads attach, scan and detach, each its own and all the common one."""
    common = attached()
    export(common.port, "common")
    failures: list[str] = []

    def work(number: int) -> None:
        con = common.con.cursor()
        try:
            for _ in range(10):
                own = live.attach(con, name=f"own_{number}")
                export(own.port, "own")
                assert own.names() == ["own"]
                assert con.execute("SELECT count(*) FROM live.traces").fetchall() == [(1,)]
                own.detach()
        except BaseException as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
