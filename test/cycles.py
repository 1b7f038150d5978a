"""What the extension does, in cycles: a function for test/process.py.

scripts/valgrind_test.py runs it under valgrind, so it does little of each.
"""

import duckdb

import extension
import live
import process
from live import Live

# All columns of every relation, and the ways to change a table; {files} are in several layouts.
QUERIES = [
    "FROM read_otlp('{files}/*')",
    "FROM read_otlp_spans('{files}/*') WHERE duration_ns > 0 ORDER BY name LIMIT 9",
    "FROM read_otlp_spans('{files}/*')",
    "FROM read_otlp_log_records('{files}/*')",
    "FROM read_otlp_data_points('{files}/*')",
    "FROM read_otlp_rejects()",
    *(f"FROM live.{table}" for table in ("traces", "metrics", "logs")),
    *(f"FROM live.{table}" for table in ("spans", "log_records", "data_points", "stats")),
    "SELECT name, max(duration_ns) FROM live.spans WHERE kind = 'SERVER' GROUP BY ALL",
    "FROM live.traces ORDER BY timestamp DESC LIMIT 3",
    "SELECT count(*) FROM live.logs a JOIN live.logs b USING (rowid)",
    "SELECT table_name, estimated_size FROM duckdb_tables() WHERE database_name = 'live'",
    "INSERT INTO live.traces FROM read_otlp('{files}/*', signal := 'traces')",
    "TRUNCATE live.traces",
]
WRONG = [
    "FROM read_otlp('{files}/malformed.jsonl', ignore_errors := false)",
    "FROM read_otlp('{root}/README.md')",
    "INSERT INTO live.logs SELECT * FROM live.metrics",
    "INSERT INTO live.stats VALUES (1)",
    "ATTACH 'otlp://localhost:{port}' AS other (TYPE otlp)",
    "ATTACH 'otlp://nowhere' AS other (TYPE otlp)",
]


def run(count: int, files: str) -> None:
    """Attaches, receives what the other side sends, queries and detaches, `count` times."""
    con = extension.connect()
    for _ in range(count):
        receiver = live.attach(con, max_rows=100, http_port=0)
        process.say(receiver.port)
        process.wait()
        names = {"files": files, "root": extension.ROOT, "port": receiver.port}
        con.execute("PREPARE counted AS SELECT count(*) FROM live.spans")
        for query in [*QUERIES, "EXECUTE counted"]:
            con.execute(query.format(**names)).fetchall()
        for query in WRONG:
            assert fails(con, query.format(**names)), query
        detach(receiver)
        process.say("detached")
    con.close()


def fails(con: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether a query ends in an error."""
    try:
        con.execute(query).fetchall()
    except duckdb.Error:
        return True
    return False


def detach(receiver: Live) -> None:
    """Detaches while others are in the midst of a result and of a transaction."""
    reading, transaction = receiver.con.cursor(), receiver.con.cursor()
    transaction.execute("BEGIN")
    transaction.execute("FROM live.logs").fetchall()
    reading.execute("FROM live.logs").fetchone()
    receiver.detach()
    assert len(reading.fetchall()) > 0
    fails(transaction, "FROM live.logs")
    transaction.execute("ROLLBACK")
    assert fails(receiver.con, "EXECUTE counted")
