"""A full name in a text is that name wherever one of its words stands: ``Ann Brightwater``, later ``Brightwater:``.

A model reads a sentence at a time; who is called by the surname alone later on is missed now and then.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from lc_guard._text.common_words import is_ordinary
from lc_guard._text.words import name_parts
from lc_guard.detectors.name_lists import small_names
from lc_guard.detectors.surroundings import is_chat
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

_WORD = re.compile(r"[^\W\d_]{3,}(?:['’-][^\W\d_]{2,})*")
_SURE = 0.5
_NEXT = re.compile(r"(?:(?P<own>['’]s)|(?: [a-z]+ly)? (?P<verb>[a-z]{2,}))\b")
# What is said of somebody begins with such a word, if with no verb in the past.
_TOLD = frozenset(
    """
    also always and can could did does had has is later may might must never often says should then thinks wants was
    who will would
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_SPEAKER = re.compile(r"[ \t]{0,3}:")


def repeated(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Add what of a text is a word of a person's name that was found elsewhere in it.

    A word that is a name as well counts where a capital inside a sentence says which; where a sentence begins, if it
    says something of the word and the text has it in small letters nowhere. Of ordinary words only surnames count.
    Small letters count in a chat only.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same and the words, in order, without overlaps.
    """
    words, surnames = _words_of_names(text, entities)
    found = _standing(text, entities, words, surnames) if words else ()
    return sorted([*entities, *found], key=lambda e: e.start)


def _words_of_names(text: str, entities: Sequence[Entity]) -> tuple[dict[str, float], set[str]]:
    """Return the words of names, and those of them that are surnames."""
    words: dict[str, float] = {}
    surnames: set[str] = set()
    for entity in entities:
        if entity.kind == "PERSON":
            value = text[entity.start : entity.end]
            sure = entity.score >= _SURE and value[:1].isupper()
            parts = (value,) if _WORD.fullmatch(value) and sure else name_parts(value)
            for word in parts:
                words[word.casefold()] = max(entity.score, words.get(word.casefold(), 0.0))
            if parts and sure and (len(parts) == 1 or parts[0].lower() in small_names()):
                surnames.add(parts[-1].casefold())
    return words, surnames


def _standing(
    text: str, entities: Sequence[Entity], words: Mapping[str, float], surnames: Container[str]
) -> Iterator[Entity]:
    known = vocabulary()
    seen = [(match, match[0].casefold()) for match in _WORD.finditer(text)]
    small = frozenset(word for match, word in seen if word in words and match[0].islower())
    named = (match for match, word in seen if word in words)
    for match, _ in outside(named, entities):
        word = match[0].casefold()
        plain = word in known.also_names or word in known.ordinary
        if word in known.ordinary and (word not in surnames or match[0].islower()):
            continue
        said = plain and word in surnames and word not in small and _is_told_of(match)
        if said or _is_name(text, match, small if plain else frozenset(), plain=plain):
            yield Entity("PERSON", match.start(), match.end(), words[word])


def _is_told_of(word: re.Match[str]) -> bool:
    """Whether something is said of a word with a capital: ``Price is late``, but not ``Price the goods``."""
    following = _NEXT.match(word.string, word.end(), word.end() + 40)
    if not word[0].istitle() or following is None:
        return False
    verb, known = following["verb"], vocabulary()
    return following["own"] is not None or verb in _TOLD or verb in known.deeds or verb in known.past_forms


def outside(matches: Iterable[re.Match[str]], entities: Sequence[Entity]) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the matches that no entity touches, each with the offset at which the entity before it ends, or 0.

    Args:
        matches: Matches in order.
        entities: Entities in order, without overlaps.
    """
    taken = iter(entities)
    entity, floor = next(taken, None), 0
    for match in matches:
        while entity is not None and entity.end <= match.start():
            floor, entity = entity.end, next(taken, None)
        if entity is None or entity.start >= match.end():
            yield match, floor


def _is_name(text: str, word: re.Match[str], small: frozenset[str], *, plain: bool) -> bool:
    if word[0].islower():
        return not plain and is_chat(text, *word.span())
    if _SPEAKER.match(text, word.end()) and text[word.start() - 1 : word.start()] in ("", "\n"):
        return True
    return not is_ordinary(text, *word.span(), also={*small, word[0].casefold()} if plain else small)
