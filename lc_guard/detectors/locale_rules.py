"""What single languages write around a name: titles, labels of forms; and their dates with the month in words."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lc_guard.detectors.characters import CAPITAL_INSIDE
from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.languages import LanguageGate
from lc_guard.detectors.locales import LANGUAGES, Locale, locale
from lc_guard.detectors.spans import clean
from lc_guard.detectors.windows import readable
from lc_guard.records import Entity

TITLE_SCORE, LABEL_SCORE, DATE_SCORE, GIVEN_SCORE = 0.9, 0.85, 0.6, 0.6

_CAPITALS = "".join(char for char in map(chr, range(0x41, 0x590)) if char.isupper())
_LETTER = r"[^\W\d_ºª]"
_NAME_WORD = (
    rf"(?:[{_CAPITALS}]')?[{_CAPITALS}]{_LETTER}(?:{_LETTER}|[\u0300-\u036f]){{0,40}}"
    rf"(?:[-'][{_CAPITALS}]?{_LETTER}{{1,40}}){{0,2}}"
)
_INITIAL = rf"[{_CAPITALS}]\."
_PARTICLE = (
    r"(?:[Vv][ao]n(?: [Dd]e[nr]?)?|[Dd]e(?: la| los| las)?|[Dd]e[nlr]|[Dd][aiou]s?|[Dd]ell[aeo]|[Ll][aeo]|[Tt]e[rn]?"
    r"|zu|y|e|'t)"
)
_LAST = rf"(?:{_PARTICLE}[ ]){{0,2}}{_NAME_WORD}"
_NAME = rf"(?:(?:{_INITIAL}[ ]?){{1,3}}{_LAST}|{_NAME_WORD})(?:,?[ ](?:{_LAST}|{_INITIAL}(?![ ]?$))){{0,4}}"
_PARTICLES = frozenset(
    ["van", "von", "de", "den", "der", "del", "da", "di", "do", "du", "dos", "das", "la", "le", "lo", "della", "ter"]
)
_SMALL = re.compile(r"(?<![\w.@/'’-])[a-zß-öø-ÿąćęłńśźż]{2,20}(?![\w@/'’])")
_FIRST = re.compile(r"[^\W\d_]+")


class _Rules(NamedTuple):
    """The compiled rules of one language."""

    titled: re.Pattern[str]
    said: re.Pattern[str] | None
    labelled: re.Pattern[str]
    dated: re.Pattern[str]
    no_names: frozenset[str]
    given: frozenset[str]
    alone: frozenset[str]
    small: frozenset[str]
    borne: frozenset[str]
    endings: tuple[str, ...]


class LocaleDetector:
    """Finds PERSON behind titles, labels of forms and verbs of saying, given names, and dates with the month in words.

    A text is read by the rules of the languages it is written in; English has detectors of its own.

    Args:
        gate: Who tells the languages.
    """

    name = "locales"

    def __init__(self, gate: LanguageGate) -> None:
        self._gate = gate

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._gate!r})"

    def warm_up(self) -> None:
        """Compile the rules and load the lists now."""
        for language in self._gate.languages - {"en"}:
            _rules(language)

    def detect(self, text: str) -> list[Entity]:
        """Return the names and dates of a text, ordered by offset."""
        found: list[Entity] = []
        for language in sorted(self._gate.of(text) - {"en"}):
            found += _found(_rules(language), text)
        return clean(text, longest(found))

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def longest(entities: list[Entity]) -> list[Entity]:
    """Leave out what stands inside something longer: a name of the lists inside a full one."""
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda e: (e.start, -e.end)):
        if not kept or entity.end > kept[-1].end:
            kept.append(entity)
    return kept


def _found(rules: _Rules, text: str) -> Iterator[Entity]:
    """Yield what the rules of one language find; a label's value ends with its line, so line breaks stay there."""
    lines = text.replace("\u00a0", " ").replace("’", "'")
    yield from _behind(rules.titled, readable(text), rules.no_names, TITLE_SCORE, rules.borne)
    yield from _behind(rules.labelled, lines, rules.no_names, LABEL_SCORE)
    if rules.said is not None:
        yield from _behind(rules.said, readable(text), rules.no_names, GIVEN_SCORE)
    yield from (Entity("DATE_TIME", *match.span(), DATE_SCORE) for match in rules.dated.finditer(lines))
    yield from _given(rules, lines)


def _behind(
    pattern: re.Pattern[str],
    text: str,
    no_names: frozenset[str],
    score: float,
    borne: frozenset[str] = frozenset(),
) -> Iterator[Entity]:
    for match in pattern.finditer(text):
        start, end = match.span("name")
        word = _FIRST.match(text, start)
        if word is not None and word[0] in borne:
            # Pani Król, Herr Richter: of an office that is a surname as well nobody can tell.
            end = max(word.end(), _name_end(text, word.end(), end, no_names))
        else:
            end = _name_end(text, start, end, no_names)
        if end > start:
            yield Entity("PERSON", start, end, score)


def _name_end(text: str, start: int, end: int, no_names: frozenset[str]) -> int:
    """Return where a name ends: before its first ordinary word; its start if it begins with one."""
    kept: list[re.Match[str]] = []
    for word in _FIRST.finditer(text, start, end):
        if word[0][0].isupper() and word[0].lower() in no_names and word[0].lower() not in _PARTICLES:
            end = word.start()
            break
        kept.append(word)
    # "Maria De Luca" goes on behind its particle; "Patient: Der" does not.
    while kept and kept[-1][0].lower() in no_names:
        end = kept.pop().start()
    return start + len(text[start:end].rstrip(" ,.-"))


def _given(rules: _Rules, text: str) -> Iterator[Entity]:
    for match in _full_name().finditer(text):
        if match["given"] in rules.given and match["surname"].lower() not in rules.no_names:
            yield Entity("PERSON", *match.span(), GIVEN_SCORE)
    for match in _inside().finditer(text):
        word = match[0]
        if (text[match.start() - 2].islower() or text[match.start() - 2] in ",;:") and _known(word, rules):
            yield Entity("PERSON", *match.span(), GIVEN_SCORE)
    if CAPITAL_INSIDE.search(text) is None:
        for match in _SMALL.finditer(text):
            if _is_listed(match[0].capitalize(), rules.small, rules.endings):
                yield Entity("PERSON", *match.span(), GIVEN_SCORE)


def _known(word: str, rules: _Rules) -> bool:
    """Return whether a word is a name of the lists, in the case of a noun where the language has cases."""
    if word.lower() in rules.no_names:
        return False
    return _is_listed(word, rules.alone, rules.endings)


def _is_listed(word: str, names: frozenset[str], endings: Sequence[str]) -> bool:
    return any(
        word.removesuffix(ending) + after in names
        for ending, _, after in (rule.partition(">") for rule in ("", *endings))
        if word.endswith(ending)
    )


@functools.cache
def _inside() -> re.Pattern[str]:
    """A word with a capital inside a sentence, alone."""
    return re.compile(rf"(?<=[\w,;:] )[{_CAPITALS}][^\W\d_]{{3,20}}(?![\w@/])")


@functools.cache
def _full_name() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w'.@/-])(?P<given>[{_CAPITALS}][^\W\d_]{{2,20}})(?:-[{_CAPITALS}][^\W\d_]{{1,20}})?[ ]"
        rf"(?:{_INITIAL}[ ])?(?:{_PARTICLE}[ ]){{0,2}}(?P<surname>{_NAME_WORD})(?![\w@/])"
    )


@functools.cache
def _rules(language: str) -> _Rules:
    words = locale(language)
    titles = rf"(?:{words.titles}[ ]{{1,2}}){{1,4}}"
    labels = "|".join(sorted((re.escape(label) for label in words.name_labels), key=len, reverse=True))
    months = "|".join(words.months)
    return _Rules(
        # The name is looked at and not consumed: in "Nome: Luca Cognome: Bianchi" it holds the next label.
        re.compile(rf"(?<![\w'.-]){titles}(?=(?P<name>{_NAME}))"),
        re.compile(rf"(?<![\w'.-])(?i:{'|'.join(sorted(words.says))})[ ](?=(?P<name>{_NAME}))") if words.says else None,
        re.compile(rf"(?<![\w-])(?i:{labels})[ ]?:[ \t]{{0,8}}(?=(?P<name>{_NAME}))"),
        re.compile(
            rf"(?<![\w.])(?:0?[1-9]|[12]\d|3[01])(?:\.|er|º|ª)?[ ](?:de[ ]|di[ ])?(?i:{months})(?:\b\.?)"
            rf"(?:,?[ ](?:de[ ]|del[ ])?(?:1[5-9]|20)\d\d(?!\d))?"
        ),
        words.ordinary | words.function_words | words.labels,
        _given_names(words),
        _names_alone(words),
        _names_in_small_letters(words),
        _borne(words),
        words.endings,
    )


def _given_names(words: Locale) -> frozenset[str]:
    """Load given names of Faker's lists, without those that are ordinary words of the language."""
    return _listed(words, ("first_names",))


def _names_alone(words: Locale) -> frozenset[str]:
    """Load the names that are names where they stand alone inside a sentence; surnames only where nouns are small."""
    surnames = ("last_names", "unisex_last_names", "male_last_names") if words.small_nouns else ()
    return _listed(words, ("first_names", *surnames))


def _names_in_small_letters(words: Locale) -> frozenset[str]:
    """Load the given names that stand for somebody even in small letters."""
    given = {name for name in _given_names(words) if len(name) > 3 and name.lower() not in words.words_too}
    return frozenset(given | {name.capitalize() for name in words.nicknames})


def _borne(words: Locale) -> frozenset[str]:
    """Load the surnames that are ordinary words as well: behind a title they are names."""
    none = words.ordinary | words.function_words | words.labels
    surnames = faker_names(words.given_names, ("last_names", "unisex_last_names", "male_last_names"))
    return frozenset(name for name in surnames if name.lower() in none and not re.fullmatch(words.titles, name))


def is_small_name(value: str) -> bool:
    """Return whether a word of a value in small letters is a name of the lists of any language.

    Args:
        value: What a model found.
    """
    rules = [_rules(language) for language in LANGUAGES if language != "en"]
    words = [word.capitalize() for word in _FIRST.findall(value)]
    return any(_known(word, each) or _is_listed(word, each.small, each.endings) for word in words for each in rules)


def _listed(words: Locale, lists: Sequence[str]) -> frozenset[str]:
    none = words.ordinary | words.function_words | words.labels
    return frozenset(
        name for name in faker_names(words.given_names, lists) if name.lower() not in none and len(name) > 2
    )
