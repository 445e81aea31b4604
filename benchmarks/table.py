"""What a benchmark gives, and how it is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
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
    error: str = ""

    @property
    def met(self) -> bool:
        """Whether the target is met; never by what could not run."""
        if self.error:
            return False
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def cells(self) -> tuple[str, ...]:
        """Give the row as text."""
        if self.error:
            return self.what, f"could not run: {self.error}", "", "", "", "**no**"
        sign = "≥" if self.at_least else "≤"
        unit = self.unit if self.unit in ("×", "") else f" {self.unit}"
        measured = f"{self.ratio:,.{0 if self.ratio >= 100 else 1 if self.ratio >= 10 else 2}f}{unit}"
        verdict = "yes" if self.met else "**no**"
        return self.what, self.ours, self.other, measured, f"{sign} {self.target:,g}{unit}", verdict


def tried(what: str, measure: Callable[[], Iterable[Row]]) -> Iterator[Row]:
    """Yield the rows as they are measured; what raises becomes a row, so that what comes after it is not lost."""
    try:
        yield from measure()
    except Exception as error:  # noqa: BLE001 - whatever it is, the row says so
        said = " ".join(str(error).split())[:200]
        yield Row(what, "", "", 0.0, 0.0, error=f"{type(error).__name__}: {said}" if said else type(error).__name__)


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


_WIDTHS = (72, 24, 36, 12, 12, 6)


def markdown(cells: Iterable[str]) -> str:
    """Write a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def text(cells: Iterable[str]) -> str:
    """Write a row in columns; what is longer than its column moves the others."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def show(rows: Iterable[Row], write: Callable[[Iterable[str]], str] = text) -> bool:
    """Print each row as it is measured, and return whether every target was met."""
    print(write(HEADS), flush=True)
    if write is markdown:
        print(write(("---",) * len(HEADS)), flush=True)
    met = True
    for row in rows:
        print(write(row.cells()), flush=True)
        met &= row.met
    return met
