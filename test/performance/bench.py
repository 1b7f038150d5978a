"""What every benchmark of `make bench` does: read its options, run its jobs, print a table."""

import argparse
import json
import os
from collections.abc import Iterable

from jobs import Job

RUNS = 5


def parser(description: str | None, rows: int | None = None) -> argparse.ArgumentParser:
    """The options of all benchmarks; `rows` is how many are measured where that can be told."""
    found = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if rows is not None:
        found.add_argument("--rows", type=int, default=rows, help="rows of the data")
    found.add_argument("--runs", type=int, default=RUNS, help="runs of each side of a job")
    found.add_argument("--only", help="only the jobs whose name has this text in it")
    found.add_argument("--json", action="store_true", help="one line of JSON for each job")
    found.add_argument("--check", action="store_true", help="fail where a target is missed")
    return found


def run(title: str, jobs: Iterable[Job], options: argparse.Namespace) -> int:
    """Measures, prints the table, and tells with `--check` whether a target was missed."""
    if not options.json:
        load = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cpus"
        print(f"{title}; {load}\n{Job.HEADER}", flush=True)
    missed = 0
    for job in jobs:
        if not options.only or options.only in job.name:
            job.measure(options.runs)
            print(json.dumps(job.record()) if options.json else job.line(), flush=True)
            missed += job.missed()
    return 1 if options.check and missed else 0
