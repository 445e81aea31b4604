r"""A text as it is compared: one form for all spellings that look alike, and where in the text each part came from.

``ZOE\u0308``, ``Zo\u00eb`` and ``\uff3a\uff4f\u00eb`` are one word: case is folded, and what is the same letter in
Unicode's compatibility form (NFKC) is the same letter. Zero-width characters and soft hyphens are left out, a word that
a hyphen parts at the end of a line is joined, and a run of blanks is one blank.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable

from lc_guard._text.word_boundaries import RUN

# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt: Default_Ignorable_Code_Point, without Hangul
_INVISIBLE = (
    "\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
)
_LEFT_OUT = re.compile(
    rf"(?P<wrap>(?<=[^\W\d_])[-\u2010]\r?\n[ \t]*(?=[^\W\d_]))|[{_INVISIBLE}]+|(?<=\S)(?P<blank>[ \u00a0]{{2,}})(?=\S)"
)
# An ASCII letter goes along: a combining mark may follow it. The bound keeps the work on one piece small.
_FOREIGN = re.compile(r"[A-Za-z]?[^\x00-\x7f]{1,64}")


class Folded:
    """A text in the form in which it is compared.

    Attributes:
        text: The form.
    """

    __slots__ = ("_lengths", "_sources", "_starts", "text")

    def __init__(self, text: str, pieces: list[tuple[int, int, int]] | None = None) -> None:
        self.text = text
        pieces = pieces or []
        self._starts = [start for start, _, _ in pieces]
        self._sources = [source for _, source, _ in pieces]
        self._lengths = [length for _, _, length in pieces]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the text that a stretch of the form came from."""
        if not self._starts:
            return start, end
        return self._source(start, up=False), self._source(end - 1, up=True) + 1

    def _source(self, offset: int, *, up: bool) -> int:
        at = bisect_right(self._starts, offset) - 1
        length = self._lengths[at]
        if length < 0:  # went in as it is: character for character
            return self._sources[at] + offset - self._starts[at]
        return self._sources[at] + (length - 1 if up else 0)


def foldings(text: str) -> list[Folded]:
    """Return the forms in which a text is compared: one, and where something is left out of it, one with that in it.

    What is left out may also part words: ``Jane``, zero-width space, ``Doe``. A hyphen at a line's end may be a name's.
    """
    if text.isascii() and "  " not in text and "-\n" not in text and "-\r" not in text:
        return [Folded(text.lower())]
    left_out = list(_LEFT_OUT.finditer(text))
    if not left_out and (text.isascii() or unicodedata.is_normalized("NFKC", text)):
        low = text.casefold()
        if len(low) == len(text):
            return [Folded(low)]
    if not left_out:
        return [_fold(text, ())]
    kept = [(match, "-") for match in left_out if match["wrap"]]
    return [_fold(text, kept), _fold(text, [(match, " " if match["blank"] else "") for match in left_out])]


def _fold(text: str, replaced: Iterable[tuple[re.Match[str], str]]) -> Folded:
    made = _Form(text)
    for match, new in replaced:
        made.copy_until(match.start())
        made.put(new, match.end())
    made.copy_until(len(text))
    return Folded("".join(made.parts), made.pieces)


class _Form:
    """A form as it is put together: pieces of offset, offset in the text, length there or -1 where nothing changed."""

    def __init__(self, text: str) -> None:
        self.parts: list[str] = []
        self.pieces: list[tuple[int, int, int]] = []
        self._text = text
        self._done = 0
        self._size = 0

    def put(self, part: str, end: int) -> None:
        """Write something for what stands before an offset of the text."""
        if part:
            self.pieces.append((self._size, self._done, end - self._done))
            self.parts.append(part)
            self._size += len(part)
        self._done = end

    def copy_until(self, end: int) -> None:
        """Fold what stands before an offset of the text."""
        for match in _FOREIGN.finditer(self._text, self._done, end):
            self._plain(match.start())
            self._foreign(match.end())
        self._plain(end)

    def _plain(self, end: int) -> None:
        if self._done < end:
            self._same(self._text[self._done : end].lower(), end)

    def _same(self, part: str, end: int) -> None:
        self.pieces.append((self._size, self._done, -1))
        self.parts.append(part)
        self._size += len(part)
        self._done = end

    def _foreign(self, end: int) -> None:
        piece = self._text[self._done : end]
        low = piece.casefold()
        if len(low) == len(piece) and unicodedata.is_normalized("NFKC", piece):
            self._same(low, end)
            return
        while self._done < end:
            last = self._done + 1
            while last < end and unicodedata.combining(self._text[last]):
                last += 1
            self.put(_letter(self._text[self._done : last]), last)


def _letter(cluster: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).casefold())
    # a sign behind a word, such as a trade mark or a note's number, does not become part of it
    return folded if (RUN.search(folded) is None) == (RUN.match(cluster) is None) else cluster
