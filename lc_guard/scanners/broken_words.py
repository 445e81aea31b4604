"""Words that are taken apart, or written with other signs: closed up again, letter for letter.

Each function returns the stretches of a text that are to be read as something else, as start, end and reading; what
it makes of an ordinary text does not matter, it is read beside the text and never instead of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lc_guard.scanners.phrases.words import by_beginning, by_leet

Change = tuple[int, int, str]
"""A stretch of a text, and what it is read as."""

# Tags, comments, marks of Markdown and of code between the letters of a word.
_MARKS = re.compile(
    r"<!--.{0,200}?-->|</?[A-Za-z][^<>]{0,200}>|/\*.{0,100}?\*/|\[/?[a-z]{1,8}(?:=[^\]\n]{0,40})?\]|[*~`^|]+|\\\r?\n"
    r"|(?P<quote>[\"'])\s{0,3}[+.,&]?\s{0,3}(?P=quote)|[{}]{2}"
)
_LINE_END = re.compile(r"[-\u2010=\\]?\r?\n(?P<indent>[ \t]*)(?=\S)")
# A letter, what parts it from the next, and so on: of one sign, of a sign and a blank, or of quotes and a comma.
_SPELLED = re.compile(r"(?<!\S)\S(?P<part>[,;:] |[ .\-_/|,+:;~*=\t\n])\S(?:(?P=part)\S)*(?!\S)")
_LISTED = re.compile(r"(?s)(?<=[\"'])[^\"'](?P<part>[\"'], ?[\"'])[^\"'](?:(?P=part)[^\"'])*(?=[\"'])")
_SPELLED_OUT = re.compile(
    r"(?<!\S)\S([,;:] |[ .\-_/|,+:;~*=\t\n])\S(?:\1\S){3}|[\"'].[\"'], ?[\"'].[\"'], ?[\"'].[\"'],"
)
_BETWEEN_WORDS = re.compile(r"[\s,;|/.]{1,6}")
_SHORT_WORDS = re.compile(r"(?<!\S)(?:\S{1,3}\s{1,3}){5,}\S{1,3}(?!\S)")
_EQUAL_WORDS = tuple(re.compile(rf"(?<!\S)(?:\S{{{n}}}\s{{1,3}}){{3,}}\S{{1,{n}}}(?!\S)") for n in (4, 5, 6, 8))
_BLANKS = re.compile(r"\s+")
_RUN = re.compile(r"[A-Za-z]{11,}")
_SIGNS_IN_WORDS = re.compile(r"(?<=[^\W\d])[-._'’/\\:+]+(?=[^\W\d])")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_LEET_WORD = re.compile(
    r"(?<![^\s(\"'])(?=[^\s]{0,20}[0-9@$!|+€£¡])(?=[^\s]{0,20}[A-Za-z0-9])[A-Za-z0-9@$!|+€£¡]{2,20}"
)
_LEET = str.maketrans("0123456789@$!|+€£¡lz", "oizeasgtbgasiiteliis")
_LONGEST = 16


def marks(text: str) -> Iterator[Change]:
    """Yield tags, comments and marks of Markdown or code, which are read as nothing."""
    for match in _MARKS.finditer(text):
        yield (*match.span(), "")


def line_ends(text: str) -> Iterator[Change]:
    """Yield ends of lines, with what all lines are indented by."""
    found = list(_LINE_END.finditer(text))
    indent = min((len(match["indent"]) for match in found), default=0)
    for match in found:
        yield match.start(), match.start("indent") + indent, ""


def spelled_words(text: str) -> Iterator[Change]:
    """Yield words that are spelled letter by letter, and what parts such words."""
    if _SPELLED_OUT.search(text) is None:
        return
    pattern = _LISTED if '", "' in text or '","' in text or "', '" in text else _SPELLED
    last = 0
    for match in pattern.finditer(text):
        if last and _BETWEEN_WORDS.fullmatch(text, last, match.start()):
            yield last, match.start(), " "
        part = len(match["part"])
        for at in range(match.start() + 1, match.end() - 1, part + 1):
            yield at, at + part, ""
        last = match.end()


def cut_words(text: str) -> Iterator[Change]:
    """Yield the blanks of words that are cut into pieces of few letters, or of equally many."""
    for pattern in (_SHORT_WORDS, *_EQUAL_WORDS):
        found = [match for match in pattern.finditer(text) if match.end() - match.start() >= 12]
        if found:
            for match in found:
                for blank in _BLANKS.finditer(text, *match.span()):
                    yield (*blank.span(), "")
            return


def glued_words(text: str) -> Iterator[Change]:
    """Yield where blanks are missing between words of attacks."""
    for match in _RUN.finditer(text):
        last = match.start()
        words = [*_known_words(match[0].lower())]
        for start, end in words if len(words) > 1 else ():
            for at in (match.start() + start, match.start() + end):
                if match.start() < at < match.end() and at != last:
                    yield at, at, " "
                    last = at


def _known_words(run: str) -> Iterator[tuple[int, int]]:
    """Yield the words that cover most of a run of letters, longer ones first; in one pass from back to front."""
    known = by_beginning()
    worth = [0] * (len(run) + 1)
    length = [0] * (len(run) + 1)
    for at in range(len(run) - 2, -1, -1):
        worth[at] = worth[at + 1]
        for size in known.get(run[at : at + 2], {}):
            if at + size <= len(run) and run[at : at + size] in known[run[at : at + 2]][size]:
                value = size * size + worth[at + size]
                if value > worth[at]:
                    worth[at], length[at] = value, size
    at = 0
    while at < len(run):
        if length[at]:
            yield at, at + length[at]
        at += length[at] or 1


def signs_in_words(text: str) -> Iterator[Change]:
    """Yield signs inside words, if there are several: hyphens, dots, slashes."""
    found = list(_SIGNS_IN_WORDS.finditer(text))
    if len(found) > 2:
        for match in found:
            yield (*match.span(), "")


def repeated_letters(text: str) -> Iterator[Change]:
    """Yield letters that stand three times and more."""
    for match in _REPEATED.finditer(text):
        yield (*match.span(), match[1])


def leet_words(text: str) -> Iterator[Change]:
    """Yield words of attacks in digits and signs."""
    known = by_leet()
    for match in _LEET_WORD.finditer(text):
        word = match[0]
        plain = known.get(word.lower().translate(_LEET))
        if plain is None:
            word = word.rstrip("!|+")
            plain = known.get(word.lower().translate(_LEET))
        if plain is not None:
            yield match.start(), match.start() + len(word), plain
        elif re.search(r"[A-Za-z][0-9@$!][A-Za-z]", word):
            yield match.start(), match.end(), word.lower().translate(_LEET)
