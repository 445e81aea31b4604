"""Many calls at once on one event loop: threads, and how long calls wait.

With the default detector, its models loaded, nothing remembered between calls.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from importlib.resources import files

from benchmarks.table import Row, show, told
from lc_guard import Guard, Policy
from lc_guard.detectors import default_detector


def run(*, calls: int = 1_000) -> Iterator[Row]:
    """Measure so many calls of 200 characters at once."""
    transcript = files("lc_guard.demo").joinpath("transcript.txt").read_text(encoding="utf-8")
    guard = Guard([default_detector()], cache_size=0, policy=Policy(timeout=None))
    guard.session("warm").anonymize(transcript[:2_000])
    yield from asyncio.run(_at_once(guard, transcript, calls))


async def _at_once(guard: Guard, transcript: str, calls: int) -> list[Row]:
    before, most = threading.active_count(), 0
    ended: list[float] = []
    started = time.perf_counter()

    async def hide(number: int) -> None:
        nonlocal most
        at = number * 37 % (len(transcript) - 200)
        await guard.session(f"session {number}").aanonymize(f"{number}. {transcript[at : at + 200]}")
        most = max(most, threading.active_count() - before)
        ended.append(time.perf_counter() - started)

    await asyncio.gather(*(hide(number) for number in range(calls)))
    p50, p95 = statistics.median(ended), statistics.quantiles(ended, n=20, method="inclusive")[-1]
    what = f"{calls:,} calls at once on one event loop"
    spread = f"p50 {told(p50)}, p95 {told(p95)}, all {told(max(ended))}"
    return [
        Row(f"{what}, threads at most", str(most), "", most, 32, unit=""),
        # served in turn, half of them are answered in half of the time
        Row(f"{what}, p50 / all", spread, "served in turn: 0.5", p50 / max(ended), 0.6),
    ]


if __name__ == "__main__":
    show(run())
