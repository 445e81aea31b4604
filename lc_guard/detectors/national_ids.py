"""National identifiers: of persons, and tax numbers that name a person, by country.

Presidio's own recognizers are taken where each supported version has them (`PRESIDIO`); rules of our own, with a
checksum where the number has one, for the countries that the lowest version lacks (`id_checksums`). A number of which
one in eleven at random would pass counts only behind its name ("BSN", "TFN"), unless its country was asked for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from lc_guard._progress import in_parts
from lc_guard._vendors.presidio import quiet
from lc_guard.detectors.national_id_rules import PRESIDIO, RULES, Rule, unchecked
from lc_guard.detectors.spans import clean
from lc_guard.detectors.weights import LoadOnce, import_spacy
from lc_guard.detectors.windows import without_surrogates
from lc_guard.errors import GuardError
from lc_guard.records import Entity, normalize_kind

if TYPE_CHECKING:
    from presidio_analyzer import PatternRecognizer


COUNTRIES = tuple(sorted({rule.country for rule in RULES} | set(PRESIDIO)))
"""Countries whose identifiers are known, as ISO 3166-1 codes, but for UK."""

_NAMES_OF = {
    "UK_NHS": "nhs|national health", "US_ITIN": "itin|taxpayer", "IT_VAT_CODE": "partita iva|p\\.? ?iva|vat|iva",
    "IN_AADHAAR": "aadhaar|aadhar|uidai|uid", "AU_ABN": "abn|business number",
    "AU_ACN": "acn|company number", "AU_TFN": "tfn|tax file", "AU_MEDICARE": "medicare",
}  # fmt: skip
KINDS = frozenset({rule.kind for rule in RULES} | set(_NAMES_OF))
"""Kinds of single countries."""
_SURE = 0.5
_NEAR = 48
# Seven letters and digits or more that hang together, some digits among them: most of a text has none.
_CANDIDATE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]{0,6}[ ./-]?\d)[A-Za-z0-9](?:[ ./-]?[A-Za-z0-9]){6,40}")
_DATE = re.compile(r"\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)|\d{4}[ -]\d{4}")


class NationalIdDetector:
    """Finds national identifiers by country.

    Args:
        countries: ISO 3166-1 codes (``"GB"`` or ``"UK"``) whose numbers count by their checksum alone; numbers of other
            countries are then not looked for. None: those of all `COUNTRIES`, and numbers that could be anything only
            behind their name.

    Raises:
        GuardError: A country is not known, or `countries` is a single string.
    """

    name = "national_ids"

    def __init__(self, countries: Collection[str] | None = None) -> None:
        if isinstance(countries, str):
            raise GuardError("countries must be a collection of codes, not one string")
        self._named = countries is not None
        codes = COUNTRIES if countries is None else tuple("UK" if c.upper() == "GB" else c.upper() for c in countries)
        unknown = sorted(set(codes) - set(COUNTRIES))
        if unknown:
            raise GuardError(f"countries has {', '.join(unknown)}: known are {', '.join(COUNTRIES)}")
        self._countries = frozenset(codes)
        self._rules = tuple(rule for rule in RULES if rule.country in self._countries)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(countries={sorted(self._countries) if self._named else None})"

    def warm_up(self) -> None:
        """Build Presidio's recognizers now."""
        _recognizers(self._countries)

    def detect(self, text: str) -> list[Entity]:
        """Return the identifiers of a text, ordered by offset."""
        regions = list(_regions(text))
        return clean(text, [*self._own(text, regions), *self._presidio(text, regions)]) if regions else []

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]

    def _own(self, text: str, regions: Sequence[tuple[int, int]]) -> Iterator[Entity]:
        for start, end in in_parts(regions):
            before = text[max(0, start - _NEAR) : end]
            for rule in self._rules:
                alone = (rule.distinct or self._named) and rule.check is not unchecked
                # without a checksum only the name tells
                if alone or rule.names.search(before):
                    yield from self._of_rule(rule, text, start, end, alone=alone)

    def _of_rule(self, rule: Rule, text: str, start: int, end: int, *, alone: bool) -> Iterator[Entity]:
        for match in rule.pattern.finditer(text, start, end):
            code = "".join(filter(str.isalnum, match[0])).upper()
            told = _is_near(text, match.start(), rule.names)
            if (told or alone) and rule.check(code):
                yield Entity(rule.kind, *match.span(), 0.9 if told else 0.8)

    def _presidio(self, text: str, regions: Sequence[tuple[int, int]]) -> Iterator[Entity]:
        for start, end in in_parts(regions):
            part = without_surrogates(text[start:end])
            before = text[max(0, start - _NEAR) : end]
            has_letter = any(map(str.isalpha, part))
            for recognizer, distinct in _recognizers(self._countries):
                kind = normalize_kind(recognizer.supported_entities[0])
                names = _COMPILED.get(kind)
                alone = distinct or self._named
                if not (has_letter if distinct else alone or (names is not None and names.search(before))):
                    continue
                with quiet(logging.WARNING):
                    results = recognizer.analyze(part, recognizer.supported_entities, None)
                for found in results:
                    if _is_of_version(text, start + found.start, start + found.end):
                        continue
                    told = names is not None and _is_near(text, start + found.start, names)
                    if found.score >= _SURE and (alone or told):
                        yield Entity(kind, start + found.start, start + found.end, min(1.0, found.score))


_COMPILED = {kind: re.compile(rf"(?i)(?<!\w)(?:{names})") for kind, names in _NAMES_OF.items()}


def _is_near(text: str, at: int, names: re.Pattern[str]) -> bool:
    """Return whether the name of a number stands right before it, in its line."""
    begin = max(0, at - _NEAR)
    line = max(text.rfind("\n", begin, at), text.rfind("\r", begin, at)) + 1
    # a short name is a word of its own: of "single" no SIN
    return any(
        len(match[0]) > 4 or not text[match.end() : match.end() + 1].isalpha()
        for match in names.finditer(text, max(begin, line), at)
    )


def _is_of_version(text: str, start: int, end: int) -> bool:
    """Whether it stands between full stops: ``2.4+20151223.gitfa8646d.1-2``."""
    return text[max(0, start - 1) : start] == text[end : end + 1] == "." and text[end + 1 : end + 2].isalnum()


def _regions(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches that hold something like an identifier, with a character on either side."""
    for match in _CANDIDATE.finditer(text):
        if sum(map(str.isdigit, match[0])) > 3 and not _DATE.fullmatch(match[0]):
            yield max(0, match.start() - 1), min(len(text), match.end() + 2)


@LoadOnce
def _recognizers(countries: frozenset[str]) -> tuple[tuple[PatternRecognizer, bool], ...]:
    """Build Presidio's recognizers of countries."""
    import_spacy()
    from presidio_analyzer import predefined_recognizers as predefined

    with quiet(logging.ERROR):
        return tuple(
            (getattr(predefined, name)(supported_language="en"), distinct)
            for country in sorted(countries)
            for name, distinct in PRESIDIO.get(country, ())
        )
