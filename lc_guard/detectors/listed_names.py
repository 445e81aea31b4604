"""A list of people names people: who stands between two of them is one as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lc_guard.detectors.times import is_before_years
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
_NAME = rf"{_CAPITAL}[^\W\d_]{{2,20}}(?:[ -]{_CAPITAL}[^\W\d_]{{1,20}})?"
_BETWEEN = re.compile(rf", (?P<first>{_NAME})(?:, (?P<second>{_NAME}))?(?:, (?:and |or |& )?| (?:and|or|&) )")
_LAST = re.compile(rf",? (?:and|or|AND|&) (?P<first>{_NAME})(?=[.,;:!?)\n]|\Z)")
# Aeschylus, Euripides and Sophocles behind one poet; Molière and Shakespeare
_REST = re.compile(rf"(?:, {_NAME}){{1,9}},? (?:and|or|&) {_NAME}(?=[.,;:!?)\n ]|\Z)(?! {_CAPITAL})")
_BEFORE = re.compile(rf"(?<![\w'’-])[a-z]{{1,20}} (?P<first>{_NAME}) (?:and|or|&) \Z")
_NAMES = re.compile(rf"(?P<first>{_NAME})")
_FAR, _LONGEST = 50, 240
_COMMA = re.compile(r", ")


def listed(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Add who stands in a list between two people, or ends one of two people and more.

    Whom no list of words knows stands before "and" and somebody, or in the rest of a list that somebody begins.

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
        last = entities[at - 1].end if at else 0
        match = None
        if following is not None and following.kind == "PERSON" and limit - entity.end < 60:
            match = _BETWEEN.fullmatch(text, entity.end, limit)
        elif at and entities[at - 1].kind == "PERSON" and _COMMA.fullmatch(text, entities[at - 1].end, entity.start):
            match = _LAST.match(text, entity.end, min(limit, entity.end + 60))
        if match is not None:
            for name in match.groupdict():
                if match[name] and _may_be_name(match[name]):
                    yield Entity("PERSON", *match.span(name), entity.score)
        elif (rest := _REST.match(text, entity.end, min(limit, entity.end + _LONGEST))) is not None:
            yield from _unknown(_NAMES.finditer(text, *rest.span()), entity.score)
        before = _BEFORE.search(text, max(last, entity.start - _FAR), entity.start)
        if before is not None:
            yield from _unknown([before], entity.score)


def _unknown(names: Iterable[re.Match[str]], score: float) -> list[Entity]:
    """Return names, if no list of words knows a word of any of them."""
    found, known = list(names), vocabulary()
    if any(known.knows(word) or is_before_years(word) for name in found for word in re.split("[ -]", name["first"])):
        return []
    return [Entity("PERSON", *name.span("first"), score) for name in found]


def _may_be_name(value: str) -> bool:
    known = vocabulary()
    return not any(known.is_ordinary(word) or known.is_technology(word) for word in re.split("[ -]", value))
