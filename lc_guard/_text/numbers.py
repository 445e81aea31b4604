"""Numbers found again however they are grouped: ``(415) 555-0134`` is ``4155550134``, and an IBAN needs no blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lc_guard._text.words import RUN

MIN_DIGITS = 7
"""Digits of the shortest number: fewer are years, amounts and counts."""

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

# Plates, policies, tickets: letters and digits that everybody groups as he likes.
_CODE = re.compile(
    r"(?=[A-Za-z0-9 ./-]{5,34}\Z)(?=(?:[^0-9]*[0-9]){3})(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9]+(?:[ ./-][A-Za-z0-9]+){0,5}"
)
_MORE_LETTERS = 3  # than digits: with more of them it is text
_GROUP = re.compile("[A-Za-z]+|[0-9]+")
_GROUPED_BY = ("", " ", "-", ".")


def groupings(value: str) -> list[str]:
    """Return how else a code of letters and digits is grouped: ``KLR-482`` as ``klr482`` and ``klr 482``.

    Args:
        value: Any value; those that are no code are grouped in no other way.
    """
    if _CODE.fullmatch(value) is None or sum(map(str.isalpha, value)) > sum(map(str.isdigit, value)) + _MORE_LETTERS:
        return []
    small = value.lower()
    written = re.split("[ ./-]", small)
    groups = _GROUP.findall(small)
    apart = {sign.join(each) for sign in _GROUPED_BY for each in (written, groups)}
    return sorted(apart - {small})


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
        if len(number) > _MAX_LENGTH or sum(map(str.isdigit, number)) < max(MIN_DIGITS, len(number) / 2):
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
        if len(national) >= MIN_DIGITS:
            yield from (international, "00" + international, national, "0" + national)
    elif len(number) == _NANP and number[0] not in "01":
        yield "1" + number


def _opened(text: str, start: int, end: int) -> int:
    """Return where a number begins with the signs before it: ``+``, or a bracket that it closes."""
    if start and text[start - 1] == "(" and ")" in text[start:end]:
        start -= 1
    return start - 1 if _PLUS.match(text, max(0, start - 1)) else start
