"""Checks for people to look at: picked by risk, the uncertain ones first, into a Langfuse annotation queue."""

from __future__ import annotations

import heapq
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from lc_guard.errors import LangfuseError
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.paging import numbered_pages
from lc_guard.langfuse.rows import Score
from lc_guard.langfuse.score_configs import LABEL_SUFFIX, LONGEST_NAME, Config, apply, plan
from lc_guard.langfuse.score_configs import PATH as CONFIGS
from lc_guard.records import Stage

PATH = "/api/public/annotation-queues"
QUEUE = "lc-guard"
"""Name of the queue, unless another is given."""

_STRATA = 5
_DESCRIPTION = "Checks of lc-guard, the uncertain ones first: should the check have fired?"
_QUESTION = "Set by people: should the check have fired here?"


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of a queue: whether it was made, the observations put into it now, and those that waited before."""

    queue: str
    created: bool
    added: int
    waiting: int


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
        """Return the choice, one score an observation, the most uncertain first."""
        nearest = [item[-1] for item in sorted(self._near, key=lambda item: item[:3], reverse=True)]
        chosen = {str(score.observation_id): score for score in nearest[: (self._count + 1) // 2]}
        drawn = [[item[-1] for item in sorted(stratum, key=lambda item: item[:2])] for stratum in self._strata]
        while len(chosen) < self._count and any(drawn):
            for left in drawn:
                while left and str(left[-1].observation_id) in chosen:
                    left.pop()
                if left and len(chosen) < self._count:
                    score = left.pop()
                    chosen[str(score.observation_id)] = score
        return sorted(chosen.values(), key=lambda score: abs(float(score.value) - self._threshold))


class QueueFilling:
    """Puts checks into an annotation queue, made if it is not there; what stands or stood in it is not put there again.

    People are asked for ``<stage>.<check>.harmful`` (True or False), which `lc-guard report` holds against the risk.

    Args:
        api: The connection.
        count: How many observations are to wait in the queue, 1 or more; those that are waiting already count.
        name: Name of the queue.
        threshold: Where the checks are least certain, 0…1.

    Raises:
        LangfuseError: Langfuse can't be read, or the queue asks for something else.
    """

    def __init__(self, api: LangfuseApi, count: int, *, name: str = QUEUE, threshold: float = 0.5) -> None:
        self._api, self._name = api, name
        self._queue = _queue(api, name)
        self._asked = None if self._queue is None else _asked_for(api, self._queue)
        self._waiting, self._known = _items(api, self._queue["id"]) if self._queue else (0, set())
        self._picker = Picker(max(0, count - self._waiting), threshold=threshold)

    def annotated(self, annotation: Score) -> None:
        """Note what people have annotated, an observation or a whole trace; before its scores are offered."""
        self._known.add(annotation.observation_id or annotation.trace_id)

    def offer(self, score: Score) -> None:
        """Take a score into account."""
        if {score.observation_id, score.trace_id} & self._known:
            return
        if _can_be_labelled(score.name, self._asked):
            self._picker.add(score)

    def fill(self) -> Filled:
        """Put the choice into the queue."""
        chosen = self._picker.chosen()
        queue = self._queue if self._queue is not None else self._created(chosen)
        for score in chosen:
            body = {"objectId": score.observation_id, "objectType": "OBSERVATION", "status": "PENDING"}
            self._api.post(f"{PATH}/{queue['id']}/items", body)
        return Filled(self._name, self._queue is None, len(chosen), self._waiting)

    def _created(self, chosen: Sequence[Score]) -> dict[str, Any]:
        if not chosen:
            raise LangfuseError(
                "no check is there to annotate: take a longer time (--since), or shorter names of checks (a label's "
                f"name has {LONGEST_NAME} characters at most)"
            )
        labels = dict.fromkeys(f"{score.name}{LABEL_SUFFIX}" for score in chosen)
        ids = apply(self._api, plan(self._api, [Config(label, "BOOLEAN", _QUESTION) for label in labels]))
        if not ids:
            raise LangfuseError(
                f"score configs {', '.join(labels)} are there, but not BOOLEAN: archive them in Langfuse"
            )
        body = {"name": self._name, "description": _DESCRIPTION, "scoreConfigIds": list(ids.values())}
        made: dict[str, Any] = self._api.post(PATH, body)
        return made


def _can_be_labelled(check: str, asked: Collection[str] | None) -> bool:
    label = f"{check}{LABEL_SUFFIX}"
    if check.partition(".")[0] not in get_args(Stage):
        return False  # a score of somebody else
    return len(label) <= LONGEST_NAME if asked is None else label in asked


def _asked_for(api: LangfuseApi, queue: dict[str, Any]) -> set[str]:
    """Return the labels that a queue asks people for; a queue can't be changed through the API."""
    ids = set(queue.get("scoreConfigIds") or ())
    rows = (row for page in numbered_pages(api, CONFIGS) for row in page.rows)
    asked = {str(row.get("name")) for row in rows if row["id"] in ids}
    if not any(label.endswith(LABEL_SUFFIX) for label in asked):
        raise LangfuseError(
            f"the annotation queue {queue.get('name')!r} asks for no label of a check (…{LABEL_SUFFIX}): give another "
            "name"
        )
    return asked


def _queue(api: LangfuseApi, name: str) -> dict[str, Any] | None:
    return next((row for page in numbered_pages(api, PATH) for row in page.rows if row.get("name") == name), None)


def _items(api: LangfuseApi, queue: str) -> tuple[int, set[str]]:
    """Return how many wait, and what stands or stood in the queue."""
    pending, known = 0, set()
    for page in numbered_pages(api, f"{PATH}/{queue}/items"):
        for row in page.rows:
            known.add(str(row.get("objectId")))
            pending += row.get("status") == "PENDING"
    return pending, known


def _keep(heap: list[Any], item: Any, count: int) -> None:
    if len(heap) < count:
        heapq.heappush(heap, item)
    elif heap and item > heap[0]:
        heapq.heapreplace(heap, item)
