"""Memory of a receiver that is full; scripts/memory_test.py does it with more rows."""

import pytest

import memory
import process


@pytest.mark.parametrize("way", memory.WAYS)
def test_memory_does_not_grow_once_full(way: str) -> None:
    samples = process.run("memory:samples", way, 200_000, 20_000, 10_000, timeout=240).result
    assert {sample["rows"] for sample in samples[1:]} == {20_000}
    for key in ("bytes", "used"):
        assert memory.growth([sample[key] for sample in samples]) < 0.05, (key, samples)
