"""What the model was asked, remembered from the step that hid it until the answer is judged."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar
from uuid import UUID

K = TypeVar("K")

_MAX_KEPT = 10_000
_MAX_CHARACTERS = 10_000_000


class Prompts:
    """The prompts of calls under way, as the model saw them; shared by all threads and tasks.

    Steps of one sequence know each other by the run around them. Where that differs, as in a graph or a nested chain,
    the session's latest prompt counts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_run: _Kept[UUID] = _Kept()
        self._of_session: _Kept[str] = _Kept()

    def note(self, prompt: str, *, run: UUID | None, session: str | None) -> None:
        """Remember a prompt.

        Args:
            prompt: What the model is asked, as it will see it.
            run: The run around the step.
            session: Session id, or None.
        """
        with self._lock:
            if run is not None:
                self._of_run.put(run, prompt)
            if session is not None:
                self._of_session.put(session, prompt)

    def of(self, *, run: UUID | None, session: str | None) -> str:
        """Give the prompt that an answer belongs to, the empty text if none is known."""
        with self._lock:
            own = None if run is None else self._of_run.get(run)
            latest = None if session is None else self._of_session.get(session)
            return own if own is not None else latest or ""

    def forget(self, session: str) -> None:
        """Drop a session's prompt."""
        with self._lock:
            self._of_session.drop(session)


class _Kept(Generic[K]):
    """The latest prompts, bounded by their number and their length together; the newest is always kept."""

    def __init__(self) -> None:
        self._prompts: OrderedDict[K, str] = OrderedDict()
        self._characters = 0

    def get(self, key: K) -> str | None:
        return self._prompts.get(key)

    def put(self, key: K, prompt: str) -> None:
        self.drop(key)
        self._prompts[key] = prompt
        self._characters += len(prompt)
        while len(self._prompts) > 1 and (len(self._prompts) > _MAX_KEPT or self._characters > _MAX_CHARACTERS):
            self.drop(next(iter(self._prompts)))

    def drop(self, key: K) -> None:
        self._characters -= len(self._prompts.pop(key, ""))
