"""Where an e-mail address begins and ends, whatever stands around it.

RFC 5321 allows more signs in a local part than people use. Those that quote, assign or separate (``'`=|&{}*``) belong
to the text around an address and not to it, or one address would get a placeholder for each way to write it down.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from lc_guard._text.stand_ins import is_stand_in
from lc_guard.detectors.characters import without_colours

Span = tuple[int, int]

# Latin with its diacritics, then all other letters: an address is written in one of them, so that the words of a text
# that knows no blanks are no part of it.
_LATIN = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_OTHER = r"[^\W_A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]"
# What stands for a password in an address of the web: postgres://user:pass@localhost
_USER_BEFORE = re.compile(r"://[^\s/:@]{0,30}:\Z")
_LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_SIGN = re.compile(r"@|\[at\]", re.IGNORECASE)
# An apostrophe belongs to O'Brien; in lower('ruth@… it is a quotation mark.
_LOCAL = re.compile(rf"[{_LATIN}](?:[{_LATIN}.+'’_-]*[{_LATIN}+_-])?\Z|{_OTHER}(?:[.+_-]?{_OTHER})*\Z")
_RUN = re.compile(rf"(?:[{_LATIN}.+'’_-]+|(?:[.+_-]?{_OTHER})+)\Z")
_BEFORE_APOSTROPHE = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,2}\Z")
_DOT = r"(?:\.|\[dot\])"
_DOMAIN = re.compile(
    r"(?:(?:\d{1,3}\.){3}\d{1,3}|localhost)(?![A-Za-z0-9_])"
    rf"|(?:[{_LATIN}](?:[{_LATIN}-]{{0,61}}[{_LATIN}])?{_DOT}){{1,8}}"
    r"(?:xn--[a-z0-9-]{1,59}|[A-Za-z]{2,24})(?![A-Za-z0-9\u00c0-\u024f])"
    rf"|(?:{_OTHER}{{1,63}}\.){{1,4}}{_OTHER}{{2,24}}",
    re.IGNORECASE,
)
# Zero width and soft hyphens, which parted words of another script are written with, and forms of full width.
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_WIDE = re.compile("[\uff01-\uff5e]")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Of another notation: the sign before an address in quoted-printable, in a link, in JSON, in a string of C.
_CODES = (
    ("=", re.compile(r"3D")),
    ("%", re.compile(r"[0-9A-Fa-f]{2}")),
    ("\\", re.compile(r"u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrt]")),
)


class EmailAddresses:
    """The addresses of a text, found in one pass when they are asked for.

    Args:
        text: Any text.
    """

    def __init__(self, text: str) -> None:
        self._written = text

    @cached_property
    def spans(self) -> list[Span]:
        """Their offsets, in order; none overlap."""
        offsets = _seen(self._written)
        return [(offsets[start], offsets[end - 1] + 1) for start, end in self._found] if offsets else self._found

    @cached_property
    def _text(self) -> str:
        """The text without what is not seen, and letters of full width as others."""
        text = _UNSEEN.sub("", without_colours(self._written))
        return text.translate(_NARROW) if _WIDE.search(text) else text

    @cached_property
    def _found(self) -> list[Span]:
        found: list[Span] = []
        for sign in _SIGN.finditer(self._text):
            floor = found[-1][1] if found else 0
            start = _start(self._text, sign.start(), floor)
            end = _end(self._text, sign.end()) if start is not None else None
            if start is not None and end is not None:
                found.append((start, end))
        return found

    def overlapping(self, start: int, end: int) -> list[Span]:
        """Return those that share a character with a stretch of the text."""
        first = bisect_right(self.spans, start, key=lambda span: span[1])
        found = []
        for span in self.spans[first:]:
            if span[0] >= end:
                break
            found.append(span)
        return found


def is_shared(text: str, start: int, end: int) -> bool:
    """Return whether an address is nobody's: ``git@github.com:org/name.git``, ``postgres://user:pass@localhost``."""
    if text.startswith("git@", start, end) and text[end : end + 1] in ("", ":", "/"):
        return True
    before = _USER_BEFORE.search(text, max(0, start - _LONGEST_LOCAL), start)
    return before is not None and is_stand_in(text[start:end].partition("@")[0])


def _seen(text: str) -> list[int]:
    """Return where the characters that are seen stand; nothing if all are."""
    return [at for at, char in enumerate(text) if not _UNSEEN.match(char)] if _UNSEEN.search(text) else []


def _start(text: str, at: int, floor: int) -> int | None:
    """Return where the local part before an offset begins."""
    before = text[max(floor, at - _LONGEST_LOCAL) : at]
    run = _RUN.search(before) if before and (before[-1].isalnum() or before[-1] in "+_-") else None
    if run is None:
        return None
    local = run[0].lstrip("._-+'’")
    for sign, code in _CODES:
        if before[: len(before) - len(local)].endswith(sign) and (match := code.match(local)):
            local = local[match.end() :].lstrip("._-+'’")
    quote = max(local.rfind("'"), local.rfind("’"))
    # A quotation mark that is closed behind the address and has no other before it, or that stands after more than the
    # O of O'Brien.
    quoted = text[at - len(local) - 1 : at - len(local)] in ("'", "’", "‘")
    if quote >= 0 and (not _BEFORE_APOSTROPHE.search(local, 0, quote) or (not quoted and _closed(text, at))):
        local = local[quote + 1 :]
    return at - len(local) if _LOCAL.fullmatch(local) else None


def _closed(text: str, at: int) -> bool:
    domain = _DOMAIN.match(text, at + 1)
    return domain is not None and text[domain.end() : domain.end() + 1] in ("'", "’")


def _end(text: str, at: int) -> int | None:
    """Return where the domain at an offset ends."""
    match = _DOMAIN.match(text, at)
    if match is None:
        return None
    host, dot, last = match[0].rpartition(".")
    # The begin of the next sentence: write to ana@mail.example.Then call.
    return match.end() - len(dot + last) if "." in host and last.istitle() and not host.istitle() else match.end()
