"""Characters that part values and are no punctuation: pictographs, and letters of scripts without capitals."""

from __future__ import annotations

import re

EMOJI = (
    "\U0001f000-\U0001faff\U000e0020-\U000e007f\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2b00-\u2bff\ufe0f\u20e3"
    "\u2022\u2023\u2043"
)
"""The inside of a class: pictographs, arrows, bullets, lines of boxes, and what selects their form."""

# The cased scripts, as lc_guard/_text/words.py has them.
_CASED = (
    "\\x00-\u058f\u10a0-\u10ff\u13a0-\u13ff\u1c80-\u1cbf\u1d00-\u1fff\u2c00-\u2dff\ua640-\ua69f\ua720-\ua7ff"
    "\uab30-\uabbf\ufb00-\ufb1c\uff10-\uff5a\U00010400-\U0001044f"
)
UNCASED = rf"[^\W\d_{_CASED}]"
"""A letter of a script that is not cased: Hebrew, Arabic, Devanagari, Thai, Han, Kana, Hangul…"""

CAPITAL_INSIDE = re.compile(r"\w[.!?,;:]? [A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻ]")
"""A capital that does not begin a text: who wrote it cares for capitals."""

COLOURS = re.compile(r"[\x1b\ufffd]?\[\d{1,3}(?:;\d{1,3}){0,4}m")
"""What sets a terminal's colours (ECMA-48's SGR), perhaps without its escape, as logs are pasted."""

TWO_NUMBERS = r"(?:(?<=\d{3}[ .-]\d{4})|(?<=\d{7}))[ ]?/[ ]?(?=\(?\+?\d{3}[ ).-]{0,2}\d)|(?<=\d)[ ]?/[ ]?(?=\+\d)"
"""The slash between two whole numbers, 415-555-0182/415-555-0183: of 030/901820 and 901820/21 it is a part."""


def blanks(match: re.Match[str]) -> str:
    """Return as many blanks as a match has characters."""
    return " " * (match.end() - match.start())


def without_colours(text: str) -> str:
    """Return a text in which what sets a terminal's colours reads as blanks, so that offsets stay."""
    return COLOURS.sub(blanks, text) if "[" in text else text
