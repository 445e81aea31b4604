r"""Words of a text: where they begin and end, the one form of all their spellings, and what they read as.

- **Boundaries**: runs of letters and digits must not be cut in two. Scripts that write words without blanks, or glue
  particles to them (Han, Kana, Thai, Arabic, Hebrew…), have no runs here: a hit in them is taken as it is. The
  underscore parts words, so that ``Jane`` is found in ``Jane_Doe.pdf``.
- **One form**: ``ZOE\u0308``, ``Zo\u00eb`` and ``\uff3a\uff4f\u00eb`` are one word: case is folded, and what is the
  same letter in Unicode's compatibility form (NFKC) is the same letter. Zero-width characters and soft hyphens are left
  out, a word that a hyphen parts at the end of a line is joined, and a run of blanks is one blank.
- **What it reads as**: a text with its escapes undone (`escapes`), as a search for a value needs it.
- **Words of a name** that say who is meant, and those that may stand for the whole.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from lc_guard._text.escapes import readings

# Latin, Greek, Cyrillic, Armenian, Georgian, Cherokee, their extensions and combining marks, and full-width forms:
# the cased scripts of the Unicode block list, https://www.unicode.org/Public/UCD/latest/ucd/Blocks.txt
_RUN_CHARACTERS = (
    "0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u058f\u10a0-\u10ff\u13a0-\u13ff\u1c80-\u1cbf"
    "\u1d00-\u1fff\u20d0-\u20ff\u2c00-\u2dff\ua640-\ua69f\ua720-\ua7ff\uab30-\uabbf\ufb00-\ufb1c"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f"
)
RUN = re.compile(f"[{_RUN_CHARACTERS}]+")
# Of JSON and strings in code, of links, of quoted-printable, of a terminal's colours: \n, \u003c, %20, =3D, ESC[31m.
_ESCAPE_ENDS = re.compile(
    r"(?:\\(?:[nrtbf0]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|%[0-9A-Fa-f]{2}|=3D|\[\d{1,3}(?:;\d{1,3}){0,4}m)\Z"
)
_LONGEST_ESCAPE = 21


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
    return offset > 1 and _ESCAPE_ENDS.search(text, max(0, offset - _LONGEST_ESCAPE), offset) is not None


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


def unescaped(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield a text with its escapes undone once, twice, … up to four times: nothing for a text without escapes.

    Args:
        text: Any text.

    Yields:
        The text as it reads, and for each offset in it (its length included) the offset in `text`.
    """
    if "\\" in text or "&" in text or "%" in text or "=" in text:
        yield from readings(text)


def all_unescaped(texts: Iterable[str]) -> list[str]:
    """Return every reading of several texts."""
    return [reading for text in texts for reading, _ in unescaped(text)]


_WORD = re.compile(r"[^\W\d_]+(?:['’‘`-][^\W\d_]+)*")
_APOSTROPHES = str.maketrans("’‘`", "'''")
# Forms of address and what follows a name: they say nothing of who is meant.
_NO_NAMES = frozenset(
    {
        "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "judge", "justice", "hon", "honorable",
        "honourable", "sir", "dame", "lord", "lady", "rev", "reverend", "father", "sister", "brother", "sgt",
        "sergeant", "officer", "detective", "captain", "capt", "lt", "lieutenant", "col", "colonel", "gen",
        "general", "pres", "president", "sen", "senator", "rep", "representative", "gov", "governor", "jr",
        "sr", "ii", "iii", "iv", "esq", "esquire", "phd", "md", "rn", "dds",
    }
)  # fmt: skip
# What stands between the names of a person, and names nobody alone.
_PARTICLES = frozenset(
    {
        "abu", "and", "bin", "das", "dal", "del", "della", "der", "des", "dos", "den", "due", "ibn", "las", "los",
        "san", "santa", "saint", "the", "van", "ver", "von", "und", "zum", "zur",
    }
)  # fmt: skip
_MIN_PART = 3
_MIN_RUN = 8  # letters of two names in one run
_MAX_WORDS = 5  # more are no name but a list of names, or a line of something else


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name that say who is meant: case-folded, without forms of address."""
    words = (word.translate(_APOSTROPHES) for word in _WORD.findall(foldings(_read(name))[-1].text))
    return tuple(word for word in words if word not in _NO_NAMES)


def name_parts(name: str) -> tuple[str, ...]:
    """Return the words of a full name that may stand for its person alone, as they are written."""
    name = _read(name)
    if any(map(str.isdigit, name)):
        return ()
    words = [word for word in _WORD.findall(name) if word.casefold() not in _NO_NAMES]
    if not 2 <= len(words) <= _MAX_WORDS:
        return ()
    return tuple(
        word for word in words if len(word) >= _MIN_PART and word[0].isupper() and word.casefold() not in _PARTICLES
    )


def name_runs(name: str) -> list[str]:
    """Return what a full name is in one run of letters, in small ones and in either order: ``iriskoval``."""
    words = name_words(name)
    if not 2 <= len(words) <= _MAX_WORDS or min(len(words[0]), len(words[-1])) < _MIN_PART:
        return []
    runs = (words[0] + words[-1], words[-1] + words[0])
    return [run for run in runs if len(run) >= _MIN_RUN and run.isalpha()]


def _read(name: str) -> str:
    """Return a name as a person reads it."""
    *_, read = name, *(reading for reading, _ in unescaped(name))
    return read if read.isascii() else unicodedata.normalize("NFC", read)


SIGNS = re.compile(
    r"//|:[/\\]|\]\(|\]:|<[a-z/!?]|www\.|\.[a-z]{2,24}(?::[0-9]{1,5})?[/?#]|url\(|\\(?:href|url|includegraphics)"
    r"|\b(?:https?|ftp|wss?|javascript|vbscript|blob|data|mailto|tel|sms|smsto|sip|xmpp):|\.(?:src|href|action)\b"
    r"|\b(?:curl|wget|iwr|irm|invoke-(?:webrequest|restmethod)|nslookup|dig|ping|ncat?|telnet|ssh|scp|s?ftp|rsync)\s"
    r"|\b(?:fetch|axios|importscripts|sendbeacon|urlopen|urlretrieve|file_get_contents|fopen|gethostbyname|getjson"
    r"|ajax|image|websocket|eventsource)\s{0,3}\(|\.(?:open|postmessage)\s{0,3}\(|\blocation(?:\.href)?\s{0,3}="
    r"|(?:\b(?:axios|requests|httpx|aiohttp|https?|session|client|urllib3?|urlfetchapp|request)|\$)\.\w{1,20}"
    r"\s{0,3}\(",
    re.IGNORECASE,
)
"""Finds what a place begins with from which a value is sent on (see `lc_guard._text.places`): most texts have none."""

_SCHEMES = (
    "http", "https", "ftp", "ws", "wss", "javascript", "vbscript", "blob", "data", "mailto", "tel", "sms", "smsto",
    "sip", "xmpp",
)  # fmt: skip
_DOTTED = re.compile(r"\.(?:[a-z]{2,24}(?::[0-9]{1,5})?[/?#]|src\b|href\b|action\b)")
_COMMANDS = frozenset(
    b"curl wget iwr irm invoke nslookup dig ping nc ncat telnet ssh scp ftp sftp rsync".split()
)  # what is called by a shell needs no bracket
_CALLED = _COMMANDS | frozenset(
    b"fetch axios importscripts sendbeacon urlopen urlretrieve file_get_contents fopen gethostbyname getjson ajax "
    b"image websocket eventsource open postmessage requests httpx aiohttp http https session client urllib urllib3 "
    b"urlfetchapp request".split()
)
_FOLDED = ("\u017f", "\u212a", "\u0130", "\u0131")  # letters that are ASCII ones where case does not count
_APART = bytes(code if code < 128 and re.match(r"\w", chr(code)) else 32 for code in range(256))


def has_sign(text: str) -> bool:
    """Return whether `SIGNS` finds anything: told without that search for nearly all texts, since it is slow."""
    if not text.isascii() and any(letter in text for letter in _FOLDED):
        return SIGNS.search(text) is not None
    small = text.lower()
    return (_may_have_mark(small) or _may_have_name(small)) and SIGNS.search(text) is not None


# Of lower case; looking for one character costs a fortieth of looking for two, so that it comes first.
def _may_have_mark(text: str) -> bool:
    return (
        ("/" in text and ("//" in text or ":/" in text))
        or "<" in text
        or "\\" in text
        or ("]" in text and ("](" in text or "]:" in text))
        or ("." in text and ("www." in text or _DOTTED.search(text) is not None))
    )


def _may_have_name(text: str) -> bool:
    calls = "(" in text
    return (
        (calls and ("url(" in text or "$." in text))
        or (":" in text and any(text.endswith(_SCHEMES, 0, match.start()) for match in re.finditer(":", text)))
        or ("=" in text and "location" in text)
        or not (_CALLED if calls else _COMMANDS).isdisjoint(text.encode("ascii", "replace").translate(_APART).split())
    )


LONGEST_SIGN = 100
"""Characters of the longest sign."""


WINDOW = 32_768
"""Characters that are searched in one go: a search holds the interpreter, and an event loop with it, until it ends."""


def first_match(pattern: re.Pattern[str], text: str, at: int = 0, *, longest: int) -> re.Match[str] | None:
    """Return the first match of a pattern, searched for in windows; it is what a search of the whole would give.

    Args:
        pattern: The pattern, which looks no more than `longest` characters ahead from where a match begins.
        text: The text.
        at: Where the search begins.
        longest: Characters, fewer than `WINDOW`.
    """
    while True:
        end = min(len(text), at + WINDOW)
        match = pattern.search(text, at, end)
        seen = end - longest  # what begins up to here was seen whole
        if end == len(text) or (match is not None and match.start() <= seen):
            return match
        at = seen


def all_matches(pattern: re.Pattern[str], text: str, *, longest: int) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that matches no empty text, each as `first_match` finds it."""
    at = 0
    while (match := first_match(pattern, text, at, longest=longest)) is not None:
        yield match
        at = match.end()
