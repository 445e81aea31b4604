"""StreamRestorer: the answer of a model goes in piece by piece, restored text comes out.

No input or output of its own: whoever reads the stream feeds it. Restoring a whole text is feeding it and flushing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Set
from typing import Protocol

from lc_guard._placeholders.grammar import Lookup, Restored, TokenGrammar
from lc_guard._text.value_index import ValueIndex
from lc_guard._text.words import RUN, cuts_run
from lc_guard.errors import UnsupportedInput

# What stands right before a placeholder says whether it is one: a letter and an underscore begin the name of a file.
_PIECE = 32_768  # characters that are restored in one go: patterns hold the interpreter until they have seen all
_BEFORE = 2


class Restoring(Protocol):
    """What a session knows of its placeholders, in either style."""

    def restore(self, text: str, *, before: str, at_end: bool) -> Restored:
        """Put the values back; see `TokenGrammar.restore`."""
        ...

    def held(self, text: str, *, before: str) -> int:
        """Tell from where on the text may still become a placeholder; see `TokenGrammar.held`."""
        ...


class NumberedRestoring:
    """Restores numbered placeholders.

    Args:
        grammar: Their style.
        lookup: Gives the values of live placeholders.
        kinds: Kinds with a live placeholder.
    """

    __slots__ = ("_grammar", "_kinds", "_lookup")

    def __init__(self, grammar: TokenGrammar, lookup: Lookup, kinds: Set[str]) -> None:
        self._grammar = grammar
        self._lookup = lookup
        self._kinds = kinds

    def restore(self, text: str, *, before: str, at_end: bool) -> Restored:
        """Put the values back."""
        return self._grammar.restore(text, self._lookup, self._kinds, before=before, at_end=at_end)

    def held(self, text: str, *, before: str) -> int:
        """Tell from where on the text may still become a placeholder."""
        return self._grammar.held(text, self._kinds, before=before)


class FakeRestoring:
    """Restores fakes: whole words only, exactly as they were made.

    Args:
        values: Fake → value, of the whole session.
    """

    __slots__ = ("_fakes", "_reach", "_sorted", "_values")

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._fakes = ValueIndex((fake, fake, "") for fake in values)
        self._sorted = sorted(values)
        self._reach = max(map(len, self._sorted), default=0)

    def find(self, text: str) -> list[tuple[int, int]]:
        """Find the fakes in a text: spans that don't overlap, in order."""
        return [(hit.start, hit.end) for hit in self._fakes.find(text)]

    def restore(self, text: str, *, before: str, at_end: bool) -> Restored:  # noqa: ARG002 - a fake is never cut off
        """Put the values back."""
        whole = before + text
        pieces: list[str] = []
        last = len(before)
        hits = [(start, end) for start, end in self.find(whole) if start >= last]
        for start, end in hits:
            pieces += (whole[last:start], self._values[whole[start:end]])
            last = end
        pieces.append(whole[last:])
        return Restored("".join(pieces), len(hits), 0)

    def held(self, text: str, *, before: str) -> int:
        """Tell from where on the text may still become a fake, or a word that only begins like one."""
        whole = before + text
        for run in RUN.finditer(whole, max(len(before), len(whole) - self._reach)):
            begun = whole[run.start() :]
            at = bisect_left(self._sorted, begun)
            if at < len(self._sorted) and self._sorted[at].startswith(begun) and not cuts_run(whole, run.start()):
                return run.start() - len(before)
        return len(text)


class StreamRestorer:
    """Restores one text that arrives in pieces of any size.

    What comes out does not depend on how the text was cut. Held back is only a suffix that can still become a
    placeholder; restored text is never looked at again. One restorer serves one text: it is not shared by threads.

    Args:
        session: The session's placeholders.

    Attributes:
        restored: Placeholders put back so far.
        unknown: Placeholders met so far that no value is known for; they stay as they are.
    """

    __slots__ = ("_before", "_held", "_session", "restored", "unknown")

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

        Raises:
            UnsupportedInput: If it is no text.
        """
        if not isinstance(piece, str):
            raise UnsupportedInput(f"a text of type {type(piece).__name__} was given; only str is restored")
        if len(piece) > _PIECE:
            return "".join(self.feed(piece[at : at + _PIECE]) for at in range(0, len(piece), _PIECE))
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
        self._before = (self._before + text)[-_BEFORE:]
        self.restored += done.restored
        self.unknown += done.unknown
        return done.text
