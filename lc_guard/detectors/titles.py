"""Names that a title announces: ``Mr Kalkan``, ``Judge J. Söderberg``, ``MS. O'BRIEN``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from lc_guard.detectors.spans import clean
from lc_guard.detectors.surroundings import is_clinical
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.detectors.windows import readable
from lc_guard.records import Entity

_TITLES = (
    r"(?:M(?:r|rs|s|x|essrs|R|RS|S)|Miss|MISS|D(?:r|R)|Prof(?:essor)?|PROF(?:ESSOR)?|Judge|JUDGE|Justice|JUSTICE"
    r"|Magistrate"
    r"|MAGISTRATE|Hon(?:ou?rable)?|Sir|Dame|Lord|Lady|Rev(?:erend)?|Fr|Capt(?:ain)?|Lt|Lieutenant|Sgt|Sergeant"
    r"|Col(?:onel)?|Cpl|Corporal|Maj(?:or)?|Officer|OFFICER|Detective|DETECTIVE|Inspector|Constable|Deputy|Sheriff"
    r"|Agent|Attorney|Senator|Governor|Nurse|Coroner)"
)
# What people are called who are near: beside a word that nobody bears it is none.
_FAMILIAR = (
    r"(?:Coach|Pastor|Chaplain|Deacon|Bishop|Mayor|Councillor|Councilman|Councilwoman|Commissioner|Trooper|Uncle|Aunt"
    r"|Auntie|Sister|Brother|Father|Chef)"
)
# What bodies, streets and dogs bear as well: Queen Elizabeth Hospital, King Charles Spaniel, General Mills.
_RULING = (
    r"(?:President|Chancellor|Premier|Congressman|Congresswoman|General|Admiral|Marshal|Emperor|Empress|Queen|King|Prince"
    r"|Princess|Sultan|Tsar|Pope|Cardinal|Archbishop|Rabbi|Imam|Sheikh)"
)
_CAPITAL_BEFORE = re.compile(r"[A-Z][\w'’-]* \Z")
_NO_NAMES = (
    r"(?!(?:The|And|Of|In|On|At|For|Court|Department|General|Office|Justice|Ministry|Minister|Government|District|State"
    r"|Chief|Advocate|Practitioner|Manager|Assistant|Administration|Association|Committee|Council|Commission|Generals?|Ombudsman|QC|KC|Esq|I|He|She"
    r"|They|You|We|It|Did|Do|Is|Was|What|When|Where|Who|Why|How|Your|My|Please|Thank|Yes|No"
    r"|AND|OF|THE|COURT)\b)"
)
# Who presides or is sent is called by the office: "Mr. Speaker", "Madam Chair" (Robert's Rules of Order, section 3).
_OFFICES = frozenset(
    """
    ambassador chair chairman chairperson chairwoman chancellor commissioner congressman congresswoman councillor
    delegate director envoy foreman governor inspector minister moderator ombudsman premier president registrar
    secretary senator speaker superintendent treasurer undersecretary vice
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_PARTICLE = r"(?:v[ao]n(?: de[rn]?)?|de(?: la| los| las)?|de[rnl]|d[aiou]s?|della|la|le|bin|ibn|al|el|te[rn]|af|zu|y|e)"
_SMALL = re.compile(r"(?<![\w'’@.])m(?:r|rs)\.? (?P<name>[a-zß-öø-ÿ]{3,24})\b")
SCORE = 0.9


class TitleDetector:
    """Finds PERSON behind a title: a rule, so that it does not depend on what a model has seen.

    The title itself is not part of the entity: ``Mr Kalkan`` and ``Kalkan`` are one value.
    """

    name = "titles"

    def warm_up(self) -> None:
        """Compile the rule now."""
        _rule()

    def detect(self, text: str) -> list[Entity]:
        """Return the names behind titles, ordered by offset."""
        seen = readable(text)
        known = vocabulary()
        names = [match.span("name") for match in _rule().finditer(seen) if _is_titled(seen, match)]
        names += [match.span("name") for match in _SMALL.finditer(seen) if not known.is_ordinary(match["name"])]
        return clean(text, [Entity("PERSON", *_in_line(text, *name), SCORE) for name in names])

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def _is_titled(text: str, match: re.Match[str]) -> bool:
    """Whether what stands behind a title is a name, and not an office, a measure, or a body that bears the title."""
    known, words = vocabulary(), match["name"].split()
    if match["formal"] and not _is_office(match["name"]) and not _is_measure(text, match):
        return True
    if not match["ruling"]:
        return not all(map(known.is_ordinary, words))
    last = words[-1].lower()
    thing = known.is_ordinary(last) or last in known.things
    return not thing and not _CAPITAL_BEFORE.search(text, max(0, match.start() - 24), match.start())


def _is_office(name: str) -> bool:
    """Whether what stands behind a title is an office that somebody is called by: ``Mr. President``."""
    return _OFFICES.issuperset(name.lower().split())


def _is_measure(text: str, match: re.Match[str]) -> bool:
    """Whether a chart abbreviates mitral regurgitation, as in ``Mild MR. AORTA: normal``."""
    return match["formal"] == "MR" and match[0].isupper() and is_clinical(text, *match.span())


def _in_line(text: str, start: int, end: int) -> tuple[int, int]:
    """Let a full name end with its line: what the next one begins with is a name only where it is wrapped."""
    line = text.find("\n", start, end)
    return (start, line) if line >= 0 and " " in text[start:line].strip() else (start, end)


@cache
def _rule() -> re.Pattern[str]:
    # Python's re has no \p{Lu}: this is it for the Latin, Greek, Cyrillic and Armenian blocks, joined into ranges.
    capitals = [code for code in range(0x41, 0x590) if chr(code).isupper()]
    upper = "".join(map(chr, capitals))
    initial = rf"[{upper}]\.(?:[ ]?-[{upper}]\.)?"
    bare_initial = rf"[{upper}](?![\w'])"
    capitalized = rf"[{upper}][\w\u0300-\u036f]{{1,40}}"
    word = rf"{_NO_NAMES}(?:[{upper}]')?{capitalized}(?:[-']{capitalized}){{0,3}}"
    part = rf"(?:{initial}[ ]{{0,2}}|{bare_initial}[ ]|{_PARTICLE}[ ]|{word}[ ]{{1,2}})"
    return re.compile(
        rf"(?<![\w'])(?:(?:(?P<formal>{_TITLES})|{_FAMILIAR}|(?P<ruling>{_RULING}))\b\.?,?[ ]{{1,2}})+(?:the[ ])?"
        rf"(?P<name>{part}{{0,4}}{word})"
    )
