"""An index of values that finds them again in a text, at a cost that does not grow with their number.

Each value is filed under its first word, with its length; a text is walked word by word, and a slice is a hit when it
is a value. Scripts without word boundaries, and searches inside words, are filed under the first characters instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lc_guard._text.word_boundaries import RUN, cuts_run

_HEAD = 3  # characters a value is filed under when word boundaries don't count


class Match(NamedTuple):
    """An occurrence of a known value: value-free."""

    start: int
    end: int
    placeholder: str
    kind: str


class ValueIndex:
    """Values with their placeholders, found by exact match.

    Not safe for concurrent writes: its owner holds the lock.
    """

    __slots__ = ("_by_head", "_by_word", "_entries", "_kinds", "_loose", "_shapes")

    def __init__(self, entries: Iterable[tuple[str, str, str]] = ()) -> None:
        self._entries: dict[str, tuple[str, str]] = {}
        self._kinds: set[str] = set()
        # first word → shapes; a shape is (offset of the word in the value, length of the value)
        self._by_word: dict[str, tuple[tuple[int, int], ...]] = {}
        # first character → shapes, for values that begin outside every word
        self._loose: dict[str, tuple[tuple[int, int], ...]] = {}
        # first characters → shapes, filled at the first search inside words
        self._by_head: dict[str, tuple[tuple[int, int], ...]] | None = None
        # equal shapes are one object: most values share a handful
        self._shapes: dict[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] = {}
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
        self._kinds.add(kind)
        if not new:
            return
        word = RUN.search(value)
        if word is not None and (word.start() == 0 or not value[: word.start()].strip().isalpha()):
            self._file(self._by_word, word.group(), (word.start(), len(value)))
        else:
            self._file(self._loose, value[0], (0, len(value)))
        if self._by_head is not None:
            self._file(self._by_head, value[:_HEAD], (0, len(value)))

    def get(self, value: str) -> str | None:
        """Return the placeholder of a value, or None."""
        entry = self._entries.get(value)
        return entry[0] if entry else None

    def kind(self, value: str) -> str:
        """Return the kind of a value that is filed."""
        return self._entries[value][1]

    def kinds(self) -> frozenset[str]:
        """Return the kinds of all values."""
        return frozenset(self._kinds)

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """Return value, placeholder and kind of each, as the constructor takes them."""
        return ((value, placeholder, kind) for value, (placeholder, kind) in self._entries.items())

    def find(self, text: str, *, inside_words: bool = False) -> list[Match]:
        """Find the values in a text, leftmost first and longest first.

        Args:
            text: Any text.
            inside_words: Also find values of three characters or more within longer words.

        Returns:
            Occurrences that don't overlap, in order.
        """
        if not self._entries:
            return []
        hits = list(self._candidates(text, whole=True))
        if inside_words:
            hits += self._candidates(text, whole=False)
        hits.sort(key=lambda hit: (hit[0], -hit[1]))
        found: list[Match] = []
        last = 0
        for start, end in hits:
            if start >= last:
                placeholder, kind = self._entries[text[start:end]]
                found.append(Match(start, end, placeholder, kind))
                last = end
        return found

    def _candidates(self, text: str, *, whole: bool) -> Iterator[tuple[int, int]]:
        entries = self._entries
        size = len(text)  # a slice is cut short at the end of the text: it may be another, shorter value
        if not whole:
            heads = self._heads()
            for start in range(len(text) - _HEAD + 1):
                for _, length in heads.get(text[start : start + _HEAD], ()):
                    end = start + length
                    if end <= size and text[start:end] in entries:
                        yield start, end
            return
        by_word = self._by_word
        if by_word:
            for word in RUN.finditer(text):
                for offset, length in by_word.get(word.group(), ()):
                    start = word.start() - offset
                    end = start + length
                    if start >= 0 and end <= size and text[start:end] in entries and not cuts_run(text, end):
                        yield start, end
        if self._loose:
            for start, character in enumerate(text):
                for _, length in self._loose.get(character, ()):
                    end = start + length
                    if end <= size and text[start:end] in entries and not cuts_run(text, end):
                        yield start, end

    def _heads(self) -> dict[str, tuple[tuple[int, int], ...]]:
        if self._by_head is None:
            heads: dict[str, tuple[tuple[int, int], ...]] = {}
            for value in self._entries:
                if len(value) >= _HEAD:
                    self._file(heads, value[:_HEAD], (0, len(value)))
            self._by_head = heads
        return self._by_head

    def _file(self, index: dict[str, tuple[tuple[int, int], ...]], key: str, shape: tuple[int, int]) -> None:
        shapes = index.get(key, ())
        if shape not in shapes:
            shapes = (*shapes, shape)
            index[key] = self._shapes.setdefault(shapes, shapes)
