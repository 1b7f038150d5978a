"""Every rule and fault of conformance.md is named by a test of each side that it concerns."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import extension

RULES = extension.ROOT / "test" / "conformance.md"
SIDES = {
    # side: files whose tests are of it, and the rest of them
    "receiver": (["crates/receiver/**/*.rs"], "test_live_"),
    "files": (
        ["crates/otlp/**/*.rs", "crates/duckspan/**/*.rs", "test/sql/read_otlp_*.test"],
        "test_faults",
    ),
}
# A5, rows 2 and 30, H1 to H4
LABEL = re.compile(r"\b([AGHJ]?)(\d+)(?: to [AGHJ]?(\d+))?")


def rules() -> Iterator[tuple[str, str]]:
    """Each rule, and a side that it concerns."""
    for line in RULES.read_text().splitlines():
        if line.startswith("|") and not line.startswith(("|-", "| rule", "| row")):
            label, _, *concerns = (cell.strip() for cell in line.strip("|").split("|"))
            marks = zip(SIDES, concerns, strict=True)
            yield from ((label, side) for side, mark in marks if mark == "+")


def names(path: Path) -> Iterator[str]:
    """What the tests of a file say that they are about."""
    text = path.read_text()
    if path.suffix == ".py":
        yield from re.findall(r"def test_row_([\d_]+)_", text)
        yield from re.findall(r'^    "(\d\d) .*": "', text, re.MULTILINE)
        yield from re.findall(r'^"""Row (\d\d): ', text)
    else:
        comment = r"^ *(?:///|#) (?=[AGHJ]\d|Rows? \d)([^:.]*)[:.]"
        yield from re.findall(comment, text, re.MULTILINE)


def labels(side: str) -> set[str]:
    """The rules that tests of a side name."""
    patterns, module = SIDES[side]
    paths = [path for pattern in patterns for path in extension.ROOT.glob(pattern)]
    paths += extension.ROOT.glob(f"test/integration/{module}*.py")
    found = set()
    for name in (name for path in paths for name in names(path)):
        for letter, first, last in LABEL.findall(name.replace("_", " ")):
            found |= {f"{letter}{number}" for number in range(int(first), int(last or first) + 1)}
    return found


@pytest.mark.parametrize("side", SIDES)
def test_every_rule_is_named(side: str) -> None:
    """No rule without a test, and no test of a rule that is not there."""
    concern = {label for label, concerned in rules() if concerned == side}
    assert concern
    assert concern - labels(side) == set()
    assert labels(side) - {label for label, _ in rules()} == set()
