"""ValueIndex: texts found again exactly as they are, such as fakes; known_values finds every spelling of a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from lc_guard._text.phrase_index import PhraseIndex

Found = Literal["exact", "spelling", "part"]
"""What was found: a value as it is, another spelling of it, or a word of a person's name."""


class Match(NamedTuple):
    """An occurrence of a known value: value-free."""

    start: int
    end: int
    placeholder: str
    kind: str

    @property
    def how(self) -> Found:
        """What was found of the value."""
        return "exact"


class SpelledMatch(Match):
    """An occurrence of another spelling of a value."""

    __slots__ = ()

    @property
    def how(self) -> Found:
        """What was found of the value."""
        return "spelling"


class NamePartMatch(Match):
    """A word of a person's name."""

    __slots__ = ()

    @property
    def how(self) -> Found:
        """What was found of the value."""
        return "part"


class ValueIndex:
    """Values with their placeholders, found by exact match.

    Not safe for concurrent writes: its owner holds the lock.
    """

    __slots__ = ("_entries", "_phrases")

    def __init__(self, entries: Iterable[tuple[str, str, str]] = ()) -> None:
        self._entries: dict[str, tuple[str, str]] = {}
        self._phrases = PhraseIndex(self._entries)
        for value, placeholder, kind in entries:
            self.add(value, placeholder, kind)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} values)"

    def add(self, value: str, placeholder: str, kind: str) -> None:
        """File a value; a value that is filed already is given its new placeholder.

        Args:
            value: Any text but the empty one.
            placeholder: What stands for it.
            kind: Its entity type.
        """
        if not value:
            return
        new = value not in self._entries
        self._entries[value] = (placeholder, kind)
        if new:
            self._phrases.add(value)

    def find(self, text: str) -> list[Match]:
        """Find the values in a text at word boundaries, leftmost first and longest first.

        Returns:
            Occurrences that don't overlap, in order.
        """
        if not self._entries:
            return []
        return apart(Match(start, end, *self._entries[text[start:end]]) for start, end in self._phrases.whole(text))


_SUREST = (Match, SpelledMatch, NamePartMatch)


def apart(hits: Iterable[Match], *, reaching: bool = False) -> list[Match]:
    """Return of overlapping occurrences the leftmost, of those the longest, exact ones before others.

    Args:
        hits: Occurrences.
        reaching: Also return a value that overlaps the one before and reaches farther.
    """
    found: list[Match] = []
    last = 0
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, _SUREST.index(type(hit)))):
        if hit.start >= last or (reaching and hit.end > last and hit.how != "part"):
            found.append(hit)
            last = hit.end
    return found
