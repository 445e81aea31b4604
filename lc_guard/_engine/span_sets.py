"""Stretches of one text against each other: what overlaps, and what is left beside placeholders that stay."""

from __future__ import annotations

import string
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from lc_guard.records import Entity

_NO_VALUE = string.punctuation + string.whitespace


def beside_live(text: str, entities: list[Entity], live: Sequence[tuple[int, int]]) -> list[Entity]:
    """Return what of some findings stands beside placeholders that stay; a detector may take those for anything."""
    ends = [end for _, end in live]
    beside: list[Entity] = []
    for entity in entities:
        start = entity.start
        pieces: list[tuple[int, int]] = []
        for number in range(bisect_right(ends, start), len(live)):
            if live[number][0] >= entity.end:
                break
            pieces.append((start, live[number][0]))
            start = live[number][1]
        if not pieces:
            beside.append(entity)
            continue
        for first, last in (*pieces, (start, entity.end)):
            # a colon that was left over is no value, and a fake in its place would run into the one beside it
            piece = text[first:last].rstrip(_NO_VALUE)
            if kept := piece.lstrip(_NO_VALUE):
                end = first + len(piece)
                beside.append(Entity(entity.kind, end - len(kept), end, entity.score))
    return beside


class Overlaps:
    """Knows whether a stretch overlaps one of many."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        ordered = sorted((entity.start, entity.end) for entity in entities)
        self._starts = [start for start, _ in ordered]
        self._reach = list(accumulate((end for _, end in ordered), max))

    def any(self, start: int, end: int) -> bool:
        """Return whether a stretch overlaps one."""
        before = bisect_left(self._starts, end)
        return before > 0 and self._reach[before - 1] > start
