r"""Text with its backslash escapes undone: what a person, or a model, reads in ``"Zo\u00eb said \"no\"\nJane left"``.

JSON inside a text (a tool's result, an error message) spells values in a way that no search for the value finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_MAX_ESCAPES = 4
# JSON's escapes (RFC 8259, section 7) and those that Python's `repr` adds.
_ESCAPE = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})|\\([nrtbf0\"'\\/])"
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}


def unescaped(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield a text with its escapes undone once, twice, … up to four times: nothing for a text without escapes.

    Args:
        text: Any text.

    Yields:
        The text as it reads, and for each offset in it (its length included) the offset in `text`.
    """
    offsets: Sequence[int] | None = None
    for _ in range(_MAX_ESCAPES):
        if "\\" not in text:
            return
        undone, starts = _undo(text)
        if undone == text:
            return
        offsets = starts if offsets is None else [offsets[start] for start in starts]
        text = undone
        yield text, offsets


def all_unescaped(texts: Iterable[str]) -> list[str]:
    """Return every reading of several texts."""
    return [reading for text in texts for reading, _ in unescaped(text)]


def _undo(text: str) -> tuple[str, list[int]]:
    pieces: list[str] = []
    offsets: list[int] = []
    last = 0
    for match in _ESCAPE.finditer(text):
        pieces.append(text[last : match.start()])
        offsets.extend(range(last, match.start()))
        pieces.append(_character(match))
        offsets.append(match.start())
        last = match.end()
    pieces.append(text[last:])
    offsets.extend(range(last, len(text) + 1))
    return "".join(pieces), offsets


def _character(match: re.Match[str]) -> str:
    high, low, short, long, byte, simple = match.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    if simple:
        return _SIMPLE.get(simple, simple)
    code = int(short or long or byte, 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"
