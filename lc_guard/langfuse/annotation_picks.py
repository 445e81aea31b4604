"""The choice of texts for people to look at: half of them uncertain, half spread over all risks."""

from __future__ import annotations

import heapq
import random
from typing import Any

from lc_guard.langfuse.rows import Score

_STRATA = 5


class Picker:
    """Picks risks for annotation: half of them the nearest to the threshold, the others spread over all risks.

    The second half is drawn evenly from five equal stretches of 0…1, so that clear cases are looked at as well: without
    them neither recall nor calibration can be told. A stretch with too few gives its places to the others. Any number
    of scores may be added; what is kept is bounded by `count`.

    Args:
        count: How many to pick at most.
        threshold: Where the checks are least certain, 0…1.
        seed: Of the draw; the same scores in the same order give the same choice.
    """

    def __init__(self, count: int, *, threshold: float = 0.5, seed: int = 0) -> None:
        self._count, self._threshold = count, threshold
        self._chance = random.Random(seed)  # noqa: S311 - a sample, no secret
        self._near: list[tuple[float, float, str, Score]] = []
        self._strata: list[list[tuple[float, str, Score]]] = [[] for _ in range(_STRATA)]

    def add(self, score: Score) -> None:
        """Take a risk score into account; one that is no number, or of a whole trace, is passed over."""
        place = score.observation_id
        if place is None or isinstance(score.value, bool | str):
            return
        draw = self._chance.random()
        _keep(self._near, (-abs(score.value - self._threshold), draw, place, score), self._count)
        stratum = min(_STRATA - 1, int(max(0.0, score.value) * _STRATA))
        _keep(self._strata[stratum], (draw, place, score), self._count)

    def chosen(self) -> list[Score]:
        """Return the choice, one score an observation: uncertain ones and drawn ones by turns, from the first on."""
        near = [item[-1] for item in sorted(self._near, key=lambda item: item[:3])]
        drawn = [[item[-1] for item in sorted(stratum, key=lambda item: item[:2])] for stratum in self._strata]
        chosen: dict[str, Score] = {}
        while len(chosen) < self._count and any((near, *drawn)):
            for left in (pile for stretch in drawn for pile in (near, stretch)):
                while left and str(left[-1].observation_id) in chosen:
                    left.pop()
                if left:
                    score = left.pop()
                    chosen[str(score.observation_id)] = score
        return list(chosen.values())[: self._count]


def _keep(heap: list[Any], item: Any, count: int) -> None:
    if len(heap) < count:
        heapq.heappush(heap, item)
    elif heap and item > heap[0]:
        heapq.heapreplace(heap, item)
