"""One way to read a text, every character of which knows the stretch of the text that it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lc_guard.scanners.broken_words import Change


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a text.

    Attributes:
        text: What it reads as.
        starts: For each character the offset in the original where what it stands for begins.
        ends: For each character the offset where that ends.
        guesses: How often it was a guess, as where blanks are left out; 0 for what is written there, as in an encoding.
        leet: Whether digits and signs were read as letters.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    guesses: int = 0
    leet: bool = False

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the original that a stretch of the reading stands for."""
        return (
            min(self.starts[start], self.starts[end - 1]),
            max(self.ends[start], self.ends[end - 1]),
        )


def changed(reading: Reading, changes: Iterable[Change], *, guesses: int = 0) -> Iterator[Reading]:
    """Yield the reading with stretches read as something else; nothing, if there is none."""
    text, starts, ends = reading.text, reading.starts, reading.ends
    pieces: list[str] = []
    firsts: list[int] = []
    lasts: list[int] = []
    last = 0
    for start, end, new in changes:
        pieces += (text[last:start], new)
        firsts += starts[last:start]
        lasts += ends[last:start]
        if new:
            span = reading.original(start, end) if end > start else (starts[start], starts[start])
            firsts += [span[0]] * len(new)
            lasts += [span[1]] * len(new)
        last = end
    if pieces:
        pieces.append(text[last:])
        firsts += starts[last:]
        lasts += ends[last:]
        yield Reading("".join(pieces), firsts, lasts, reading.guesses + guesses, reading.leet)


def placed(reading: Reading, text: str, offsets: Sequence[int]) -> Reading:
    """Return what a reading was made into, where each character came from the offset of its number."""
    starts: list[int] = []
    ends: list[int] = [0] * len(text)
    following = len(reading.text)
    for at in range(len(text) - 1, -1, -1):
        if offsets[at] != offsets[at + 1]:
            following = offsets[at + 1]
        ends[at] = reading.ends[max(following - 1, offsets[at])]
    starts = [reading.starts[offset] for offset in offsets[: len(text)]]
    return Reading(text, starts, ends, reading.guesses, reading.leet)
