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
    evangelical fascist federalist feminist finn franciscan french fundamentalist gaelic guarani gypsy heathen hellenic
    hindu hispanic indigenous islamic islamist islander jesuit jewish kiwi laborite latin latino labour liberal
    libertarian lutheran maori marxist masonic mennonite methodist midwesterner missionary mongol moslem mohawk monarchist
    mormon moor muscovite muslim nationalist native nazi northerner orthodox pagan papist pentecostal pole polish populist
    presbyterian progressive protestant puritan quaker rastafarian republican roman romany romani royalist sabbatarian
    satanist saxon scot scotch scottish secular semitic separatist serb shaker shiite sikh sioux slav socialist southerner
    soviet stalinist sunni swede swiss tartar taoist tory trotskyist turk unionist unitarian welsh westerner western whig
    yankee zionist zulu
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_LATER_WORDS = re.compile(r"[ \u00a0]([a-z]+)(?:[ \u00a0]([a-z]+))?")
_PLURAL = re.compile(r"(?<=[a-z]{2})s$")
# What is a thing, and says where somebody is from.
_PAPERS = frozenset("card licence license passport paper papers permit roots stock tongue visa".split())
_MIXED = re.compile("[a-z][A-Z]|[A-Z]{2}[a-z]")
_VOWEL = re.compile("[aeiouy]", re.IGNORECASE)


def is_no_people(guess: Guess) -> bool:
    """Return whether a guess of the kind NRP is no people, faith or party, or only says where a thing is from."""
    if not guess.words:
        return True
    small = [_PLURAL.sub("", word.lower()) for word in guess.words]
    if any(word in _PEOPLES for word in small):
        return False
    return all(map(_is_other, guess.words, [guess] * len(small))) or _is_of_a_thing(guess)


def _is_other(word: str, guess: Guess) -> bool:
    known = guess.known
    if known.is_ordinary(word) or word.lower() in known.also_names or known.is_technology(word):
        return True
    return _MIXED.search(word) is not None or known.is_savants(word) or not _VOWEL.search(word)


def _is_of_a_thing(guess: Guess) -> bool:
    """Whether a thing is behind it: ``Swedish meatballs``, but not ``an American car dealer``, ``his Iraqi passport``."""
    words = _LATER_WORDS.match(guess.text, guess.entity.end, guess.entity.end + 60)
    if words is None:
        return False
    things = guess.known.things
    first, second = words[1], words[2]
    if _PLURAL.sub("", first) in _PAPERS or (second is not None and second in guess.known.roles):
        return False
    return first in things or _PLURAL.sub("", first) in things
