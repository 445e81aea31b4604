"""Full names of Faker's lists in scripts that write blanks between words and have no capitals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lc_guard.detectors.faker_names import faker_names


def listed(text: str, word: str, locales: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield given names of the lists before a surname, or a father's name.

    Args:
        text: The text.
        word: Expression of a word.
        locales: Faker's codes.
    """
    given, surnames, pairs = _lists(word, locales)
    for match in pairs.finditer(text):
        if match["given"] in given and match["surname"] in surnames:
            yield match.start(), match.end("surname")


@cache
def _lists(word: str, locales: tuple[str, ...]) -> tuple[set[str], set[str], re.Pattern[str]]:
    pairs = re.compile(rf"(?<!\w)(?P<given>{word})(?=[ -](?P<surname>{word})(?!\w))")
    given = faker_names(locales, ("first_names",))
    return given, given | faker_names(locales, ("last_names",)), pairs
