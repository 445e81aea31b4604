"""Scanners: who judges a text. Importing this package loads no vendor and no model."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lc_guard.scanners.base import Scanner, ScanRequest, Turn

if TYPE_CHECKING:
    from lc_guard.scanners.azure import AzureContentSafety
    from lc_guard.scanners.lakera import Lakera
    from lc_guard.scanners.llm_guard_api import LLMGuardAPI
    from lc_guard.scanners.llm_guard_named import LLMGuardScanner
    from lc_guard.scanners.nemo import NeMoGuardrails
    from lc_guard.scanners.openai_moderation import OpenAIModeration
    from lc_guard.scanners.prompt_armor import PromptArmor

_MODULES = {
    "AzureContentSafety": "azure",
    "LLMGuardAPI": "llm_guard_api",
    "LLMGuardScanner": "llm_guard_named",
    "Lakera": "lakera",
    "NeMoGuardrails": "nemo",
    "OpenAIModeration": "openai_moderation",
    "PromptArmor": "prompt_armor",
}

__all__ = [
    "AzureContentSafety",
    "LLMGuardAPI",
    "LLMGuardScanner",
    "Lakera",
    "NeMoGuardrails",
    "OpenAIModeration",
    "PromptArmor",
    "ScanRequest",
    "Scanner",
    "Turn",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
