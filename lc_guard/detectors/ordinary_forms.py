"""Ordinary words of six languages in all their forms, which nobody bears as a name: ``nacque``, ``przepływa``.

A model that reads capitals takes them for names at the beginning of a sentence, one that reads none takes them for
names anywhere. The lists come with the package ``lc-guard-ner-xx``, where that is installed, made by
``training/ordinary_forms`` of wordfreq and dictionaries. German has its nouns (`german_nouns`).
"""

from __future__ import annotations

import functools
import re
import zlib
from typing import NamedTuple

from lc_guard.detectors.locales import locale
from lc_guard.detectors.multilingual_ner import folder, installed
from lc_guard.detectors.weights import LoadOnce, verified

LANGUAGES = frozenset(["es", "fr", "it", "nl", "pl", "pt"])
"""Those that have a list."""

PINNED = {
    "words_es.zlib": "06d6f09de920abba7aa0604757f42ed35f588f1a365c690bd35eddf38360c168",
    "words_fr.zlib": "d84d6c0f56973f5bb6b34afc3d6df4c6dd741d077030e5b966abdb75ec6ea050",
    "words_it.zlib": "35f3c13f10982df203f1bed46ab6dea85b6a9c011d98e37fd1e15b6a4d446189",
    "words_nl.zlib": "cc16cdc744a98afd7ac85a80c25f81ab7cac726acd0de8e21347befe034de2b9",
    "words_pl.zlib": "922bf02098a3e24b750f9017a305748d8384aa42241a6d4fe920bb3802775054",
    "words_pt.zlib": "0bcb82f519c546f854fd5787ba464974c1b329bc0da958f6772ca1388a5bc94e",
}
"""SHA-256 of each list, since version 1.3.0."""


def file_name(language: str) -> str:
    """Return the name of a language's list."""
    return f"words_{language}.zlib"


_NEXT = re.compile(r" ([^\W\d_]+)")


class Forms(NamedTuple):
    """The words of some languages.

    Attributes:
        lists: The lists.
        small: Those of common words that are rare names as well: in small letters they are words.
        verbs: What somebody does whose name stands before it: ``morì``, ``ha``.
        endings: How other such verbs end: ``marcou``.
    """

    lists: tuple[frozenset[str], ...]
    small: tuple[frozenset[str], ...]
    verbs: frozenset[str]
    endings: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether there is any list."""
        return bool(self.lists)

    def has(self, word: str) -> bool:
        """Return whether a word is an ordinary one."""
        lower = word.lower()
        return any(lower in each for each in self.lists) or (word == lower and any(word in each for each in self.small))

    def does(self, text: str, end: int) -> bool:
        """Return whether a verb stands behind a name that ends here, which makes it one's name."""
        following = _NEXT.match(text, end)
        return following is not None and (following[1] in self.verbs or following[1].endswith(self.endings))


@functools.cache
def forms_of(languages: frozenset[str]) -> Forms:
    """Load the words of some languages; none of those that have no list, or where the package is not installed.

    Args:
        languages: ISO 639-1 codes.
    """
    codes = languages & LANGUAGES if installed() else frozenset[str]()
    verbs = frozenset().union(*(locale(code).does | locale(code).says for code in codes))
    lists = [ordinary_forms(code) for code in sorted(codes)]
    return Forms(
        tuple(words for words, _ in lists),
        tuple(small for _, small in lists),
        verbs,
        tuple(word[1:] for word in sorted(verbs) if word[0] == "-"),
    )


@LoadOnce
def ordinary_forms(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """Load the words of a language, in small letters, and those that are words only where they are written small.

    Args:
        language: One of `LANGUAGES`.

    Raises:
        ModelUnavailable: The package is not installed, or its list is not the pinned one.
    """
    name = file_name(language)
    files = verified(folder(), {name: PINNED[name]})
    words, _, small = zlib.decompress(files[name]).decode().partition("\n\n")
    return frozenset(words.split("\n")), frozenset(small.split("\n"))
