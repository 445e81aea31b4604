"""Which of several overlapping entities stands: the one decision between sources that contradict each other.

Offsets are always those of the original text. All functions are pure.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.spans import is_structured, rank, trim
from lc_guard.records import Entity


def resolve(text: str, sources: Sequence[Sequence[Entity]]) -> list[Entity]:
    """Give each character at most one entity: the one decision between sources that overlap or contradict.

    1. Structured kinds that overlap become one stretch, so that no half of a value is left over; its kind is that of
       the longest, of equally long ones that of the more trusted source, then the better ranked.
    2. A structured kind stands against a model's guess; what remains of the guess on either side stays an entity.
    3. Guesses that overlap become one stretch (every source is believed about what to hide), under the kind that the
       longest of them has. A person that one source sees where another sees two full names stays two.

    Args:
        text: The text they were found in.
        sources: Entities of each source, the most trusted source first.

    Returns:
        Entities ordered by offset, none overlapping.
    """
    trust = {id(entity): place for place, entities in enumerate(sources) for entity in entities}
    shaped = [entity for entities in sources for entity in entities if is_structured(entity.kind)]
    taken = _Taken()
    for cluster in clusters(shaped):
        best = min(cluster, key=lambda e: (e.start - e.end, trust[id(e)], rank(e.kind), -e.score))
        end = max(e.end for e in cluster)
        taken.entities.append(Entity(best.kind, cluster[0].start, end, max(e.score for e in cluster)))
    guesses = [entity for entities in sources for entity in entities if not is_structured(entity.kind)]
    rest = [
        Entity(kind, *part, score)
        for kind, start, end, score in _joined_guesses(text, guesses)
        for part in taken.free_parts(start, end)
        # What is left of a guess must stand by itself: of "card 4111…", taken for a date, no date is left.
        if part == (start, end) or plausible(text, [Entity(kind, *part, score)])
    ]
    return sorted([*taken.entities, *clean_guesses(text, rest)], key=lambda e: e.start)


class _Taken:
    """Entities that do not overlap, ordered by offset."""

    def __init__(self) -> None:
        self.entities: list[Entity] = []

    def overlapping(self, start: int, end: int) -> list[Entity]:
        first = bisect_right(self.entities, start, key=lambda e: e.end)
        last = bisect_left(self.entities, end, key=lambda e: e.start)
        return self.entities[first:last]

    def free_parts(self, start: int, end: int) -> list[tuple[int, int]]:
        parts = []
        for hole in self.overlapping(start, end):
            if start < hole.start:
                parts.append((start, hole.start))
            start = max(start, hole.end)
        if start < end:
            parts.append((start, end))
        return parts


def clean_guesses(text: str, guesses: Iterable[Entity]) -> list[Entity]:
    """Trim what remained of guesses after structured entities were cut out of them; drop mere crumbs."""
    kept = []
    for guess in guesses:
        trimmed = trim(text, guess.start, guess.end, guess.kind)
        if trimmed and sum(char.isalnum() for char in text[slice(*trimmed)]) > 1:
            kept.append(Entity(guess.kind, *trimmed, guess.score))
    return kept


_OF = re.compile(r"\s(?:of|of the|and the|for|for the)\s")
_PLACE_OR_BODY = frozenset({"LOCATION", "ORGANIZATION"})


def _one_name(text: str, guesses: Sequence[Entity]) -> Iterable[Entity]:
    """Join what an "of" connects: ``Chamber`` of the ``Ankara Court``, ``Borough`` of ``Southwark``."""
    pending: Entity | None = None
    for guess in sorted(guesses, key=lambda e: (e.start, -e.end)):
        if pending is None or guess.kind not in _PLACE_OR_BODY:
            if pending is not None and guess.kind in _PLACE_OR_BODY:
                yield pending
            if guess.kind in _PLACE_OR_BODY:
                pending = guess
            else:
                yield guess
        elif guess.start < pending.end or _OF.fullmatch(text, pending.end, guess.start):
            longer = max((pending, guess), key=lambda e: e.end - e.start)
            pending = Entity(longer.kind, pending.start, max(pending.end, guess.end), max(pending.score, guess.score))
        else:
            yield pending
            pending = guess
    if pending is not None:
        yield pending


def _joined_guesses(text: str, guesses: Sequence[Entity]) -> Iterable[tuple[str, int, int, float]]:
    for cluster in clusters(list(_one_name(text, guesses))):
        start, end = min(e.start for e in cluster), max(e.end for e in cluster)
        best = min(cluster, key=lambda e: (e.start - e.end, rank(e.kind)))
        score = max(e.score for e in cluster)
        names = [e for e in cluster if e.kind == "PERSON" and len(text[e.start : e.end].split()) > 1]
        cuts = [
            (left.end, right.start)
            for left, right in pairwise(names)
            if left.end <= right.start and not any(c.isalnum() for c in text[left.end : right.start])
        ]
        if best.kind == "PERSON":
            for cut_start, cut_end in cuts:
                yield best.kind, start, cut_start, score
                start = cut_end
        yield best.kind, start, end, score


def clusters(entities: Sequence[Entity]) -> Iterable[list[Entity]]:
    """Group entities that overlap, directly or through others, in order of offset."""
    group: list[Entity] = []
    reach = -1
    for entity in sorted(entities, key=lambda e: (e.start, -e.end)):
        if group and entity.start >= reach:
            yield group
            group = []
        group.append(entity)
        reach = max(reach, entity.end) if len(group) > 1 else entity.end
    if group:
        yield group


def one_kind_per_value(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Give equal values in one text one kind, the best ranked one: one value must not get two placeholders."""
    best: dict[str, str] = {}
    for entity in entities:
        value = " ".join(text[entity.start : entity.end].split())
        kind = best.setdefault(value, entity.kind)
        if rank(entity.kind) < rank(kind):
            best[value] = entity.kind
    return [Entity(best[" ".join(text[e.start : e.end].split())], e.start, e.end, e.score) for e in entities]
