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
    "words_es.zlib": "43550df30dee2d7cafae89b9e34c6c3462c9d23f97a9b959887ddfd87046ac87",
    "words_fr.zlib": "9f34b7280dc4d30591076de2ace1bcf3c62739979bf25d8138d6d0b073aac2ff",
    "words_it.zlib": "490b8fce41a6b284171a61f2f6fdb764bf6d4018a07c0a4eccfa432cf98e3e49",
    "words_nl.zlib": "8aba4b462333f41680cc4b620e097ee937be77ca25b6418387799d800a28c029",
    "words_pl.zlib": "e10292e5200a2135c01b020255f0d469e32f48d725e15984abe02d06bd5e096d",
    "words_pt.zlib": "84f43821d4d92889288afd36fe6d316775d280b203e7191a1e1826bcfbef89d3",
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
        verbs: What somebody does whose name stands before it: ``morì``, ``ha``.
    """

    lists: tuple[frozenset[str], ...]
    verbs: frozenset[str]

    @property
    def known(self) -> bool:
        """Whether there is any list."""
        return bool(self.lists)

    def has(self, word: str) -> bool:
        """Return whether a word is an ordinary one."""
        small = word.lower()
        return any(small in each for each in self.lists)

    def does(self, text: str, end: int) -> bool:
        """Return whether a verb stands behind a name that ends here, which makes it one's name."""
        following = _NEXT.match(text, end)
        return following is not None and following[1] in self.verbs


@functools.cache
def forms_of(languages: frozenset[str]) -> Forms:
    """Load the words of some languages; none of those that have no list, or where the package is not installed.

    Args:
        languages: ISO 639-1 codes.
    """
    codes = languages & LANGUAGES if installed() else frozenset[str]()
    return Forms(
        tuple(ordinary_forms(code) for code in sorted(codes)),
        frozenset().union(*(locale(code).does | locale(code).says for code in codes)),
    )


@LoadOnce
def ordinary_forms(language: str) -> frozenset[str]:
    """Load the words of a language, in small letters.

    Args:
        language: One of `LANGUAGES`.

    Raises:
        ModelUnavailable: The package is not installed, or its list is not the pinned one.
    """
    name = file_name(language)
    files = verified(folder(), {name: PINNED[name]})
    return frozenset(zlib.decompress(files[name]).decode().split("\n"))
