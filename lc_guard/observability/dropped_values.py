"""Values that a vault has dropped, kept until the spans that hold them are exported."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Timer

from lc_guard._engine.caches import BoundedMap
from lc_guard._forks import ForkLock, around_forks
from lc_guard._text.known_values import KnownValues, Match

_MAX_LOST = 100_000


class DroppedValues:
    """Keeps dropped values for a short time; only the mask reads it.

    Args:
        seconds: How long values are kept, above 0.
        max_values: Number of values kept; beyond it the oldest sessions go first. The newest session stays whole.
        clock: Gives the time in seconds; never goes back.
    """

    def __init__(
        self, *, seconds: float = 600.0, max_values: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._max_values = max_values
        self._clock = clock
        self._lock = ForkLock()
        self._sessions: OrderedDict[str, tuple[float, KnownValues]] = OrderedDict()
        self._size = 0
        self._lost: BoundedMap[str, str] = BoundedMap(_MAX_LOST)
        self._timer: Timer | None = None
        around_forks("after_in_child", self._renew)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._sessions)} sessions, {self._size} values)"

    def __contains__(self, digest: str) -> bool:
        return digest in self._sessions

    def add(self, digest: str, entries: Mapping[str, tuple[str, str]]) -> None:
        """Take what a vault drops: placeholder → (value, kind), under the digest of their session."""
        with self._lock:
            self._purge()
            _, known = self._sessions.pop(digest, (0.0, KnownValues()))
            self._size -= len(known)
            for placeholder, (value, kind) in entries.items():
                known.add(value, placeholder, kind)
            self._sessions[digest] = self._clock(), known
            self._size += len(known)
            while self._size > self._max_values and len(self._sessions) > 1:
                self._drop_oldest()
            self._wake_later()

    def find(self, digest: str, texts: Sequence[str], *, inside_words: bool = False) -> list[list[Match]]:
        """Find a dropped session's values in texts: for each text occurrences that don't overlap, in order."""
        with self._lock:
            self._purge()
            _, known = self._sessions.get(digest, (0.0, None))
            if known is None:
                return [[] for _ in texts]
            return [known.find(text, inside_words=inside_words) for text in texts]

    def values(self, digest: str) -> list[tuple[str, str]]:
        """Return a dropped session's values, each with its placeholder."""
        with self._lock:
            self._purge()
            _, known = self._sessions.get(digest, (0.0, KnownValues()))
            return [(value, placeholder) for value, placeholder, _ in known.entries()]

    def lost(self, digest: str) -> bool:
        """Return whether values of the session were here and are gone for good."""
        with self._lock:
            self._purge()
            return self._lost.get(digest) is not None

    def _renew(self) -> None:
        self._timer = None  # its thread did not come along

    def _purge(self) -> None:
        now = self._clock()
        while self._sessions and now - next(iter(self._sessions.values()))[0] >= self._seconds:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        digest, (_, known) = self._sessions.popitem(last=False)
        self._size -= len(known)
        self._lost.put(digest, digest)

    def _wake_later(self) -> None:
        # "Forgotten" is to hold in an idle process too, where nobody comes by to purge.
        if self._timer is None:
            kept_since, _ = next(iter(self._sessions.values()))
            self._timer = Timer(max(0.0, kept_since + self._seconds - self._clock()), self._wake)
            self._timer.daemon = True
            self._timer.start()

    def _wake(self) -> None:
        with self._lock:
            self._timer = None
            self._purge()
            if self._sessions:
                self._wake_later()
