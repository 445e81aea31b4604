"""Long texts within the default timeout, and their time by length.

With ``Guard()`` as it comes. ``python -m benchmarks.long_texts 10000000`` measures a text of ten million characters as
well: a quarter of an hour of a core. Growth is told by the processor's time, which other work on the machine leaves as
it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from importlib.resources import files

from benchmarks.table import Row, show, told
from lc_guard import Guard, Policy

SIZES = (10_000, 100_000, 1_000_000)


def log(size: int) -> str:
    """Give the lines of a server's log."""
    line = "2026-11-03T04:05:06Z INFO api[{}] user=ana.reis ip=10.1.2.{} GET /v1/patients/{} 200 {}ms\n"
    return "".join(line.format(n, n % 250, 10_000 + n, n % 90) for n in range(size // 60))[:size]


def transcript(size: int) -> str:
    """Give a conversation full of values; windows that are alike are read once, so that each part is its own."""
    text = files("lc_guard.demo").joinpath("transcript.txt").read_text(encoding="utf-8")
    text *= size // len(text) + 1
    return "".join(f"{number} {text[at : at + 1_000]}" for number, at in enumerate(range(0, size, 1_000)))[:size]


def run(*, sizes: Sequence[int] = SIZES, lines: int = 40_000) -> Iterator[Row]:
    """Measure a log, and texts of these sizes, each beside the first."""
    guard = Guard(policy=Policy(max_characters=max(*sizes, Policy().max_characters)))
    guard.session("warm").anonymize("Jane Doe, ana@mail.example")
    seconds, cpu = _hidden(guard, log(lines))
    timeout = guard.policy.timeout or 0.0
    yield Row(f"A log of {lines:,} characters hidden", told(seconds), f"{told(cpu)} of CPU", cpu, timeout, unit="s")
    first = 0.0
    for size in sizes:
        seconds, cpu = _hidden(guard, transcript(size))
        first = first or cpu / size
        what = f"{size:,} characters hidden, timeout {timeout:g} s; CPU by the character, beside {sizes[0]:,}"
        yield Row(what, told(seconds), f"{told(cpu)} of CPU", cpu / size / first, 1.5)


def _hidden(guard: Guard, text: str) -> tuple[float, float]:
    """Hide a text in a session of its own; gives the seconds, and those of the processor."""
    began, used = time.perf_counter(), time.process_time()
    hidden = guard.session(f"{len(text)}").anonymize(text)
    assert hidden != text
    return time.perf_counter() - began, time.process_time() - used


if __name__ == "__main__":
    show(run(sizes=(*SIZES, *map(int, sys.argv[1:]))))
