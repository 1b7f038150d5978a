"""OTLP in columns of other tables reads as it does in files: kept rows, and whole requests."""

import duckdb
import pytest

import corpus
import extension

TYPED = {"spans": "traces", "log_records": "logs", "data_points": "metrics"}
DATA = extension.ROOT / "test" / "data"
OWN = [str(path) for path in sorted(DATA.glob("*_simple.*"))] + [str(DATA / "shop.jsonl")]
FILES = [*OWN, *(str(corpus.FOLDER / name) for name in corpus.FILES)]


def short(path: str) -> str:
    """The name of a file and of its folder."""
    return "/".join(path.split("/")[-2:])


def difference(con: duckdb.DuckDBPyConnection, one: str, other: str) -> int:
    """How many rows are in one of two relations, and not in the other."""
    found = con.execute(
        f"SELECT (SELECT count(*) FROM (FROM {one} EXCEPT ALL FROM {other})) "
        f"+ (SELECT count(*) FROM (FROM {other} EXCEPT ALL FROM {one}))"
    ).fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.parametrize("path", FILES, ids=short)
def test_kept_rows_typed(path: str, con: duckdb.DuckDBPyConnection) -> None:
    """Rows that were kept are what the file says, whether their signal was kept or not."""
    con.execute(f"CREATE TABLE with_signal AS SELECT *, signal FROM read_otlp('{path}')")
    con.execute("CREATE VIEW kept AS SELECT timestamp, resource, data FROM with_signal")
    for table in TYPED:
        file = f"read_otlp_{table}('{path}')"
        assert difference(con, f"otlp_{table}(with_signal)", file) == 0
        assert difference(con, f"otlp_{table}(kept)", file) == 0


@pytest.mark.parametrize("path", FILES, ids=short)
def test_values(path: str, con: duckdb.DuckDBPyConnection) -> None:
    """A value that is a whole file has its rows, and is an error where strict reading is one."""
    values = f"SELECT unnest(otlp_rows(content), recursive := true) FROM read_blob('{path}')"
    strict = f"SELECT signal, * FROM read_otlp('{path}', ignore_errors := false)"
    try:
        con.execute(f"CREATE TABLE file AS {strict}")
    except duckdb.InvalidInputException:
        with pytest.raises(duckdb.InvalidInputException, match="A value is no OTLP"):
            con.execute(values)
        return
    assert difference(con, f"({values})", "file") == 0
