"""What a model guessed and what can't be personal data: ordinary words, roles, technology, medicines, vague times.

Precision matters for the reader: a text in which every "Court" and "Section 6" is masked is no text. Each rule names a
closed set or asks what stands around a guess; nothing that could be the name of someone is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.entities import html5

from lc_guard._progress import in_parts
from lc_guard.detectors.chat_words import is_chat_word
from lc_guard.detectors.contract_terms import Terms, is_defined_term
from lc_guard.detectors.format_words import is_character_set, is_format_word
from lc_guard.detectors.goods import is_brand
from lc_guard.detectors.guess import STREET_WORD, Guess
from lc_guard.detectors.listed_things import is_food, is_listed_thing
from lc_guard.detectors.medicine import is_eponym, is_medicine
from lc_guard.detectors.name_lists import is_listed_name, load_names
from lc_guard.detectors.other_meanings import is_currency, is_public_record
from lc_guard.detectors.peoples import is_no_people
from lc_guard.detectors.plain_words import (
    is_addressed,
    is_ordinary,
    is_role_or_reference,
)
from lc_guard.detectors.small_letters import is_small_place, is_small_word
from lc_guard.detectors.software_names import is_software, shown_software
from lc_guard.detectors.surroundings import TextKind, is_house_number, is_introduced, is_log, is_tongue
from lc_guard.detectors.technical import is_country_or_state, is_notation, is_technology
from lc_guard.detectors.times import is_of_calendar, is_time
from lc_guard.records import Entity

_NUMBERS = frozenset(
    {"BANK_ACCOUNT", "DRIVERS_LICENSE", "GOVERNMENT_ID", "PASSPORT", "PHONE_NUMBER", "ROUTING_NUMBER", "TAX_ID"}
)
_LEAST_OF_NUMBER = 3
_NAMES = frozenset({"PERSON", "ORGANIZATION", "LOCATION"})

_TAG_SURE = 0.9
"""Of a name that no list has."""

# Of a class of a program, and of no document: "Olmo2Config".
_HUMPED = re.compile(r"[A-Z][a-z]{2}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
# "1920x1080", the hash of a file or a commit, also behind an action's name, a version, a decimal fraction.
_NO_NUMBER = re.compile(
    r"[pP]\d{2,3}|[\w-]{1,40}@[0-9a-f]{40}|\d{1,4}\.\d{1,2}-\d{1,2}"
    r"|v\d+(?:\.\d+)+(?:-\w+(?:\.\d+)?)?|\d{2,5} ?[x×] ?\d{2,5}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}"
    r"|[0-9a-f]{96,128}|\d+\.\d+|255(?:\.\d{1,3}){3}|(?=[\d.]{5,10}$)\d{1,4}\.\d{1,3}\.\d{1,3}"
)
# "30720 KB, bogomips"
_AMOUNT = re.compile(r"\d[\d.,]* ?(?:[kKMGT]i?B|[kMG]?Hz|ms|mg|ml|kg|pcs|rpm)\b")
# What is counted or measured, and no document's number: "maxBytes: 104857600", "299792458 m/s".
_MEASURE_BEFORE = re.compile(
    r"(?i)(?:bytes|size|limit|count|timeout|length|width|height|interval|ttl|offset|total|capacity|memory|rows|millis"
    r"|seconds|_ms|duration|latency|(?<![a-z])(?:max|min)\w{0,20})[\"']?[ \t]{0,2}[:=][ \t]{0,2}[\"']?$"
    r"|(?:bytes|size|limit|count|timeout|memory) $"
)
_UNIT_AFTER = re.compile(
    r" ?(?:[mµnk]?m/s|km/h|[kKMGT]i?B|bytes|ms|px|rpm|[kMG]?Hz|%|rows|users|people|views|lines|records|events|items"
    r"|tokens|requests|samples|parameters)(?![\w-])"
)
# What is no document's number behind the name of what it is: a commit, a time in seconds, an article.
_CODE = re.compile(r"[0-9a-f]{7,40}|1\d{9}(?:\d{3}){0,2}|[\d -]{8,17}")
_OF_CODE = re.compile(
    r"(?i)(?:\b(?:commit|revision|rev|sha\d{0,3}|hash|digest|checksum|etag|revert|cherry-pick|ean|isbn|issn|gtin|upc|asin"
    r"|ts|time|timestamp|exp|iat|nbf|epoch)|md5|(?-i:[a-z]At|_at))[\"']?[ \t]{0,2}[:=#]?[ \t]{0,2}[\"']?$"
    r"|(?-i:\bBETWEEN (?:\d{10,13} AND )?)$"
)


def plausible(text: str, entities: Iterable[Entity], kind: TextKind = "any") -> list[Entity]:
    """Drop the guesses of a model that can't be personal data.

    Args:
        text: The text they were found in.
        entities: A model's entities.
        kind: What the text is.

    Returns:
        Those that stand.
    """
    guesses = [Guess.of(text, entity) for entity in in_parts(entities)]
    software, terms = shown_software(text) if guesses else frozenset[str](), Terms(text)
    standing = {guess.entity for guess in in_parts(guesses) if _stands(guess, software, terms, kind)}
    surnames = {word for guess in guesses if guess.entity in standing for word in _surnames(guess)}
    return [guess.entity for guess in guesses if guess.entity in standing or _is_surname(guess, surnames, terms, kind)]


def _surnames(guess: Guess) -> Iterable[str]:
    """Yield the words of a full name: where "Priya Salmon" stands in a text, "Salmon" is a name in all of it."""
    if guess.kind == "PERSON" and len(guess.words) > 1 and not all(map(guess.known.is_ordinary, guess.words)):
        yield from (word for word in guess.words if word[0].isupper())


def _is_surname(guess: Guess, surnames: set[str], terms: Terms, kind: TextKind) -> bool:
    if not guess.lone or guess.kind not in _NAMES or guess.words[0] not in surnames:
        return False
    return not (is_role_or_reference(guess) or is_defined_term(guess, terms, kind, named=True))


def _stands(guess: Guess, software: frozenset[str], terms: Terms, kind: TextKind) -> bool:
    if guess.kind == "DATE_TIME":
        return is_time(guess, kind)
    if guess.kind == "NRP":
        return not (is_role_or_reference(guess) or _is_other_thing(guess, kind) or is_no_people(guess))
    if guess.kind not in _NAMES:
        return not _is_no_number(guess)
    if is_role_or_reference(guess) or is_software(guess, software) or is_defined_term(guess, terms, kind):
        return False
    if guess.kind == "LOCATION" and is_country_or_state(guess):
        return True
    return not (_is_no_name(guess, kind) or is_small_word(guess, kind))


def _is_no_name(guess: Guess, kind: TextKind) -> bool:
    """Whether it is no name: each question is asked only if the ones before were answered with no."""
    return (
        (guess.kind == "LOCATION" and (_is_mere_number(guess) or is_small_place(guess)))
        or _is_other_thing(guess, kind)
        or is_chat_word(guess)
        or is_of_calendar(guess)
        or _is_sign_of_html(guess)
        or _is_tag(guess)
        or (is_ordinary(guess, kind) and not _is_told(guess))
    )


def _is_told(guess: Guess) -> bool:
    """Whether the words beside say that a word is somebody's name; of "I'm shattered" they tell nothing."""
    plain = guess.value.islower() and guess.known.is_ordinary(guess.value)
    return not plain and (is_introduced(*guess.place) or is_addressed(guess))


def _is_sign_of_html(guess: Guess) -> bool:
    """Whether it is the name of a sign: ``&quot;``."""
    text, start, end = guess.place
    return text[start - 1 : start] == "&" and f"{guess.value};" in html5 and text[end : end + 1] == ";"


def _is_tag(guess: Guess) -> bool:
    """Whether a person is the tag of a post: ``#MuchLove``, ``#Grammys``, not ``#AnnaLind`` or ``#Lindqvist``."""
    if guess.kind != "PERSON" or not guess.lone or guess.before(1) != "#":
        return False
    first, *more = _HUMP.split(guess.words[0], maxsplit=1)
    if more or not first.istitle() or guess.known.knows(first):
        return first not in load_names()
    # places, goods and shows have tags of their own
    return guess.entity.score < _TAG_SURE and not is_listed_name(first)


def _is_other_thing(guess: Guess, kind: TextKind) -> bool:
    """Whether something is meant that has a name of its own."""
    return (
        _is_language(guess)
        or is_medicine(guess)
        or is_technology(guess, kind)
        or is_notation(guess, kind)
        or is_format_word(guess)
        or (guess.kind in {"LOCATION", "ORGANIZATION"} and is_currency(guess.value))
        or is_eponym(guess, kind)
        or is_food(guess)
        or is_listed_thing(guess)
        or is_brand(guess)
    )


def _is_no_number(guess: Guess) -> bool:
    """Whether what a model took for a number has no digit, or for an address of the web has no dot."""
    if guess.kind in _NUMBERS:
        return (
            sum(map(str.isalnum, guess.value)) < _LEAST_OF_NUMBER
            or not any(char.isdigit() for char in guess.value)
            or _NO_NUMBER.fullmatch(guess.value) is not None
            or is_public_record(guess.value)
            or is_character_set(guess.value)
            or (guess.kind != "PHONE_NUMBER" and _HUMPED.search(guess.value) is not None)
            or _is_measured(guess)
            or (_CODE.fullmatch(guess.value) is not None and _OF_CODE.search(guess.before(40)) is not None)
        )
    return guess.kind == "URL" and "." not in guess.value and ":" not in guess.value


def _is_measured(guess: Guess) -> bool:
    """Whether the name of a setting or a unit says that a number counts or measures."""
    if not (guess.value.isdigit() or (guess.value[:-1].isdigit() and guess.value[-1] in "kKmMgG")):
        return False
    return (
        _MEASURE_BEFORE.search(guess.before(40)) is not None
        or _UNIT_AFTER.match(guess.text, guess.entity.end) is not None
    )


def _is_language(guess: Guess) -> bool:
    """Whether it is a language that is spoken, or that a text is to be put into."""
    languages = guess.known.languages
    return bool(guess.words) and all(word.lower() in languages for word in guess.words) and is_tongue(*guess.place)


def _is_mere_number(guess: Guess) -> bool:
    """Whether a number that was taken for a part of an address stands alone, or counts something: ``line 42``."""
    if _AMOUNT.match(guess.value):
        return True
    return (
        any(char.isdigit() for char in guess.value)
        and (is_log(*guess.place) or not is_house_number(*guess.place))
        and all(len(word) < 2 or guess.known.is_ordinary(word) for word in guess.words)
        and not STREET_WORD.search(guess.value)
    )
