"""Whole names, and their words wherever they stand in a text, by the rules of the text's languages.

Those of English are `name_parts` and `repeated_names`. Those of other languages are here: initials and particles before
a name, and its words elsewhere.

A model that finds "Marieke van der Heijden" in one sentence misses "Van der Heijden" at the beginning of the next,
where a capital says nothing. And it leaves the initials of "R.J. ter Horst" standing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from lc_guard.detectors.in_languages import plain_words
from lc_guard.detectors.languages import LanguageGate
from lc_guard.detectors.listed_names import listed
from lc_guard.detectors.locales import locale
from lc_guard.detectors.name_parts import whole_persons
from lc_guard.detectors.ordinary_forms import forms_of
from lc_guard.detectors.repeated_names import outside, repeated
from lc_guard.detectors.subjects import subjects
from lc_guard.records import Entity

SCORE = 0.6
"""Of a word that stands elsewhere as a part of a name: less than what a model saw where it stands."""

_LONGEST_BEFORE, _LEAST_LETTERS, _MOST_WORDS = 30, 3, 5
_PARTICLE = r"(?:[Vv][ao]n(?: de[rn]?| 't)?|[Dd]e[rnl]?|[Dd][aiou]s?|[Tt]e[rn]|[Oo]p(?: den)?|[Ll][ae]|zu)"
_BEFORE = re.compile(
    r"(?<![\w.'’-])"
    rf"(?:(?:[^\W\d_a-zß-öø-ÿ]\.[ ]?){{1,4}}(?:{_PARTICLE}[ ]){{0,2}}"
    # without initials only what is hardly anything else: "de auto van Jansen" is not of a van Jansen
    r"|(?:[Vv][ao]n de[rn]|[Vv]an 't|[Oo]p den)[ ])\Z"
)
# what is left where a model took the rest: Van [den Broek]
_REST = re.compile(r"(?:de[rn]?|'t)[ ]")
# Merci à Sylvie D. pour ses photos.
_LAST_INITIAL = re.compile(r"(?<=[a-zß-öø-ÿ])[ ][^\W\d_a-zß-öø-ÿ]\.(?=[ ][a-zß-öø-ÿ(]|[,;:)]|[ ]*(?:\n|\Z))")
_VAN = re.compile(r"(?<![\w.'’-])(?:[Vv][ao]n|[Oo]p)[ ]\Z")
# What one name has behind it or before it where a model took the rest: Tronchetti [Provera], [Tancredo] Neves
_NAME = r"([^\W\d_a-zß-öø-ÿ][^\W\d_]{2,20}(?:-[^\W\d_]{2,20})?)"
# and what Arabic names have before a part
_NAME_AFTER = re.compile(rf"[ ](?:(?:a[lnrsd]|el|os|ul|bin|ibn|ben)[ -])?{_NAME}(?![\w'’@/-]|\.\w)")
_NAME_BEFORE = re.compile(rf"(?<=[^\W\d_A-Z][ ]){_NAME}[ ]\Z")
_MOST_SURNAMES = 2
# Umberto I, Giovanni Paolo II
_RULER = re.compile(r"[ ](?:[IVX]{2,5}|I(?=[ ][^\W\d_A-Z]|[.,;:)]|[ ]*(?:\n|\Z)))(?![\w'’-])")
# Francesco Giuseppe I [d'Austria]
_REALM = re.compile(rf"[ ](?:d[ei][ ]|d['’]|von[ ]|van[ ]|z[ ]|d[ao][ ]){_NAME}(?!\w)")
_CALLED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?|[^\W\d_]+(?:[ ][^\W\d_]+)?[ ][IVX]{1,5}")
_OF = re.compile(r"[ ](?:d[ei]|del|della|von|van|z|il|le|der)[ ]|[ ][dl]['’]")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_BEGINS = re.compile(r"(?:[.!?:;…\n|\"„“”«»‘(\[–—•-]\s*|\A\s*)\Z")
_FAR = 6


class NamesOfText:
    """Completes the names that were found in a text.

    Args:
        gate: Who tells the languages.
    """

    def __init__(self, gate: LanguageGate) -> None:
        self._gate = gate

    def __call__(self, text: str, entities: Sequence[Entity]) -> list[Entity]:
        """Return the entities with whole names, and with the words of names where they stand alone.

        Args:
            text: The text.
            entities: What was found in it, ordered by offset, without overlaps.

        Returns:
            The same and more, in order, without overlaps.
        """
        languages = self._gate.of(text)
        english = "en" in languages or not languages
        found = subjects(text, entities) if english else list(entities)
        if not any(entity.kind == "PERSON" for entity in found):
            return found
        if english:
            found = repeated(text, listed(text, whole_persons(text, found)))
        if others := languages - {"en"}:
            whole = _of_places(text, list(_whole(text, found, surnames(others))))
            found = sorted([*whole, *_elsewhere(text, whole, others)], key=lambda entity: entity.start)
        return found


def surnames(languages: Collection[str]) -> Callable[[str], bool]:
    """Return what tells that a word goes on the name beside it: it is none of the languages, whose nouns are small."""
    if not all(locale(code).small_nouns for code in languages):
        return lambda _: False
    plain, _ = plain_words(frozenset(languages))
    forms = forms_of(frozenset(languages))
    return lambda word: _may_be_name(word, plain) and not forms.has(word)


def _whole(text: str, entities: Sequence[Entity], is_surname: Callable[[str], bool]) -> Iterator[Entity]:
    """Yield each entity, a person's with what belongs to it: initials, particles, a number, more names."""
    end = 0
    for at, entity in enumerate(entities):
        start = entity.start
        if entity.kind == "PERSON":
            start = _begin(text, entity, end, is_surname)
            end = _end(text, entity, entities[at + 1].start if at + 1 < len(entities) else len(text), is_surname)
        else:
            end = entity.end
        yield Entity(entity.kind, start, end, entity.score)


def _begin(text: str, entity: Entity, floor: int, is_surname: Callable[[str], bool]) -> int:
    start = entity.start
    name = _NAME_BEFORE.search(text, max(floor, start - _LONGEST_BEFORE), start)
    if name is not None and text[start].isupper() and is_surname(name[1]):
        start = name.start()
    floor = max(floor, start - _LONGEST_BEFORE)
    before = _BEFORE.search(text, floor, start)
    if before is None and _REST.match(text, start):
        before = _VAN.search(text, floor, start)
    return start if before is None else before.start()


def _end(text: str, entity: Entity, ceiling: int, is_surname: Callable[[str], bool]) -> int:
    end = entity.end
    if not text[entity.start].isupper() or not text[end - 1].isalpha():
        return end
    for _ in range(_MOST_SURNAMES):
        name = _NAME_AFTER.match(text, end, ceiling)
        if name is None or not is_surname(name[1]):
            break
        end = name.end()
    if (ruler := _RULER.match(text, end, ceiling)) is not None:
        realm = _REALM.match(text, ruler.end(), ceiling)
        return (realm or ruler).end()
    after = _LAST_INITIAL.match(text, end)
    return end if after is None else after.end()


def _of_places(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Join a name with the place or epithet behind it: ``Anselmo di Laon``, ``Giorgio I di Grecia``."""
    joined: list[Entity] = []
    for entity in entities:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.kind == "PERSON"
            and entity.kind in {"PERSON", "LOCATION"}
            and (of := _OF.match(text, last.end, entity.end))
            and of.end() >= entity.start
            and _CALLED.fullmatch(text, last.start, last.end)
        ):
            joined[-1] = Entity("PERSON", last.start, entity.end, max(last.score, entity.score))
        else:
            joined.append(entity)
    return joined


def _elsewhere(text: str, entities: Sequence[Entity], languages: Collection[str]) -> Iterator[Entity]:
    """Yield the words of full names where nothing was found: with a capital, and no ordinary words."""
    plain, _ = plain_words(frozenset(languages))
    endings = tuple({ending for code in languages for ending in locale(code).endings})
    known = {form for word in _words_of_names(text, entities, plain) for form in _nominatives(word, endings)}
    if not known:
        return

    def is_known(word: str) -> bool:
        return _may_be_name(word, plain) and not known.isdisjoint(_nominatives(word, endings))

    for match, floor in outside(_said_as_names(text, is_known), entities):
        particles = _BEFORE.search(text, max(floor, match.start() - _LONGEST_BEFORE), match.start())
        yield Entity("PERSON", (particles or match).start(), match.end(), SCORE)


def _said_as_names(text: str, known: Callable[[str], bool]) -> Iterator[re.Match[str]]:
    """Yield the known words of a text, but for those of which a capital tells nothing and that stand small as well."""
    small = {match[0] for match in _WORD.finditer(text) if match[0].islower()}
    for match in _WORD.finditer(text):
        if known(match[0]) and not (match[0].lower() in small and _tells_nothing(text, match)):
            yield match


def _tells_nothing(text: str, word: re.Match[str]) -> bool:
    """Whether a word would have its capital here in any case."""
    start = word.start()
    return word[0].isupper() or _SENTENCE_BEGINS.search(text, max(0, start - _FAR), start) is not None


def _words_of_names(text: str, entities: Sequence[Entity], plain: Callable[[str], bool]) -> Iterator[str]:
    for entity in entities:
        if entity.kind != "PERSON" or "\n" in text[entity.start : entity.end]:
            continue
        words = [word[0] for word in _WORD.finditer(text, entity.start, entity.end)]
        if 1 < len(words) <= _MOST_WORDS:
            yield from (word for word in words if _may_be_name(word, plain))


def _may_be_name(word: str, plain: Callable[[str], bool]) -> bool:
    return len(word) >= _LEAST_LETTERS and word[0].isupper() and not plain(word)


def _nominatives(word: str, endings: Sequence[str]) -> set[str]:
    """Return a word, and what it may be the case of, in small letters but the first."""
    word = word.capitalize()
    forms = {word}
    for rule in endings:
        ending, _, after = rule.partition(">")
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_LETTERS:
            forms.add(word.removesuffix(ending) + after)
    return forms
