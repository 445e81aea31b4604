"""LLM Guard's regular expressions, read as data: importing ``llm_guard`` itself costs seconds, torch and 500 MB."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

from lc_guard.detectors.weights import LoadOnce

_FILE = Path("input_scanners", "anonymize_helpers", "regex_patterns.py")
_CONSTANT = "DEFAULT_REGEX_PATTERNS"

SUPERSEDED = frozenset(
    {
        # Cut names of months in half and eat half of an ISO date.
        "DATE_RE",
        # Takes the end of one sentence and the begin of the next for a host name.
        "URL_RE",
        # Needs an extension in practice, and begins inside longer runs of digits.
        "PHONE_NUMBER_WITH_EXT",
        # No personal data by themselves.
        "TIME_RE",
        "HEX_COLOR",
        "PRICE_RE",
    }
)
"""Groups left out of the default detector: our own shapes find the same kinds without their faults."""


@LoadOnce
def llm_guard_patterns() -> tuple[dict[str, Any], ...]:
    """Read ``DEFAULT_REGEX_PATTERNS`` of the installed LLM Guard or gorget, without running any of its code.

    Returns:
        The groups in LLM Guard's form (``name``, ``expressions``, ``context``, ``score``, ``languages``); none if
        neither package is installed or the constant is not found in it.
    """
    for package in ("llm_guard", "gorget"):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            file = Path(folder) / _FILE
            if file.is_file():
                return tuple(_literal(file.read_text(encoding="utf-8")))
    return ()


def _literal(source: str) -> list[dict[str, Any]]:
    for node in ast.parse(source).body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == _CONSTANT and isinstance(node, ast.AnnAssign) and node.value:
            groups: list[dict[str, Any]] = ast.literal_eval(node.value)
            return groups
    return []
