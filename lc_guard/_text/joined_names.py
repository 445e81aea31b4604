"""Names written as parts of one word: in names of files, folders, addresses, variables, accounts and tags.

``koval_iris.pdf``, ``IrisKoval.png``, ``people/iris-koval``, ``#IrisKoval``, ``n_ferreira.md``: in small letters, in
any order, without the marks of their letters, with the backslashes of Markdown. Two words of one person's name side by
side are no accident.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from lc_guard._text.common_words import may_be_ordinary
from lc_guard._text.words import foldings, name_words

DOCUMENT = (
    "pdf|docx?|odt|rtf|txt|md|xlsx?|ods|csv|tsv|pptx?|png|jpe?g|gif|heic|tiff?|bmp|svg|mp[34]|wav|m4a|mov|avi|zip|gz|7z|eml"
    "|msg|ics|vcf|html?|xml|json|log|dcm"
)
"""Endings of files that people write, not those of programs."""

_MIN_WORD = 3
_MIN_SURNAME = 5  # behind an initial in one run of letters: shorter ones make words with it, such as "train"
_MAX_WORDS = 5
_LETTER = "(?:[^\\W_]|[\u0300-\u036f])"
_COMPOUND = re.compile(rf"(?<![^\W_])(?<![\u0300-\u036f]){_LETTER}++(?:(?:[_./+-]{{1,2}}|\\[_.+-]){_LETTER}++)++")
_LETTERS = re.compile("(?:[^\\W\\d_]|[\u0300-\u036f])+")
_HUMP = re.compile(
    "(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])|(?<=[A-Z\u00c0-\u00de])(?=[A-Z\u00c0-\u00de][a-z\u00df-\u00ff])"
)
_IN_DOCUMENT = re.compile(rf"[\w.-]{{0,80}}?\.(?:{DOCUMENT})(?![\w-])", re.IGNORECASE)
# What no decomposition parts, as passports and mail systems write it (ICAO Doc 9303-3, section 6).
_LATIN = str.maketrans(
    {"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
_DIGRAPHS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})

_Piece = tuple[int, int, str]  # where a word is, and its letters without marks


def without_marks(word: str) -> str:
    """Return a word in small letters, those with a Latin base without marks: ``Peñaloza`` is ``penaloza``."""
    word = word.casefold()
    if word.isascii():
        return word
    parted = unicodedata.normalize("NFD", word)
    return "".join(char for char in parted if not unicodedata.combining(char)).translate(_LATIN)


def latin_spellings(name: str) -> list[str]:
    """Return how else a name is written without marks, in small letters: ``Jürgen`` as ``jurgen`` and ``juergen``."""
    if name.isascii():
        return []
    composed = unicodedata.normalize("NFC", name).casefold()
    return list(dict.fromkeys((without_marks(composed), without_marks(composed.translate(_DIGRAPHS)))))


def in_document_name(text: str, end: int) -> bool:
    """Return whether the word that ends at an offset is part of the name of a document."""
    return _IN_DOCUMENT.match(text, end) is not None


class JoinedNames:
    """Full names of people, filed by pairs of their words."""

    __slots__ = ("_pairs", "_short", "filed")

    def __init__(self) -> None:
        self.filed = 0
        """How many names of its owner's list are in it."""
        self._pairs: dict[tuple[str, str], str] = {}
        self._short: dict[str, str] = {}  # an initial and a surname in one run of letters

    def add(self, name: str) -> None:
        """File a name of two to five words."""
        for spelling in dict.fromkeys((foldings(name)[-1].text, *latin_spellings(name))):
            self._add(_words(spelling), name)

    def _add(self, words: list[str], name: str) -> None:
        if not 2 <= len(words) <= _MAX_WORDS:
            return
        told = [word for word in words if len(word) >= _MIN_WORD]
        for word in told:
            for other in told:
                if other != word and not (may_be_ordinary(word) and may_be_ordinary(other)):
                    self._pairs.setdefault((word, other), name)
        first, last = words[0], words[-1]
        if len(last) >= _MIN_WORD:
            self._pairs.setdefault((first[0], last), name)
            self._pairs.setdefault((last, first[0]), name)
        if len(last) >= _MIN_SURNAME:
            self._short.setdefault(first[0] + last, name)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield where names stand joined in a text, each with the name that was filed; they may overlap."""
        for compound in _COMPOUND.finditer(text):
            pieces = list(_pieces(text, *compound.span()))
            yield from self._side_by_side(text, pieces)
            for start, end, word in pieces:
                if word in self._short and in_document_name(text, end):
                    yield start, end, self._short[word]
        for run in _LETTERS.finditer(text) if _HUMP.search(text) else ():
            yield from self._side_by_side(text, list(_pieces(text, *run.span())))

    def _side_by_side(self, text: str, pieces: list[_Piece]) -> Iterator[tuple[int, int, str]]:
        begun: tuple[int, str] | None = None
        for number, piece in enumerate(pieces):
            name = self._pair(text, piece, pieces[number + 1]) if number + 1 < len(pieces) else None
            if name is not None:
                begun = begun or (piece[0], name)
            elif begun is not None:
                yield begun[0], piece[1], begun[1]
                begun = None

    def _pair(self, text: str, one: _Piece, other: _Piece) -> str | None:
        name = self._pairs.get((one[2], other[2]))
        if name is None or len(one[2]) > 1 < len(other[2]):
            return name
        # an initial: "x-ray", "t/shirt" and "xRay" are words
        between = text[one[1] : other[0]]
        return name if between in ("_", ".", r"\_") or in_document_name(text, other[1]) else None


def _words(name: str) -> list[str]:
    words = (part for word in name_words(name) for part in word.replace("'", "").split("-"))
    return [without_marks(word) for word in words if word]


def _pieces(text: str, start: int, end: int) -> Iterator[_Piece]:
    """Yield the words of a compound: what joins them, digits and a capital within begin a new one."""
    for letters in _LETTERS.finditer(text, start, end):
        at = letters.start()
        for hump in (*_HUMP.finditer(text, *letters.span()), None):
            stop = letters.end() if hump is None else hump.start()
            yield at, stop, without_marks(text[at:stop])
            at = stop
