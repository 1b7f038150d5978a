"""Attaches and detaches a receiver a thousand times: no error, and nothing is left behind.

python scripts/lifecycle_test.py [CYCLES]
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test"))

import process  # noqa: E402


def main() -> int:
    """Runs the cycles in a process of their own, and prints what it held near the start and end."""
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    outcome = process.run("lifetimes:attach_and_detach_often", cycles, timeout=30 + cycles)
    if outcome.code != 0:
        print(outcome.stderr, file=sys.stderr)
        return 1
    for when, held in zip(("after 10 cycles", "at the end"), outcome.result, strict=True):
        print(f"{when}: {held}")
    print(f"{cycles} cycles in {outcome.seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
