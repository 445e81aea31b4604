"""Words around a person's name in scripts that no model here reads, one module for a script.

A module has `RULES`: expressions with a group ``name``; and perhaps `ADDRESSES`, the same for postal addresses, and
`known`, which yields the names of Faker's lists wherever they stand.
"""

from __future__ import annotations

import re

LETTERS = {
    "han": "\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "hangul": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff",
    "cyrillic": "\u0400-\u052f",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "arabic": "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff",
    "hebrew": "\u0590-\u05ff\ufb1d-\ufb4f",
    "devanagari": "\u0900-\u097f",
    "thai": "\u0e00-\u0e4f",
}
"""Module → the inside of a class: the letters of a script."""

SIGN = r"[\"”']?[ \u3000]?[:：][ \t\u3000]{0,8}[\"“']?"
"""What parts a label from its value, in a form or in JSON."""


def one_of(*lines: str) -> str:
    """Return an expression for the words of some lines, the longest first; ``_`` stands for a blank."""
    words = sorted({word for line in lines for word in line.split()}, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(word.replace("_", " ")) for word in words) + ")"
