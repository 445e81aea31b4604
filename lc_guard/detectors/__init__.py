"""Detectors: who finds entities in a text. Importing this package loads no vendor and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard._progress import part_done as part_done
    from lc_guard.detectors.base import Detector as Detector
    from lc_guard.detectors.default import default_detector as default_detector
    from lc_guard.detectors.gliner import GLiNERDetector as GLiNERDetector
    from lc_guard.detectors.hugging_face import HuggingFaceDetector as HuggingFaceDetector
    from lc_guard.detectors.joined import JoinedDetector as JoinedDetector
    from lc_guard.detectors.languages import LanguageGate as LanguageGate
    from lc_guard.detectors.llm_guard import LLMGuardDetector as LLMGuardDetector
    from lc_guard.detectors.locale_rules import LocaleDetector as LocaleDetector
    from lc_guard.detectors.multilingual_ner import MultilingualDetector as MultilingualDetector
    from lc_guard.detectors.patterns import PatternDetector as PatternDetector
    from lc_guard.detectors.presidio_http import PresidioAnalyzer as PresidioAnalyzer
    from lc_guard.detectors.rampart import RampartDetector as RampartDetector
    from lc_guard.detectors.remote import RemoteDetector as RemoteDetector
    from lc_guard.detectors.spacy_ner import SpacyDetector as SpacyDetector
    from lc_guard.detectors.titles import TitleDetector as TitleDetector
    from lc_guard.detectors.tuning import CaseFolded as CaseFolded
    from lc_guard.detectors.tuning import TunedDetector as TunedDetector

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "base": ("Detector", "part_done"),
        "default": ("default_detector",),
        "gliner": ("GLiNERDetector",),
        "hugging_face": ("HuggingFaceDetector",),
        "joined": ("JoinedDetector",),
        "languages": ("LanguageGate",),
        "llm_guard": ("LLMGuardDetector",),
        "locale_rules": ("LocaleDetector",),
        "multilingual_ner": ("MultilingualDetector",),
        "patterns": ("PatternDetector",),
        "presidio_http": ("PresidioAnalyzer",),
        "rampart": ("RampartDetector",),
        "remote": ("RemoteDetector",),
        "spacy_ner": ("SpacyDetector",),
        "titles": ("TitleDetector",),
        "tuning": ("CaseFolded", "TunedDetector"),
    },
)
