"""What belongs to a person's name beside what a model found of it: initials, a nickname in quotes, a given name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lc_guard.detectors.beside_names import TITLES
from lc_guard.detectors.name_lists import load_names
from lc_guard.detectors.peoples import is_crowd
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.detectors.whole_names import as_one
from lc_guard.records import Entity

_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
_WORD = rf"{_CAPITAL}[^\W\d_]{{1,24}}(?:['’-][^\W\d_]{{1,24}})?"
# Not "A. Siltronix", which answers, or heads a list, where a line begins.
_INITIALS = re.compile(rf"(?<![\w.'’])(?:(?<!\n)(?<!\A)|(?={_CAPITAL}\.[ ]?{_CAPITAL}\.))(?:{_CAPITAL}\.[ ]?){{1,3}}\Z")
# "Image: R Saravanan", "by N S Andres", written without full stops; not "I" and "A".
_BARE_INITIALS = re.compile(rf"(?:(?<=[a-z:,(&] )|(?<=\n)|\A)(?:(?![IA] ){_CAPITAL} ){{1,3}}\Z")
# How clerks shortened given names.
_SHORTENED = re.compile(
    r"(?<!\w)(?:Alex|Benj|Chas|Danl|Edw|Fredk|Geo|Jas|Jno|Jos|Robt|Saml|Theo|Thos|Wm)\.[ ](?:[A-Z]\.[ ])?\Z"
)
_GIVEN = re.compile(rf"(?<![\w.'’-])(?P<given>{_WORD})[ ]\Z")
# Behind a word of the same sentence: "Compare Tove", "ask Tove".
_INSIDE = re.compile(r"[a-z],?[ ]\Z")
_LAST_INITIAL = re.compile(
    r"[ ](?![AI]\b)(?:[A-Z]\.(?![ ]?\w\.)(?=[\s,;:)]|\Z)|[A-Z](?:-[A-Z])?(?=[,;:?!)\]/\n]|[ ]*(?:\n|\Z)))"
)
_NICKNAME = re.compile(rf"(?<!\w){_WORD}[ ](?:\(?[\"“‘']|\(){_WORD}(?:[\"”’']\)?|\))[ ]{_WORD}")


# "Antonio Lopez de Santa" Anna, "Amber" Le Bon: what a particle begins belongs to the name.
_PARTICLE = (
    r"(?:[Dd]e(?: la| los|l|ll[aeo])?|[Dd][aiu]|[Vv][ao]n(?: de[rn]?)?|[Ll][ae]|bin|ibn|al|el|[Ss]anta?|[Ss]ão|St\.?)"
)
_BEHIND = re.compile(rf"(?:[ ]{_PARTICLE}){{1,3}}[ ]{_WORD}")
_ENDS_IN_PARTICLE = re.compile(rf"[ ]{_PARTICLE}\Z")
_ONE_MORE = re.compile(rf"[ ]{_WORD}")
# A surname that a model left behind a given name, and no part of a longer phrase: "Tove" Quillard.
_UNKNOWN_BEHIND = re.compile(rf"[ ](?P<name>{_WORD})(?![\w'’@/-]|[ ]{_CAPITAL}|\.\w)")
# Adlai Stevenson II; "IV" and "V" are drips and volts as well.
_NUMBER = re.compile(r"[ ](?:I{2,3}|VI{1,3}|IX|X[IVX]{1,4})(?![\w'’-])")
# What a hyphen adds to a name that belongs to the sentence: "Warhol-like", "Obama-era".
_HYPHENATED = re.compile(
    r"-(?!(?:\w+(?:ed|ing)|like|led|style|era|type|born|free|class|made|run|esque|ish|ism|ist|bot|gate)\b)[a-z]{2,8}(?![\w-])"
)


def whole_persons(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Let persons' names grow by the parts that stand beside them.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same, in order, without overlaps.
    """
    grown: list[Entity] = []
    nicknames = [match.span() for match in _NICKNAME.finditer(text)]
    following = 0
    for at, entity in enumerate(entities):
        last = grown[-1].end if grown else 0
        if entity.start < last:
            continue
        limit = entities[at + 1].start if at + 1 < len(entities) else len(text)
        grown.append(_grown(text, entity, last, limit) if entity.kind == "PERSON" else entity)
        while following < len(nicknames) and nicknames[following][1] <= grown[-1].start:
            following += 1
        if following < len(nicknames):
            _join(text, grown, nicknames[following])
    return grown


def _grown(text: str, entity: Entity, floor: int, limit: int) -> Entity:
    start, end = entity.start, entity.end
    before = text[max(floor, start - 30) : start]
    lone = " " not in text[start:end]
    found = _INITIALS.search(before) or _SHORTENED.search(before) or (_BARE_INITIALS.search(before) if lone else None)
    if (
        found is None
        and (given := _GIVEN.search(before))
        and ((lone and _is_given(given["given"])) or _is_unknown(before, given))
    ):
        found = given
    if found:
        start -= len(before) - found.start("given" if found.re is _GIVEN else 0)
    return Entity("PERSON", start, _end(text, start, end, limit, lone=lone), entity.score)


def _end(text: str, start: int, end: int, limit: int, *, lone: bool) -> int:
    """Return where a name ends that was found up to an offset, by what stands behind it."""
    if not text[start].isupper():
        return end
    limit = min(limit, end + 40)
    rules = [_HYPHENATED, _BEHIND, *([_LAST_INITIAL] if lone else ())]
    if _ENDS_IN_PARTICLE.search(text, start, end):
        rules.append(_ONE_MORE)
    end = next((match.end() for rule in rules if (match := rule.match(text, end, limit))), end)
    if lone and (more := _UNKNOWN_BEHIND.match(text, end, limit)) and _is_surname(more["name"]):
        end = more.end()
    number = _NUMBER.match(text, end, limit)
    return end if number is None else number.end()


def _is_surname(word: str) -> bool:
    """Whether a word that stands in no dictionary is written as a name, and is of no people and no plural."""
    return not word.isupper() and not vocabulary().knows(word) and not is_crowd(word.lower()) and word[-1] != "s"


def _is_given(word: str) -> bool:
    known, small = vocabulary(), word.lower()
    return word in load_names() and small not in known.also_names and not known.is_ordinary(word)


def _is_unknown(before: str, word: re.Match[str]) -> bool:
    """Whether a word has a capital inside a sentence, and stands in no dictionary."""
    name, small = word["given"], word["given"].lower()
    if _INSIDE.search(before, 0, word.start()) is None or name.isupper() or small in TITLES:
        return False
    return not vocabulary().knows(small)


def _join(text: str, found: list[Entity], name: tuple[int, int]) -> None:
    """Make one of the parts of a name with a nickname in it, once the last of them is there.

    In quotation marks it is one whatever was found: ``Hannah "Banana" Fielding``. Brackets may hold something else.
    """
    parts = [entity for entity in found[-3:] if name[0] <= entity.start and entity.end <= name[1]]
    if parts and (parts[-1].end == name[1] or (parts[0].start == name[0] and "(" not in text[slice(*name)])):
        found[len(found) - len(parts) :] = as_one(parts, name)
