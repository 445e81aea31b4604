"""A list of people names people: who stands between two of them is one as well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

_NAME = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]{2,20}(?:[ -][^\W\d_a-zß-öø-ÿ][^\W\d_]{1,20})?"
_BETWEEN = re.compile(rf", (?P<first>{_NAME})(?:, (?P<second>{_NAME}))?(?:, (?:and |or |& )?| (?:and|or|&) )")
_LAST = re.compile(rf",? (?:and|or|AND|&) (?P<first>{_NAME})(?=[.,;:!?)\n]|\Z)")
_COMMA = re.compile(r", ")


def listed(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Add who stands in a list between two people, or ends one of two people and more.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same and more, in order, without overlaps.
    """
    return sorted([*entities, *_missed(text, entities)], key=lambda entity: entity.start)


def _missed(text: str, entities: Sequence[Entity]) -> Iterator[Entity]:
    for at, entity in enumerate(entities):
        if entity.kind != "PERSON":
            continue
        following = entities[at + 1] if at + 1 < len(entities) else None
        limit = following.start if following is not None else len(text)
        match = None
        if following is not None and following.kind == "PERSON" and limit - entity.end < 60:
            match = _BETWEEN.fullmatch(text, entity.end, limit)
        elif at and entities[at - 1].kind == "PERSON" and _COMMA.fullmatch(text, entities[at - 1].end, entity.start):
            match = _LAST.match(text, entity.end, min(limit, entity.end + 60))
        if match is not None:
            for name in match.groupdict():
                if match[name] and _may_be_name(match[name]):
                    yield Entity("PERSON", *match.span(name), entity.score)


def _may_be_name(value: str) -> bool:
    known = vocabulary()
    return not any(known.is_ordinary(word) or known.is_technology(word) for word in re.split("[ -]", value))
