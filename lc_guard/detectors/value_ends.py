"""Where a value begins and ends: what every detector found is brought to the value itself, in this one place.

A finding may hold more than a value: a quotation mark, the label of the next field, the verb of a request, the next
line of a table. One value must get one placeholder whatever stands around it; what is no part of it stays readable.
Offsets are always those of the original text. All functions are pure.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from operator import itemgetter

from lc_guard.detectors.beside_names import is_mark, name_alone
from lc_guard.detectors.characters import COLOURS, EMOJI, TWO_NUMBERS, UNCASED
from lc_guard.detectors.email_addresses import EmailAddresses, is_shared
from lc_guard.detectors.field_names import is_head, labels
from lc_guard.detectors.iban import iban_end
from lc_guard.detectors.name_lists import load_names
from lc_guard.detectors.record_segments import separators
from lc_guard.detectors.request_verbs import is_verb
from lc_guard.detectors.vocabulary import vocabulary

Span = tuple[int, int]

NER_KINDS = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME"})
"""Kinds whose bounds a statistical model guesses; every other kind has a shape that a pattern checked."""

# Kinds of one line. A kind that only its finder knows ends where its finder says, and so do keys of many lines.
_ONE_LINE = re.compile(
    r"(?:.*_)?(?:PERSON|LOCATION|ORGANIZATION|NRP|DATE|TIME|BIRTH|ADDRESS|URL|CARD|CODE|IBAN|CRYPTO|UUID|SSN|ITIN"
    r"|NUMBER|BOX_RE|ID|ACCOUNT|PASSPORT|LICENSE|NAME|USERNAME|PHONE|PLATE|VIN)"
)
_NUMBERS = re.compile(
    r"CREDIT_CARD|US_SSN|US_ITIN|PHONE_NUMBER|IP_ADDRESS|MAC_ADDRESS|BANK_ACCOUNT|ROUTING_NUMBER|TAX_ID|GOVERNMENT_ID"
    r"|IBAN_CODE|.*_(?:SSN|NUMBER|ID|PASSPORT|LICENSE)|PASSPORT|DRIVERS_LICENSE"
)
_EDGE = " \t\r\n\v\f\u00a0\u2007\u2009\u202f\u200b@,;:!?\"'`´“”‘’«»<>|*_~=[]{}()–—-…/\\&^，。、；：（）「」《》【】！？"
_SHAPE_EDGE = " \t\r\n\v\f\u00a0\u2007\u2009\u202f\u200b,;\"'`´“”‘’«»<>|*^，。、；：「」《》【】"
# Line breaks, tabs, the field separators of Markdown's and HL7's tables, a terminal's colours.
_LINE = COLOURS.pattern + r"|[\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029|^]"
# Besides, in names: separators of CSV, brackets, signs, columns of fixed width.
_FIELD = (
    rf"{_LINE}|</?[A-Za-z][^<>\n]{{0,60}}>|[;<>{{}}\[\]=~•，。、；（）「」《》【】{EMOJI}]\u200d?|\u200d?(?=[{EMOJI}])"
)
_LATIN = r"[A-Za-z\u00c0-\u024f]"
_SCRIPT = rf"(?<={UNCASED})[ \u00a0]?(?={_LATIN})|(?<={_LATIN})[ \u00a0]?(?={UNCASED})"
# A backslash is a path's or begins an escape; that of a letter, as in Jos\\u00e9, is none of both.
_BACKSLASH = r"\\(?:[nrt](?=[^\W\d_a-z]))?(?!u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})"
# The next field of a form, &plan=; what closes a quotation, 'Maria Lopez'.csv; a string of Python, u'Maria.
_QUERY = r"&(?:amp;)?[\w.-]{1,64}="
_QUOTED = r"['’\"](?:\.[a-z0-9]{1,5}\b|(?=[.,;:?!)\]}]))|(?<![^\W\d_])[bfru]{1,2}['\"](?=[^\W\d_a-z])"
# The next sentence: "Koval. Loop", not "Messrs. Koval".
_SENTENCE = r"(?<=[^\W\d_]{3}[a-z]{2})(?<!essrs)(?<!Assoc)(?<!Const)\.[ ](?=[A-Z])"
_NAME_FIELD = rf"{_FIELD}|{_SCRIPT}|{_BACKSLASH}|{_QUERY}|{_QUOTED}|,(?=\S)|[ \u00a0]{{3,}}"
# Severities of syslog (RFC 5424), log4j and Python.
_LEVELS = "(?:EMERG|ALERT|CRIT|CRITICAL|ERR|ERROR|FATAL|SEVERE|WARN|WARNING|NOTICE|INFO|DEBUG|FINE|TRACE|VERBOSE)"
_NUMBER_FIELD = rf"{_LINE}|{TWO_NUMBERS}|[;:{EMOJI}]|,(?=\S)|{UNCASED}"
_CUTS = {
    # the next link of Markdown: [![build](https://a.example/b.svg)](https://c.example)
    "URL": re.compile(rf"{_LINE}|[{EMOJI}]|\)?\]\("),
    **dict.fromkeys(
        ("LOCATION", "ORGANIZATION", "NRP"),
        re.compile(rf"{_NAME_FIELD}|{_SENTENCE}|(?<=[^\W\d_]{{3}})/(?=[^\W\d_]{{3}})|\)\.?(?=[\w(])"),
    ),
    # a chat's line: 10:02 AM - Jamal Whitaker; a log's: 10:22:41Z WARN
    "DATE_TIME": re.compile(
        rf"{_FIELD}|,(?=[^\s\d])|[ \u00a0][-–—][ \u00a0](?=[^\W\d_])|(?<=[\dZ])[ \u00a0]{{1,2}}{_LEVELS}\b"
    ),
    "PERSON": re.compile(
        rf"{_NAME_FIELD}|{_SENTENCE}|[:()：]|[ \u00a0](?:[-–—][ \u00a0]|#)|(?<=[^\W\d_])[ \u00a0](?=\d)|(?<!\bc)/"
    ),
}
# A sign may lie half behind what was found: the equals sign of a form's field.
_LONGEST_SIGN = 70
# Kinds that are written with colons: in them a colon parts no components of a record.
_WITH_COLONS = frozenset({"URL", "IP_ADDRESS", "MAC_ADDRESS", "DATE_TIME", "CASE_NUMBER"})
# A sentence that begins without a blank: "219-09-9999.Done". A name there may have been seen by nobody else.
_NEXT_SENTENCE = re.compile(r"(.*\d)\.([A-Z][a-z]+)\Z")
_NUMBER_CUT = re.compile(_NUMBER_FIELD)
_ADDRESS_CUT = re.compile(rf"{_LINE}|[;{EMOJI}]|,(?=\S)|{UNCASED}")
_SHAPE_CUT = re.compile(rf"{_LINE}|[{EMOJI}]")

_UNCASED = re.compile(UNCASED)
_CASED = re.compile(_LATIN)
# Behind an address of version 4 stands a port, or the end of a range.
_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?=[:-])")
# What stands behind a name in a log; a longer number may be one that says who it is.
_DATE = re.compile(r"\d{1,4}|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?: \d{1,2})?|\d{1,2}:\d{2}(?::\d{2})?")
# Folders around a user's own: of Windows (Microsoft's KNOWNFOLDERID), macOS, Linux (XDG user directories).
_FOLDERS = frozenset(
    [
        *(
            "users",
            "documents",
            "desktop",
            "downloads",
            "pictures",
            "music",
            "videos",
            "public",
            "templates",
            "library",
        ),
        *("appdata", "local", "locallow", "roaming", "temp", "programdata", "program files", "windows", "system32"),
        *("applications", "volumes", "home", "favorites", "links", "contacts", "onedrive", "program files (x86)"),
    ]
)
_POSSESSIVE = re.compile(r"['’ʼ`´][sS]$")
_ABBREVIATED = re.compile(r"(?:^|[\s.])(?:\w|Jr|Sr|Inc|Ltd|Co|Corp|St|Ave|Rd|Blvd)\.$")


class ValueEnds:
    """Brings findings in one text to the values that they hold.

    Args:
        text: Any text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._addresses = EmailAddresses(text)

    def values(self, start: int, end: int, kind: str, *, near: Span | None = None) -> list[Span]:
        """Return the values inside a finding.

        An e-mail address is taken as it stands in the text, also where the finding holds half of it. All others are cut
        at separators, and what is no part of a value is taken off their ends; nothing grows.

        Args:
            start: Offset of the first character.
            end: Offset after the last one.
            kind: The entity's kind; it says which signs separate.
            near: Only values that overlap this are asked for: a widened finding may be cut into hundreds.

        Returns:
            Offsets of one value, or of several, in order; none where nothing of a value is left.
        """
        if kind == "EMAIL_ADDRESS" and (addresses := self._addresses.overlapping(start, end)):
            return [self._in_element(*address) for address in addresses if not is_shared(self._text, *address)]
        pieces, farther = self._pieces(start, end, kind, near)
        if counted := [piece for piece in pieces if _counts(self._text, piece, kind)]:
            return counted
        others = (each for piece in farther for each in self._trimmed(piece, kind))
        return [] if any(_counts(self._text, each, kind) for each in others) else pieces

    def _pieces(self, start: int, end: int, kind: str, near: Span | None) -> tuple[list[Span], list[Span]]:
        """Return the pieces that are asked for, trimmed, and the others as they were cut, as far as they matter."""
        pieces: list[Span] = []
        farther: list[Span] = []
        for piece in self._cut(start, end, kind):
            if near is None or overlap(piece, near):
                pieces += self._trimmed(piece, kind)
            elif piece[0] >= near[1] and any(_counts(self._text, each, kind) for each in pieces):
                break
            else:
                farther.append(piece)
        return pieces, farther

    def _trimmed(self, piece: Span, kind: str) -> list[Span]:
        trimmed = trim(self._text, *piece, kind)
        return [] if trimmed is None else [trimmed]

    def _cut(self, start: int, end: int, kind: str) -> Iterator[Span]:
        if not _ONE_LINE.fullmatch(kind):
            yield start, end
            return
        if kind == "PERSON" and (tag := _tag_end(self._text, start, end)):
            yield from self._cut(start, tag, kind)
            start = tag
        numbers = _ADDRESS_CUT if kind in _WITH_COLONS else _NUMBER_CUT
        cut = _CUTS.get(kind) or (numbers if _NUMBERS.fullmatch(kind) else _SHAPE_CUT)
        for first, last in self._elements(start, end, kind):
            at = first
            for separator in cut.finditer(self._text, first, last + _LONGEST_SIGN):
                if separator.start() >= last:
                    break
                yield from self._without_labels(at, separator.start(), kind)
                at = separator.end()
            yield from self._without_labels(at, last, kind)

    def _elements(self, start: int, end: int, kind: str) -> Iterator[Span]:
        """Part a span at the signs that part the elements of a record made for machines."""
        signs = self._separators
        for at in signs[bisect_left(signs, start) : bisect_left(signs, end)]:
            if self._text[at] != ":" or kind not in _WITH_COLONS:
                yield start, at
                start = at + 1
        yield start, end

    def _in_element(self, start: int, end: int) -> Span:
        """Leave out of an address what is of the elements before it: a plus and an apostrophe may be of both."""
        at = self._text.find("@", start, end)
        before = bisect_left(self._separators, at)
        begin = self._separators[before - 1] + 1 if before else start
        return (begin if start < begin < at else start), end

    @cached_property
    def _separators(self) -> list[int]:
        return separators(self._text)

    def _without_labels(self, start: int, end: int, kind: str) -> Iterator[Span]:
        """Leave out the labels of fields, that which follows included."""
        if start < end and kind in NER_KINDS and kind != "DATE_TIME":
            for at in range(bisect_right(self._labels, start, key=itemgetter(1)), len(self._labels)):
                label = self._labels[at]
                if label[0] >= end:
                    break
                yield start, max(start, label[0])
                start = min(label[1], end)
        if start < end:
            yield start, end

    @cached_property
    def _labels(self) -> list[Span]:
        return labels(self._text)


def _tag_end(text: str, start: int, end: int) -> int:
    """Return where the tag ends that a finding begins with, if it is no given name: ``#VamosPaz Felicidades``."""
    blank = text.find(" ", start, end) if text[start - 1 : start] == "#" else -1
    return blank if blank > 0 and text[start:blank] not in load_names() else 0


def overlap(one: Span, other: Span) -> bool:
    """Return whether two spans have a character in common."""
    return one[0] < other[1] and other[0] < one[1]


def _counts(text: str, piece: Span, kind: str) -> bool:
    """Whether one of several pieces of a finding is a value: no words of a number, no parts of a path."""
    value = text[slice(*piece)]
    if _NUMBERS.fullmatch(kind):
        return any(map(str.isdigit, value))
    if kind not in NER_KINDS:
        return True
    if kind == "PERSON" and _DATE.fullmatch(value):
        return False
    if "\\" in (text[piece[0] - 1 : piece[0]], text[piece[1] : piece[1] + 1]):
        return value.lower() not in _FOLDERS and not value.islower()
    glued = _UNCASED.match(value) and _CASED.match(text, piece[1])
    return not (glued and " " not in value)


def trim(text: str, start: int, end: int, kind: str) -> Span | None:
    """Take what is no part of a value off the ends of a span.

    Blanks, punctuation, a possessive; from names also titles, greetings and the verb of a request.

    Args:
        text: The whole text.
        start: Offset of the first character.
        end: Offset after the last character.
        kind: The entity's kind; shapes such as URLs and phone numbers keep their own punctuation inside.

    Returns:
        The trimmed offsets, or None if nothing of a value is left.
    """
    value = text[start:end]
    if kind in NER_KINDS:
        core = _without_punctuation(value)
    else:
        core = value.strip(_SHAPE_EDGE) if _ONE_LINE.fullmatch(kind) else value.strip()
    if not any(char.isalnum() for char in core):
        return None
    start += value.index(core)
    end = start + len(core)
    if kind not in NER_KINDS:
        return start, start + _length_of_shape(core, kind)
    if kind != "DATE_TIME":
        start, end = name_alone(text, start, end, kind)
        if is_verb(text, start, end) or is_head(text, start, end) or is_mark(text, start, end, kind):
            return None
    return start, end


def _length_of_shape(core: str, kind: str) -> int:
    """Return how many characters of a shape are its value: an IBAN has its country's length, an address no port."""
    if kind == "IBAN_CODE":
        return iban_end(core) or len(core)
    if _NUMBERS.fullmatch(kind) and (number := _NEXT_SENTENCE.match(core)) and vocabulary().is_ordinary(number[2]):
        return number.end(1)
    if kind == "IP_ADDRESS" and (address := _IPV4.match(core)):
        return address.end()
    return len(core)


def _without_punctuation(name: str) -> str:
    core = _POSSESSIVE.sub("", name.strip(_EDGE)).rstrip(_EDGE)
    # A full stop ends a sentence, except behind an initial or an abbreviation such as "Jr." or "Inc.".
    if core.endswith(".") and not _ABBREVIATED.search(core):
        core = core.rstrip(".").rstrip(_EDGE)
    return core.lstrip("." + _EDGE)
