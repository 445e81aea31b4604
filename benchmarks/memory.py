"""What the values of one session take in memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

from benchmarks.restoring import filled, value_of
from benchmarks.table import Row, show
from lc_guard import Guard
from lc_guard.testing import NumberedMint


def run(*, entries: int = 100_000, sessions: int = 10_000) -> Iterator[Row]:
    """Measure a vault of people, next to a plain dict of the same; then many sessions of ten values."""
    ours = _megabytes(lambda: filled(entries))
    plain = _megabytes(lambda: {f"[REDACTED_PERSON_{number + 1}]": value_of(number) for number in range(entries)})
    what = f"{entries:,} values in one session"
    yield Row(what, f"{ours:.1f} MB", f"one dict {plain:.1f} MB", ours, 60, unit="MB")
    ours = _megabytes(lambda: _sessions(sessions))
    plain = _megabytes(
        lambda: [{f"[REDACTED_PERSON_{n + 1}]": value_of(n) for n in range(10)} for _ in range(sessions)]
    )
    what = f"{sessions:,} sessions of 10 values"
    yield Row(what, f"{ours:.1f} MB", f"as many dicts {plain:.1f} MB", ours, 100, unit="MB")


def _sessions(count: int) -> Guard:
    guard = Guard([])
    for session in range(count):
        guard.vault.allocate(f"session {session}", [("PERSON", value_of(n)) for n in range(10)], NumberedMint())
    return guard


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
