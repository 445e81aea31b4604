"""Names of people inside names of files: ``CV_Jane_Hollister.pdf``, ``jane-hollister_2025.docx``.

An underscore is a letter for models and patterns, so a name between two of them is none. Here a known given name with a
word behind it counts, in the name of a file only: `snake_case` of code has no extension.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lc_guard._text.joined_names import DOCUMENT
from lc_guard.detectors.file_words import ABOUT_SOMEBODY, NO_SURNAMES
from lc_guard.detectors.name_lists import load_names
from lc_guard.detectors.spans import clean
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

SCORE = 0.7

_FILE = re.compile(
    rf"(?<![\w.-])[\w.-]{{3,160}}?\.(?:{DOCUMENT})(?![\w-])",
    re.IGNORECASE,
)
_FOLDER = re.compile(r"(?<=/)(?P<one>[A-Z][a-z]{2,20})[_-](?P<two>[A-Z][a-z]{2,30})(?=/)")
_PAIR = re.compile(r"(?<![^\W\d_])(?P<given>[^\W\d_]{3,20})[_-](?P<surname>[^\W\d_]{3,30})(?![^\W\d_])")
# Files that are about somebody.
_ABOUT = re.compile(rf"(?i)(?<![^\W\d_])(?:{ABOUT_SOMEBODY})(?![^\W\d_])")
_TWO_WORDS = re.compile(r"(?<![^\W\d_])([^\W\d_]{3,20}?)(?:[_-]|(?<=[a-z])(?=[A-Z]))([^\W\d_]{3,30})(?![^\W\d_])")


class FileNameDetector:
    """Finds PERSON inside names of files by lists of given names; no model."""

    name = "file_names"

    def warm_up(self) -> None:
        """Load the lists now."""
        load_names()

    def detect(self, text: str) -> list[Entity]:
        """Return the names of people in names of files, ordered by offset."""
        return clean(text, list(_found(text))) if "." in text or "/" in text else []

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def _is_unknown(word: str) -> bool:
    """Whether a word of a file's name is neither in a dictionary nor of computing."""
    known = vocabulary()
    small = word.lower()
    if known.is_ordinary(word) or known.is_technology(word) or small in known.abbreviations or small in NO_SURNAMES:
        return False
    return small not in known.also_names and _ABOUT.fullmatch(word) is None


def _found(text: str) -> Iterator[Entity]:
    for file in _FILE.finditer(text):
        about = _ABOUT.search(text, file.start(), file.end()) is not None
        at = file.start()
        while about and (pair := _TWO_WORDS.search(text, at, file.end())) is not None:
            at = pair.end(1)
            if _is_unknown(pair[1]) and _is_unknown(pair[2]) and pair[1][0].isupper() == pair[2][0].isupper():
                yield Entity("PERSON", *pair.span(), SCORE)
                at = pair.end()
        at = file.start()
        while (pair := _PAIR.search(text, at, file.end())) is not None:
            known = pair["given"].capitalize() in load_names()
            if known and pair["surname"].lower() not in NO_SURNAMES:
                yield Entity("PERSON", *pair.span(), SCORE)
                at = pair.end()
            else:
                at = pair.end("given")
    for folder in _FOLDER.finditer(text):
        if folder["one"] in load_names() or folder["two"] in load_names():
            yield Entity("PERSON", *folder.span(), SCORE)
