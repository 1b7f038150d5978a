"""The views for every day show all of their columns in a terminal of 100."""

from collections.abc import Iterator

import duckdb
import pytest

import extension

SLOWEST = "(SELECT trace_id FROM spans ORDER BY duration_ns DESC LIMIT 1)"
ALL = "spans := spans, log_records := log_records, data_points := data_points"
VIEWS = [
    "otlp_traces(spans := spans)",
    "otlp_errors(spans := spans)",
    "otlp_logs(log_records := log_records)",
    "otlp_logs(log_records := log_records, at_least := 'WARN')",
    "otlp_metrics(data_points := data_points)",
    f"otlp_summary({ALL})",
    "otlp_messages(log_records := log_records)",
    "otlp_deployments(spans := spans)",
    "otlp_service_map(spans := spans)",
    f"otlp_trace_tree({SLOWEST}, spans := spans)",
    f"otlp_critical_path({SLOWEST}, spans := spans)",
    f"otlp_trace_logs({SLOWEST}, log_records := log_records)",
    "otlp_self_time(spans := spans)",
    "otlp_self_time_by_operation(spans := spans)",
    "otlp_red(spans := spans)",
    "otlp_rate(data_points := data_points)",
]


@pytest.fixture(scope="module", params=["shop", "*_simple"])
def con(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with views of files."""
    connection = extension.connect()
    path = extension.ROOT / "test" / "data" / f"{request.param}.jsonl"
    for name in ("spans", "log_records", "data_points"):
        connection.execute(f"CREATE VIEW {name} AS FROM read_otlp_{name}('{path}')")
    yield connection
    connection.close()


@pytest.mark.parametrize("view", VIEWS)
def test_fits(
    view: str, con: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    """No column is left out, and no line is longer."""
    relation = con.sql(f"FROM {view}")
    relation.show(max_width=100)
    shown = capsys.readouterr().out
    assert relation.fetchall()
    assert max(map(len, shown.splitlines())) <= 100, shown
    names = shown.splitlines()[1]
    assert [name.strip() for name in names.strip("│").split("│")] == relation.columns
