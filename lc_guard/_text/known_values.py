"""Values with their placeholders, found again in a text in every spelling of them.

Numbers are found however they are grouped: ``(415) 555-0134`` is ``4155550134``, and an IBAN needs no blanks.
Of a person's name some words say who is meant, and some may stand for the whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from lc_guard._text.value_index import FiledValues, Match, NamePartMatch, PhraseIndex, SpelledMatch, apart
from lc_guard._text.words import RUN, Folded, foldings, unescaped

_MIN_DIGITS = 7  # fewer are years, amounts and counts
_MAX_LENGTH = 34  # an IBAN, the longest of what people group
_HEAD = 4
_BETWEEN = re.compile(r"[ \u00a0().\-\u2010-\u2013/]{1,3}")
# A number begins with a group that has a digit among its first characters.
_DIGITS = re.compile("[0-9]+")
_CHARACTER = RUN.pattern.removesuffix("+")
_NUMBER = re.compile(rf"\+?\(?{_CHARACTER}+(?:{_BETWEEN.pattern}{_CHARACTER}+)*\)?")
# Behind a word or another one a plus separates: "NAD+BY+5412345000013".
_PLUS = re.compile(r"(?<![\w+])\+")
# Country codes of two digits (ITU-T E.164); 1 and 7 have one digit, all others three.
_TWO_DIGITS = frozenset(
    map(str, (20, 27, *range(30, 35), 36, 39, 40, 41, *range(43, 50), *range(51, 59), *range(60, 67)))
) | frozenset(map(str, (81, 82, 84, 86, *range(90, 96), 98)))
_NANP = 10  # digits of a number in North America, where nothing stands for "long distance" but the country's own 1


class NumberIndex:
    """Numbers, filed under their first characters without what groups them."""

    __slots__ = ("_heads", "_values")

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._heads: dict[str, tuple[int, ...]] = {}

    def add(self, form: str, value: str, *, phone: bool) -> None:
        """File a value if it is a number: seven digits or more, and not more letters than digits.

        Args:
            form: The value, folded.
            value: The value.
            phone: Whether its country code may be missing, or written otherwise.
        """
        if _NUMBER.fullmatch(form) is None:
            return
        number = "".join(RUN.findall(form))
        if len(number) > _MAX_LENGTH or sum(map(str.isdigit, number)) < max(_MIN_DIGITS, len(number) / 2):
            return
        for each in (number, *(_dialled(form, number) if phone and number.isdigit() else ())):
            self._values.setdefault(each, value)
            lengths = self._heads.get(each[:_HEAD], ())
            if len(each) not in lengths:
                self._heads[each[:_HEAD]] = (*lengths, len(each))

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield where numbers stand in a folded text, each with its value; they may overlap."""
        if not self._values:
            return
        done = 0
        for digits in _DIGITS.finditer(text):
            start = digits.start()
            while start > done and digits.start() - start < _HEAD and RUN.match(text, start - 1, start):
                start -= 1
            group = RUN.match(text, start) if start >= done and digits.start() - start < _HEAD else None
            if group is not None:
                done = group.end()
                yield from self._from(text, start, done)

    def _from(self, text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        number = text[start:end]
        lengths: tuple[int, ...] | None = None
        while len(number) <= _MAX_LENGTH:
            if lengths is None and len(number) >= _HEAD:
                lengths = self._heads.get(number[:_HEAD])
                if lengths is None:
                    return
            if lengths is not None and len(number) in lengths and number in self._values:
                yield _opened(text, start, end), end, self._values[number]
            between = _BETWEEN.match(text, end)
            group = RUN.match(text, between.end()) if between else None
            if group is None or (lengths is not None and len(number) >= max(lengths)):
                return
            number += group.group()
            end = group.end()


def _dialled(form: str, number: str) -> Iterator[str]:
    """Yield how else a telephone number is dialled: with and without its country's code, with 00 or 0 in front."""
    if form.startswith("+") or number.startswith("00"):
        international = number.removeprefix("00")
        code = 1 if international[0] in "17" else 2 if international[:2] in _TWO_DIGITS else 3
        national = international[code:]
        if len(national) >= _MIN_DIGITS:
            yield from (international, "00" + international, national, "0" + national)
    elif len(number) == _NANP and number[0] not in "01":
        yield "1" + number


def _opened(text: str, start: int, end: int) -> int:
    """Return where a number begins with the signs before it: ``+``, or a bracket that it closes."""
    if start and text[start - 1] == "(" and ")" in text[start:end]:
        start -= 1
    return start - 1 if _PLUS.match(text, max(0, start - 1)) else start


_REACH = 80  # characters of the longest kind, and what stands before it
_KIND_BEFORE = re.compile(r"[\[<][A-Z0-9_]{0,80}\Z")
_KIND_AFTER = re.compile(r"[A-Z0-9_]{0,80}[\]>]")


class KnownValues(FiledValues):
    """The values of a session or a request; see docs/design/known-values.md for the spellings."""

    __slots__ = ("_forms", "_kinds", "_numbers", "_parts", "_phrases")

    def __init__(self, entries: Iterable[tuple[str, str, str]] = ()) -> None:
        super().__init__()
        self._kinds: set[str] = set()
        self._forms: dict[str, str] = {}  # folded → the value that was there first
        self._parts: set[str] = set()  # forms that are only a word of a person's name
        self._phrases = PhraseIndex(self._forms)
        self._numbers = NumberIndex()
        for value, placeholder, kind in entries:
            self.add(value, placeholder, kind)

    def add(self, value: str, placeholder: str, kind: str) -> None:
        """File a value and its kind; see `FiledValues.add`."""
        super().add(value, placeholder, kind)
        if value:
            self._kinds.add(kind)

    def _index(self, value: str, kind: str) -> None:
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


_WORD = re.compile(r"[^\W\d_]+(?:['’‘`-][^\W\d_]+)*")
_APOSTROPHES = str.maketrans("’‘`", "'''")
# Forms of address and what follows a name: they say nothing of who is meant.
_NO_NAMES = frozenset(
    {
        "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "judge", "justice", "hon", "honorable",
        "honourable", "sir", "dame", "lord", "lady", "rev", "reverend", "father", "sister", "brother", "sgt",
        "sergeant", "officer", "detective", "captain", "capt", "lt", "lieutenant", "col", "colonel", "gen",
        "general", "pres", "president", "sen", "senator", "rep", "representative", "gov", "governor", "jr",
        "sr", "ii", "iii", "iv", "esq", "esquire", "phd", "md", "rn", "dds",
    }
)  # fmt: skip
# What stands between the names of a person, and names nobody alone.
_PARTICLES = frozenset(
    {
        "abu", "and", "bin", "das", "dal", "del", "della", "der", "des", "dos", "den", "due", "ibn", "las", "los",
        "san", "santa", "saint", "the", "van", "ver", "von", "und", "zum", "zur",
    }
)  # fmt: skip
_MIN_PART = 3
_MAX_WORDS = 5  # more are no name but a list of names, or a line of something else


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name that say who is meant: case-folded, without forms of address."""
    words = (word.translate(_APOSTROPHES) for word in _WORD.findall(foldings(_read(name))[-1].text))
    return tuple(word for word in words if word not in _NO_NAMES)


def name_parts(name: str) -> tuple[str, ...]:
    """Return the words of a full name that may stand for its person alone, as they are written."""
    name = _read(name)
    if any(map(str.isdigit, name)):
        return ()
    words = [word for word in _WORD.findall(name) if word.casefold() not in _NO_NAMES]
    if not 2 <= len(words) <= _MAX_WORDS:
        return ()
    return tuple(
        word for word in words if len(word) >= _MIN_PART and word[0].isupper() and word.casefold() not in _PARTICLES
    )


def _read(name: str) -> str:
    """Return a name as a person reads it."""
    *_, read = name, *(reading for reading, _ in unescaped(name))
    return read if read.isascii() else unicodedata.normalize("NFC", read)
