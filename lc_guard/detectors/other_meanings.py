"""Shapes that mean something else: ``std::``, ``0.0.0.0``, ``BP 120/80``, ``CVE-2021-44228``, ``order.net`` in code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lc_guard.detectors.surroundings import is_code
from lc_guard.records import Entity

_BLOOD_PRESSURE = re.compile(r"(?i)\b(?:b\.?p\.?|blood pressure|pressure|systolic)\W{0,3}(?:is|was|of|:)?\s*$")
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
# An attribute is read, called or computed with; a host stands in quotes or behind a command.
_ATTRIBUTE_AROUND = re.compile(r"(?:\breturn |[=+*/-] |\()\0|\0(?: [=+*/-]|[(\[])")
_SCOPE = re.compile(r"[0-9A-Fa-f]{1,4}::")
# What is behind a word's two colons: a scope's member, a component behind an empty one: 5412345000013::9.
_SCOPED = re.compile(r"(?<=[A-Za-z0-9])::[0-9A-Fa-f]{1,4}")
_VERSION_NUMBER = re.compile(r"(?!(?:19|20)\d\d\.)\d+(?:\.\d+){3,}")
# "app@2.14": a package and its version.
_PACKAGE = re.compile(r"@\d+(?:\.\d+){0,2}$")
# What a number is compared with, as in "2**32 == 4294967296".
_COMPARED = re.compile(r"(?:==|!=|<=?|>=|\*\*|[*/%]) ?$")
_NETMASK = re.compile(r"255(?:\.(?:255|254|252|248|240|224|192|128|0)){3}(?:/\d{1,2})?")
# "section 4.1.2.1", "version 4.0.0.0": four numbers that count.
_COUNTS = re.compile(
    r"(?i)(?<![\w-])(?:versions?|ver|v|release|build|firmware|driver|rev(?:ision)?|(?:sub)?sections?|sec|clauses?|chapters?"
    r"|paragraphs?|para|articles?|annex|figure|table|step)\b\.?[ :=]{0,2}$|§ ?$"
    r"|(?:version|release)[\"']?[ \t]?[:=][ \t]?[\"']$"
)
# Public registers of weaknesses in software, and standards: nobody's case.
_PUBLIC = re.compile(
    r"(?:CVE|CWE|CAN|USN|DSA|DLA|GLSA|RHSA|RFC|PEP|JSR|ISO|IEC|DIN|ANSI|ASTM|IEEE|NIST|FIPS)-?\d{1,5}(?:[-:.]\d{1,7}){0,2}"
)
_LEAST_LICENSE = 4
_MOST_OF_PHONE = 24  # ITU-T E.164: 15, and an exit code and an extension
_NO_HOST = frozenset({"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "0.0.0.0/0", "::/0"})  # noqa: S104


def meant(text: str, entities: Iterable[Entity]) -> list[Entity]:
    """Drop shapes that mean something else: ``std::``, ``0.0.0.0``, ``BP 120/80``, ``order.net`` in code.

    Args:
        text: The text they were found in.
        entities: What was found by its shape.

    Returns:
        Those that stand.
    """
    return [e for e in entities if e.kind not in _OTHERWISE or not _OTHERWISE[e.kind](text, e.start, e.end)]


def _is_ratio(value: str) -> bool:
    """Whether colons part a few short numbers or letters: ``10:30::45``, ``a::b``; an address has a longer group."""
    groups = value.split(":")
    return len(groups) < 5 and all(len(group) < 3 for group in groups)


def is_public_record(value: str) -> bool:
    """Return whether a number is of a public register or a standard: ``CVE-2021-44228``, ``ISO-9001``."""
    return _PUBLIC.fullmatch(value) is not None


def _is_no_address(text: str, start: int, end: int) -> bool:
    """Whether what has the form of an IP address is a scope, a mask, a version, or the host itself."""
    value = text[start:end]
    if value in _NO_HOST or value.rpartition(":")[0] in _NO_HOST or _NETMASK.fullmatch(value) or _is_ratio(value):
        return True
    if _SCOPE.fullmatch(value) or _SCOPED.fullmatch(text, start, end):
        return True
    return ":" not in value and _COUNTS.search(text[max(0, start - 24) : start]) is not None


def _is_package(text: str, start: int, end: int) -> bool:
    return _PACKAGE.search(text, start, end) is not None


def _is_compared(text: str, start: int, end: int) -> bool:
    """Whether a number is compared with another, or has more digits than a phone's with an extension."""
    if sum(map(str.isdigit, text[start:end])) > _MOST_OF_PHONE:
        return True
    return text[start:end].isdigit() and _COMPARED.search(text[max(0, start - 4) : start]) is not None


def _is_short(text: str, start: int, end: int) -> bool:
    """Whether it is shorter than the numbers of any state: ``s3``, ``v2`` near the word "license"."""
    return len(text[start:end]) < _LEAST_LICENSE


def _is_version(text: str, start: int, end: int) -> bool:
    return _VERSION_NUMBER.fullmatch(text, start, end) is not None


def _is_no_case(text: str, start: int, end: int) -> bool:
    """Whether what has the form of a case's number is one of a public register, or a blood pressure."""
    pressure = _BLOOD_PRESSURE.search(text[max(0, start - 30) : start])
    return pressure is not None or is_public_record(text[start:end])


def _is_attribute(text: str, start: int, end: int) -> bool:
    """Whether what has the form of a host is read or called in a program: ``order.net``."""
    around = f"{text[max(0, start - 12) : start]}\0{text[end : end + 4]}"
    named = _ATTRIBUTE.fullmatch(text, start, end) is not None
    return named and _ATTRIBUTE_AROUND.search(around) is not None and is_code(text, start, end)


_OTHERWISE: dict[str, Callable[[str, int, int], bool]] = {
    "CASE_NUMBER": _is_no_case,
    "DATE_TIME": _is_version,
    "EMAIL_ADDRESS": _is_package,
    "IP_ADDRESS": _is_no_address,
    "PHONE_NUMBER": _is_compared,
    "URL": _is_attribute,
    "US_DRIVER_LICENSE": _is_short,
}
