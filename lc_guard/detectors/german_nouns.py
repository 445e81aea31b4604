"""German nouns that nobody bears as a name: they are written large, so that models take them for names.

The list comes with the package ``lc-guard-ner-xx`` (from the German Wiktionary, CC BY-SA 4.0), where that is installed.
"""

from __future__ import annotations

import functools
import zlib

from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.multilingual_ner import folder
from lc_guard.detectors.weights import LoadOnce, verified

FILE_NAME = "nouns_de.zlib"
PINNED = {FILE_NAME: "ab725da277d9f76797cdda71a81f14377bee61c289dc55d5000dec32835a84a1"}
"""SHA-256 of the list."""

_LEAST_HEAD, _LEAST_TAIL, _LONGEST = 3, 4, 40
# No "er": Huber, Bacher and Berger end in it.
_ENDINGS = ("", "s", "es", "n", "en", "e", "innen")
# Surnames are compounds as well: Rosenberg, Steinbach, Lindenbaum. Of those only what is in the list is a noun.
_OF_SURNAMES = frozenset(
    """
    Acker Bach Bauer Baum Beck Berg Blatt Blum Blume Born Brand Bruch Brunnen Burg Busch Dorf Eck Eisen Feld
    Fels Fuchs Garten Grund Haber Hagen Hahn Halm Hammer Hand Hardt Hase Haupt Haus Heide Heim Herr Herz Hirt
    Hof Holz Horn Hut Kamm Kamp Keller Kind Kirch Kirche Knecht Kopf Korn Krug Land Lieb Linde Loch Macher Mann
    Mark Maus Meier Meister Mond Mühle Nagel Ort Pfennig Rat Rauch Reich Ring Rose Ross Sack Schild Schmied
    Schuh See Silber Stab Stadt Stamm Stein Stern Stock Strauch Sturm Tal Teich Vogel Wald Wasser Weber Weg Wein
    Wiese Wind Wolf Zweig
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_JOINTS = ("", "s", "n", "en", "es", "er")


def is_noun(word: str) -> bool:
    """Return whether a word is such a noun, in any case, or a compound of two."""
    noun, known = word.capitalize(), nouns()
    if len(word) >= _LONGEST or noun in _names():
        return False
    return _is_form(noun, known) or is_compound(noun, known)


def is_compound(word: str, known: frozenset[str]) -> bool:
    """Return whether a word is made of two nouns."""
    return any(
        _is_form(tail := word[at:].capitalize(), known)
        and tail not in _OF_SURNAMES
        and _is_form(word[:at], known, _JOINTS)
        for at in range(_LEAST_HEAD, len(word) - _LEAST_TAIL + 1)
    )


def _is_form(word: str, known: frozenset[str], endings: tuple[str, ...] = _ENDINGS) -> bool:
    return any(word.endswith(ending) and word.removesuffix(ending) in known for ending in endings)


@LoadOnce
def nouns() -> frozenset[str]:
    """Load the list.

    Raises:
        ModelUnavailable: The package is not installed, or its list is not the pinned one.
    """
    files = verified(folder(), PINNED)
    return frozenset(zlib.decompress(files[FILE_NAME]).decode().split("\n"))


@functools.cache
def _names() -> frozenset[str]:
    """Load Faker's names of German speakers: "Marie" is no form of a noun."""
    return frozenset(faker_names(("de_DE", "de_AT", "de_CH"), ("first_names", "last_names")))
