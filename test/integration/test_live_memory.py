"""Memory of a receiver that is full; scripts/memory_test.py prints what is measured here."""

import pytest

import memory
import process


@pytest.mark.parametrize("way", memory.WAYS)
def test_memory_does_not_grow_once_full(way: str) -> None:
    samples = process.run("memory:samples", way, 1_000_000, 100_000, 50_000, timeout=400).result
    assert {sample["rows"] for sample in samples[1:]} == {100_000}
    for key in ("bytes", "used"):
        assert memory.growth([sample[key] for sample in samples]) < memory.LIMIT, (key, samples)


def test_a_leak_would_show() -> None:
    samples = process.run("memory:samples", "leak", 400_000, 40_000, 20_000, timeout=240).result
    assert memory.growth([sample["used"] for sample in samples]) > 2 * memory.LIMIT, samples
