"""What is remembered between requests, bounded: answers of scanners, and prompts until their answer is judged."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

from lc_guard._forks import ForkLock
from lc_guard.records import ScanResult
from lc_guard.scanners.base import Scanner, ScanRequest

K = TypeVar("K")
V = TypeVar("V")

_MAX_PROMPTS = 10_000
_MAX_CHARACTERS = 10_000_000


class BoundedMap(Generic[K, V]):
    """A map that drops what was unused for longest; shared by all threads. The newest is always kept.

    Args:
        size: Number of values that are kept, 1 or more.
        weight: What a value weighs; without it only the number counts.
        max_weight: What all values may weigh together.
    """

    def __init__(self, size: int, *, weight: Callable[[V], int] = lambda _: 0, max_weight: int = 0) -> None:
        self._size = size
        self._weight = weight
        self._max_weight = max_weight
        self._total = 0
        self._lock = ForkLock()
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return a value, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, dropping the ones unused for longest."""
        with self._lock:
            self._drop(key)
            self._values[key] = value
            self._total += self._weight(value)
            while len(self._values) > 1 and (len(self._values) > self._size or self._total > self._max_weight):
                self._drop(next(iter(self._values)))

    def drop(self, key: K) -> None:
        """Forget a value, if there is any."""
        with self._lock:
            self._drop(key)

    def _drop(self, key: K) -> None:
        if key in self._values:
            self._total -= self._weight(self._values.pop(key))


class PromptStore:
    """What the model was asked, as it saw it, from the step that hid it until the answer is judged.

    Steps of one sequence know each other by the run around them. Where that differs, as in a graph or a nested chain,
    the session's latest prompt counts.
    """

    def __init__(self) -> None:
        self._of_run: BoundedMap[UUID, str] = BoundedMap(_MAX_PROMPTS, weight=len, max_weight=_MAX_CHARACTERS)
        self._of_session: BoundedMap[str, str] = BoundedMap(_MAX_PROMPTS, weight=len, max_weight=_MAX_CHARACTERS)

    def note(self, prompt: str, *, run: UUID | None, session: str | None) -> None:
        """Remember a prompt for the run around the step, and for its session."""
        if run is not None:
            self._of_run.put(run, prompt)
        if session is not None:
            self._of_session.put(session, prompt)

    def of(self, *, run: UUID | None, session: str | None) -> str:
        """Return the prompt that an answer belongs to, the empty text if none is known."""
        own = None if run is None else self._of_run.get(run)
        if own is None and session is not None:
            own = self._of_session.get(session)
        return own or ""

    def forget(self, session: str) -> None:
        """Drop a session's prompt."""
        self._of_session.drop(session)


class ScanCache:
    """What scanners said of texts, so that the history of a conversation is judged once.

    Keyed by a keyed hash of the text and what belongs to it; answers that hold text are not kept.

    Args:
        size: Number of answers that are kept; 0 keeps none.
    """

    def __init__(self, size: int) -> None:
        self._key = secrets.token_bytes(16)
        self._kept: BoundedMap[bytes, ScanResult] | None = BoundedMap(size) if size else None

    def get(self, check: str, scanner: Scanner, request: ScanRequest) -> ScanResult | None:
        """Return what a scanner said of such a request, or None."""
        return None if self._kept is None else self._kept.get(self._digest(check, scanner, request))

    def keep(self, check: str, scanner: Scanner, request: ScanRequest, answer: Any) -> None:
        """Remember an answer, unless it is a failure or holds text."""
        if self._kept is not None and isinstance(answer, ScanResult) and answer.sanitized is None:
            self._kept.put(self._digest(check, scanner, request), answer)

    def _digest(self, check: str, scanner: Scanner, request: ScanRequest) -> bytes:
        turns = request.turns if getattr(scanner, "uses_turns", False) else ()
        said = (part for turn in turns for part in (turn.role, turn.text))
        digest = hashlib.blake2b(digest_size=16, key=self._key)
        for part in (check, request.stage, request.text, request.prompt, *said):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big"))
            digest.update(encoded)
        return digest.digest()
