"""Presidio without a model and without a network: an engine that only splits words, the packaged suffix list."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from lc_guard._vendors import quiet_logs
from lc_guard.errors import DetectorError

if TYPE_CHECKING:
    from presidio_analyzer import RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngine
    from tldextract import TLDExtract


def quiet(level: int) -> AbstractContextManager[None]:
    """Keep Presidio's logger silent below a level: at DEBUG it logs words of the text, while it is built warnings."""
    return quiet_logs.quiet("presidio-analyzer", below=level)


def blank_nlp_engine(languages: Sequence[str]) -> NlpEngine:
    """Return an NLP engine that only splits words: Presidio needs one, its NER we do not.

    The lemma of a word is the word in lower case. Without any lemma, Presidio's boost for context words ("card",
    "phone") is lost.
    """
    import spacy
    from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine

    class ArtifactsWhenAsked(NlpArtifacts):  # type: ignore[misc]
        """Words that are split when something asks for them: only a finding has its context words looked for."""

        def __init__(self, make: Callable[[], NlpArtifacts]) -> None:
            self._make = make

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or (make := self.__dict__.pop("_make", None)) is None:
                raise AttributeError(name)
            self.__dict__.update(vars(make()))
            return getattr(self, name)

    class BlankNlpEngine(SpacyNlpEngine):  # type: ignore[misc]
        """Tokens and lower-case lemmas, nothing to download."""

        def load(self) -> None:
            self.nlp: Any = {language: spacy.blank(language) for language in languages}

        def process_text(self, text: str, language: str) -> Any:
            return ArtifactsWhenAsked(lambda: self._split(text, language))

        def _split(self, text: str, language: str) -> Any:
            doc = self.nlp[language](text)
            for token in doc:
                token.lemma_ = token.lower_
            return self._doc_to_nlp_artifact(doc, language)

    engine = BlankNlpEngine(models=[{"lang_code": code, "model_name": f"blank_{code}"} for code in languages])
    try:
        engine.load()
    except ImportError as error:
        raise DetectorError(f"spaCy has no tokenizer for the language {languages!r}: give an ISO 639-1 code") from error
    return engine


@functools.cache
def suffix_list() -> TLDExtract:
    """Return the public suffix list that tldextract ships; never the one on the network, never a cache on the disk."""
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), fallback_to_snapshot=True, cache_dir=None)


def without_network(registry: RecognizerRegistry, language: str) -> None:
    """Replace the recognizers of a registry that would fetch a suffix list, by the same ones with the packaged list."""
    from presidio_analyzer.predefined_recognizers import EmailRecognizer

    class OfflineEmailRecognizer(EmailRecognizer):  # type: ignore[misc]
        """Presidio's own pattern; the domain is looked up in the packaged list."""

        def validate_result(self, pattern_text: str) -> bool:
            return bool(suffix_list()(pattern_text).suffix)

    if any(isinstance(item, EmailRecognizer) for item in registry.recognizers):
        registry.remove_recognizer("EmailRecognizer")
        registry.add_recognizer(OfflineEmailRecognizer(supported_language=language))
