"""Findings are not believed unchecked: what a detector or scanner says it found, brought into one form."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any

from lc_guard.errors import DetectorError
from lc_guard.records import Entity, normalize_kind, unit_interval


def listed(answer: Any) -> list[Any]:
    """Give an answer as a list.

    Raises:
        DetectorError: If it is no iterable.
    """
    if not isinstance(answer, Iterable):
        raise DetectorError(f"an answer is {type(answer).__name__} where a sequence is expected")
    return list(answer)


def checked_entities(answer: Any, length: int) -> tuple[Entity, ...]:
    """Give what was found in a text of a length, its kinds and scores in their one form; empty stretches are left out.

    Raises:
        DetectorError: If something is no entity, or lies outside the text.
    """
    entities: list[Entity] = []
    for entity in listed(answer):
        if not isinstance(entity, Entity):
            raise DetectorError(f"an answer holds {type(entity).__name__} where Entity is expected")
        start, end, score = entity.start, entity.end, entity.score
        whole = isinstance(start, int) and isinstance(end, int) and isinstance(score, int | float)
        if not whole or not isinstance(entity.kind, str):
            raise DetectorError("an entity needs a kind of type str, whole offsets and a number as score")
        if not 0 <= start <= end <= length:
            raise DetectorError(f"an entity at {start}:{end} lies outside the text of {length} characters")
        if start < end:
            kind = normalize_kind(entity.kind)
            score = unit_interval(score)
            same = kind == entity.kind and score == entity.score and isfinite(entity.score)
            entities.append(entity if same else Entity(kind, start, end, score))
    return tuple(entities)
