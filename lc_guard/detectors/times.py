"""Which guesses of a date are one: a day, an hour, a number of them; not a version, a price or the year of a law."""

from __future__ import annotations

import re

from lc_guard.detectors.format_words import is_listing
from lc_guard.detectors.guess import Guess
from lc_guard.detectors.surroundings import TextKind, is_code

_LAW = r"(?:Act|Code|Regulations?|Rules|Constitution|Convention|Directive|Order|Ordinance|Statute|Treaty|Law)"
_LAW_AFTER = re.compile(rf"\s+{_LAW}\b")
_LAW_BEFORE = re.compile(rf"\b{_LAW}\s+\(?$")
_YEAR = re.compile(r"\d{4}")
# "1840 ms"
_UNIT_AFTER = re.compile(
    r"\s?(?:[mµn]?s|px|[kMG]i?B|rpm|m?g|k?m|[kMG]?Hz|%|x|k?J|k?cal|[kM]?Wh?|m?[VA]|Pa|rows|rpm|ppm)(?!\w)"
)
# "4096 * 2048"
_COMPUTED_BEFORE, _COMPUTED_AFTER = re.compile(r"[*+×^] $"), re.compile(r" (?:\*{1,2}|[+×^]) ?\d")
# "Ran 1842 tests", but "in 1842 settlers came".
_COUNTED_AFTER = re.compile(r" [a-z]{3,15}s\b(?! ago\b)")
_OF_YEARS = re.compile(
    r"(?i)\b(?:in|since|of|from|by|until|till|before|after|during|to|the|and|year|early|late|mid|between|circa"
    r"|c\.?)[ -]$|^$|[.!?;:\n]\s*$"
)
_FLIGHT_BEFORE = re.compile(r"(?i:\b(?:flights?|flug|vol|vuelo|volo|vlucht|lot|voo|train)) [A-Z][A-Z0-9] ?$")
_CALENDAR = re.compile(
    r"(?i)\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)\b|january|february|march|april|august|september"
    r"|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:mon|tues?|wed|thur?s?|fri|sat|sun)\b"
    r"|christmas|easter|\b(?:1[5-9]|20)\d\ds?\b|'\d\ds?\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{1,2}(?::\d\d)+\b"
    r"|\b\d{1,2}/\d{1,2}\b|\b\d{1,2}\s?(?:[ap]\.?\s?m\b|h\b|o'clock)|\b\d{1,2}(?:st|nd|rd|th)\b"
)
_UNIT = (
    r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|fortnights?|months?|years?|yrs?|decades?"
    r"|centur(?:y|ies)"
    r"|quarters?|semesters?|terms?|seasons?|weekends?|mornings?|afternoons?|evenings?|summers?|winters?|springs?"
    r"|autumns?"
    r"|falls?|anniversary|birthday|noon|midnight|old|yo|y/o)\b"
)
_NUMBER = (
    r"(?:\d+(?:[.,]\d+)?|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty"
    r"|fifty|sixty|seventy|eighty|ninety|hundred)\b)"
)
_SPAN = re.compile(rf"(?i){_NUMBER}(?:[ -]\w+){{0,4}}?[ -]?{_UNIT}|\bage(?:d|s|\s+of)?\s+{_NUMBER}")
_COUNTED = re.compile(rf"(?i){_NUMBER}")
_AGE_BEFORE = re.compile(r"(?i)\bage[ds]?\b[ :]*(?:(?:is|was|of|at|about|only) )*$")
_AGE = re.compile(r"(?i)\b(?:old|yo|y/o|aged?|anniversary|birthday)\b")
_NEAR = 80
# What a length of time tells of somebody: work, illness, marriage, punishment. The rest is "in five years".
_OF_A_LIFE = re.compile(
    r"(?i)\b(?:sentenc|imprison|custod|detain|detention|prison|jail|convict|probation|parole|marri|divorc|widow|employ"
    r"|work(?:ed|s|ing)?\b|serv(?:ed|ing|ice)|liv(?:ed|es|ing)\b|resid|pregnan|hospital|admitt|admission|ill\b|illness"
    r"|sick|ached?\b|pain|symptom|experience|suspend|tenure|abstin|sober|clean for|applicant|appeal|court|tribunal"
    r"|proceedings|judgment|delay|lodged|claim|patient|diagnos|treat|surgery|smok)"
)
# (Okafor 1994, 6): an author and a year.
_CITED = re.compile(r"[^\W\d_a-zß-öø-ÿ][^\W\d_]+ \d{4}[a-z]?")
_CITES = re.compile(r"(?:\(|; )(?:see |cf\. )?\Z")
OF_CALENDAR = frozenset(
    """
    january february march july september october november december monday tuesday wednesday thursday friday saturday
    sunday christmas halloween thanksgiving xmas ramadan taurus libra pisces scorpio capricorn sagittarius aquarius
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_BEFORE_YEARS = OF_CALENDAR | {
    *("april", "may", "june", "august", "spring", "summer", "autumn", "fall", "winter", "christmas", "easter"),
    *("early", "mid", "late"),
}
# A day of the week or an hour alone, which every week and day has.
_NO_DAY = re.compile(
    r"(?i)(?:(?:on|last|next|this|every|each|late|early|by|until)\s)*(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|(?:mon|tues?|wed|thur?s?|fri|sat|sun)\.?)(?:\s(?:morning|noon|afternoon|evening|night)s?)?"
    r"|(?:at\s)?\d{1,2}(?::\d\d){1,2}(?:\s?[ap]\.?\s?m\.?)?(?:\s?(?:-|–|to)\s?\d{1,2}(?::\d\d)?(?:\s?[ap]\.?\s?m\.?)?)?"
    r"|(?:at\s)?\d{1,2}\s?[ap]\.?\s?m\.?"
)
# A month that every year has: "in late November".
_NO_YEAR = re.compile(
    r"(?i)(?:(?:in|the|last|next|this|late|early|mid|by|until|around)[ -])*(?:january|february|march|april|may|june"
    r"|july|august|september|october|november|december)"
)
_DAY = re.compile(r"\d{4}|[A-Za-z]{3,}\.? \d|\d [A-Za-z]{3,}")


def is_time(guess: Guess, kind: TextKind) -> bool:
    """Return whether a guess names a day, an hour or a number of them, and is no year of a law.

    Args:
        guess: Of the kind DATE_TIME.
        kind: What the text is.
    """
    text, start, end = guess.place
    if kind == "code" or is_code(text, start, end) or is_listing(text, start, end):
        return False
    if (kind == "logs" and not _DAY.search(guess.value)) or _is_no_year(guess):
        return False
    by_law = kind in ("clinical", "legal")
    if not by_law and (_NO_DAY.fullmatch(guess.value) or _is_any_span(guess)):
        return _is_age(guess)
    if _CALENDAR.search(guess.value) or _SPAN.search(guess.value):
        return True
    return _is_age(guess)


def _is_no_year(guess: Guess) -> bool:
    """Whether four digits count, compute or number a flight, or are the year of a law or of a book that is cited."""
    text, _, end = guess.place
    if not _YEAR.fullmatch(guess.value):
        cited = _CITED.fullmatch(guess.value) and _CITES.search(guess.before(8))
        return bool(cited) and not is_before_years(guess.words[0])
    counted = _COUNTED_AFTER.match(text, end, end + 24) and not _OF_YEARS.search(guess.before(12))
    before = (_FLIGHT_BEFORE, _LAW_BEFORE, _COMPUTED_BEFORE)
    after = (_UNIT_AFTER, _LAW_AFTER, _COMPUTED_AFTER)
    return (
        bool(counted)
        or any(pattern.search(guess.before(30)) for pattern in before)
        or any(pattern.match(text, end) for pattern in after)
    )


def is_before_years(word: str) -> bool:
    """Return whether a word before a year tells when in it."""
    return word.lower() in _BEFORE_YEARS


def _is_any_span(guess: Guess) -> bool:
    """Whether a length of time, or a month, tells nothing of a life: "in five years", "in November"."""
    if _AGE.search(guess.value):
        return False
    if not _NO_YEAR.fullmatch(guess.value) and (not _SPAN.search(guess.value) or _CALENDAR.search(guess.value)):
        return False
    text, start, end = guess.place
    return _OF_A_LIFE.search(text, max(0, start - _NEAR), end + _NEAR) is None


def _is_age(guess: Guess) -> bool:
    return _AGE_BEFORE.search(guess.before(20)) is not None and _COUNTED.match(guess.value) is not None


def is_of_calendar(guess: Guess) -> bool:
    """Return whether a person is a month, a weekday, a feast or a sign of the zodiac that nobody bears as a name."""
    return guess.kind == "PERSON" and guess.lone and guess.words[0].lower() in OF_CALENDAR
