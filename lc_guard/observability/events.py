"""Reading lc-guard's custom events: anybody may dispatch an event of that name, with any payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from lc_guard.records import ACTIONS, Decision, Stage


def read_decision(data: Any) -> Decision:
    """Read the payload of the event ``lc_guard.decision``."""
    try:
        decision = Decision(**data)
    except (TypeError, ValueError, AttributeError):
        raise ValueError("not a decision") from None
    words = (decision.check, decision.error or "", *decision.entities)
    counts = decision.entities.values()
    if (
        decision.stage not in get_args(Stage)
        or decision.action not in ACTIONS
        or not isinstance(decision.latency_ms, int | float)
        or not all(isinstance(word, str) for word in words)
        or not all(isinstance(count, int) for count in counts)
    ):
        raise ValueError("not a decision")
    return decision


def read_restored(data: Any) -> tuple[int, int]:
    """Read how many placeholders were put back, and how many not known, from the event ``lc_guard.restored``."""
    if isinstance(data, Mapping):
        restored, unknown = data.get("restored"), data.get("unknown")
        if isinstance(restored, int) and isinstance(unknown, int) and min(restored, unknown) >= 0:
            return restored, unknown
    raise ValueError("no counts of placeholders")
