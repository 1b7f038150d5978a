"""Sends a million rows through a ring of 100,000, by INSERT and by export: memory must not grow.

python scripts/memory_test.py [ROWS]
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test" / "integration")]

import memory  # noqa: E402
import process  # noqa: E402

# How much more the process may take in the last quarter than in the one before.
LIMIT = 0.05


def main() -> int:
    """Prints what was held, and says whether memory grew."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    grown = False
    for way in memory.WAYS:
        arguments = (way, rows, rows // 10, rows // 20)
        outcome = process.run("memory:samples", *arguments, timeout=60 + rows / 2_000)
        samples = outcome.result
        for number, sample in enumerate(samples, 1):
            resident, held = sample["resident"] / 1e6, sample["bytes"] / 1e6
            received = rows // 20 * number
            print(
                f"{way}: {received:>9} rows, {sample['rows']:>7} held in {held:5.1f} MB, "
                f"resident {resident:6.1f} MB"
            )
        growth = memory.growth([sample["resident"] for sample in samples])
        print(f"{way}: {growth:+.1%} once full, in {outcome.seconds:.0f} s")
        grown |= growth >= LIMIT
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
