"""Greek."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.locales import words
from lc_guard.detectors.scripts import SIGN, one_of

_CAPITAL = "\u0386\u0388-\u038f\u0391-\u03ab"
_WORD = rf"[{_CAPITAL}][\u03ac-\u03ce\u0390]{{1,30}}(?:-[{_CAPITAL}][\u03ac-\u03ce]{{1,30}})?"
_NAME = rf"(?:(?:[{_CAPITAL}]\.[ ]?){{1,2}}{_WORD}|{_WORD}(?:[ ]{_WORD}){{0,2}})(?![\w:])"
_LABELS = one_of(
    "Όνομα Επώνυμο Ονοματεπώνυμο Ασθενής Πελάτης Παραλήπτης Αποστολέας Υπεύθυνος Αιτών Αιτούσα Πατρώνυμο",
    "Μάρτυρας Υπογραφή",
    "Δικαιούχος Ενοικιαστής Ιατρός Μαθητής",
)
_TITLES = (
    r"(?:[Κκ]ύρι(?:ος|ε|ο|α)|[Κκ]υρί(?:ου|α|ας)|κ\.|κα|κος|[Αα]γαπητ(?:έ|ή)|[Δδ]ρ\.?|[Κκ]αθηγητ(?:ής|ή|ού)"
    r"|[Δδ]ικηγόρ(?:ος|ο|ου)|[Γγ]ιατρ(?:ός|ό|ού)"
    r"|[Αα]σθεν(?:ής|ή)|[Μμ]άρτυρας|[Δδ]ικαστής)"
)
RULES = (
    rf"(?<!\w)(?i:{_LABELS}){SIGN}(?=(?P<name>{_NAME}))",
    rf"(?<!\w)(?:{_TITLES}[ ]){{1,2}}(?=(?P<name>{_NAME}))",
)
ADDRESSES = (rf"(?<!\w)(?:Διεύθυνση|Κατοικία){SIGN}(?P<name>[{_CAPITAL}][^\n|;]{{4,80}}\w)",)
_RUN = re.compile(rf"(?<![\w.-]){_WORD}(?:[ ]{_WORD}){{0,3}}(?![\w:])")
_ONE = re.compile(_WORD)
_INSIDE = re.compile(r"[\w,;][ ]\Z")
_NO_NAMES = words(
    "δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου",
    "ιουνίου ιουλίου",
    "αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου εσείς σας",
)


@cache
def _names() -> frozenset[str]:
    return frozenset(faker_names(("el_GR",), ("first_names", "last_names", "last_names_male", "last_names_female")))


def _is_name(word: str) -> bool:
    """Return whether a word is of the lists, in the nominative or with the ending of another case."""
    names = _names()
    stem = word.removesuffix("ου").removesuffix("ς")
    return word in names or not names.isdisjoint((word + "ς", stem, stem + "ος", stem + "ς"))


def known(text: str) -> Iterator[tuple[int, int]]:
    """Yield runs of words with a capital of which one is a name of the lists."""
    for run in _RUN.finditer(text):
        inside = _INSIDE.search(text, max(0, run.start() - 2), run.start()) is not None
        words = [word for word in _ONE.finditer(text, *run.span()) if word[0].lower() not in _NO_NAMES]
        sure = [word for word in words if _is_name(word[0])]
        if sure and inside:
            yield run.span()
        elif sure and len(words) > 1:
            yield sure[0].start(), run.end()
