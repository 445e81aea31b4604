"""Names in texts that use capitals, found by models that do not see them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

from lc_guard.detectors.characters import CAPITAL_INSIDE
from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.locales import locale
from lc_guard.detectors.multilingual_ner import LANGUAGES
from lc_guard.records import Entity

_NAMES = {"PERSON", "LOCATION", "ORGANIZATION", "NRP"}
_PIECE = re.compile(r"[^\s,;:()]+")
# What may stand small before a name.
_PARTICLES = re.compile(
    r"(?:(?:v[ao]n|de[rnl]?|d[aeiou]s?|della|dell'|d'|l'|la|le|los|zu[mr]?|te[rn]?|'t|y|e) ?){1,3}$"
)
# "131 Prozent", "236 mitarbeiter"
_COUNTED = re.compile(r"\d{1,3}(?= [^\W\d_]{2,})")
_SMALL_ADDRESS = re.compile(r"[^\W\d_][^\d\n]{3,60} \d{1,4}[a-z]?")
# Ségolène d'Harcourt
_ELIDED = re.compile(r"(?:d|dell|dall|nell)['’][^\W\d_a-zß-öø-ÿ]")
_INITIAL = re.compile(r"(?<!\w)[^\W\d_a-zß-öø-ÿ]\. '? ?\Z")
_SURE = 0.9
# A capital tells nothing here; behind an abbreviation or an initial ("dott. Boschi", "G. Boschi") it does.
_SENTENCE_BEGINS = re.compile(r"(?:[^\W\d_]{5}[.!?…][\"”»)]?|[\d)!?…\"”»]\.?|\n|\A)\s*(?:[\"„“«‘*(\[–—•-]\s*)?\Z")
_FAR = 12


def without_small_words(text: str, entities: Iterable[Entity]) -> Iterator[Entity]:
    """Yield what a model found that does not see capitals: small words are no names where the text has capitals.

    Args:
        text: The text they were found in.
        entities: What the model found.
    """
    has_capitals = CAPITAL_INSIDE.search(text) is not None
    for entity in entities:
        if entity.kind not in _NAMES:
            yield entity
        elif not _COUNTED.match(text, entity.start, entity.end + 24) or not text[entity.start : entity.end].isdigit():
            yield from [entity] if not has_capitals else _of_capitals(text, entity)


def begins_sentence(text: str, start: int) -> bool:
    """Return whether a word would have its capital here in any case."""
    return _SENTENCE_BEGINS.search(text, max(0, start - _FAR), start) is not None


def _of_capitals(text: str, entity: Entity) -> Iterator[Entity]:
    """Yield a name without the small words around it: those before it may be of a street, or a particle."""
    value = text[entity.start : entity.end]
    if _SMALL_ADDRESS.fullmatch(value) or (value.islower() and _may_be_small(text, entity)):
        yield entity
        return
    words = [word for word in _PIECE.finditer(text, entity.start, entity.end) if _is_of_name(text, entity, word)]
    if not any(word[0][0].isupper() for word in words):
        return
    start = entity.start
    if entity.kind == "PERSON":
        before = _PARTICLES.search(text, entity.start, words[0].start())
        start = before.start() if before else words[0].start()
    yield Entity(entity.kind, start, words[-1].end(), entity.score)


def _may_be_small(text: str, entity: Entity) -> bool:
    """Whether small words are a name: behind an initial or M., where a capital was misread, or of a given name."""
    announced = entity.kind == "PERSON" and _INITIAL.search(text, max(0, entity.start - 4), entity.start) is not None
    return announced or _is_given(text[entity.start : entity.end], entity.score)


def _is_of_name(text: str, entity: Entity, word: re.Match[str]) -> bool:
    if word[0][0].isupper() or any(map(str.isdigit, word[0])) or _ELIDED.match(word[0]):
        return True
    return text[max(entity.start, word.start() - 2) : word.start()] == "- "  # parted at the end of a line


def _is_given(value: str, score: float) -> bool:
    """Whether small words begin with a given name, which somebody did not care to write large."""
    first, *rest = value.split()
    return (bool(rest) or score > _SURE) and first.capitalize() in _given_names()


@functools.cache
def _given_names() -> frozenset[str]:
    known = [locale(code) for code in LANGUAGES]
    none = frozenset().union(*(one.ordinary | one.function_words | one.labels for one in known))
    names = faker_names((place for one in known for place in one.given_names), ("first_names",))
    return frozenset(name for name in names if len(name) > 2 and name.lower() not in none)
