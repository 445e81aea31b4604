"""Detectors: who finds entities in a text. Importing this package loads no vendor and no model."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lc_guard.detectors.base import Detector

if TYPE_CHECKING:
    from lc_guard.detectors.default import default_detector
    from lc_guard.detectors.gliner import GLiNERDetector
    from lc_guard.detectors.hugging_face import HuggingFaceDetector
    from lc_guard.detectors.joined import JoinedDetector
    from lc_guard.detectors.llm_guard import LLMGuardDetector
    from lc_guard.detectors.names import TitleDetector
    from lc_guard.detectors.patterns import PatternDetector
    from lc_guard.detectors.presidio_http import PresidioAnalyzer
    from lc_guard.detectors.rampart import RampartDetector
    from lc_guard.detectors.spacy_ner import SpacyDetector
    from lc_guard.detectors.tuning import CaseFolded, TunedDetector

_MODULES = {
    "CaseFolded": "tuning",
    "GLiNERDetector": "gliner",
    "HuggingFaceDetector": "hugging_face",
    "JoinedDetector": "joined",
    "LLMGuardDetector": "llm_guard",
    "PatternDetector": "patterns",
    "PresidioAnalyzer": "presidio_http",
    "RampartDetector": "rampart",
    "SpacyDetector": "spacy_ner",
    "TitleDetector": "names",
    "TunedDetector": "tuning",
    "default_detector": "default",
}

__all__ = [
    "CaseFolded",
    "Detector",
    "GLiNERDetector",
    "HuggingFaceDetector",
    "JoinedDetector",
    "LLMGuardDetector",
    "PatternDetector",
    "PresidioAnalyzer",
    "RampartDetector",
    "SpacyDetector",
    "TitleDetector",
    "TunedDetector",
    "default_detector",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
