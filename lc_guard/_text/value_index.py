"""Texts found again in a text exactly as they are, at a cost that does not grow with their number.

Each phrase is filed under its first word, with its length; a text is walked word by word, and a slice is a hit when it
is a phrase. Scripts without word boundaries, and searches inside words, are filed under the first characters instead.
`ValueIndex` finds values such as fakes by it; known_values finds every spelling of a value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple

from lc_guard._text.words import RUN, cuts_run

_FEW = 64  # words up to which a text is searched for each of them
_HEAD = 3  # characters a phrase is filed under when word boundaries don't count

Shapes = tuple[tuple[int, int], ...]
"""Offset of the word under which phrases are filed, and their length."""


class PhraseIndex:
    """Where phrases begin, and how long they are.

    Args:
        phrases: The phrases themselves, kept by the owner: whoever adds one there says so by `add`.
    """

    __slots__ = ("_by_head", "_by_word", "_loose", "_phrases", "_shapes")

    def __init__(self, phrases: Collection[str]) -> None:
        self._phrases = phrases
        self._by_word: dict[str, Shapes] = {}
        # first character → shapes, for phrases that begin outside every word
        self._loose: dict[str, Shapes] = {}
        # first characters → shapes, filled at the first search inside words
        self._by_head: dict[str, Shapes] | None = None
        # equal shapes are one object: most phrases share a handful
        self._shapes: dict[Shapes, Shapes] = {}

    def add(self, phrase: str) -> None:
        """File a phrase that was not there."""
        word = RUN.search(phrase)
        if word is not None and (word.start() == 0 or not phrase[: word.start()].strip().isalpha()):
            self._file(self._by_word, word.group(), (word.start(), len(phrase)))
        else:
            self._file(self._loose, phrase[0], (0, len(phrase)))
        if self._by_head is not None:
            self._file(self._by_head, phrase[:_HEAD], (0, len(phrase)))

    def whole(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where phrases stand in a text at word boundaries; they may overlap."""
        phrases, size = self._phrases, len(text)
        for start, end in (*self._after_words(text), *self._elsewhere(text)):
            # a slice is cut short at the end of the text: it may be another, shorter phrase
            if start >= 0 and end <= size and text[start:end] in phrases and not cuts_run(text, end):
                yield start, end

    def inside(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where phrases of three characters or more stand in a text, also within words; they may overlap."""
        heads = self._heads()
        for start in range(len(text) - _HEAD + 1):
            for _, length in heads.get(text[start : start + _HEAD], ()):
                if start + length <= len(text) and text[start : start + length] in self._phrases:
                    yield start, start + length

    def _after_words(self, text: str) -> Iterator[tuple[int, int]]:
        for start, shapes in self._few_words(text) if len(self._by_word) <= _FEW else self._words(text):
            for offset, length in shapes:
                yield start - offset, start - offset + length

    def _words(self, text: str) -> Iterator[tuple[int, Shapes]]:
        """Look every word of the text up."""
        shapes_of = self._by_word.get
        for word in RUN.finditer(text):
            if shapes := shapes_of(word.group()):
                yield word.start(), shapes

    def _few_words(self, text: str) -> Iterator[tuple[int, Shapes]]:
        """Look for each word in the text: faster where there are few."""
        for word, shapes in self._by_word.items():
            at = text.find(word)
            while at >= 0:
                if not cuts_run(text, at) and not cuts_run(text, at + len(word)):
                    yield at, shapes
                at = text.find(word, at + 1)

    def _elsewhere(self, text: str) -> Iterator[tuple[int, int]]:
        if self._loose:
            for start, character in enumerate(text):
                for _, length in self._loose.get(character, ()):
                    yield start, start + length

    def _heads(self) -> dict[str, Shapes]:
        if self._by_head is None:
            heads: dict[str, Shapes] = {}
            for phrase in self._phrases:
                if len(phrase) >= _HEAD:
                    self._file(heads, phrase[:_HEAD], (0, len(phrase)))
            self._by_head = heads
        return self._by_head

    def _file(self, index: dict[str, Shapes], key: str, shape: tuple[int, int]) -> None:
        shapes = index.get(key, ())
        if shape not in shapes:
            shapes = (*shapes, shape)
            index[key] = self._shapes.setdefault(shapes, shapes)


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


class FiledValues:
    """Values with their placeholders and kinds: what every index of them holds.

    Not safe for concurrent writes: its owner holds the lock.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[str, tuple[str, str]] = {}

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
        if value:
            new = value not in self._entries
            self._entries[value] = (placeholder, kind)
            if new:
                self._index(value, kind)

    def _index(self, value: str, kind: str) -> None:
        """Have a value found that was not there."""
        raise NotImplementedError


class ValueIndex(FiledValues):
    """Values with their placeholders, found by exact match."""

    __slots__ = ("_phrases",)

    def __init__(self, entries: Iterable[tuple[str, str, str]] = ()) -> None:
        super().__init__()
        self._phrases = PhraseIndex(self._entries)
        for value, placeholder, kind in entries:
            self.add(value, placeholder, kind)

    def _index(self, value: str, kind: str) -> None:  # noqa: ARG002 - one index does not ask for it
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
