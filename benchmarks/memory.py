"""What the values of one session take in memory."""

from __future__ import annotations

import gc
import tracemalloc

from benchmarks.restoring import filled, value_of
from benchmarks.table import Row, show


def run(*, entries: int = 100_000) -> list[Row]:
    """Measure a vault of people, next to a plain dict of the same."""
    ours = _megabytes(lambda: filled(entries))
    plain = _megabytes(lambda: {f"[REDACTED_PERSON_{number + 1}]": value_of(number) for number in range(entries)})
    what = f"{entries:,} values in one session"
    return [Row(what, f"{ours:.1f} MB", f"one dict {plain:.1f} MB", ours, 60, unit="MB")]


def _megabytes(make: object) -> float:
    gc.collect()
    tracemalloc.start()
    try:
        held = make()  # type: ignore[operator]
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        del held
    finally:
        tracemalloc.stop()
    return size / 1e6


if __name__ == "__main__":
    show(run())
