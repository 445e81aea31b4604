"""What counts as a word: runs of letters and digits that must not be cut in two.

Scripts that write words without blanks, or glue particles to them (Han, Kana, Thai, Arabic, Hebrew…), have no runs
here: a hit in them is taken as it is. The underscore parts words, so that ``Jane`` is found in ``Jane_Doe.pdf``.
"""

from __future__ import annotations

import re

# Latin, Greek, Cyrillic, Armenian, Georgian, Cherokee, their extensions and combining marks, and full-width forms:
# the cased scripts of the Unicode block list, https://www.unicode.org/Public/UCD/latest/ucd/Blocks.txt
_RUN_CHARACTERS = (
    "0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u058f\u10a0-\u10ff\u13a0-\u13ff\u1c80-\u1cbf"
    "\u1d00-\u1fff\u20d0-\u20ff\u2c00-\u2dff\ua640-\ua69f\ua720-\ua7ff\uab30-\uabbf\ufb00-\ufb1c"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f"
)
RUN = re.compile(f"[{_RUN_CHARACTERS}]+")
# Of JSON and strings in code, of links, of quoted-printable: \n, \u003c, \x27, %20, =3D.
_ESCAPE = re.compile(r"(?:\\(?:[nrtbf0]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|%[0-9A-Fa-f]{2}|=3D)\Z")


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
    return offset > 1 and _ESCAPE.search(text, max(0, offset - 6), offset) is not None


def strip_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """Narrow a span so that it neither starts nor ends with white space."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
