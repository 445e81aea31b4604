"""How a long text is brought under a service's limit: pieces that overlap, none left out."""

from __future__ import annotations

import re
from typing import NamedTuple

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_OVERLAP = 200


class Piece(NamedTuple):
    """A stretch of a text, and the offset of its first character."""

    start: int
    text: str


def sendable(text: str) -> str:
    """Return a text that can be written as UTF-8: lone surrogates replaced one for one, so that offsets stay."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def chunks(text: str, size: int) -> list[Piece]:
    """Cut a text at blanks into pieces that overlap, so that what stands on a cut is seen whole as well.

    Args:
        text: Any text.
        size: Most characters (code points) in a piece, 1 or more.

    Returns:
        Pieces in order that cover the text. They share up to 200 characters, less where pieces are small. A word is
        cut only if there is no blank in the second half of a piece.
    """
    found, start = [], 0
    overlap = min(_OVERLAP, size // 4)
    while start + size < len(text):
        end = _after_blank(text, start + size, floor=start + size // 2)
        found.append(Piece(start, text[start:end]))
        start = _after_blank(text, end - overlap, floor=end - 2 * overlap) if overlap else end
    found.append(Piece(start, text[start:]))
    return found


def _after_blank(text: str, at: int, *, floor: int) -> int:
    """Return the offset after the last blank before `at`, or `at` when there is none above the floor."""
    return next((offset for offset in range(at, floor, -1) if text[offset - 1].isspace()), at)
