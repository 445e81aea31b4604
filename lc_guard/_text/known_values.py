"""Values with their placeholders, found again in a text at a cost that does not grow with their number.

Each phrase is filed under its first word, with its length; a text is walked word by word, and a slice is a hit when it
is a phrase. Scripts without word boundaries, and searches inside words, are filed under the first characters instead.
`PhraseIndex` finds phrases exactly as they are, `KnownValues` every spelling of a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple

from lc_guard._text.common_words import may_be_ordinary
from lc_guard._text.joined_names import JoinedNames, latin_spellings
from lc_guard._text.numbers import MIN_DIGITS, NumberIndex, groupings
from lc_guard._text.words import RUN, Folded, cuts_run, foldings, name_parts, name_runs, name_words, unescaped

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

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return where phrases stand at word boundaries, leftmost first and longest first: none overlaps another."""
        found: list[tuple[int, int]] = []
        for start, end in sorted(self.whole(text), key=lambda span: (span[0], -span[1])):
            if not found or start >= found[-1][1]:
                found.append((start, end))
        return found

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


_SUREST = (Match, SpelledMatch, NamePartMatch)


def _apart(hits: Iterable[Match], *, reaching: bool = False) -> list[Match]:
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


_REACH = 80  # characters of the longest kind, and what stands before it
_MIN_INFLECTED = 4
# Letters beside what joins words, or a capital behind a small letter.
_JOINS = re.compile(
    "[^\\W\\d](?:[_./+-]{1,2}|\\\\[_.+-])[^\\W\\d]|[a-z\u00df-\u00ff][A-Z\u00c0-\u00de]|[A-Z\u00c0-\u00de]{2}[a-z\u00df-\u00ff]"
)
_KIND_BEFORE = re.compile(r"[\[<][A-Z0-9_]{0,80}\Z")
_KIND_AFTER = re.compile(r"[A-Z0-9_]{0,80}[\]>]")


class KnownValues:
    """The values of a session or a request; see docs/design/known-values.md for the spellings.

    Not safe for concurrent writes: its owner holds the lock.
    """

    __slots__ = ("_entries", "_forms", "_joined", "_kinds", "_names", "_numbers", "_parts", "_phrases")

    def __init__(self, entries: Iterable[tuple[str, str, str]] = ()) -> None:
        self._entries: dict[str, tuple[str, str]] = {}
        self._kinds: set[str] = set()
        self._forms: dict[str, str] = {}  # folded → the value that was there first
        self._parts: set[str] = set()  # forms that are only a word of a person's name
        self._phrases = PhraseIndex(self._forms)
        self._numbers: NumberIndex | None = None  # most sessions know no number
        self._joined: JoinedNames | None = None
        self._names: list[str] = []  # of people; filed among the joined ones once a text joins words
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
        if value:
            new = value not in self._entries
            self._entries[value] = (placeholder, kind)
            self._kinds.add(kind)
            if new:
                self._index(value, kind)

    def _index(self, value: str, kind: str) -> None:
        for reading in (value, *(reading for reading, _ in unescaped(value))):
            for folded in foldings(reading):
                self._file(folded.text, value, kind)
        if _is_person(kind):
            self._names.append(value)
            spelled = () if value.isascii() else latin_spellings(value)
            for form in (*spelled, *(run for spelling in (value, *spelled) for run in name_runs(spelling))):
                self._file(form, value, kind)
            for form in _part_forms(value):
                if form not in self._forms:
                    self._forms[form] = value
                    self._parts.add(form)
                    self._phrases.add(form)
        else:
            for form in groupings(value):
                self._file(form, value, kind)

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

    def find(self, text: str, *, inside_words: bool = False, for_hiding: bool = False) -> list[Match]:
        """Find the values in a text in any spelling, leftmost first and longest first.

        Args:
            text: Any text; its escapes are not undone.
            inside_words: Also find values of three characters or more within longer words, exactly as they are.
            for_hiding: Also find values that overlap the one before, and the words of persons' names; those in small
                letters as well, since they tell that a word is no name.

        Returns:
            Occurrences in order, which don't overlap unless they are `for_hiding`.
        """
        if not self._entries:
            return []
        hits: list[Match] = []
        for folded in foldings(text):
            hits += self._whole(text, folded, for_hiding=for_hiding)
            if inside_words:
                hits += self._inside(text, folded)
        if _JOINS.search(text) is not None:
            hits += self._within_words(text)
        return _apart(hits, reaching=for_hiding)

    def _file(self, form: str, value: str, kind: str) -> None:
        if not form or (form in self._forms and form not in self._parts):
            return
        self._forms[value if form == value else form] = value
        self._parts.discard(form)
        self._phrases.add(form)
        if len(form) >= MIN_DIGITS and sum(map(str.isdigit, form)) >= MIN_DIGITS:
            self._numbers = self._numbers or NumberIndex()
            self._numbers.add(form, value, phone="PHONE" in kind)

    def _whole(self, text: str, folded: Folded, *, for_hiding: bool) -> Iterator[Match]:
        for start, end in self._phrases.whole(folded.text):
            form, (first, last) = folded.text[start:end], folded.source(start, end)
            written, value = text[first:last], self._forms[form]
            if form in self._parts:
                if for_hiding and not _is_inflected_word(form, value):
                    yield NamePartMatch(first, last, *self._entries[value])
            elif written in self._entries or not (
                _may_be_a_word(written, value, form) or _in_placeholder(text, first, last)
            ):
                yield self._as(value, first, last, text)
        for start, end, value in self._numbers.find(folded.text) if self._numbers else ():
            yield self._as(value, *folded.source(start, end), text)

    def _within_words(self, text: str) -> Iterator[Match]:
        """Yield names that are parts of one word: ``koval_iris.pdf``."""
        joined = self._joined = self._joined or JoinedNames()
        # Two who read at once may both file a name, which changes nothing; each has filed all before it looks.
        known = len(self._names)
        for name in self._names[joined.filed : known]:
            joined.add(name)
        joined.filed = known
        for start, end, value in joined.find(text):
            yield self._as(value, start, end, text)

    def _inside(self, text: str, folded: Folded) -> Iterator[Match]:
        for start, end in self._phrases.inside(folded.text):
            start, end = folded.source(start, end)  # noqa: PLW2901 - from here on offsets of the text
            if text[start:end] in self._entries:
                yield self._as(text[start:end], start, end, text)

    def _as(self, value: str, start: int, end: int, text: str) -> Match:
        entry = self._entries.get(text[start:end])
        if entry is not None:
            return Match(start, end, *entry)
        return SpelledMatch(start, end, *self._entries[value])


def _may_be_a_word(written: str, value: str, form: str) -> bool:
    """Return whether a spelling is one word in small letters where the value has a capital: Frost, but frost."""
    return (
        written[:1].islower()
        and not value[:1].islower()
        and form.isalpha()
        and RUN.fullmatch(form) is not None
        and not any(map(str.isspace, value))  # several words in one run, iriskoval, are none
    )


def _in_placeholder(text: str, start: int, end: int) -> bool:
    """Return whether a word is one of a placeholder's kind: ``TIME`` in ``[REDACTED_DATE_TIME_1]`` is no magazine."""
    if "_" not in (text[start - 1 : start], text[end : end + 1]):
        return False
    before = _KIND_BEFORE.search(text, max(0, start - _REACH), start)
    return before is not None and _KIND_AFTER.match(text, end) is not None


def _part_forms(name: str) -> Iterator[str]:
    """Yield the words that may stand for a person alone; also of a family, or in the genitive: the Okafors, Annas."""
    for part in name_parts(name):
        folded = foldings(part)[-1].text
        for form in (folded, *(() if part.isascii() else latin_spellings(part))):
            yield form
            if len(form) >= _MIN_INFLECTED:
                yield form + ("es" if form.endswith(("s", "x", "z", "ch", "sh")) else "s")


def _is_inflected_word(form: str, name: str) -> bool:
    """Return whether a part of a name stands in a form that is one of an everyday word: ``hopes`` of Hope."""
    if not form.endswith("s") or form in name_words(name):
        return False
    return may_be_ordinary(form[:-1]) or may_be_ordinary(form.removesuffix("es"))


def _is_person(kind: str) -> bool:
    return kind == "PERSON" or (kind.startswith("PERSON_") and kind.endswith("_ALIAS"))
