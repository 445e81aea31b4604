"""Scanners: who judges a text. Importing this package loads no vendor and no model."""

from __future__ import annotations

import importlib
from typing import Any

from lc_guard.scanners.base import Scanner, ScanRequest, Turn


_MODULES: dict[str, str] = {}

__all__ = [
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
