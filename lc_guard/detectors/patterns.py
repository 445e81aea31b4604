"""Structured PII by its shape: Presidio's recognizers with their checksums, and our own; no model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lc_guard._progress import part_done
from lc_guard._text.words import cuts_run
from lc_guard.detectors.labels import Thresholds, kind_of
from lc_guard.detectors.other_meanings import meant
from lc_guard.detectors.presidio import group_recognizers, pattern_engine
from lc_guard.detectors.shapes import find_shapes
from lc_guard.detectors.spans import clean, resolve
from lc_guard.detectors.windows import parted, shifted, underscores_parted, windows, without_surrogates
from lc_guard.records import Entity

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

# Recognition context is at most a few words away; larger windows make Presidio's search for it quadratic.
_WINDOW, _OVERLAP = 4_000, 300


class PatternDetector:
    """Finds cards, e-mail, phone, SSN, IBAN, IP, dates, case numbers, addresses… by shape; it masks no name.

    Args:
        kinds: Kinds to give; None for all.
        threshold: Least score, 0…1; 0 gives everything.
        thresholds: Kind → least score, where it is not `threshold`.
        language: ISO 639-1 code; it chooses Presidio's recognizers. Our own shapes are English.
        regex_patterns: More patterns, in the form of LLM Guard's ``regex_patterns``.
        national_ids: Whether Presidio's recognizers of single countries but the USA are asked: those that the installed
            version has switched on, without regard to what stands around a number.

    Raises:
        GuardError: The threshold is out of range.
    """

    name = "patterns"

    def __init__(
        self,
        *,
        kinds: Collection[str] | None = None,
        threshold: float = 0.5,
        thresholds: Mapping[str, float] | None = None,
        language: str = "en",
        regex_patterns: Sequence[Mapping[str, Any]] | None = None,
        national_ids: bool = True,
    ) -> None:
        self._kinds = None if kinds is None else frozenset(map(kind_of, kinds))
        self._thresholds = Thresholds(threshold, thresholds)
        self._language = language
        self._national_ids = national_ids
        self._groups = tuple(dict(group) for group in regex_patterns or ())
        self._added: list[EntityRecognizer] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self._thresholds!r}, language={self._language!r})"

    def warm_up(self) -> None:
        """Build Presidio's analyzer and load what it looks up now.

        Raises:
            DetectorError: spaCy has no tokenizer for the language.
        """
        self.detect("up@example.org")  # with the list of domains, which the first address would wait for

    def detect(self, text: str) -> list[Entity]:
        """Return the structured PII of a text, ordered by offset, without overlaps."""
        own: list[Entity] = []
        presidio: list[Entity] = []
        for start, end in windows(text, size=_WINDOW, overlap=_OVERLAP):
            for form in _forms(text[start:end]):
                own += shifted(find_shapes(form), start)
            for form in dict.fromkeys((text[start:end], parted(text[start:end]))):
                presidio += shifted(self._presidio(form), start)
            part_done()
        found = resolve(text, [self._canonical(text, own), self._canonical(text, presidio)])
        return [entity for entity in found if self._wanted(entity.kind)]

    def _canonical(self, text: str, entities: Sequence[Entity]) -> list[Entity]:
        named = [Entity(kind_of(e.kind), e.start, e.end, e.score) for e in entities]
        return meant(text, clean(text, self._thresholds.reached(named)))

    def _wanted(self, kind: str) -> bool:
        return self._kinds is None or kind in self._kinds

    def _presidio(self, text: str) -> list[Entity]:
        if self._added is None:
            self._added = group_recognizers(self._groups, self._language)
        found = pattern_engine(self._language, national_ids=self._national_ids).entities(
            without_surrogates(text), threshold=self._thresholds.least, added=self._added
        )
        return [e for e in found if not _is_inside_number(text, e)]


def _is_inside_number(text: str, entity: Entity) -> bool:
    """Whether it is of a longer number: Presidio's pattern of a certificate sees one inside an IBAN as well."""
    return entity.kind == "MEDICAL_LICENSE" and (cuts_run(text, entity.start) or cuts_run(text, entity.end))


def _forms(text: str) -> Iterable[str]:
    """Return how our shapes look at a text: none of them has letters of an uncased script."""
    seen = parted(text)
    return dict.fromkeys((seen, underscores_parted(seen)))
