"""Who does something that people do: ``Okafor resigned``, ``In 2016, Shorten led them``, ``until Black defeated her``.

A model that was trained to leave public figures alone says little of a lone surname at a sentence's beginning; where it
is a word as well the lists say that it is nobody's. Of 58 in labelled prose of which nothing else was sure 53 are
people, the others bodies.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.medicine import is_eponym
from lc_guard.detectors.peoples import is_crowd
from lc_guard.detectors.plain_words import is_role_or_body
from lc_guard.detectors.repeated_names import outside
from lc_guard.detectors.surroundings import is_code, is_legal, is_log, technology_beside
from lc_guard.detectors.times import is_before_years
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

_SCORE = 0.6
_FAR = 200
_CAPITAL, _SMALL = r"[^\W\d_a-zß-öø-ÿ]", r"[^\W\d_A-ZÀ-Þ]"
_PARTICLE = r"(?:[DdLl][aeiu]|[Dd]el|[DdVv][ao]n(?: de[rn])?|[Dd][ao]s|[Dd]ella|El|Al|Ben|[Bb]in|St\.?)"
_WORD = (
    rf"(?:(?:Mc|Mac|De|Di|Du|La|Le|Fitz|Van)(?={_CAPITAL})|{_CAPITAL}['’](?={_CAPITAL}))?"
    rf"{_CAPITAL}{_SMALL}{{2,20}}(?:-{_CAPITAL}{_SMALL}{{1,20}})?"
)
_NAME = re.compile(rf"(?<![\w'’.@/#&-])(?:{_PARTICLE} )?(?P<word>{_WORD})(?= [a-z]|['’]s\b)")
_ADVERB = (
    r"(?:(?:[a-z]+ly|later|then|also|once|twice|never|always|often|soon|again|first|just|even|now|only|both|still|not)"
    r" ){0,2}"
)
_VERB = re.compile(
    rf" {_ADVERB}(?P<passive>(?:was|ha[sd] {_ADVERB}been) {_ADVERB})?(?:ha[sd] {_ADVERB})?(?P<verb>[a-z]{{3,20}})\b"
    r"(?! by\b)"
)
# Osborne was a supporter of silver
_CALLED = re.compile(r" (?:[a-z]{1,12}ly )?was (?:an?|the|one)\b")
_BEGINS = re.compile(r"(?:\A|\n|[.!?:;—–][\"”’')\]]{0,2} {0,2}|[\"“‘(\[*•>] ?|\n- )\Z")
_CLAUSE = re.compile(
    r"(?:[\"”] |\b(?:and|but|or|so|yet|that|if|when|whenever|while|whilst|where|because|since|after|before|until|till"
    r"|as|though|although|unless|whether|than|which|who|whom|whose|how|why|what) )\Z"
)
# In 2016, ...; At the general election of 1922 ...
_INTRODUCED = re.compile(
    r"(?:\A|[\n.!?][\"”’)\]]{0,2} ?)(?:In|On|At|During|By|After|Before|Since|From|Until|For|With|Under|Following"
    r"|Despite|Around|Between|When|While|As|Although|Though|If|Once|Because)(?P<rest> [^.;:!?\n]{1,180} )\Z"
)
# What a noun goes with that is no subject.
_NO_NOUN = re.compile(
    r"(?:\b(?:the|an?|this|that|these|those|each|every|no|any|all|some|my|your|his|her|our|their|its|in|on|of|at|by|for"
    r"|from|to|with|against|about|into|as|like|than|between|under|over|and|or|[a-z]+(?:al|ic|ish|ian|ous|ive))"
    r"|(?![IVX]+ )[^\W\d_a-zß-öø-ÿ][\w.'’-]*) \Z"
)
_PAST = re.compile("[a-z]+[^e]ed")
_NO_NAME = re.compile("(?:isms?|ology|ness)$")
_ARTICLE = re.compile(r"\b(?:[Tt]he|[Aa]n?) \Z")
# Of the words that are names as well.
_NOBODY = frozenset({"back", "do", "her", "more", "see", "still"})


def subjects(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """Add who does what people do, has done to them what is done to people, or owns something.

    What no dictionary has may do and own anything; a word that is a name as well must do what people do, or have a
    capital inside a sentence; what only dictionaries have must have both.

    Args:
        text: The text.
        entities: What was found in it, ordered by offset, without overlaps.

    Returns:
        The same and more, in order, without overlaps.
    """
    ends = {entity.end for entity in entities}
    sure = [entity for entity in entities if entity.kind != "PERSON" or entity.score >= _SCORE]
    told = [
        match
        for match, _ in outside(_NAME.finditer(text), sure)
        if (_does(match, ends) if text[match.end()] == " " else _owns(match))
    ]
    # a model that doubted was right where the sentence agrees
    spans = {match.span() for match in told}
    kept = [entity for entity in entities if (entity.start, entity.end) not in spans]
    found = [Entity("PERSON", *match.span(), _SCORE) for match, _ in outside(told, kept)]
    return sorted([*kept, *found], key=lambda entity: entity.start)


def _does(match: re.Match[str], ends: Container[int]) -> bool:
    text, start, end = match.string, *match.span()
    known, word = vocabulary(), match["word"].lower()
    done = _VERB.match(text, end, end + _FAR)
    if done is None or _is_no_name(word):
        return False
    verb, passive = done["verb"], done["passive"] is not None
    telling = verb in (known.fates if passive else known.deeds)
    past = not passive and (verb in known.past_forms or _PAST.fullmatch(verb) is not None)
    called = _CALLED.match(text, end) is not None and _is_unknown(word)
    if not (telling or past or called):
        return False
    begins = _BEGINS.search(text, max(0, start - 4), start) is not None
    if not (begins or _begins_clause(text, start, ends)) or is_code(text, start, end) or is_log(text, start, end):
        return False
    if known.is_ordinary(word):
        return not begins and not word.endswith("s") and not is_legal(text, start, end)
    if word in known.also_names or word in known.given_names or word in known.technology_names:
        return telling or not begins
    # what a program does is told in the past as well
    return _is_unknown(word) and (telling or not technology_beside(text, start, end))


def _owns(match: re.Match[str]) -> bool:
    """Whether somebody unknown is an owner, and not the namesake of a law: ``Abernathy's first run``."""
    text, start, end = match.string, *match.span()
    word = match["word"].lower()
    if (
        _is_no_name(word)
        or word in vocabulary().bearers
        or not _is_unknown(word)
        or _ARTICLE.search(text, max(0, start - 5), start)
    ):
        return False
    if is_eponym(Guess.of(text, Entity("PERSON", start, end, _SCORE)), "any") or technology_beside(text, start, end):
        return False
    return not (is_code(text, start, end) or is_log(text, start, end))


def _is_unknown(word: str) -> bool:
    known = vocabulary()
    return not (known.knows(word) or word in known.given_names or is_crowd(word))


def _is_no_name(word: str) -> bool:
    """Whether a word in small letters is a month, a role, a body, software or a doctrine, whoever bears it."""
    if word in _NOBODY or is_before_years(word) or word in vocabulary().technology:
        return True
    return is_role_or_body(word) or _NO_NAME.search(word) is not None


def _begins_clause(text: str, start: int, ends: Container[int]) -> bool:
    """Whether a subject may stand here inside a sentence: behind a conjunction, or what introduces the sentence."""
    before = text[max(0, start - _FAR) : start]
    if _CLAUSE.search(before):
        return True
    introduced = _INTRODUCED.search(before)
    if introduced is None:
        return False
    rest = introduced["rest"]
    return rest.endswith(", ") or ("," not in rest and (start - 1 in ends or not _NO_NOUN.search(rest)))
