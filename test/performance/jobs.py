"""What is measured: two sides of a job, and what their ratio should be."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True)
class Unit:
    """What a value counts, and whether more of it is better."""

    name: str
    more_is_better: bool


ROWS_PER_SECOND = Unit("rows/s", True)
ROWS_PER_CPU_SECOND = Unit("rows/CPU s", True)
ROWS = Unit("rows", True)
MILLISECONDS = Unit("ms", False)
BYTES_PER_ROW = Unit("bytes/row", False)
MEGABYTES = Unit("MB", False)


class Runner(Protocol):
    """One side of a job."""

    def measure(self) -> float:
        """Runs once, and says what the unit of the job counts."""
        ...


@dataclass
class Value:
    """A side that is not measured by running it again, but known, or known once it is asked for."""

    value: Callable[[], float]

    def measure(self) -> float:
        return self.value()


@dataclass
class Job:
    """A comparison of ours with a peer. Target and stretch are ratios that ours must reach, or
    must not exceed where less is better."""

    name: str
    ours: Runner
    peer: Runner
    target: float | None = None
    stretch: float | None = None
    unit: Unit = ROWS_PER_SECOND
    ours_value: float = 0
    peer_value: float = 0

    HEADER: ClassVar[str] = (
        f"{'job':<61}{'ours':>12}{'peer':>12} {'':<11}{'ratio':>7}{'target':>9}  verdict"
    )

    def measure(self, runs: int) -> None:
        """Runs both sides in turn, and takes the medians. The first run of each does not count."""
        sides = (self.ours, self.peer)
        found: tuple[list[float], list[float]] = ([], [])
        for _ in range(runs + 1):
            for side, values in zip(sides, found, strict=True):
                values.append(side.measure())
        self.ours_value, self.peer_value = (median(values[1:]) for values in found)

    @property
    def ratio(self) -> float:
        """Ours to the peer's."""
        return self.ours_value / self.peer_value

    def reaches(self, bound: float | None) -> bool:
        """Whether the ratio is as good as that."""
        if bound is None:
            return False
        return self.ratio >= bound if self.unit.more_is_better else self.ratio <= bound

    def missed(self) -> bool:
        """Whether the ratio is worse than the target."""
        return self.target is not None and not self.reaches(self.target)

    def verdict(self) -> str:
        """What the ratio means."""
        if self.missed():
            return "MISSED"
        if self.reaches(self.stretch):
            return f"met, stretch {self.stretch:.3g} too"
        words = [] if self.target is None else ["met"]
        words += [] if self.stretch is None else [f"stretch is {self.stretch:.3g}"]
        return ", ".join(words) or "no target"

    def line(self) -> str:
        """A row of the table."""
        sign = "≥" if self.unit.more_is_better else "≤"
        target = "-" if self.target is None else f"{sign} {self.target:.3g}"
        values = f"{number(self.ours_value):>12}{number(self.peer_value):>12} {self.unit.name:<11}"
        return f"{self.name:<61}{values}{self.ratio:>7.2f}{target:>9}  {self.verdict()}"

    def record(self) -> dict[str, Any]:
        """The same for programs."""
        names = ("name", "ours_value", "peer_value", "ratio", "target", "stretch")
        found = {name: getattr(self, name) for name in names}
        return found | {"unit": self.unit.name, "verdict": self.verdict()}


def number(value: float) -> str:
    """A value with three digits or more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
