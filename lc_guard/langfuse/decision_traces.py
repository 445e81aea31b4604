"""Which trace a decision stands in: a decision itself holds no ids."""

from __future__ import annotations

from typing import Any

from lc_guard._engine.caches import BoundedMap
from lc_guard.records import Decision

_MAX_DECISIONS = 10_000


class DecisionTraces:
    """Remembers the traces of the latest decisions.

    Decisions are told apart by their values: the latency, a float of a fine clock, makes two of them differ.
    """

    def __init__(self, *, max_decisions: int = _MAX_DECISIONS) -> None:
        self._traces: BoundedMap[tuple[Any, ...], str] = BoundedMap(max_decisions)

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, decision: Decision, trace_id: str) -> None:
        """Remember where a decision stands."""
        self._traces.put(_key(decision), trace_id)

    def get(self, decision: Decision) -> str | None:
        """Return the trace of a decision, or None if it was not seen of late."""
        return self._traces.get(_key(decision))


def _key(decision: Decision) -> tuple[Any, ...]:
    values = decision.as_dict()
    values["entities"] = tuple(sorted(values["entities"].items()))
    return tuple(values.values())
