"""What a benchmark gives, and how it is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured number and the target it is held against."""

    what: str
    ours: str
    other: str
    ratio: float
    target: float
    at_least: bool = False
    unit: str = "×"

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def cells(self) -> tuple[str, ...]:
        """Give the row as text."""
        sign = "≥" if self.at_least else "≤"
        unit = self.unit if self.unit in ("×", "") else f" {self.unit}"
        measured = f"{self.ratio:,.{0 if self.ratio >= 100 else 1 if self.ratio >= 10 else 2}f}{unit}"
        verdict = "yes" if self.met else "**no**"
        return self.what, self.ours, self.other, measured, f"{sign} {self.target:,g}{unit}", verdict


HEADS = ("What", "lc-guard", "Beside it", "Measured", "Target", "Met")


def best(call: Callable[[], object], *, repeats: int, number: int = 1) -> float:
    """Give the seconds of the fastest of several repetitions, for one call."""
    fastest = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        for _ in range(number):
            call()
        fastest = min(fastest, (time.perf_counter() - started) / number)
    return fastest


def told(seconds: float) -> str:
    """Write seconds in the unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:,.3g} {unit}"
    return f"{seconds * 1e6:,.3g} µs"


def markdown(rows: Iterable[Row]) -> str:
    """Write rows as a Markdown table."""
    lines = [HEADS, ("---",) * len(HEADS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def text(rows: Sequence[Row]) -> str:
    """Write rows in columns."""
    lines = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
