r"""Words of a text: where they begin and end, the one form of all their spellings, and what they read as.

- **Boundaries**: runs of letters and digits must not be cut in two. Scripts that write words without blanks, or glue
  particles to them (Han, Kana, Thai, Arabic, Hebrew…), have no runs here: a hit in them is taken as it is. The
  underscore parts words, so that ``Jane`` is found in ``Jane_Doe.pdf``.
- **One form**: ``ZOE\u0308``, ``Zo\u00eb`` and ``\uff3a\uff4f\u00eb`` are one word: case is folded, and what is the
  same letter in Unicode's compatibility form (NFKC) is the same letter. Zero-width characters and soft hyphens are left
  out, a word that a hyphen parts at the end of a line is joined, and a run of blanks is one blank.
- **Escapes undone**: what a person, or a model, reads in ``"Zo\u00eb said \"no\"\nJane left"``. JSON inside a text (a
  tool's result, an error message), HTML, links and mails spell values in a way that no search for the value finds.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from html.entities import html5

# Latin, Greek, Cyrillic, Armenian, Georgian, Cherokee, their extensions and combining marks, and full-width forms:
# the cased scripts of the Unicode block list, https://www.unicode.org/Public/UCD/latest/ucd/Blocks.txt
_RUN_CHARACTERS = (
    "0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u058f\u10a0-\u10ff\u13a0-\u13ff\u1c80-\u1cbf"
    "\u1d00-\u1fff\u20d0-\u20ff\u2c00-\u2dff\ua640-\ua69f\ua720-\ua7ff\uab30-\uabbf\ufb00-\ufb1c"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f"
)
RUN = re.compile(f"[{_RUN_CHARACTERS}]+")
# Of JSON and strings in code, of links, of quoted-printable: \n, \u003c, \x27, %20, =3D.
_ESCAPE_ENDS = re.compile(r"(?:\\(?:[nrtbf0]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|%[0-9A-Fa-f]{2}|=3D)\Z")


def cuts_run(text: str, offset: int) -> bool:
    """Return whether a cut at `offset` would part one run of letters and digits.

    Args:
        text: Any text.
        offset: 0…len(text).
    """
    return (
        0 < offset < len(text)
        and RUN.match(text, offset - 1, offset) is not None
        and RUN.match(text, offset, offset + 1) is not None
    )


def widen(text: str, start: int, end: int, *, floor: int = 0) -> tuple[int, int]:
    """Widen a span until neither end cuts a run.

    Args:
        text: The text.
        start: First offset of the span.
        end: Offset after the span.
        floor: The start is never moved below this offset.
    """
    while start > floor and cuts_run(text, start) and not _ends_escape(text, start):
        start -= 1
    if cuts_run(text, end):
        run = RUN.match(text, end)
        end = run.end() if run else end
    return start, end


def _ends_escape(text: str, offset: int) -> bool:
    r"""Return whether what stands before `offset` is of an escape, as the n in ``\nJane``: it is no part of a word."""
    return offset > 1 and _ESCAPE_ENDS.search(text, max(0, offset - 6), offset) is not None


def strip_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """Narrow a span so that it neither starts nor ends with white space."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


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


_MAX_ESCAPES = 4
# JSON's escapes (RFC 8259, section 7) and those that Python's `repr` adds.
_ESCAPE = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})|\\([nrtbf0\"'\\/])"
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}
# HTML's references of characters, and the percent encoding of URLs (RFC 3986, section 2.1)
_MARKUP = re.compile(
    r"&#([0-9]{1,7});?|&#[xX]([0-9a-fA-F]{1,6});?|&([A-Za-z][A-Za-z0-9]{1,31};)|((?:%[0-9a-fA-F]{2})+)"
)
# In a query or a form a plus is a blank; elsewhere it is a plus.
_FORM = re.compile(r"[?&][\w.\[\]-]{1,64}=|^[\w.\[\]-]{1,64}=[^\s&]{0,200}&")
_PLUS = re.compile(r"(?<=[^\s+=&])\+(?=[^\s+&])")
# Quoted-printable (RFC 2045, section 6.7): what can hardly be an equals sign before a number.
_QUOTED = re.compile(r"=\r?\n|=3D|=[89A-F][0-9A-F]")
_QUOTED_PRINTABLE = re.compile(r"=\r?\n|((?:=[0-9A-F]{2})+)")

_Undo = Callable[[re.Match[str]], Sequence[tuple[str, int]] | None]
"""What a match reads as: characters, each with where it begins in the match; None where it is no escape."""


def unescaped(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield a text with its escapes undone once, twice, … up to four times: nothing for a text without escapes.

    Args:
        text: Any text.

    Yields:
        The text as it reads, and for each offset in it (its length included) the offset in `text`.
    """
    if not ("\\" in text or "&" in text or "%" in text or "=" in text):
        return
    quoted = _undo(text, _QUOTED_PRINTABLE, _quoted) if _QUOTED.search(text) else None
    if quoted is not None and quoted[0] != text:
        yield quoted
    offsets: Sequence[int] | None = None
    for _ in range(_MAX_ESCAPES):
        undone, starts = _undo_once(text)
        if undone == text:
            return
        offsets = starts if offsets is None else [offsets[start] for start in starts]
        text = undone
        yield text, offsets


def all_unescaped(texts: Iterable[str]) -> list[str]:
    """Return every reading of several texts."""
    return [reading for text in texts for reading, _ in unescaped(text)]


def _undo_once(text: str) -> tuple[str, Sequence[int]]:
    """Undo backslash escapes where there are any, else those of HTML and URLs: they may stand in one another."""
    if "\\" in text:
        undone = _undo(text, _ESCAPE, _backslash)
        if undone[0] != text:
            return undone
    if "&" in text or "%" in text:
        undone = _undo(text, _MARKUP, _markup)
        if undone[0] != text:
            return undone
    if "+" in text and "=" in text and _FORM.search(text):
        return _undo(text, _PLUS, lambda _: ((" ", 0),))
    return text, ()


def _undo(text: str, pattern: re.Pattern[str], undo: _Undo) -> tuple[str, list[int]]:
    pieces: list[str] = []
    offsets: list[int] = []
    last = 0
    for match in pattern.finditer(text):
        characters = undo(match)
        if characters is None:
            continue
        start = match.start()
        pieces.append(text[last:start])
        offsets.extend(range(last, start))
        for character, offset in characters:
            pieces.append(character)
            offsets.extend([start + offset] * len(character))
        last = match.end()
    pieces.append(text[last:])
    offsets.extend(range(last, len(text) + 1))
    return "".join(pieces), offsets


def _backslash(match: re.Match[str]) -> Sequence[tuple[str, int]]:
    high, low, short, long, byte, simple = match.groups()
    if high:
        return ((chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)), 0),)
    if simple:
        return ((_SIMPLE.get(simple, simple), 0),)
    return ((_character(int(short or long or byte, 16)), 0),)


def _markup(match: re.Match[str]) -> Sequence[tuple[str, int]] | None:
    decimal, hexadecimal, name, percent = match.groups()
    if name:
        meant = html5.get(name)
        return None if meant is None else ((meant, 0),)
    if percent:
        return _decoded(bytes.fromhex(percent.replace("%", "")), "utf-8")
    return ((_character(int(decimal) if decimal else int(hexadecimal, 16)), 0),)


def _quoted(match: re.Match[str]) -> Sequence[tuple[str, int]] | None:
    if match[1] is None:
        return ()
    written = bytes.fromhex(match[1].replace("=", ""))
    return _decoded(written, "utf-8") or _decoded(written, "latin-1")


def _decoded(written: bytes, encoding: str) -> Sequence[tuple[str, int]] | None:
    """Return the characters of bytes, each with where it begins where each byte is written in three characters."""
    try:
        text = written.decode(encoding)
    except UnicodeDecodeError:
        return None
    characters: list[tuple[str, int]] = []
    at = 0
    for character in text:
        characters.append((character, 3 * at))
        at += len(character.encode(encoding))
    return characters


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "\ufffd"
