"""Words of single languages, one module for a language: what tells it, what announces a name, what is none."""

from __future__ import annotations

import functools
import importlib
from typing import NamedTuple

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl", "pt")
"""ISO 639-1 codes of the languages whose words are known."""


class Locale(NamedTuple):
    """The words of a language, in small letters but for `titles`.

    Attributes:
        function_words: Articles, pronouns, prepositions, auxiliaries, common adverbs: what every text of it has.
        letters: Letters that it uses and few others do.
        titles: Expression of what stands before a name: forms of address, offices, degrees.
        name_labels: Labels of forms behind which a person's name stands.
        labels: Other labels of forms and headers of letters: no names themselves.
        months: Names of months, in all cases and short forms, in order from January.
        ordinary: Words that models take for names because they are written large: roles, weekdays, courts, courtesies.
        given_names: Faker's locales with the names of its speakers.
        no_names_end: How verbs and nouns end, and names hardly ever.
        nicknames: Short forms of given names that no list has and that are no words.
        words_too: Given names that are words in small letters.
        small_nouns: Whether nouns are written small, so that a capital inside a sentence means something.
        says: Verbs, in the form that stands right before the name of who speaks: ``(ha) detto``, ``disse``.
        does: What else stands right behind the name that begins a sentence; with a hyphen, how such verbs end.
        endings: How names end in other cases, and behind ``>`` what stands there in the nominative.
    """

    function_words: frozenset[str]
    letters: str = ""
    titles: str = ""
    name_labels: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()
    months: tuple[str, ...] = ()
    ordinary: frozenset[str] = frozenset()
    given_names: tuple[str, ...] = ()
    no_names_end: tuple[str, ...] = ()
    nicknames: frozenset[str] = frozenset()
    words_too: frozenset[str] = frozenset()
    small_nouns: bool = True
    endings: tuple[str, ...] = ()
    says: frozenset[str] = frozenset()
    does: frozenset[str] = frozenset()


@functools.cache
def locale(code: str) -> Locale:
    """Load the words of a language.

    Args:
        code: One of `LANGUAGES`.
    """
    loaded: Locale = importlib.import_module(f"{__name__}.{code}").LOCALE
    return loaded


def words(*lines: str) -> frozenset[str]:
    """Return the words of some lines as a set."""
    return frozenset(word for line in lines for word in line.split())
