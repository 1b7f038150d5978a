"""Published files give as many rows as an independent reader counted in them."""

import duckdb
import pytest

import corpus

# Where the rows differ from the count, and why.
DIFFERENCES = {
    # Four gauges without a data point: a row each, so that nothing is lost.
    "gcp-operations-go/ops_agent_host_metrics.json": {"metrics": 4},
}


@corpus.needed
@pytest.mark.parametrize("name", corpus.FILES)
def test_counts(name: str, con: duckdb.DuckDBPyConnection) -> None:
    """Rows per signal are spans, data points and log records."""
    wanted = corpus.counts()[name]
    for signal, more in DIFFERENCES.get(name, {}).items():
        wanted[signal] += more
    query = "SELECT signal, count(*) FROM read_otlp(?) GROUP BY ALL"
    found = dict(con.execute(query, [str(corpus.FOLDER / name)]).fetchall())
    assert {signal: found.get(signal, 0) for signal in wanted} == wanted


@corpus.needed
@pytest.mark.parametrize("signal", ["traces", "metrics", "logs"])
def test_one_signal_of_a_mixed_file(signal: str, con: duckdb.DuckDBPyConnection) -> None:
    """With `signal`, only that signal's rows of a file that has all three."""
    name = "otel-tui-oteldemo/mixed_signals.jsonl"
    query = "SELECT signal, count(*) FROM read_otlp(?, signal := ?) GROUP BY ALL"
    found = con.execute(query, [str(corpus.FOLDER / name), signal]).fetchall()
    assert found == [(signal, corpus.counts()[name][signal])]


@corpus.needed
@pytest.mark.parametrize("name", corpus.FOREIGN)
def test_foreign_files(name: str, con: duckdb.DuckDBPyConnection) -> None:
    """A file that has no OTLP is an error that names it."""
    with pytest.raises(duckdb.Error, match=name.rsplit("/", 1)[-1]):
        con.execute("FROM read_otlp(?)", [str(corpus.FOLDER / name)]).fetchall()


@corpus.needed
@pytest.mark.parametrize("name", corpus.MALFORMED)
def test_malformed_files(name: str, con: duckdb.DuckDBPyConnection) -> None:
    """A file of which nothing can be read has no rows, and the user can know why."""
    path = str(corpus.FOLDER / name)
    assert con.execute("FROM read_otlp(?)", [path]).fetchall() == []
    rejects = con.execute("SELECT filename FROM read_otlp_rejects()").fetchall()
    assert rejects == [(path,)]


@corpus.needed
def test_the_whole_corpus_in_one_scan(con: duckdb.DuckDBPyConnection) -> None:
    """A list of all files gives the rows of each, and skips those that have none."""
    names = [*corpus.FILES, *corpus.FOREIGN, *corpus.MALFORMED]
    paths = [str(corpus.FOLDER / name) for name in names]
    query = "SELECT filename, count(*) FROM read_otlp(?) GROUP BY ALL"
    found = dict(con.execute(query, [paths]).fetchall())
    one = {
        path: con.execute("SELECT count(*) FROM read_otlp(?)", [path]).fetchall()[0][0]
        for path in paths[: len(corpus.FILES)]
    }
    assert found == one
