"""What the model was asked, remembered from the step that hid it until the answer is judged."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TypeVar
from uuid import UUID

K = TypeVar("K")

_MAX_KEPT = 10_000


class Prompts:
    """The prompts of calls under way, as the model saw them; shared by all threads and tasks.

    Steps of one sequence know each other by the run around them. Where that differs, as in a graph or a nested chain,
    the session's latest prompt counts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_run: OrderedDict[UUID, str] = OrderedDict()
        self._of_session: OrderedDict[str, str] = OrderedDict()

    def note(self, prompt: str, *, run: UUID | None, session: str | None) -> None:
        """Remember a prompt.

        Args:
            prompt: What the model is asked, as it will see it.
            run: The run around the step.
            session: Session id, or None.
        """
        with self._lock:
            if run is not None:
                _put(self._of_run, run, prompt)
            if session is not None:
                _put(self._of_session, session, prompt)

    def of(self, *, run: UUID | None, session: str | None) -> str:
        """Give the prompt that an answer belongs to, the empty text if none is known."""
        with self._lock:
            if run is not None and run in self._of_run:
                return self._of_run[run]
            return self._of_session.get(session, "") if session is not None else ""

    def forget(self, session: str) -> None:
        """Drop a session's prompt."""
        with self._lock:
            self._of_session.pop(session, None)


def _put(kept: OrderedDict[K, str], key: K, prompt: str) -> None:
    kept[key] = prompt
    kept.move_to_end(key)
    if len(kept) > _MAX_KEPT:
        kept.popitem(last=False)
