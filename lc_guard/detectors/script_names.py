"""Names in scripts that no model here reads: behind labels, beside titles, of lists; what models guess there is noise.

The models were trained on Latin letters. In Chinese or Arabic they take ordinary words for names and miss the names, so
that nothing of what they guess there is believed; see `readable_guesses`.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

from lc_guard.detectors.locale_rules import longest
from lc_guard.detectors.scripts import LETTERS
from lc_guard.detectors.spans import clean
from lc_guard.records import Entity

LABEL_SCORE, LIST_SCORE = 0.85, 0.6

# From Greek to Georgian, of the Indic scripts and of Han, Kana and Hangul. Not of mathematical letters.
_FOREIGN = re.compile(
    "[\u0370-\u052f\u0531-\u10ff\u1100-\u1cff\u1f00-\u1fff\u2d00-\u2d2f\u2e80-\u2fdf\u3005-\ua4cf\ua960-\ua97f\ua9e0-\uabff"
    "\uac00-\ud7ff\uf900-\ufaff\ufb13-\ufdff\ufe70-\ufefe\uff66-\uffdc\U00020000-\U0003ffff]"
)
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"\w+")
_OF_SCRIPT = {script: re.compile(f"[{letters}]") for script, letters in LETTERS.items()}


class _Rules(NamedTuple):
    """The compiled rules of one script."""

    persons: tuple[re.Pattern[str], ...]
    addresses: tuple[re.Pattern[str], ...]
    module: ModuleType


class ScriptNameDetector:
    """Finds PERSON and LOCATION in Chinese, Japanese, Korean, Arabic, Hebrew, Hindi, Thai, Greek and Cyrillic texts.

    By rules only: labels of forms, titles, lists of names. What nothing announces is not found.
    """

    name = "scripts"

    def detect(self, text: str) -> list[Entity]:
        """Return the names of a text, ordered by offset."""
        if text.isascii() or _FOREIGN.search(text) is None:
            return []
        found = [
            each for script, letters in _OF_SCRIPT.items() if letters.search(text) for each in _found(script, text)
        ]
        return clean(text, longest(found))

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def _found(script: str, text: str) -> Iterator[Entity]:
    rules = _rules(script)
    for kind, patterns in (("PERSON", rules.persons), ("LOCATION", rules.addresses)):
        for pattern in patterns:
            yield from (Entity(kind, *match.span("name"), LABEL_SCORE) for match in pattern.finditer(text))
    yield from (Entity("PERSON", start, end, LIST_SCORE) for start, end in rules.module.known(text))


@functools.cache
def _rules(script: str) -> _Rules:
    module = importlib.import_module(f"lc_guard.detectors.scripts.{script}")
    return _Rules(tuple(map(re.compile, module.RULES)), tuple(map(re.compile, module.ADDRESSES)), module)


def readable_guesses(text: str, entities: Iterable[Entity]) -> list[Entity]:
    """Leave out what a model found in letters that it does not read.

    Args:
        text: The text.
        entities: What the model found.
    """
    if text.isascii():
        return list(entities)
    return [known for entity in entities for known in _parts_read(text, entity)]


def _parts_read(text: str, entity: Entity) -> Iterator[Entity]:
    if _FOREIGN.search(text, entity.start, entity.end) is None:
        yield entity
        return
    start: int | None = None
    end = entity.end
    for word in _WORD.finditer(text, entity.start, entity.end):
        if _is_read(word[0]):
            start, end = word.start() if start is None else start, word.end()
        elif start is not None:
            yield Entity(entity.kind, start, end, entity.score)
            start = None
    if start is not None:
        yield Entity(entity.kind, start, end, entity.score)


def _is_read(word: str) -> bool:
    """Whether a word is of Latin letters: a single other one among them is a disguise, or a sign (TNF-α)."""
    foreign = len(_FOREIGN.findall(word))
    return foreign * 2 <= len(_LETTER.findall(word)) - foreign and not word.isdigit()
