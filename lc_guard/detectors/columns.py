"""Values in the columns of a table, told by the head of their column: CSV, TSV, semicolons, Markdown.

A cell holds a value without any words around it: ten digits are a phone number because ``phone`` stands over them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from lc_guard._progress import in_parts
from lc_guard.detectors.spans import clean
from lc_guard.records import Entity

SCORE = 0.85
_SEPARATORS = "\t|;,"
_LONGEST_HEAD = 400  # a longer line is no line of heads
_MOST_COLUMNS = 100
_EMPTY = frozenset({"", "null", "none", "nil", "n/a", "na", "nan", "-", "--", "?", "unknown", "redacted"})
_HEAD = re.compile(r"[^\W\d][\w .#/()'’-]{0,39}|")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_.\-\s]+")
_RULE = re.compile(r"[\s:|+-]+")
_PHONE = re.compile(r"[+(]{0,2}\d[\d ()./+-]{5,20}(?:\s?(?:x|ext\.?)\s?\d{1,6})?")
_PERSON = re.compile(r"[^\W\d_][^\d\W_]*(?:[ ,.'’-]{1,2}[^\W\d_]+){0,5}\.?")


def _digits(least: int) -> Callable[[str], bool]:
    return lambda cell: sum(character.isdigit() for character in cell) >= least


def _is_one_word(cell: str) -> bool:
    return not re.search(r"\s", cell)


_OF = r"(?:home|work|office|mobile|cell|contact|customer|client|patient|employee|member|user|primary|emergency)? ?"
_PEOPLE = (
    r"patient|customer|client|employee|member|contact|applicant|student|guest|owner|tenant|witness|physician|doctor"
    r"|provider"
)
_NUMBERED = r"account|member|policy|passport|licen[cs]e|claim|insurance|customer|employee|client"
_NO = r"(?: ?(?:id|no|nr|number|#))\.?"
_KINDS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("PHONE_NUMBER", rf"{_OF}(?:tele)?(?:phone|tel|mobile|cell|fax)(?:{_NO})?\.?", lambda c: bool(_PHONE.fullmatch(c))),
    ("EMAIL_ADDRESS", rf"{_OF}e ?mail(?: address)?", lambda c: "@" in c),
    ("US_SSN", rf"ssn|social security(?:{_NO})?", _digits(4)),
    ("DATE_OF_BIRTH", r"dob|birth ?da(?:te|y)|date of birth", _digits(4)),
    ("MEDICAL_RECORD_NUMBER", rf"mrn|medical record(?:{_NO})?|patient{_NO}", _digits(2)),
    ("CREDIT_CARD", rf"(?:credit )?card(?:{_NO})?|pan", _digits(12)),
    ("IBAN_CODE", r"iban", _digits(10)),
    ("ID_NUMBER", rf"(?:{_NUMBERED}){_NO}", _digits(2)),
    ("LOCATION", rf"{_OF}(?:street|address|street address|addr)(?: ?(?:line)? ?\d)?", _digits(1)),
    ("USERNAME", r"user ?name|login|user ?id|handle", _is_one_word),
    ("PASSWORD", r"password|passwd|pwd", _is_one_word),
    (
        "PERSON",
        rf"(?:full|first|last|given|family|middle|maiden|sur|fore|(?:{_PEOPLE})s?) ?name|surname|forename|{_PEOPLE}",
        lambda c: bool(_PERSON.fullmatch(c)),
    ),
)
_HEADS = [(kind, re.compile(pattern, re.IGNORECASE), holds) for kind, pattern, holds in _KINDS]
_ANY = re.compile("|".join(pattern for _, pattern, _ in _KINDS), re.IGNORECASE)
_NAME = ("PERSON", _HEADS[-1][2])
Cell = tuple[int, int]
Column = tuple[str, Callable[[str], bool]]


class ColumnDetector:
    """Finds what stands in a table's columns under heads such as ``phone``, ``ssn`` or ``patient name``; no model.

    A line of heads is one with two cells or more, none of them with a value in it; its rows are the lines behind it
    that have as many cells.
    """

    name = "columns"

    def detect(self, text: str) -> list[Entity]:
        """Return the values of a text's tables, ordered by offset."""
        return clean(text, list(_found(text))) if "\n" in text and _may_be_head(text) else []

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def _found(text: str) -> Iterator[Entity]:
    columns: list[Column | None] = []
    separator = ""
    start = 0
    for line in in_parts(text.splitlines(keepends=True)):
        cells = _cells(line, separator) if columns else []
        if columns and len(cells) == len(columns):
            if not _RULE.fullmatch(line):
                yield from _values(text, start, cells, columns)
        else:
            separator, columns = _heads(line)
        start += len(line)


def _heads(line: str) -> tuple[str, list[Column | None]]:
    """Return the separator and the columns of a line of heads; of any other line nothing."""
    if len(line) <= _LONGEST_HEAD and _may_be_head(line):
        for separator in _SEPARATORS:
            cells = [line[first:last] for first, last in _cells(line, separator)]
            if 1 < len(cells) <= _MOST_COLUMNS and all(map(_HEAD.fullmatch, cells)):
                columns = [_column(cell) for cell in cells]
                if any(columns):  # plain "name" may be a product's, were there nothing of a person beside it
                    plain = [cell.lower() == "name" for cell in cells]
                    return separator, [
                        _NAME if is_name else column for is_name, column in zip(plain, columns, strict=True)
                    ]
    return "", []


def _may_be_head(text: str) -> bool:
    return _ANY.search(_CAMEL.sub(" ", text)) is not None


def _column(head: str) -> Column | None:
    words = _CAMEL.sub(" ", head).strip()
    return next(((kind, holds) for kind, pattern, holds in _HEADS if pattern.fullmatch(words)), None)


def _values(text: str, start: int, cells: Sequence[Cell], columns: Sequence[Column | None]) -> Iterator[Entity]:
    for (first, last), column in zip(cells, columns, strict=True):
        cell = text[start + first : start + last]
        if column is not None and cell.lower() not in _EMPTY and column[1](cell):
            yield Entity(column[0], start + first, start + last, SCORE)


def _cells(line: str, separator: str) -> list[Cell]:
    """Return where the cells of a line stand, without blanks and quotes around them (RFC 4180 for quotes)."""
    bounds, quoted = [-1], False
    for at, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            bounds.append(at)
    cells = [_stripped(line, before + 1, after) for before, after in zip(bounds, [*bounds[1:], len(line)], strict=True)]
    if separator == "|":  # Markdown's rows begin and end with it
        cells = cells[cells[0][0] == cells[0][1] : len(cells) - (cells[-1][0] == cells[-1][1])]
    return cells


def _stripped(line: str, first: int, last: int) -> Cell:
    while first < last and (line[first].isspace() or line[first] == '"'):
        first += 1
    while last > first and (line[last - 1].isspace() or line[last - 1] == '"'):
        last -= 1
    return first, last
