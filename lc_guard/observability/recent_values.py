"""Whose values may stand in a trace that names no session: those of all sessions that were used of late.

A trace of an application's own has no check in it that says whose it is, and a detector finds only what it knows the
looks of. A code name, which a session was told once, only the vault knows.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING

from lc_guard._forks import ForkLock, around_forks
from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL
from lc_guard._text.common_words import may_be_ordinary
from lc_guard._text.known_values import KnownValues, Match
from lc_guard._text.words import RUN
from lc_guard.observability.span_texts import placeholder_spans
from lc_guard.sessions import call_vault

if TYPE_CHECKING:
    from lc_guard.guard import Guard

_SECONDS = 300.0
_MAX_SESSIONS = 1_000
_MAX_VALUES = 50_000
_SHORTEST = 3
_FEWEST_DIGITS = 6
# Says when something is, and nobody who: "ten minutes ago", "42". A date of birth is of another kind.
_NOBODYS = frozenset({LITERAL, "DATE_TIME"})
_LETTER = re.compile(r"[^\W\d_]")


class RecentValues:
    """Finds the values of all sessions of a guard that were used of late, without asking whose a text is.

    Kept are the values of the sessions that the guard used last in this process, and what the vault dropped in the
    last minutes. They lie in one index: a search takes time by the text alone, however many sessions there are. What
    is found is hidden for good, as ``[REDACTED_PERSON]``: it shows neither which session it is of nor that two texts
    hold one value, and nothing restores it.

    In a text of somebody else's a value has to be unmistakable. Left out are everyday words, also where they are names;
    names of software; what has fewer than three characters, or no letter and fewer than six digits; times; kinds that
    the policy lets pass. A value counts as a whole word alone.

    Args:
        guard: The guard; its vault is asked once for a session that was used since the last search.
        seconds: How long the values are kept at least that the vault dropped; at most twice as long, also where nothing
            is searched meanwhile.
        max_sessions: Number of sessions whose values are looked for, those used last.
        max_values: Number of values that are surely kept, those told last; at most twice as many.
        clock: Gives the time in seconds; never goes back.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        seconds: float = _SECONDS,
        max_sessions: int = _MAX_SESSIONS,
        max_values: int = _MAX_VALUES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard = guard
        self._seconds = seconds
        self._max_sessions = max_sessions
        self._max_values = max_values
        self._clock = clock
        self._lock = ForkLock()  # of the index
        self._reading = ForkLock()  # held while the vault is asked, whose own lock may be held by who drops
        self._dropping = ForkLock()  # of what was dropped, and the timer
        # which is no use of the session, where the vault can tell it so
        self._values: Callable[[str], Mapping[str, str]] = getattr(guard.vault, "export", guard.vault.items)
        self._begin()
        around_forks("after_in_child", self._begin)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._young) + len(self._old)} values)"

    def add(self, entries: Mapping[str, tuple[str, str]]) -> None:
        """Take what the vault drops: placeholder → (value, kind). Nothing is indexed here, in the way of others."""
        with self._dropping:
            self._dropped.append((self._clock(), entries))
            self._size += len(entries)
            while self._size > self._max_values and len(self._dropped) > 1:
                self._size -= len(self._dropped.popleft()[1])
            self._wake_later()

    def find(self, texts: Sequence[str]) -> list[list[Match]]:
        """Find the values in texts: for each text occurrences that don't overlap, in order.

        Raises:
            VaultError: If the vault can't be asked.
        """
        self._read()
        with self._lock:
            return [self._found(text) for text in texts]

    def _begin(self) -> None:
        """Know nothing yet; a forked process may have been given half an index, and has no timer."""
        self._young, self._old = KnownValues(), KnownValues()
        self._turned = self._clock()
        self._mark = 0  # the last use of a session that was looked at
        self._dropped: deque[tuple[float, Mapping[str, tuple[str, str]]]] = deque()
        self._size = 0
        self._timer: Timer | None = None

    def _found(self, text: str) -> list[Match]:
        hits = [*self._young.find(text), *self._old.find(text)]
        if not hits:
            return hits
        spans: list[tuple[int, int, Match | None]] = [(hit.start, hit.end, hit) for hit in hits]
        spans += [(start, end, None) for start, end in placeholder_spans(text)]
        found: list[Match] = []
        last = 0
        for start, end, hit in sorted(spans, key=lambda span: (span[0], -span[1], span[2] is not None)):
            if start >= last:
                last = end
                if hit is not None:
                    found.append(hit)
        return found

    def _read(self) -> None:
        """Bring the index up to date."""
        with self._reading:
            with self._lock:
                self._age()
                turned = self._turned
            sessions, mark = self._guard.used_since(self._mark, self._max_sessions)
            for session in sessions:
                values = self._guard.session_values.kinds_of(session, call_vault(partial(self._values, session)))
                with self._lock:
                    self._file(values.items())
            with self._dropping:
                dropped = [entries for _, entries in self._dropped]
                self._dropped.clear()
                self._size = 0
            with self._lock:
                for entries in dropped:
                    self._file(entries.values())
                if self._turned == turned:  # else all that is live is to be read once more
                    self._mark = mark
            if sessions or dropped:
                with self._dropping:
                    self._wake_later()

    def _file(self, values: Iterable[tuple[str, str]]) -> None:
        for value, kind in values:
            if self._young.get(value) is None and self._counts(value, base_kind(kind)):
                if len(self._young) >= self._max_values:
                    self._old, self._young = self._young, KnownValues()
                self._young.add(value, f"[REDACTED_{base_kind(kind)}]", kind)

    def _counts(self, value: str, kind: str) -> bool:
        hidden = kind not in _NOBODYS and self._guard.policy.action(kind) not in ("allow", "warn")
        return hidden and _is_unmistakable(value)

    def _age(self) -> None:
        """Let go of what is too old."""
        now = self._clock()
        with self._dropping:
            while self._dropped and now - self._dropped[0][0] >= self._seconds:
                self._size -= len(self._dropped.popleft()[1])
        since = now - self._turned
        if since >= self._seconds:
            self._old = self._young if since < 2 * self._seconds else KnownValues()
            self._young = KnownValues()
            self._turned = now - since % self._seconds
            self._mark = 0  # what is live still is read anew

    def _wake_later(self) -> None:
        if self._timer is None:
            self._timer = Timer(self._seconds, self._wake)
            self._timer.daemon = True
            self._timer.start()

    def _wake(self) -> None:
        with self._lock:
            self._age()
            left = len(self._young) + len(self._old)
        with self._dropping:
            self._timer = None
            if left or self._dropped:
                self._wake_later()


def _is_unmistakable(value: str) -> bool:
    """Return whether a value is one wherever it stands, and no word of everybody's."""
    from lc_guard.detectors.vocabulary import vocabulary  # noqa: PLC0415 - reads lists, for traces without a session

    if len(value) < _SHORTEST:
        return False
    if _LETTER.search(value) is None:
        return sum(map(str.isdigit, value)) >= _FEWEST_DIGITS
    words = RUN.findall(value)
    if len(words) > 1 and not value.islower():
        return True
    known = vocabulary()
    everyday = [known.is_ordinary(word) or word.lower() in known.technology or may_be_ordinary(word) for word in words]
    return not all(everyday)
