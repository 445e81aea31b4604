"""StreamRestorer: the answer of a model goes in piece by piece, restored text comes out.

No input or output of its own: whoever reads the stream feeds it. Restoring a whole text is feeding it and flushing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lc_guard.placeholders import Restored


class Restoring(Protocol):
    """What a session knows of its placeholders, in either style."""

    def restore(self, text: str, *, before: str, at_end: bool) -> Restored:
        """Put the values back; see `TokenGrammar.restore`."""
        ...

    def held(self, text: str, *, before: str) -> int:
        """Tell from where on the text may still become a placeholder; see `TokenGrammar.held`."""
        ...


class StreamRestorer:
    """Restores one text that arrives in pieces of any size.

    What comes out does not depend on how the text was cut. Held back is only a suffix that can still become a
    placeholder; restored text is never looked at again. One restorer serves one text: it is not shared by threads.

    Args:
        session: The session's placeholders.
        escape: Applied to each value that is put in, such as JSON escaping; None puts them in as they are.

    Attributes:
        restored: Placeholders put back so far.
        unknown: Placeholders met so far that no value is known for; they stay as they are.
    """

    __slots__ = ("_before", "_escape", "_held", "_session", "restored", "unknown")

    def __init__(self, session: Restoring) -> None:
        self._session = session
        self._held = ""
        self._before = ""
        self.restored = 0
        self.unknown = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._held)} characters held, {self.restored} restored)"

    def feed(self, piece: str) -> str:
        """Take the next piece and give what can be shown.

        Args:
            piece: Any part of the text, the empty one included.

        Returns:
            Restored text up to the first character that may belong to an unfinished placeholder.
        """
        text = self._held + piece if self._held else piece
        cut = self._session.held(text, before=self._before)
        if cut == len(text):
            self._held = ""
            return self._put(text, at_end=False)
        self._held = text[cut:]
        return self._put(text[:cut], at_end=False)

    def flush(self) -> str:
        """End the text and give what was held back. The restorer may then take a new text."""
        held, self._held = self._held, ""
        text = self._put(held, at_end=True)
        self._before = ""
        return text

    def _put(self, text: str, *, at_end: bool) -> str:
        if not text:
            return text
        done = self._session.restore(text, before=self._before, at_end=at_end)
        self._before = text[-1]
        self.restored += done.restored
        self.unknown += done.unknown
        return done.text
