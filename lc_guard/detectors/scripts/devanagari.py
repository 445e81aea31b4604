"""Hindi and others in Devanagari."""

from __future__ import annotations

from collections.abc import Iterator

from lc_guard.detectors.scripts import LETTERS, SIGN, one_of
from lc_guard.detectors.scripts._words import listed

_WORD = "[\u0900-\u0963\u0966-\u097f]{2,25}"
_ALL = LETTERS["devanagari"]
_STOP = one_of("को का की के से ने में है हैं और पर हूँ हूं जी नहीं यह वह तथा सोमवार कल आज")
_NEXT = one_of("फ़ोन फोन मोबाइल पता आयु उम्र ईमेल लिंग पद जन्म")
_NAME = rf"{_WORD}(?:[ ](?!{_STOP}(?![{_ALL}])|{_NEXT}[ ]?:){_WORD})"
_LABELS = one_of("नाम पूरा_नाम रोगी_का_नाम मरीज_का_नाम ग्राहक_का_नाम ग्राहक रोगी मरीज पिता_का_नाम उपनाम आवेदक संपर्क")
_TITLES = one_of("श्री श्रीमती सुश्री डॉ. डॉ डॉक्टर प्रो. कुमारी")
RULES = (
    rf"(?<![{_ALL}]){_LABELS}{SIGN}(?P<name>{_NAME}{{0,2}})",
    rf"(?<![{_ALL}]){_TITLES}[ ](?!{_STOP}(?![{_ALL}]))(?P<name>{_NAME}{{0,1}})",
    rf"(?<![{_ALL}])(?:मेरा|उसका|उनका)[ ]नाम[ ](?P<name>{_NAME}{{0,2}})(?=[ ]है)",
)
ADDRESSES = (rf"(?<![{_ALL}])पता{SIGN}(?P<name>[^\n|:]{{4,60}}[\w\u093e-\u094c])",)


def known(text: str) -> Iterator[tuple[int, int]]:
    """Yield given names of the lists before surnames of the lists."""
    return listed(text, _WORD, ("hi_IN",))
