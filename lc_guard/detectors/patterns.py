"""Structured PII by its shape: Presidio's recognizers with their checksums, and our own; no model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lc_guard.detectors.presidio import group_recognizers, pattern_engine
from lc_guard.detectors.shapes import find_shapes
from lc_guard.detectors.spans import clean, keep, resolve
from lc_guard.detectors.windows import shifted, windows, without_surrogates
from lc_guard.errors import GuardError
from lc_guard.records import Entity

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

CANONICAL = {
    "CREDIT_CARD_RE": "CREDIT_CARD",
    "EMAIL_ADDRESS_RE": "EMAIL_ADDRESS",
    "US_SSN_RE": "US_SSN",
    "BTC_ADDRESS": "CRYPTO",
    "DATE_RE": "DATE_TIME",
    "URL_RE": "URL",
    "PHONE_NUMBER_WITH_EXT": "PHONE_NUMBER",
    "PHONE_NUMBER_ZH": "PHONE_NUMBER",
    "STREET_ADDRESS": "LOCATION",
}
"""Kinds that mean the same as one of Presidio's: one value must not get two placeholders."""

# Recognition context is at most a few words away; larger windows make Presidio's search for it quadratic.
_WINDOW, _OVERLAP = 4_000, 300


class PatternDetector:
    """Finds cards, e-mail, phone, SSN, IBAN, IP, dates, case numbers, addresses… by shape; it masks no name.

    Args:
        entity_types: Kinds to give; None for all.
        threshold: Least score, 0…1; 0 gives everything.
        language: ISO 639-1 code; it chooses Presidio's recognizers. Our own shapes are English.
        regex_patterns: More patterns, in the form of LLM Guard's ``regex_patterns``.

    Raises:
        GuardError: The threshold is out of range.
    """

    name = "patterns"

    def __init__(
        self,
        *,
        entity_types: Collection[str] | None = None,
        threshold: float = 0.5,
        language: str = "en",
        regex_patterns: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise GuardError(f"threshold={threshold!r} is no score: give 0…1")
        self._entity_types = (
            None if entity_types is None else frozenset(CANONICAL.get(kind, kind) for kind in entity_types)
        )
        self._threshold = threshold
        self._language = language
        self._groups = tuple(dict(group) for group in regex_patterns or ())
        self._added: list[EntityRecognizer] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self._threshold}, language={self._language!r})"

    def warm_up(self) -> None:
        """Build Presidio's analyzer now.

        Raises:
            DetectorError: spaCy has no tokenizer for the language.
        """
        self.detect("warm up")

    def detect(self, text: str) -> list[Entity]:
        """Give the structured PII of a text, ordered by offset, without overlaps."""
        own: list[Entity] = []
        presidio: list[Entity] = []
        for start, end in windows(text, size=_WINDOW, overlap=_OVERLAP):
            piece = text[start:end]
            own += shifted(find_shapes(piece), start)
            presidio += shifted(self._presidio(piece), start)
        found = resolve(text, [self._canonical(text, own), self._canonical(text, presidio)])
        return keep(found, self._wanted, self._threshold)

    def _canonical(self, text: str, entities: Sequence[Entity]) -> list[Entity]:
        named = [Entity(CANONICAL.get(e.kind, e.kind), e.start, e.end, e.score) for e in entities]
        return clean(text, [e for e in named if e.score >= self._threshold])

    def _wanted(self, kind: str) -> bool:
        return self._entity_types is None or kind in self._entity_types

    def _presidio(self, text: str) -> list[Entity]:
        if self._added is None:
            self._added = group_recognizers(self._groups, self._language)
        return pattern_engine(self._language).entities(
            without_surrogates(text), threshold=self._threshold, added=self._added
        )
