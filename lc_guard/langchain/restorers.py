"""Restorers of one session: for pieces of a stream, and for whole values."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard.guard import Guard
from lc_guard.langchain.messages import map_texts
from lc_guard.langchain.restore import MakeRestorer


def make_restorers(guard: Guard, session: str) -> MakeRestorer:
    """Give what makes restorers of a session; the vault is read when the first one is made.

    Args:
        guard: The guard that hid the values.
        session: Session id.
    """
    known: dict[bool, Any] = {}

    def make(*, as_json: bool) -> StreamRestorer:
        if as_json not in known:
            known[as_json] = guard.restoring(session, json_strings=as_json)
        return StreamRestorer(known[as_json])

    return make


class WholeRestorer:
    """Restores whole values and counts.

    Args:
        make: Gives new restorers.

    Attributes:
        total: Placeholders restored, and unknown ones met, so far.
    """

    def __init__(self, make: MakeRestorer) -> None:
        self._make = make
        self.total = 0, 0

    def text(self, text: str, *, as_json: bool = False) -> str:
        """Restore one text."""
        restorer = self._make(as_json=as_json)
        done = restorer.feed(text) + restorer.flush()
        self.total = self.total[0] + restorer.restored, self.total[1] + restorer.unknown
        return done

    def value(self, value: Any, *, keys: Collection[str] | None = None) -> Any:
        """Restore every text in a value; what can't be walked is left alone."""
        return map_texts(value, self.text, keys=keys, strict=False)
