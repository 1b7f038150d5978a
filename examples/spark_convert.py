"""Converts OTLP files to Parquet on a Spark cluster: every task runs DuckDB over its share of them.

    spark-submit spark_convert.py --parts 200 's3://bucket/otel/**/*.json.gz' s3://lake/spans

Workers need the packages `duckdb` and `duckspan`. A task writes one file, named by its share of the
files, so a task that Spark runs twice writes the same file twice, not two files.
"""

import argparse
import hashlib
from collections.abc import Iterator

import duckdb
from pyspark.sql import SparkSession


def main() -> None:
    """Converts, and says how much."""
    options = arguments()
    spark = SparkSession.builder.appName("duckspan").getOrCreate()
    files = listed(options)
    shares = [files[part :: options.parts] for part in range(min(options.parts, len(files)))]

    def convert(tasks: Iterator[list[str]]) -> Iterator[tuple[int, int]]:
        for share in tasks:
            yield len(share), write(share, options)

    done = spark.sparkContext.parallelize(shares, max(len(shares), 1)).mapPartitions(convert)
    sums = done.reduce(lambda left, right: (left[0] + right[0], left[1] + right[1]))
    print(f"{sums[0]} files, {sums[1]} rows")
    spark.stop()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", help="a path or glob that DuckDB reads")
    parser.add_argument("to", help="the folder to write to")
    parser.add_argument(
        "--relation", choices=["spans", "log_records", "data_points"], default="spans"
    )
    parser.add_argument("--parts", type=int, default=200, help="tasks, and files that are written")
    parser.add_argument("--extension", help="a file to LOAD, instead of that of the package")
    return parser.parse_args()


def connect(options: argparse.Namespace) -> duckdb.DuckDBPyConnection:
    """A database of one thread, for Spark counts the cores."""
    config = {"threads": "1", "allow_unsigned_extensions": "true"}
    if options.extension:
        con = duckdb.connect(config=config)
        con.execute(f"LOAD '{options.extension}'")
        return con
    import duckspan

    return duckspan.connect(config=config)


def listed(options: argparse.Namespace) -> list[str]:
    """The files to read, in an order that does not change."""
    with connect(options) as con:
        found = con.execute("SELECT file FROM glob(?) ORDER BY file", [options.files]).fetchall()
    if not found:
        raise SystemExit(f"no file is found at {options.files}")
    return [file for (file,) in found]


def write(share: list[str], options: argparse.Namespace) -> int:
    """Writes the rows of some files to one; returns how many they are."""
    name = hashlib.sha256("\n".join(share).encode()).hexdigest()[:32]
    with connect(options) as con:
        con.execute("SET VARIABLE share = ?", [share])
        query = f"FROM read_otlp_{options.relation}(getvariable('share'))"
        target = f"{options.to}/{name}.parquet"
        copied = con.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        ((rows,),) = copied.fetchall()
    return int(rows)


if __name__ == "__main__":
    main()
