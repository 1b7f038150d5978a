"""What time is, for every measurement of a run."""

import time
from collections.abc import Callable

#: The clocks by name: time on the wall, or time that this process ran on all its threads, which
#: says something on a busy machine too.
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}

name = "wall"


def now() -> float:
    """Seconds since some moment."""
    return CLOCKS[name]()
