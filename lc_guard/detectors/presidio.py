"""Presidio's recognizers without a model and without a network."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lc_guard._forks import ForkLock
from lc_guard._vendors.presidio import blank_nlp_engine, quiet, without_network
from lc_guard.detectors.weights import LoadOnce, import_spacy
from lc_guard.records import Entity, normalize_kind

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, EntityRecognizer


class Engine:
    """Presidio's analyzer on a `blank_nlp_engine`, safe for all threads, that keeps no text.

    Args:
        analyzer: The analyzer.
        language: ISO 639-1 code it is asked in.
    """

    def __init__(self, analyzer: AnalyzerEngine, language: str) -> None:
        self.analyzer = analyzer
        self._language = language
        self._lock = ForkLock()

    def entities(
        self,
        text: str,
        *,
        threshold: float,
        kinds: Sequence[str] | None = None,
        added: Sequence[EntityRecognizer] = (),
    ) -> list[Entity]:
        """Return raw entities of a text that is short enough for one window.

        Args:
            text: Readable text.
            threshold: Least score, 0…1.
            kinds: Kinds to look for; None for all.
            added: More recognizers for this call.

        Returns:
            Entities, perhaps overlapping.
        """
        pipelines: Any = getattr(self.analyzer.nlp_engine, "nlp", None)
        nlp = pipelines[self._language]
        # spaCy keeps every word it ever saw in its string store. A memory zone frees them, so that no user text
        # outlives the call; zones can't overlap, hence the lock.
        with self._lock, nlp.memory_zone(), quiet(logging.WARNING):
            results = self.analyzer.analyze(
                text=text,
                language=self._language,
                entities=None if kinds is None else list(kinds),
                score_threshold=threshold,
                ad_hoc_recognizers=list(added) or None,
            )
            return as_entities(results)


# Kinds of single countries, of which others than the USA have detectors of their own (`national_ids`).
_OF_A_COUNTRY = re.compile(r"(?!US_|IP_)[A-Z]{2}_")


@LoadOnce
def pattern_engine(language: str, *, national_ids: bool = True) -> Engine:
    """Build Presidio's analyzer with all of its predefined recognizers that need no model.

    Args:
        language: ISO 639-1 code.
        national_ids: Whether the numbers of other countries than the USA are among them: which ones Presidio switches
            on changes with its versions.

    Returns:
        The analyzer, ready for all threads.

    Raises:
        DetectorError: The language is not known.
    """
    import_spacy()
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

    with quiet(logging.ERROR):
        nlp_engine = blank_nlp_engine([language])
        registry = RecognizerRegistry(supported_languages=[language])
        registry.load_predefined_recognizers(languages=[language])
        registry.recognizers = [_own(item) for item in registry.recognizers]
        # The model's place is taken by other detectors; our own shapes are better at the other two.
        for name in ("SpacyRecognizer", "UrlRecognizer", "PhoneRecognizer"):
            registry.remove_recognizer(name)
        without_network(registry, language)
        if not national_ids:
            registry.recognizers = [item for item in registry.recognizers if not _is_of_a_country(item)]
        analyzer = AnalyzerEngine(registry=registry, nlp_engine=nlp_engine, supported_languages=[language])
    return Engine(analyzer, language)


def _own(recognizer: EntityRecognizer) -> EntityRecognizer:
    """Return Presidio's recognizer in the place of another library's.

    The registry finds classes by their name alone among all subclasses in the process, in no order: once LLM Guard is
    imported, its recognizers for Chinese, which match inside words, may be taken for Presidio's of the same names.
    """
    from presidio_analyzer import predefined_recognizers

    kind = type(recognizer)
    own = getattr(predefined_recognizers, kind.__name__, kind)
    if issubclass(own, kind):
        return recognizer
    configured = recognizer.context if recognizer.context != getattr(kind, "CONTEXT", None) else None
    return own(context=configured, supported_language=recognizer.supported_language)


def _is_of_a_country(recognizer: EntityRecognizer) -> bool:
    return all(_OF_A_COUNTRY.match(kind) for kind in recognizer.supported_entities)


def recognizer_engine(recognizer: EntityRecognizer) -> Engine:
    """Build Presidio's analyzer around one recognizer of the user, for its context words and its own language.

    Args:
        recognizer: The recognizer; it is asked from one thread at a time.
    """
    import_spacy()
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

    language = recognizer.supported_language
    with quiet(logging.ERROR):
        registry = RecognizerRegistry(recognizers=[recognizer], supported_languages=[language])
        analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=blank_nlp_engine([language]), supported_languages=[language]
        )
    return Engine(analyzer, language)


def group_recognizers(groups: Iterable[Mapping[str, Any]], language: str) -> list[EntityRecognizer]:
    """Turn LLM Guard's pattern groups into Presidio recognizers.

    Args:
        groups: Mappings with ``name``, ``expressions`` and optionally ``context``, ``score``, ``languages``: the form
            of LLM Guard's ``DEFAULT_REGEX_PATTERNS``. A group with ``reuse`` (another language's recognizer) is left.
        language: Only groups for this language are taken.

    Returns:
        One recognizer for each group.
    """
    import_spacy()
    from presidio_analyzer import Pattern, PatternRecognizer

    return [
        PatternRecognizer(
            supported_entity=normalize_kind(group["name"]),
            supported_language=language,
            patterns=[
                Pattern(name=group["name"], regex=expression, score=group.get("score", 0.75))
                for expression in group["expressions"]
            ],
            context=list(group.get("context") or []),
        )
        for group in groups
        if group.get("expressions") and language in (group.get("languages") or ["en"])
    ]


def as_entities(results: Iterable[Any]) -> list[Entity]:
    """Turn Presidio's results into ours: kind, offsets and score, without its explanation (which quotes the text)."""
    return [Entity(normalize_kind(r.entity_type), r.start, r.end, min(1.0, max(0.0, float(r.score)))) for r in results]
