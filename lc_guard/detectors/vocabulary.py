"""What words are known to mean: closed lists of English, made from well-kept sources by ``training/english_words.py``.

SCOWL and WordNet for ordinary words and for things that bear a name, CLDR for languages, Linguist, Simple Icons and the
Trove classifiers for technology; the names that are taken out come from the census of the USA and from Faker. Licences
stand in NOTICE. The lists are read once per process, at the first guess of a model.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lc_guard.detectors.weights import LoadOnce

_FOLDER = Path(__file__).parent / "words"
# "sooo", "VERYYY"
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
# "KeyError", "getInvoice", "HTTPRequest"
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z]{2})")
_PREFIXES = frozenset({"co", "ex", "non", "pre", "re", "sub", "vice"})
_PARTS = re.compile(r"[-'’]")


class Vocabulary(NamedTuple):
    """The lists, in small letters but for the phrases.

    Attributes:
        ordinary: Words that nobody bears as a name, in all their forms.
        also_names: Words that are given names, surnames or places as well.
        given_names: Those of them that are given names.
        technology: Software, languages and makers, with their own titles of up to three words.
        technology_names: Those that bear the name of a person or place.
        languages: Languages.
        abbreviations: Of things, in small letters as well.
        medicines: Medicines and their trade names.
        eponyms: Phrases of things that bear a name: ``Bell's palsy``.
        bearers: Names of such things that hardly anybody bears today: ``Alzheimer``.
        savants: Surnames of scientists after whom things are named, but for frequent ones: ``Euler``.
        things: Animals, artifacts, events, food, plants and substances.
        affairs: Acts, thoughts, places, phenomena and states.
        foods: Food and drink that nobody bears the name of: ``Camembert``, ``Bloody Mary``.
        roles: What people do for a living, as far as it is no name.
        deeds: Past forms of verbs that hardly anything but people does: ``resigned``, ``wrote``.
        fates: Past forms of verbs whose object is somebody: ``elected``, ``arrested``.
        past_forms: Past forms of verbs that do not end in "ed": ``led``, ``became``.
    """

    ordinary: frozenset[str]
    also_names: frozenset[str]
    given_names: frozenset[str]
    technology: frozenset[str]
    technology_names: frozenset[str]
    languages: frozenset[str]
    abbreviations: frozenset[str]
    medicines: frozenset[str]
    eponyms: frozenset[str]
    bearers: frozenset[str]
    savants: frozenset[str]
    things: frozenset[str]
    affairs: frozenset[str]
    foods: frozenset[str]
    roles: frozenset[str]
    deeds: frozenset[str]
    fates: frozenset[str]
    past_forms: frozenset[str]

    def is_technology(self, title: str) -> bool:
        """Return whether a title is software or its maker, whoever else bears it."""
        small = title.lower()
        return small in self.technology or small in self.technology_names

    def is_ordinary(self, word: str) -> bool:
        """Return whether a word, or each part of a compound, is one that nobody bears as a name."""
        small = _DRAWN_OUT.sub(r"\1", word.lower())
        return small in self.ordinary or self._is_compound(word, self.ordinary.__contains__)

    def knows(self, word: str) -> bool:
        """Return whether any list has a word: as an ordinary one, software, a name that is a word too, a medicine."""
        lists = (self.also_names, self.languages, self.medicines, self.abbreviations)
        return self.is_ordinary(word) or self.is_technology(word) or any(word.lower() in each for each in lists)

    def begins_word(self, beginning: str, ending: str = "") -> bool:
        """Return whether an ordinary word of more letters begins with these, in small letters, and ends so."""
        words = _in_order()
        first = bisect.bisect_right(words, beginning)
        last = bisect.bisect_left(words, f"{beginning}\uffff", first)
        return any(word.endswith(ending) for word in words[first:last])

    def is_savants(self, word: str) -> bool:
        """Return whether a word is made of the name of a scientist: ``Bayesian``, ``Eulerian``."""
        small = word.lower()
        return any(small.endswith(end) and small.removesuffix(end) in self.savants for end in ("ian", "an", "n"))

    def is_identifier(self, word: str) -> bool:
        """Return whether a word is written as in a program, of words that are no given names: ``ToolCall``."""
        return _HUMP.search(word) is not None and self._is_compound(word, self._is_no_given_name)

    def _is_no_given_name(self, word: str) -> bool:
        return word in self.ordinary or (word in self.also_names and word not in self.given_names)

    def _is_compound(self, word: str, is_plain: Callable[[str], bool]) -> bool:
        """Whether a word has plain parts, and abbreviations or software at most beside them."""
        small = [part.lower() for part in _PARTS.split(_HUMP.sub("-", word))]
        parts = [part for part in small if len(part) > 1 and part not in _PREFIXES]
        rest = [part for part in parts if not is_plain(part)]
        known = all(part in self.abbreviations or part in self.technology for part in rest)
        return parts != [word.lower()] and len(rest) < len(parts) and known


@LoadOnce
def vocabulary() -> Vocabulary:
    """Load the lists."""
    return Vocabulary(
        ordinary=_read("ordinary"),
        also_names=_read("also_names"),
        given_names=_read("given_names"),
        technology=_read("technology"),
        technology_names=_read("technology_names"),
        languages=_read("languages"),
        abbreviations=_read("abbreviations") | _read("abbreviations_of_trades"),
        medicines=_read("medicines"),
        eponyms=_read("eponyms"),
        bearers=_read("bearers"),
        savants=_read("savants"),
        things=_read("things"),
        affairs=_read("affairs"),
        foods=_read("foods"),
        roles=_read("roles"),
        deeds=_read("deeds"),
        fates=_read("fates"),
        past_forms=_read("past_forms"),
    )


@cache
def _in_order() -> list[str]:
    return sorted(vocabulary().ordinary)


def _read(name: str) -> frozenset[str]:
    # the first line says where they come from
    return frozenset((_FOLDER / f"{name}.txt").read_text(encoding="utf-8").lower().splitlines()[1:])
