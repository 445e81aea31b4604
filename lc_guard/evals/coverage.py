"""Which characters of a text some spans cover, and which characters count."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from unicodedata import category


class Coverage:
    """The union of spans, pairs of start and end that may overlap: in order and disjoint."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the covered parts of a span."""
        for place in range(bisect_right(self._ends, start), len(self._starts)):
            if self._starts[place] >= end:
                return
            yield max(start, self._starts[place]), min(end, self._ends[place])


def is_word_character(char: str) -> bool:
    """Return whether a character is a letter, a digit or a mark on one: what can tell a reader something.

    Letters and digits as in `str.isalnum`, marks as in Unicode's categories Mn, Mc and Me.
    """
    return char.isalnum() or category(char)[0] == "M"


def exposed(text: str, start: int, end: int, coverage: Coverage) -> tuple[int, int]:
    """Count the characters of a span that are not covered and so can still be read, and those that count.

    Word characters count; in a span without any (an emoji, ``***``) every character that is no blank does.
    """
    counts = _what_counts(text, start, end)
    total = _count(text, start, end, counts)
    return total - sum(_count(text, *part, counts) for part in coverage.within(start, end)), total


def touches(text: str, start: int, end: int, coverage: Coverage) -> bool:
    """Return whether at least one counting character of a span is covered."""
    counts = _what_counts(text, start, end)
    # by index: a slice of each of many long spans would make a long line quadratic
    return any(counts(text[place]) for part in coverage.within(start, end) for place in range(*part))


def word_characters(text: str, coverage: Coverage) -> int:
    """Count the word characters that are covered."""
    return sum(_count(text, start, end, is_word_character) for start, end in coverage)


def _count(text: str, start: int, end: int, counts: Callable[[str], bool]) -> int:
    return sum(map(counts, text[start:end]))


def _what_counts(text: str, start: int, end: int) -> Callable[[str], bool]:
    for counts in (is_word_character, _is_no_blank):
        if any(counts(text[place]) for place in range(start, end)):
            return counts
    return lambda _: True


def _is_no_blank(char: str) -> bool:
    return not char.isspace()
