"""Texts for people to look at: picked by risk, the uncertain ones first, into one Langfuse annotation queue a check.

An item is the observation on which the text can be read: the check's own shows counts, so it is the nearest one above
it. A comment beside it says which check gave which risk; people are asked for one label.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from lc_guard.errors import LangfuseError
from lc_guard.langfuse.annotation_picks import Picker
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.paging import numbered_pages
from lc_guard.langfuse.reader import Reader
from lc_guard.langfuse.rows import EVALUATOR, Observation, Score
from lc_guard.langfuse.score_configs import LABEL_SUFFIX, LONGEST_NAME, MADE, Config, apply, plan
from lc_guard.langfuse.score_configs import PATH as CONFIGS
from lc_guard.records import Stage

PATH, COMMENTS = "/api/public/annotation-queues", "/api/public/comments"
QUEUES = "guard"
"""What the names of the queues begin with, unless something else is said."""

_MOST_KNOWN = 10_000

logger = logging.getLogger("lc_guard.langfuse")


@dataclass(frozen=True, slots=True)
class Queue:
    """An annotation queue as it should be: for one check, with one label.

    Attributes:
        name: Its name.
        check: Score name of the check, ``<stage>.<check>``.
    """

    name: str
    check: str

    @property
    def label(self) -> Config:
        """The score config of the label that people give."""
        return Config(f"{self.check}{LABEL_SUFFIX}", "BOOLEAN", f"Set by people: should {self.check} have fired here?")

    def body(self, label_id: str) -> dict[str, Any]:
        """Return the request that creates it.

        Args:
            label_id: The label's score config.
        """
        asked = f"Should the check {self.check} have fired on this text? The uncertain ones come first."
        return {"name": self.name, "description": f"{asked} {MADE}", "scoreConfigIds": [label_id]}


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of a queue.

    Attributes:
        queue: Its name.
        created: Whether it was made.
        added: Texts put into it now.
        waiting: Texts that waited in it before.
        refused: Why it can't be filled; None if it can.
    """

    queue: str
    created: bool
    added: int
    waiting: int
    refused: str | None = None


@dataclass(slots=True)
class _Check:
    """What is known of one check's queue."""

    queue: Queue
    picker: Picker
    there: dict[str, Any] | None = None
    waiting: int = 0
    wanted: int = 0
    known: set[str] = field(default_factory=set)


def queue_of(check: str, prefix: str = QUEUES) -> Queue | None:
    """Return the queue of a check; None where the score is no check's, or its name too long for a label."""
    stage = check.partition(".")[0]
    queue = Queue(f"{prefix}: {check}", check)
    fits = max(len(queue.label.name), len(queue.name)) <= LONGEST_NAME
    return queue if stage in get_args(Stage) and fits else None


def queues_by_name(api: LangfuseApi) -> dict[str, dict[str, Any]]:
    """Return the annotation queues of the project."""
    rows = [row for page in numbered_pages(api, PATH) for row in page.rows]
    return {str(row.get("name")): row for row in reversed(rows)}


class QueueFilling:
    """Puts texts into the annotation queues of their checks, which are made if they are not there.

    What stands or stood in a check's queue is not put there again, nor what people have annotated.

    Args:
        api: The connection.
        count: How many texts are to wait in each queue, 1 or more; those that are waiting already count.
        prefix: What the queues' names begin with.
        threshold: Where the checks are least certain, 0…1.

    Raises:
        LangfuseError: Langfuse can't be read.
    """

    def __init__(self, api: LangfuseApi, count: int, *, prefix: str = QUEUES, threshold: float = 0.5) -> None:
        self._api, self._count, self._prefix, self._threshold = api, count, prefix, threshold
        self._reader = Reader(api)
        self._queues = queues_by_name(api)
        self._checks: dict[str, _Check | None] = {}
        self._annotated: dict[str, set[str]] = defaultdict(set)
        self._traces: dict[str, dict[str, Observation]] = {}

    def annotated(self, annotation: Score) -> None:
        """Note what people have annotated, an observation or a whole trace; before its scores are offered."""
        check = annotation.name.removesuffix(LABEL_SUFFIX).removesuffix(".label")
        self._annotated[check].add(annotation.observation_id or annotation.trace_id)

    def offer(self, score: Score) -> None:
        """Take a score into account; those of evaluators are no decision of a check."""
        if score.source == EVALUATOR:
            return
        if score.name not in self._checks:
            self._checks[score.name] = self._check(score.name)
        check = self._checks[score.name]
        if check is not None and not {score.observation_id, score.trace_id} & check.known:
            check.picker.add(score)

    def fill(self) -> list[Filled]:
        """Put the choice into the queues; return what became of each, by name."""
        checks = [check for check in self._checks.values() if check is not None]
        if not checks:
            raise LangfuseError(
                "no check is there to annotate: take a longer time (--since), or shorter names of checks (a label's "
                f"name has {LONGEST_NAME} characters at most)"
            )
        return [self._fill(check) for check in sorted(checks, key=lambda check: check.queue.name)]

    def _check(self, name: str) -> _Check | None:
        queue = queue_of(name, self._prefix)
        if queue is None:
            return None
        there = self._queues.get(queue.name)
        waiting, known = (0, set()) if there is None else _items(self._api, there["id"])
        known |= self._annotated[name]
        wanted = max(0, self._count - waiting)
        # An item stands for the check under it: which ones are known shows only when a trace is looked at.
        spare = min(len(known), _MOST_KNOWN) if wanted else 0
        return _Check(queue, Picker(wanted + spare, threshold=self._threshold), there, waiting, wanted, known)

    def _fill(self, check: _Check) -> Filled:
        name, created, added = check.queue.name, False, 0
        try:
            chosen = sorted(self._shown(check), key=lambda item: abs(float(item[0].value) - self._threshold))
            if check.there is None and chosen:
                check.there, created = create_queue(self._api, check.queue), True
            if check.there is not None and check.there.get("scoreConfigIds"):
                self._require_label(check)
            for score, observation_id in chosen:
                body = {"objectId": observation_id, "objectType": "OBSERVATION", "status": "PENDING"}
                self._api.post(f"{PATH}/{(check.there or {})['id']}/items", body)
                added += 1
                self._comment(check.queue, score, observation_id)
        except LangfuseError as error:
            if error.status is None:
                raise  # Langfuse is gone
            return Filled(name, created, added, check.waiting, str(error))
        return Filled(name, created, added, check.waiting)

    def _shown(self, check: _Check) -> Iterator[tuple[Score, str]]:
        """Yield scores with the observations on which their texts can be read, none that is known."""
        left = check.wanted
        for score in check.picker.chosen():
            observation_id = self._place(score)
            if left and observation_id not in check.known:
                check.known.add(observation_id)
                left -= 1
                yield score, observation_id

    def _place(self, score: Score) -> str:
        own = str(score.observation_id)
        if score.trace_id not in self._traces:
            read = self._reader.trace(score.trace_id, near=score.timestamp)
            self._traces[score.trace_id] = {row.id: row for row in read}
        rows, seen = self._traces[score.trace_id], set[str]()
        place = rows.get(own)
        while place is not None and not place.shows_text and place.id not in seen:
            seen.add(place.id)
            place = rows.get(place.parent_id or "")
        return place.id if place is not None and place.shows_text else own

    def _require_label(self, check: _Check) -> None:
        asked = set((check.there or {}).get("scoreConfigIds") or ())
        rows = (row for page in numbered_pages(self._api, CONFIGS) for row in page.rows)
        if check.queue.label.name not in {row.get("name") for row in rows if row["id"] in asked}:
            raise LangfuseError(
                f"the annotation queue {check.queue.name!r} does not ask for {check.queue.label.name}: rename it in "
                "Langfuse, or give another --queue",
                status=409,
            )

    def _comment(self, queue: Queue, score: Score, observation_id: str) -> None:
        if score.project_id is None:
            return
        told = f"The check {queue.check} gave this text a risk of {float(score.value):.2f}. Should it have fired? "
        body = {"projectId": score.project_id, "objectType": "OBSERVATION", "objectId": observation_id}
        try:
            self._api.post(COMMENTS, {**body, "content": f"{told}Answer in {queue.label.name}."})
        except LangfuseError as error:
            if error.status is None:
                raise
            logger.warning("Langfuse took no comment on an item of %r (%s)", queue.name, error.status)


def create_queue(api: LangfuseApi, queue: Queue) -> dict[str, Any]:
    """Create a queue and its label's score config where that is not there; return it.

    Raises:
        LangfuseError: Langfuse refuses it, or has a config of that name which is not BOOLEAN.
    """
    label = queue.label
    ids = apply(api, plan(api, [label]))
    if label.name not in ids:
        raise LangfuseError(
            f"the score config {label.name} is there, but not BOOLEAN: archive it in Langfuse", status=409
        )
    made: dict[str, Any] = api.post(PATH, queue.body(ids[label.name]))
    return made


def wanted_queues(checks: Sequence[str], stages: Sequence[Stage]) -> list[Queue]:
    """Return the queues of checks at stages; a name that is too long for Langfuse has none."""
    found = (queue_of(f"{stage}.{check}") for check in dict.fromkeys(checks) for stage in stages)
    return [queue for queue in found if queue is not None]


def _items(api: LangfuseApi, queue: str) -> tuple[int, set[str]]:
    """Return how many wait, and what stands or stood in the queue."""
    pending, known = 0, set()
    for page in numbered_pages(api, f"{PATH}/{queue}/items"):
        for row in page.rows:
            known.add(str(row.get("objectId")))
            pending += row.get("status") == "PENDING"
    return pending, known
