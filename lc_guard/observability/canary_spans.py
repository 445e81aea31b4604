"""Spans that hold nothing, sent through a tracing client to see whether it asks the mask; the mask keeps them back."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CANARY_NAME = "lc-guard canary"


class CanarySpans:
    """What a mask knows of the canaries that are on their way to it."""

    def __init__(self) -> None:
        self._awaited: dict[str, threading.Event] = {}

    @contextmanager
    def awaited(self) -> Iterator[tuple[str, threading.Event]]:
        """Return the trace id that a canary is to have, and what is set when the mask is shown it.

        The lower half of the id is 1: a sampler by ratio takes it whatever its ratio.
        """
        trace_id = f"{secrets.randbits(63) + 1:016x}{1:016x}"
        seen = threading.Event()
        self._awaited[trace_id] = seen
        try:
            yield trace_id, seen
        finally:
            self._awaited.pop(trace_id, None)

    def take(self, trace_id: str, name: str) -> bool:
        """Return whether a span is a canary, which is not to be exported, and note that it came."""
        if name != CANARY_NAME:
            return False
        seen = self._awaited.get(trace_id)
        if seen is not None:
            seen.set()
        return True
