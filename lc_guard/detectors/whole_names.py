"""Names that are found in parts and are one: a surname before its given name, the name of a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lc_guard.detectors.given_names import load_names
from lc_guard.records import Entity

_COMMA = re.compile(r",[ \u00a0]")
_GIVEN = re.compile(r"([^\W\d_]+)(?:[ \u00a0-][^\W\d_]+\.?){0,2}\.?")
_SURNAME = re.compile(r"(?:[^\W\d_A-Z][^\W\d_]{0,3}[ \u00a0]){0,2}[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Behind the given name of a list of people stands another one.
_MORE = re.compile(
    r",[ \u00a0](?!(?:Jr|Sr|MD|PhD|M\.D|Ph\.D|Esq|[IVX]+)\b)[^\W\d_a-z]"
    r"|,?[ \u00a0](?:and|or|und|et|y|e|en|i|&)[ \u00a0](?![^\W\d_]{1,30},[ \u00a0][^\W\d_a-z])"
)


# A folder that is called like a person: in C:\\Users\\Ingrid Halvorsen a model takes all before the blank for one word.
_FOLDER = re.compile(r"(?<=[\\/])[^\W\d_a-z][\w'’.-]{0,40}(?:[ \u00a0][^\W\d_a-z][\w'’.-]{0,40}){1,3}(?=[\\/])")


def folders(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Let a part of a person's name grow to the name of the folder it stands in.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same, in order, without overlaps; several parts of one folder's name become one.
    """
    names = {at: match.span() for match in _FOLDER.finditer(text) for at in range(*match.span())}
    grown: list[Entity] = []
    for entity in entities:
        span = names.get(entity.start) if entity.kind == "PERSON" else None
        if span is not None and entity.end <= span[1]:
            if not grown or span[0] >= grown[-1].end:
                grown.append(Entity("PERSON", *span, entity.score))
        else:
            grown.append(entity)
    return grown


def surname_first(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Join a person's surname and the given name behind a comma: ``Hollister, Jane`` is one person.

    Only where the first is no known given name and the second is one, and no list goes on behind it.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same, in order, without overlaps.
    """
    joined: list[Entity] = []
    for entity in entities:
        last = joined[-1] if joined else None
        if last is not None and last.kind == entity.kind == "PERSON" and _one_person(text, last, entity):
            joined[-1] = Entity("PERSON", last.start, entity.end, max(last.score, entity.score))
        else:
            joined.append(entity)
    return joined


def _one_person(text: str, last: Entity, entity: Entity) -> bool:
    if not _COMMA.fullmatch(text, last.end, entity.start):
        return False
    surname, given = _SURNAME.fullmatch(text, last.start, last.end), _GIVEN.fullmatch(text, entity.start, entity.end)
    if surname is None or given is None or _MORE.match(text, entity.end):
        return False
    names = load_names()
    return given[1] in names and surname[0] not in names
