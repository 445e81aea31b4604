"""KnownValues: values with their placeholders, found again in a text in every spelling of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lc_guard._text.escapes import unescaped
from lc_guard._text.folding import Folded, foldings
from lc_guard._text.number_index import NumberIndex
from lc_guard._text.person_names import name_parts
from lc_guard._text.phrase_index import PhraseIndex
from lc_guard._text.value_index import Match, NamePartMatch, SpelledMatch, apart
from lc_guard._text.word_boundaries import RUN

_REACH = 80  # characters of the longest kind, and what stands before it
_KIND_BEFORE = re.compile(r"[\[<][A-Z0-9_]{0,80}\Z")
_KIND_AFTER = re.compile(r"[A-Z0-9_]{0,80}[\]>]")


class KnownValues:
    """The values of a session or a request; see docs/design/known-values.md for the spellings.

    Not safe for concurrent writes: its owner holds the lock.
    """

    __slots__ = ("_entries", "_forms", "_kinds", "_numbers", "_parts", "_phrases")

    def __init__(self, entries: Iterable[tuple[str, str, str]] = ()) -> None:
        self._entries: dict[str, tuple[str, str]] = {}
        self._kinds: set[str] = set()
        self._forms: dict[str, str] = {}  # folded → the value that was there first
        self._parts: set[str] = set()  # forms that are only a word of a person's name
        self._phrases = PhraseIndex(self._forms)
        self._numbers = NumberIndex()
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
        for reading in (value, *(reading for reading, _ in unescaped(value))):
            for folded in foldings(reading):
                self._file(folded.text, value, kind)
        for part in name_parts(value) if _is_person(kind) else ():
            form = foldings(part)[-1].text
            if form not in self._forms:
                self._forms[form] = value
                self._parts.add(form)
                self._phrases.add(form)

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
        return apart(hits, reaching=for_hiding)

    def _file(self, form: str, value: str, kind: str) -> None:
        if not form or (form in self._forms and form not in self._parts):
            return
        self._forms[value if form == value else form] = value
        self._parts.discard(form)
        self._phrases.add(form)
        self._numbers.add(form, value, phone="PHONE" in kind)

    def _whole(self, text: str, folded: Folded, *, for_hiding: bool) -> Iterator[Match]:
        for start, end in self._phrases.whole(folded.text):
            form, (first, last) = folded.text[start:end], folded.source(start, end)
            written, value = text[first:last], self._forms[form]
            if form in self._parts:
                if for_hiding:
                    yield NamePartMatch(first, last, *self._entries[value])
            elif written in self._entries or not (
                _may_be_a_word(written, value, form) or _in_placeholder(text, first, last)
            ):
                yield self._as(value, first, last, text)
        for start, end, value in self._numbers.find(folded.text):
            yield self._as(value, *folded.source(start, end), text)

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
    return written[:1].islower() and not value[:1].islower() and form.isalpha() and RUN.fullmatch(form) is not None


def _in_placeholder(text: str, start: int, end: int) -> bool:
    """Return whether a word is one of a placeholder's kind: ``TIME`` in ``[REDACTED_DATE_TIME_1]`` is no magazine."""
    if "_" not in (text[start - 1 : start], text[end : end + 1]):
        return False
    before = _KIND_BEFORE.search(text, max(0, start - _REACH), start)
    return before is not None and _KIND_AFTER.match(text, end) is not None


def _is_person(kind: str) -> bool:
    return kind == "PERSON" or (kind.startswith("PERSON_") and kind.endswith("_ALIAS"))
