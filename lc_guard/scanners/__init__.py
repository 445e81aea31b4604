"""Scanners: who judges a text. Importing this package loads no vendor and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.scanners.attack_phrases import JailbreakPhrases as JailbreakPhrases
    from lc_guard.scanners.attack_phrases import PlaceholderProbing as PlaceholderProbing
    from lc_guard.scanners.azure import AzureContentSafety as AzureContentSafety
    from lc_guard.scanners.banned import BannedTopics as BannedTopics
    from lc_guard.scanners.banned import BannedWords as BannedWords
    from lc_guard.scanners.base import Scanner as Scanner
    from lc_guard.scanners.base import ScanRequest as ScanRequest
    from lc_guard.scanners.base import Turn as Turn
    from lc_guard.scanners.default import builtin_output_scanners as builtin_output_scanners
    from lc_guard.scanners.default import builtin_scanners as builtin_scanners
    from lc_guard.scanners.encoded import EncodedPayloads as EncodedPayloads
    from lc_guard.scanners.hugging_face import HuggingFaceClassifier as HuggingFaceClassifier
    from lc_guard.scanners.invisible import InvisibleCharacters as InvisibleCharacters
    from lc_guard.scanners.lakera import Lakera as Lakera
    from lc_guard.scanners.llm_guard_api import LLMGuardAPI as LLMGuardAPI
    from lc_guard.scanners.llm_guard_named import LLMGuardScanner as LLMGuardScanner
    from lc_guard.scanners.nemo import NeMoGuardrails as NeMoGuardrails
    from lc_guard.scanners.openai_moderation import OpenAIModeration as OpenAIModeration
    from lc_guard.scanners.phrases.rule import Rule as Rule
    from lc_guard.scanners.prompt_armor import PromptArmor as PromptArmor
    from lc_guard.scanners.secrets import Secrets as Secrets

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "attack_phrases": ("JailbreakPhrases", "PlaceholderProbing"),
        "azure": ("AzureContentSafety",),
        "banned": ("BannedTopics", "BannedWords"),
        "base": ("ScanRequest", "Scanner", "Turn"),
        "default": ("builtin_output_scanners", "builtin_scanners"),
        "encoded": ("EncodedPayloads",),
        "hugging_face": ("HuggingFaceClassifier",),
        "invisible": ("InvisibleCharacters",),
        "lakera": ("Lakera",),
        "llm_guard_api": ("LLMGuardAPI",),
        "llm_guard_named": ("LLMGuardScanner",),
        "nemo": ("NeMoGuardrails",),
        "openai_moderation": ("OpenAIModeration",),
        "phrases.rule": ("Rule",),
        "prompt_armor": ("PromptArmor",),
        "secrets": ("Secrets",),
    },
)
