"""Many calls at once on one event loop, and texts that grow: threads, how long calls wait, and time by length.

With the default detector, its models loaded, nothing remembered between calls.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from benchmarks.table import Row, best, show, told
from lc_guard import Guard, Policy
from lc_guard.detectors import default_detector


def run(
    *, calls: int = 1_000, sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000), log: int = 40_000
) -> Iterator[Row]:
    """Measure so many calls of 200 characters at once, a log, and texts of these sizes."""
    transcript = files("lc_guard.demo").joinpath("transcript.txt").read_text(encoding="utf-8")
    guard = Guard([default_detector()], cache_size=0, policy=Policy(timeout=None))
    guard.session("warm").anonymize(transcript[:2_000])
    yield from asyncio.run(_at_once(guard, transcript, calls))
    line = "2026-11-03T04:05:06Z INFO api[{}] user=ana.reis ip=10.1.2.{} GET /v1/patients/{} 200 {}ms\n"
    lines = "".join(line.format(n, n % 250, 10_000 + n, n % 90) for n in range(log // 60))[:log]
    seconds = best(lambda: guard.session("log").anonymize(lines), repeats=1)
    yield Row(f"A log of {log:,} characters hidden", told(seconds), "the default timeout", seconds, 10, unit="s")
    yield _growth(guard, transcript, sizes)


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


def _growth(guard: Guard, transcript: str, sizes: tuple[int, ...]) -> Row:
    def hidden(size: int) -> Any:
        text = transcript * (size // len(transcript) + 1)
        # windows that are alike are read once: each part is its own
        parts = [f"{number} {text[at : at + 1_000]}" for number, at in enumerate(range(0, size, 1_000))]
        return guard.session(f"growth {size}").anonymize("".join(parts)[:size])

    seconds = [best(lambda: hidden(size), repeats=1) for size in sizes]  # noqa: B023
    smallest, largest = seconds[0] / sizes[0], seconds[-1] / sizes[-1]
    what = f"{sizes[-1]:,} characters hidden, by the character, beside {sizes[0]:,}"
    return Row(
        what, ", ".join(map(told, seconds)), f"for {', '.join(f'{size:,}' for size in sizes)}", largest / smallest, 1.5
    )


if __name__ == "__main__":
    show(run())
