"""Words of formats and command lines that models take for names: components of calendars, segments of EDI, commands.

Sources: RFC 5545 and 6350 (``BEGIN:VEVENT``), HL7 v2.5.1, ASC X12 and UN/EDIFACT (names of segments), RFC 4514
(``ou=people,dc=corp``), ls(1), POSIX shells, RFC 3092 (``foo``), Python's codecs (``iso-8859-1``).
"""

from __future__ import annotations

import re
from encodings.aliases import aliases

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.surroundings import is_code, is_log, line_around

_COMPONENT_BEFORE = re.compile(r"(?:^|[\r\n])(?:BEGIN|END):$")
_SEGMENTS = frozenset(
    """
    ISA GS ST SE GE IEA NM1 N1 N3 N4 DMG REF PER HL BHT CLM SBR DTP SV1 HI LX PRV TRN UNA UNB UNH BGM DTM NAD CTA COM
    UNT UNZ MSH EVN PID PV1 PV2 NK1 GT1 IN1 OBR OBX NTE DG1 AL1 ORC
    """.split()  # noqa: SIM905 - a list of words reads as one
)
# Of directories, the names of hidden files, what stands behind a prompt.
_SMALL_BEFORE = re.compile(r"(?:(?i:(?:^|[,\s])(?:dc|ou)=)|(?:^|[\s/~])\.|[\w~/)\]][$#] |(?:^|\n)\$ )\Z")
# A command and its first option: "curl -X", which no name is written like.
_COMMAND_LINE = re.compile(r"[a-z][\w.-]{1,20}(?: [a-z][\w-]{1,20})? -{1,2}[A-Za-z][\w-]{0,20}(?:[ =][\w-]{1,20})?")
_MEMBER = re.compile(r"[a-z_]\w*(?:\.[A-Za-z_]\w*)+")
_MEMBER_AFTER = re.compile(r"\(|(?:\.[A-Za-z_]\w*){1,8}\(")
# What stands for any text, but for Fred and Waldo, who are people as well.
_METASYNTACTIC = frozenset("abc bar baz corge foo garply grault plugh quux qux thud xyz xyzzy".split())  # noqa: SIM905
# Packages of Debian and their architecture (Debian Policy Manual, section 5.6.8).
_PACKAGE_AFTER = re.compile(r"(?:\d[\w.+-]{0,40})?:(?:(?:amd64|arm64|armhf|i386|ppc64el|riscv64|s390x)\b|all [\d(<])")
_FIELDS = re.compile(r":[/\d:]")
_MODE = re.compile(r"[-dlbcps][rwxsStT-]{9}[.+@]?")
_LISTING = re.compile(r"^[-dlbcps][rwxsStT-]{9}[.+@]? ")

# Of character sets, those that a number alone names left out.
_CHARACTER_SETS = frozenset(name for name in (*aliases, *aliases.values()) if not name.isdigit())


def is_character_set(value: str) -> bool:
    """Return whether a value is the name of a character set, as in a mail's header: ``=?iso-8859-1?q?``."""
    return value.lower().replace("-", "_") in _CHARACTER_SETS


def is_format_word(guess: Guess) -> bool:
    """Return whether a guess is a word of a format, or of a command line, and of nobody."""
    text, _, end = guess.place
    before = guess.before(12)
    if guess.value in _SEGMENTS and text[end : end + 1] in ("*", "+", "|"):
        return True
    if _COMPONENT_BEFORE.search(before) is not None or _COMMAND_LINE.fullmatch(guess.value) is not None:
        return True
    if guess.value in _METASYNTACTIC:
        return True
    if guess.lone and guess.value.islower() and _SMALL_BEFORE.search(before) is not None:
        return True
    if _is_of_listing(guess) or (guess.value.islower() and _PACKAGE_AFTER.match(text, end) is not None):
        return True
    return guess.kind == "ORGANIZATION" and (_is_of_path(guess) or _is_of_code(guess))


def _is_of_path(guess: Guess) -> bool:
    """Whether it is a folder between slashes, or fields of a record between colons: ``/sys/fs``, ``x:1:1:daemon``."""
    if ":" in guess.value:
        return _FIELDS.search(guess.value) is not None
    return guess.value.islower() and guess.before(1) == "/"


def _is_of_listing(guess: Guess) -> bool:
    """Whether it is a size or the rights of a file, in a line of ls(1)."""
    if _MODE.fullmatch(guess.value) is not None:
        return True
    sized = guess.value[:1].isdigit() and (guess.kind == "LOCATION" or not any(map(str.isalpha, guess.value)))
    return sized and is_listing(*guess.place)


def is_listing(text: str, start: int, end: int) -> bool:
    """Return whether a stretch stands in a line of ls(1)."""
    return _LISTING.match(line_around(text, start, end)) is not None


def _is_of_code(guess: Guess) -> bool:
    """Whether it is a path of modules that is called, or a small word at the end of a line of code."""
    text, _, end = guess.place
    if not (is_code(*guess.place) or is_log(*guess.place)):
        return False
    if _MEMBER.fullmatch(guess.value) is not None and _MEMBER_AFTER.match(text, end, end + 80) is not None:
        return True
    return guess.lone and guess.value.islower() and guess.value.isalpha() and text[end : end + 1] in (";", "")
