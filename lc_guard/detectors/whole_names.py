"""Names that are found in parts and are one: the name that fills a field, a surname before its given name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

from lc_guard._progress import in_parts
from lc_guard.detectors.characters import UNCASED
from lc_guard.detectors.name_lists import given_names, load_names
from lc_guard.detectors.request_verbs import GREETINGS
from lc_guard.detectors.value_ends import Span, ValueEnds
from lc_guard.records import Entity

_WORD = rf"(?!{UNCASED})[^\W\d_a-zß-öø-ÿ][\w'’.-]{{0,40}}"
# What fills a folder's name, a cell of a table, a string: C:\\Users\\Ingrid Halvorsen\\ and 请联系Emily Clark，and
# ,"Amina Yusuf", where a model takes all before the blank for one word.
_BEGINS = rf"(?:(?<=[\\/|\t;\"<>^,，。、；：（「\n])|(?<={UNCASED})|(?<![^|]\s)(?<=[|] )|\A)"
_FIELD = re.compile(
    rf"{_BEGINS}{_WORD}(?:[ \u00a0]{_WORD}){{1,3}}(?=[\\/|\t;\"<>^，。、；：）」]|,\S|{UNCASED}|[ ][|])"
)
_NAMES = frozenset({"PERSON", "NRP", "LOCATION", "ORGANIZATION"})
_COMMA = re.compile(r",[ \u00a0]")
_GIVEN = re.compile(r"([^\W\d_]+)(?:[ \u00a0-][^\W\d_]+\.?){0,2}\.?")
_INITIALS = re.compile(r"(?:[^\W\d_a-z]\.?[ -]?){1,3}")
_SURNAME = re.compile(r"(?:[^\W\d_A-Z][^\W\d_]{0,3}[ \u00a0]){0,2}[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Behind the given name of a list of people stands another one.
_MORE = re.compile(
    r",[ \u00a0](?!(?:Jr|Sr|MD|PhD|M\.D|Ph\.D|Esq|[IVX]+)\b)[^\W\d_a-z]"
    r"|,?[ \u00a0](?:and|or|und|et|y|e|en|i|&)[ \u00a0](?![^\W\d_]{1,30},[ \u00a0][^\W\d_a-z])"
)
# A list of such names, as in BibTeX: Ballard, Leontyne and Whitaker, Jamal.
_PAIRS = re.compile(r"[ \u00a0](?:and|und|et|y|e|en|i|&)[ \u00a0][^\W\d_a-z][\w'’-]{0,30},[ \u00a0][^\W\d_a-z]")
_LABELLED = re.compile(r"[:|\t\"][ \u00a0]*\Z")
_FIELD_END = re.compile(r"[ \u00a0]*(?:[|\t\"\n\r;(<\[]|\Z)")


def whole_fields(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Let a part of a person's name grow to the name that fills the field it stands in.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same, in order, without overlaps; several parts of one field's name become one.
    """
    if not any(entity.kind == "PERSON" for entity in entities):
        return list(entities)
    names = _names_of_fields(text)
    grown: list[Entity] = []
    left = list(reversed(entities))
    while left:
        entity = left.pop()
        name = _name_around(entity, names)
        parts = [entity]
        if name is not None and " " in text[slice(*name)]:
            while left and left[-1].start < name[1]:
                parts.append(left.pop())
            parts = as_one(parts, name)
        grown += parts
    return grown


def _names_of_fields(text: str) -> list[Span]:
    ends = ValueEnds(text)
    return [span for match in in_parts(_FIELD.finditer(text)) for span in ends.values(*match.span(), "PERSON")]


def _name_around(entity: Entity, names: Sequence[Span]) -> Span | None:
    """Return the name that an entity begins in."""
    at = bisect_right(names, entity.start, key=itemgetter(1))
    return names[at] if at < len(names) and names[at][0] <= entity.start else None


def as_one(parts: list[Entity], name: Span) -> list[Entity]:
    """Return the parts of a name as one entity, if they are parts of no more than it and one is a person's.

    Args:
        parts: Entities in order; unless they are one, they are returned as they are.
        name: The offsets of the name.
    """
    whole = all(part.kind in _NAMES and part.end <= name[1] for part in parts)
    if whole and any(part.kind == "PERSON" for part in parts):
        return [Entity("PERSON", *name, max(part.score for part in parts))]
    return parts


def surname_first(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Join a person's surname and the given name behind a comma: ``Hollister, Jane`` is one person.

    Only where the second is a known given name and no list goes on behind it, and the first is none; in a field of a
    form the place says it. Initials, ``Hollister, J. M.``, are never another person.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same, in order, without overlaps.
    """
    joined: list[Entity] = []
    for entity in entities:
        last = joined[-1] if joined else None
        if last is not None and entity.kind == "PERSON" and _one_person(text, last, entity):
            joined[-1] = Entity("PERSON", last.start, entity.end, max(last.score, entity.score))
        else:
            joined.append(entity)
    return joined


def _one_person(text: str, last: Entity, entity: Entity) -> bool:
    if last.kind not in _NAMES or not _COMMA.fullmatch(text, last.end, entity.start):
        return False
    surname = _SURNAME.fullmatch(text, last.start, last.end)
    if surname is None or surname[0].lower() in GREETINGS:
        return False
    if _INITIALS.fullmatch(text, entity.start, entity.end):
        return last.kind == "PERSON" and surname[0] not in load_names()
    return _is_given(text, last, entity, surname[0])


def _is_given(text: str, last: Entity, entity: Entity, surname: str) -> bool:
    given = _GIVEN.fullmatch(text, entity.start, entity.end)
    if given is None or _MORE.match(text, entity.end):
        return False
    before = text[max(0, last.start - 8) : last.start]
    fills = _LABELLED.search(before) is not None and _FIELD_END.match(text, entity.end) is not None
    if last.kind == "PERSON" and (fills or _PAIRS.match(text, entity.end)):
        return surname not in given_names()
    sure = given[1] in given_names() and surname not in load_names()
    return sure and (fills or last.kind in {"PERSON", "NRP"})
