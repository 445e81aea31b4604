"""Sentences of which every word stands in a row, an item or a cell of its own: read in one line again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lc_guard.scanners.broken_words import Change
from lc_guard.scanners.codes import found_in
from lc_guard.scanners.phrases.words import attack_words

_WORD = r"(?:[^\W\d_]{1,30}|\[\w{1,40}\])"  # or a placeholder
# Words apart by the same: bullets, marks of quotations and headings, empty lines, signs, tags of a list.
_ALIKE = re.compile(
    rf"(?<![^\W_]){_WORD}(?P<part>[\W_]{{2,8}}|</\w{{1,8}}>\s{{0,12}}<\w{{1,8}}>)"
    rf"{_WORD}(?:(?P=part){_WORD}){{2,}}(?![^\W_])"
)
# Words in numbered rows: "2. word", "b) word", "| 2 | word |", "step 2: word", "w2: word".
_NUMBER = (
    r"[ \t]*[|,;.]?[ \t]*(?:\r?\n){1,2}[ \t|(]{0,9}"
    r"(?:[A-Za-z]{0,8}[ _-]?\d{1,3}|[A-Za-z])[ \t]?[.):|]{1,2}[ \t|]{0,9}"
)
_NUMBERED = re.compile(rf"{_WORD}(?:{_NUMBER}{_WORD}){{3,}}(?![^\W_])")
_ONE_NUMBER = re.compile(_NUMBER)
_FEW = 2


def listed_words(text: str) -> Iterable[Change]:
    """Return what stands between the words of a list, which is read as a blank, if several are words of attacks."""
    found: list[Change] = []
    for pattern in (_ALIKE, _NUMBERED):
        for run in found_in(pattern, text):
            gaps = [*_gaps(run, text)]
            words = text[run.start() : run.end()].lower()
            if sum(word in attack_words() for word in re.findall(_WORD, words)) >= _FEW:
                found += gaps
        if found:
            return found
    return found


def _gaps(run: re.Match[str], text: str) -> Iterator[Change]:
    if run.re is _NUMBERED:
        for match in _ONE_NUMBER.finditer(text, *run.span()):
            yield (*match.span(), " ")
        return
    part = run["part"]
    at = text.find(part, run.start(), run.end())
    while at >= 0:
        yield at, at + len(part), " "
        at = text.find(part, at + len(part), run.end())
