"""Authors as scholars cite them: ``(Okafor & Lindqvist, 2014)``, ``Okafor et al.``, ``Okafor, Ngozi. A Long Walk``.

The styles are those of the APA, of Chicago (author and date) and of the MLA. A model sees a list of words and a year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lc_guard.detectors.name_lists import given_names
from lc_guard.detectors.request_verbs import GREETINGS
from lc_guard.detectors.times import is_before_years
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

_SCORE = 0.6
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
_PARTICLE = r"(?:[Vv][ao]n(?: de[rn]?)?|[Dd][eaiu]l?|[Ll][ae]|al|el)"
_AUTHOR = rf"(?:{_PARTICLE} )?{_CAPITAL}['’]?[^\W\d_]+(?:-{_CAPITAL}?[^\W\d_]+)?"
_YEAR = r"(?:\[\d{4}\] )?(?:1[5-9]|20)\d\d[a-z]?"
_AUTHORS = rf"(?P<authors>{_AUTHOR}(?:, {_AUTHOR}){{0,9}}(?:,? (?:&|and) {_AUTHOR})?)"
# (see Okafor, Abara, & Lindqvist, 2014, p. 12; Lindqvist 1998)
_IN_BRACKETS = re.compile(
    rf"(?<=[(;\[])[ ]?(?:(?:see|cf\.?|e\.g\.,?|also|following|after|in|by) ){{0,2}}{_AUTHORS}(?P<more>,? et al\.)?,?"
    rf" {_YEAR}(?=[,;:)\]])"
)
_BEFORE_YEAR = re.compile(rf"(?<![\w'’-]){_AUTHORS}(?P<more>,? et al\.)?(?:['’]s)? \({_YEAR}(?=[,;:)])")
_WITH_OTHERS = re.compile(rf"(?<![\w'’-]){_AUTHORS}(?P<more>,? et al\b)")
# At the beginning of a line: Okafor, Ngozi. Title; [3] Okafor, N. B. (1999)
_NEXT = rf"(?= [\"“(]?(?:{_CAPITAL}|\d))"
_ENTRY = re.compile(
    rf"^[ \t]{{0,8}}(?:\[\d+\] |\d+\. |[-*•] )?(?P<authors>{_AUTHOR}, (?:(?P<given>{_CAPITAL}[^\W\d_]+)"
    rf"(?: {_CAPITAL}(?:[^\W\d_]+|(?=\.)))?(?=\. |\.? \()|{_CAPITAL}\.(?:[ -]?{_CAPITAL}\.){{0,2}}))\.?{_NEXT}",
    re.MULTILINE,
)
_ONE = re.compile(_AUTHOR)
_DATED = re.compile(r"\d[a-z]?[,;:)\]]|\bet al\b")
# What is said to somebody at the beginning of a line.
_SAID = GREETINGS | frozenset(
    """
    absolutely agreed anyway cheers congrats congratulations correct exactly fine good great indeed listen look love no
    oh ok okay perfect please regards right so sorry sure thank thanks today tomorrow true welcome well yes yesterday
    """.split()  # noqa: SIM905 - a list of words reads as one
)


def cited(text: str) -> list[Entity]:
    """Return the authors that a text cites.

    One author before a year alone may be a film, a release or a town: they count beside another citation.

    Args:
        text: The text.
    """
    spans = {match.span("authors") for match in _ENTRY.finditer(text) if _is_entry(match)}
    if _DATED.search(text):
        spans.update(_in_sentences(text))
    return [Entity("PERSON", *span, _SCORE) for span in sorted(spans)]


def _is_entry(match: re.Match[str]) -> bool:
    """Whether a line begins with an author, and not with "Thanks, Anna."."""
    first = match["authors"].partition(",")[0].lower()
    return first not in _SAID and (match["given"] is None or match["given"] in given_names())


def _in_sentences(text: str) -> Iterator[tuple[int, int]]:
    in_brackets = list(_IN_BRACKETS.finditer(text))
    found = [*in_brackets, *(match for rule in (_BEFORE_YEAR, _WITH_OTHERS) for match in rule.finditer(text))]
    if len(in_brackets) > 1 or any(map(_names_several, found)):
        for match in found:
            yield from _authors(match)


def _names_several(match: re.Match[str]) -> bool:
    return match["more"] is not None or _ONE.fullmatch(match["authors"]) is None


def _authors(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    known = vocabulary()
    group = _names_several(match)
    for author in _ONE.finditer(match.string, *match.span("authors")):
        word = author[0].lower()
        if not is_before_years(word) and not author[0].isupper() and (group or not known.is_technology(word)):
            yield author.span()
