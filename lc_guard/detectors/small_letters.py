"""Guesses in small letters: who does not care for capitals writes names so, and a model that sees none guesses them.

Rampart does not see capitals, and spaCy's pipelines were taught on texts that have them.
"""

from __future__ import annotations

import functools
import re

from lc_guard.detectors.chat_words import is_spelled_as_in_chats
from lc_guard.detectors.guess import Guess
from lc_guard.detectors.locales import LANGUAGES, locale
from lc_guard.detectors.name_lists import is_listed_name, small_names
from lc_guard.detectors.surroundings import TextKind, is_chat, is_introduced, is_post
from lc_guard.detectors.vocabulary import vocabulary

_WHERE = re.compile(r"(?i)\b(?:in|from|to|at|near|of|via|visit(?:ed|ing)?|around|outside|leave|left|,)\s$")
_MID_SENTENCE_CAPITAL = re.compile(r"(?<=[a-z,;] )[^\W\d_a-z]\w")
_AN_ARTICLE = re.compile(r"(?i)\b(?:the|an?) \Z")
_SEASONS = frozenset({"autumn", "spring", "summer", "winter"})
LONGEST_SHORT = 3
"""Letters of what may be short for a name: ash."""

_SURE = 0.9
_NAMED_SURE = 0.5
"""Of a given name that is no word."""

_BROKEN = re.compile(r"-[ \r]?\n[ ]?\Z")
_POSSESSIVE = re.compile("['’]s (?=[^\\W\\d_])")
_NEAR, _FEWEST = 80, 3
_SMALL = "[a-zß-öø-ÿ]{2,}"
# Four small words of a sentence: in a list of names fewer stand together.
_RUN = re.compile(rf"(?<![\w@#./:&'’-]){_SMALL}(?: {_SMALL}){{3,}}(?![\w@/]|[.:]\w)")
_WORD = re.compile(_SMALL)
_OF_OTHERS = 3
"""Least letters of a word that tells another language."""


def is_small_place(guess: Guess) -> bool:
    """Return whether a guess of a place is a small word that is a thing as well: "turkey", but not "in turkey"."""
    if not guess.lone or not guess.value.islower() or guess.words[0] not in guess.known.also_names:
        return False
    return _WHERE.search(guess.before(16)) is None


def is_small_word(guess: Guess, kind: TextKind) -> bool:
    """Return whether a guess of a person is small words in a text that has capitals, or in a language unknown here.

    Args:
        guess: The guess.
        kind: What the text is.
    """
    if guess.kind != "PERSON" or kind == "chat" or not guess.words or not guess.value.islower():
        return False
    if _BROKEN.search(guess.before(4)):
        return False  # the rest of a name: Hol-⏎lister
    if guess.value in _SEASONS:
        return not is_introduced(*guess.place)
    if not (is_post(*guess.place) or _has_capitals(guess)):
        return False
    if any(map(_is_given, guess.words)):
        return guess.lone and _is_unsure(guess)
    return is_foreign(guess) or (guess.lone and (_is_thing(guess) or _is_unsure(guess)))


def _has_capitals(guess: Guess) -> bool:
    """Whether who wrote it cares for capitals."""
    return (
        _MID_SENTENCE_CAPITAL.search(guess.text, max(0, guess.entity.start - 400), guess.entity.end + 400) is not None
    )


def _is_given(word: str) -> bool:
    return word in small_names() or word in vocabulary().given_names


def _is_thing(guess: Guess) -> bool:
    """Whether a word that is a rare surname as well is a thing: ``pillow``, unless somebody is introduced by it."""
    word, known = guess.words[0], guess.known
    thing = word in known.things and word in known.also_names and not is_listed_name(word)
    return thing and len(word) > LONGEST_SHORT and not is_introduced(*guess.place)


def _is_unsure(guess: Guess) -> bool:
    """Whether the model is not very sure of a word in a text that uses capitals."""
    known, word = guess.known, guess.words[0]
    named = word in small_names() and word not in known.also_names and not _AN_ARTICLE.search(guess.before(5))
    if guess.entity.score >= (_NAMED_SURE if named else _SURE) or not _has_capitals(guess):
        return False
    if not known.knows(word) and _POSSESSIVE.match(guess.text, guess.entity.end):
        return False  # "truman's account"
    borne = len(word) > 2 and (word not in known.also_names or _is_given(word))
    return not (borne and is_chat(*guess.place))


def is_foreign(guess: Guess) -> bool:
    """Return whether the small words around a guess are of no language that is read here: ``udah gue malem nya``.

    Args:
        guess: A guess.
    """
    text, start, end = guess.place
    runs = _RUN.finditer(text, max(0, start - _NEAR), end + _NEAR)
    words = [
        word[0]
        for run in runs
        for word in _WORD.finditer(text, *run.span())
        if word.end() <= start or word.start() >= end
    ]
    if len(words) < _FEWEST or any(len(word) >= _OF_OTHERS and word in _others() for word in words):
        return False
    return sum(map(_is_read, words)) * 2 < len(words)


def _is_read(word: str) -> bool:
    known = vocabulary()
    return known.knows(word) or _is_given(word) or is_spelled_as_in_chats(word)


@functools.cache
def _others() -> frozenset[str]:
    """Return the small words of the other languages that are read here."""
    return frozenset().union(*(locale(code).function_words for code in LANGUAGES if code != "en"))
