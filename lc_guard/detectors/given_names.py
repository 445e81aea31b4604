"""Given names that stand alone: ``Harriet, is the fax in the file?`` gives a model little to go by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lc_guard.detectors.called_names import doers, signatures
from lc_guard.detectors.cited_names import cited
from lc_guard.detectors.name_lists import load_names, small_names
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.request_verbs import VERBS, begins_request
from lc_guard.detectors.spans import clean
from lc_guard.detectors.surroundings import is_chat
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.detectors.windows import readable
from lc_guard.records import Entity

SCORE = 0.6

_NO_SURNAMES = frozenset(
    [
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march"),
        *("april", "may", "june", "july", "august", "september", "october", "november", "december", "the", "and", "or"),
        *("is", "was", "i", "he", "she", "it", "we", "you", "they", "please", "will", "did", "do", "has", "had", "can"),
    ]
)
_WORD = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]{1,30}"
# Not a handle or a path; Notes writes John Griffith@ENRON and John Griffith/HOU/ECT@ECT.
_ADDRESS = r"@(?![A-Z]{2})|/(?![A-Z]{2,4}[/@])"
_NAME = re.compile(
    rf"(?<![\w'.@/-])(?P<given>{_WORD})(?P<rest>[ ](?:[A-Z]\.[ ])?(?P<surname>{_WORD}(?:['-]{_WORD})?))?"
    rf"(?!\w|{_ADDRESS})"
)

_ASKED = re.compile(
    rf"(?<![\w'.@/-])(?P<verb>[A-Za-z][a-z]{{1,15}}) (?P<one>{_WORD}) (?P<two>{_WORD})"
    r"(?=[.;,!?\n]|\s*\Z| (?:about|and|at|by|for|if|now|on|that|to|today|tomorrow|when|whether|with)\b)"
)
_SMALL = re.compile(r"(?<![\w'’.@#/-])(?P<given>[a-z]{3,})(?=(?: (?P<surname>[a-z]{4,})\b)?)(?![\w@/]|[.-]\w)")
_ALONE = re.compile(r"(?:\A|\n[ \t]{0,8})\n[ \t]{0,8}(?P<name>[A-Z][a-z]{2,14})[ \t]{0,8}(?=\n[ \t]{0,8}(?:\n|--)|\Z)")

# Storms and lakes bear given names.
_NO_PERSON_BEFORE = re.compile(
    r"\b(?:Hurricane|Typhoon|Cyclone|Storm|Lake|Mount|Mt\.?|Fort|Port|Saint|St\.?|San|Santa) $"
)


class GivenNameDetector:
    """Finds PERSON by a list of given names of the USA and Britain, with the surname behind: a rule beside the models.

    The lists are Faker's; names that are also words, places or months are left out. Without a model it finds far too
    little: it is no source of its own.
    """

    name = "given_names"

    def warm_up(self) -> None:
        """Load the lists now."""
        load_names()

    def detect(self, text: str) -> list[Entity]:
        """Return the names that begin with a known given name, ordered by offset."""
        names = load_names()
        seen = readable(text)
        found = []
        at = 0
        while (match := _NAME.search(seen, at)) is not None:
            at = match.end("given")
            if match["given"] not in names or _NO_PERSON_BEFORE.search(seen, max(0, match.start() - 12), match.start()):
                continue
            end = at
            if match["surname"] and match["surname"].lower() not in _NO_SURNAMES:
                end = at = match.end()
            found.append(Entity("PERSON", match.start(), end, SCORE))
        found += [*_small(seen), *_signed(seen), *_asked_about(seen)]
        # what their place tells is not asked what its words mean
        return clean(text, [*plausible(text, clean(text, found)), *signatures(text), *doers(seen), *cited(seen)])

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def _asked_about(text: str) -> Iterator[Entity]:
    """Yield two words with capitals that no list knows behind the verb of a request: ``Pay Lerato Dlamini``."""
    for match in _ASKED.finditer(text):
        if (
            match["verb"].lower() in VERBS
            and _is_unknown(match["one"])
            and _is_unknown(match["two"])
            and begins_request(text, match.start())
        ):
            yield Entity("PERSON", match.start("one"), match.end("two"), SCORE)


def _is_unknown(word: str) -> bool:
    known = vocabulary()
    return not (known.knows(word) or known.is_identifier(word))


def _small(text: str) -> Iterator[Entity]:
    """Yield given names that somebody who chats did not care to write large, with a surname that is no word."""
    names, known = small_names(), vocabulary()
    for match in _SMALL.finditer(text):
        if match["given"] in names and is_chat(text, *match.span("given")):
            surname = match["surname"]
            word = not surname or surname in known.ordinary or surname in known.also_names
            yield Entity("PERSON", match.start(), match.end("given" if word else "surname"), SCORE)


def _signed(text: str) -> Iterator[Entity]:
    """Yield given names that fill a line between blank lines: of who writes, or is written to."""
    names, known = load_names(), vocabulary()
    for match in _ALONE.finditer(text):
        if match["name"] in names or match["name"].lower() in known.given_names - _NO_SURNAMES:
            yield Entity("PERSON", *match.span("name"), SCORE)
