"""Who finds the values of sessions in what is told of them: the vault, and what it has dropped since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lc_guard.observability.dropped_values import DroppedValues
from lc_guard.observability.recent_values import RecentValues
from lc_guard.sessions import call_vault

if TYPE_CHECKING:
    from lc_guard._text.json_tree import Finder
    from lc_guard.guard import Guard


class SessionFinders:
    """Gives who finds the values of sessions of a guard, those that are dropped from now on among them.

    Args:
        guard: The guard.
        dropped: What keeps dropped values; None makes one.
        recent: What knows the values of all sessions that were used of late; None makes one.

    Attributes:
        recent: What knows the values of all sessions that were used of late.
    """

    def __init__(
        self, guard: Guard, *, dropped: DroppedValues | None = None, recent: RecentValues | None = None
    ) -> None:
        self._guard = guard
        self._dropped = DroppedValues() if dropped is None else dropped
        self.recent = RecentValues(guard) if recent is None else recent
        guard.vault.subscribe(self._drop)

    def _drop(self, session: str, entries: Mapping[str, tuple[str, str]]) -> None:
        self._dropped.add(self._guard.digest(session), entries)
        self.recent.add(entries)

    def of(
        self, digests: Sequence[str], *, strange: bool | None = None, inside_words: bool = True
    ) -> tuple[list[Finder], bool]:
        """Return who knows the sessions' values, and whether they know all of them.

        Args:
            digests: The sessions.
            strange: Whether values of any session are looked for as well; None never.
            inside_words: Whether the sessions' values are looked for within words.
        """
        finders: list[Finder] = []
        complete = True
        for digest in digests:
            session = self._guard.session_of(digest)
            # The vault first: what it drops in between is kept here by then.
            if session is not None:
                finders.append(partial(self._guard.vault.find, session, inside_words=inside_words))
            finders.append(partial(self._dropped.find, digest, inside_words=inside_words))
            if self._dropped.lost(digest) or (session is None and digest not in self._dropped):
                complete = False
        if strange or (strange is not None and not complete):
            finders.append(self.recent.find)
        return finders, complete

    def values(self, digest: str) -> list[tuple[str, str]]:
        """Return a session's values, also as JSON quotes them, each with its placeholder."""
        session = self._guard.session_of(digest)
        # which is no use of the session, where the vault can tell it so
        told = getattr(self._guard.vault, "export", self._guard.vault.items)
        held = {} if session is None else call_vault(partial(told, session))
        pairs = [*((value, placeholder) for placeholder, value in held.items()), *self._dropped.values(digest)]
        return list(dict.fromkeys([*pairs, *((json.dumps(value)[1:-1], put) for value, put in pairs)]))
