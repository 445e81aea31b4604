"""Which trace a decision stands in: a decision itself holds no ids."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

from lc_guard.records import Decision

_MAX_DECISIONS = 10_000


class DecisionTraces:
    """Remembers the traces of the latest decisions.

    Decisions are told apart by their values: the latency, a float of a fine clock, makes two of them differ.

    Args:
        max_decisions: Number of decisions remembered; beyond it the oldest go first.
    """

    def __init__(self, *, max_decisions: int = _MAX_DECISIONS) -> None:
        self._max_decisions = max_decisions
        self._lock = Lock()
        self._traces: OrderedDict[tuple[Any, ...], str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, decision: Decision, trace_id: str) -> None:
        """Remember where a decision stands."""
        with self._lock:
            self._traces[_key(decision)] = trace_id
            while len(self._traces) > self._max_decisions:
                self._traces.popitem(last=False)

    def get(self, decision: Decision) -> str | None:
        """Return the trace of a decision, or None if it was not seen of late."""
        with self._lock:
            return self._traces.get(_key(decision))


def _key(decision: Decision) -> tuple[Any, ...]:
    values = decision.as_dict()
    values["entities"] = tuple(sorted(values["entities"].items()))
    return tuple(values.values())
