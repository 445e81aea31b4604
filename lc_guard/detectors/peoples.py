"""Nationalities, faiths and parties as models guess them, and what is none: goods, software, things of a country.

``an Iraqi woman`` tells something of somebody, ``a Swedish meatball`` of nobody. A faith tells of somebody wherever it
stands: of churches and weddings as well.
"""

from __future__ import annotations

import re

from lc_guard.detectors.guess import Guess

# Words of dictionaries that mean members of a people, a faith or a party, in the singular.
_PEOPLES = frozenset(
    """
    aboriginal aborigine afghan agnostic anarchist anglican aryan asian atheist baptist basque benedictine bohemian
    buddhist calvinist cambrian catholic caucasian christian cockney communist congregational congregationalist
    conservative creole danish dane democrat democratic dominican dutch easterner ecumenical episcopal eskimo
    evangelical fascist federalist feminist finn franciscan french fundamentalist gaelic guarani gypsy heathen
    hellenic hindu hispanic indigenous islamic islamist islander jesuit jewish kiwi laborite latin latino labour
    liberal libertarian lutheran maori marxist masonic mennonite methodist midwesterner missionary mongol moslem
    mohawk monarchist mormon moor muscovite muslim nationalist native nazi northerner orthodox pagan papist
    pentecostal pole polish populist presbyterian progressive protestant puritan quaker rastafarian republican roman
    romany romani royalist sabbatarian satanist saxon scot scotch scottish secular semitic separatist serb shaker
    shiite sikh sioux slav socialist southerner soviet stalinist sunni swede swiss tartar taoist tory trotskyist
    turk unionist unitarian welsh westerner western whig yankee zionist zulu
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_LATER_WORDS = re.compile(r"[ \u00a0]([a-z]+)(?:[ \u00a0]([a-z]+))?")
_PLURAL = re.compile(r"(?<=[a-z]{2})s$")
# Not of Timmermans, Evans and Rogers
_CROWD = re.compile(r"[a-z]{2}(?:[ie]an|ican|ist|ite)s$")
# What is a thing, and says where somebody is from.
_PAPERS = frozenset(
    ["card", "licence", "license", "passport", "paper", "papers", "permit", "roots", "stock", "tongue", "visa"]
)
# Those of them that are nations.
_NATIONS = frozenset(
    """
    afghan asian dane danish dominican dutch finn french hellenic hispanic kiwi latin latino maori mongol native pole
    polish roman romany saxon scot scotch scottish serb slav soviet swede swiss turk welsh western westerner
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_DOER = re.compile(r"(?:er|or|ist|ian|man|woman|men|women)s?$")
_MIXED = re.compile("[a-z][A-Z]|[A-Z]{2}[a-z]")
# What makes somebody one of them.
_SOME_OF_THEM = re.compile(
    r"(?i)\b(?:am|is|are|was|were|be|been|being|become|became|as|like|fellow|both|and|or|of us|we|you|us|these|those"
    r"|some|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,3}|young|married)\s(?:[\w-]+\s)?$"
)
_VOWEL = re.compile("[aeiouy]", re.IGNORECASE)


def is_no_people(guess: Guess) -> bool:
    """Return whether a guess of the kind NRP is no people, faith or party, or tells of nobody in the text."""
    if not guess.words:
        return True
    small = [_singular(word) for word in guess.words]
    known = [word for word in small if word in _PEOPLES]
    if not known and all(_is_other(word, guess) for word in guess.words):
        return True
    if guess.words[-1][0].isupper() and _PLURAL.search(guess.words[-1]) and not guess.words[-1].endswith("ss"):
        return _is_crowd(guess)
    return _is_of_nobody(guess, is_faith=not _NATIONS.issuperset(known))


def is_crowd(word: str) -> bool:
    """Return whether a word in small letters is of a whole people, faith or party: ``canadians``, ``hindus``."""
    return _CROWD.search(word) is not None or (word.endswith("s") and _singular(word) in _PEOPLES)


def _singular(word: str) -> str:
    small = word.lower()
    return f"{small[:-3]}y" if small.endswith("ies") and len(small) > 4 else _PLURAL.sub("", small)


def _is_other(word: str, guess: Guess) -> bool:
    known = guess.known
    if known.is_ordinary(word) or word.lower() in known.also_names or known.is_technology(word):
        return True
    return _MIXED.search(word) is not None or known.is_savants(word) or not _VOWEL.search(word)


def _is_of_nobody(guess: Guess, *, is_faith: bool) -> bool:
    """Whether a thing is behind it: ``Swedish meatballs``; but ``an American car dealer``, ``his Iraqi passport``."""
    words = _LATER_WORDS.match(guess.text, guess.entity.end, guess.entity.end + 60)
    if words is None:
        return False
    known = guess.known
    if _singular(words[1]) in _PAPERS or (words[2] is not None and _is_somebody(words[2], guess)):
        return False
    return any(
        (word in known.things and not is_faith) or word in known.affairs for word in (words[1], _singular(words[1]))
    )


def _is_somebody(word: str, guess: Guess) -> bool:
    return _singular(word) in guess.known.roles or _DOER.search(word) is not None


def _is_crowd(guess: Guess) -> bool:
    """Whether a whole people is meant: ``the Palestinians``, but not ``they are Palestinians``, ``two Iraqis``."""
    return _SOME_OF_THEM.search(guess.before(40)) is None
