"""Sends a million rows through a ring of 100,000, by INSERT and by export: memory must not grow.

python scripts/memory_test.py [ROWS]
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test" / "integration")]

import memory  # noqa: E402
import process  # noqa: E402


def main() -> int:
    """Prints what was held, and says whether memory grew."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    grown = False
    for way in memory.WAYS:
        arguments = (way, rows, rows // 10, rows // 20)
        outcome = process.run("memory:samples", *arguments, timeout=60 + rows / 2_000)
        samples = outcome.result
        for number, sample in enumerate(samples, 1):
            held, used, resident = (sample[key] / 1e6 for key in ("bytes", "used", "resident"))
            print(
                f"{way}: {rows // 20 * number:>9} rows, {sample['rows']:>7} held "
                f"in {held:5.1f} MB, "
                f"process {used:5.1f} MB, {resident:5.1f} MB with what its allocator keeps"
            )
        growth = memory.growth([sample["used"] for sample in samples])
        print(f"{way}: {growth:+.1%} once full, in {outcome.seconds:.0f} s")
        grown |= growth >= memory.LIMIT
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
