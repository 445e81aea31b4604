"""Scanners: who judges a text. Importing this package loads no vendor and no model."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lc_guard.scanners.base import Scanner, ScanRequest, Turn

if TYPE_CHECKING:
    from lc_guard.scanners.azure import AzureContentSafety
    from lc_guard.scanners.banned import BannedTopics, BannedWords
    from lc_guard.scanners.default import builtin_output_scanners, builtin_scanners
    from lc_guard.scanners.encoded import EncodedPayloads
    from lc_guard.scanners.hugging_face import HuggingFaceClassifier
    from lc_guard.scanners.invisible import InvisibleCharacters
    from lc_guard.scanners.jailbreaks import JailbreakPhrases
    from lc_guard.scanners.lakera import Lakera
    from lc_guard.scanners.llm_guard_api import LLMGuardAPI
    from lc_guard.scanners.llm_guard_named import LLMGuardScanner
    from lc_guard.scanners.nemo import NeMoGuardrails
    from lc_guard.scanners.openai_moderation import OpenAIModeration
    from lc_guard.scanners.probing import PlaceholderProbing
    from lc_guard.scanners.prompt_armor import PromptArmor
    from lc_guard.scanners.rules import Rule
    from lc_guard.scanners.secrets import Secrets

_MODULES = {
    "AzureContentSafety": "azure",
    "BannedTopics": "banned",
    "BannedWords": "banned",
    "EncodedPayloads": "encoded",
    "HuggingFaceClassifier": "hugging_face",
    "InvisibleCharacters": "invisible",
    "JailbreakPhrases": "jailbreaks",
    "LLMGuardAPI": "llm_guard_api",
    "LLMGuardScanner": "llm_guard_named",
    "Lakera": "lakera",
    "NeMoGuardrails": "nemo",
    "OpenAIModeration": "openai_moderation",
    "PlaceholderProbing": "probing",
    "PromptArmor": "prompt_armor",
    "Rule": "rules",
    "Secrets": "secrets",
    "builtin_output_scanners": "default",
    "builtin_scanners": "default",
}

__all__ = [
    "AzureContentSafety",
    "BannedTopics",
    "BannedWords",
    "EncodedPayloads",
    "HuggingFaceClassifier",
    "InvisibleCharacters",
    "JailbreakPhrases",
    "LLMGuardAPI",
    "LLMGuardScanner",
    "Lakera",
    "NeMoGuardrails",
    "OpenAIModeration",
    "PlaceholderProbing",
    "PromptArmor",
    "Rule",
    "ScanRequest",
    "Scanner",
    "Secrets",
    "Turn",
    "builtin_output_scanners",
    "builtin_scanners",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
