"""How long a detector takes for 1,000 characters."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

PER_CHARACTERS = 1_000


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Give a percentile by nearest rank: a value that was really measured.

    Args:
        values: In any order.
        percent: Above 0, to 100.

    Returns:
        The smallest value that `percent` of the values do not exceed; None of no values.
    """
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else None


class Stopwatch:
    """Collects the times of single texts into samples of at least 1,000 characters.

    A text of ten characters takes nearly as long as one of a hundred; scaled up it would pass for a slow one. So
    texts that follow each other are one sample until they have 1,000 characters together. A rest shorter than that
    counts only when there is nothing else.
    """

    def __init__(self) -> None:
        self._rates: list[float] = []
        self._characters, self._seconds = 0, 0.0
        self.total_seconds = 0.0

    def add(self, characters: int, seconds: float) -> None:
        """Add the time of one text."""
        self.total_seconds += seconds
        self._characters += characters
        self._seconds += seconds
        if self._characters >= PER_CHARACTERS:
            self._rates.append(self._rate())
            self._characters, self._seconds = 0, 0.0

    def rates(self) -> list[float]:
        """Give the samples, in milliseconds per 1,000 characters."""
        return self._rates or ([self._rate()] if self._characters else [])

    def _rate(self) -> float:
        return self._seconds * 1_000 * PER_CHARACTERS / self._characters
