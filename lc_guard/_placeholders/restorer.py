"""StreamRestorer: the answer of a model goes in piece by piece, restored text comes out.

No input or output of its own: whoever reads the stream feeds it. Restoring a whole text is feeding it and flushing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Set
from typing import Protocol

from lc_guard._placeholders.grammar import FEW, Found, Gate, Lookup, Restored, TokenGrammar, Waiting
from lc_guard._text.known_values import PhraseIndex
from lc_guard._text.words import LONGEST_SIGN, RUN, cuts_run, has_sign
from lc_guard.errors import UnsupportedInput

_SYNTAX = re.compile(
    r"\s*(?:`|SQLQuery|--|\(|\{\s*[\"}]|\[\s*[{\"]|(?:select|insert|update|delete|merge|replace|with)\s)", re.IGNORECASE
)

_ANYTHING = re.compile("")

# What stands right before a placeholder says whether it is one: a letter and an underscore begin the name of a file.
_PIECE = 32_768  # characters that are restored in one go: patterns hold the interpreter until they have seen all
_BEFORE = 2


class MakeGate(Protocol):
    """Makes what decides on the placeholders of one text."""

    def __call__(self, *, plain: bool) -> Gate:
        """Return a new gate; `plain` says that the text is known to be no JSON and no SQL."""
        ...


class Restoring(Protocol):
    """What a session knows of its placeholders, in either style."""

    @property
    def marks(self) -> Callable[[str], object]:
        """Finds in a piece of text what may belong to a placeholder; see `TokenGrammar`."""
        ...

    @property
    def plain(self) -> Set[str]:
        """Characters of which a few hold nothing of one; see `TokenGrammar`."""
        ...

    def restore(self, text: str, *, before: str, at_end: bool, gate: Gate | None = None) -> Restored:
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

    __slots__ = ("_grammar", "_kinds", "_lookup", "marks", "plain")

    def __init__(self, grammar: TokenGrammar, lookup: Lookup, kinds: Set[str]) -> None:
        self._grammar = grammar
        self.marks = grammar.marks
        self.plain = grammar.plain
        self._lookup = lookup
        self._kinds = kinds

    def restore(self, text: str, *, before: str, at_end: bool, gate: Gate | None = None) -> Restored:
        """Put the values back."""
        return self._grammar.restore(text, self._lookup, self._kinds, before=before, at_end=at_end, gate=gate)

    def held(self, text: str, *, before: str) -> int:
        """Tell from where on the text may still become a placeholder."""
        return self._grammar.held(text, self._kinds, before=before)


class FakeRestoring:
    """Restores fakes: whole words only, exactly as they were made.

    Args:
        values: Fake → value, of the whole session.
    """

    __slots__ = ("_fakes", "_reach", "_sorted", "_values", "marks", "plain")

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.marks = _ANYTHING.search
        self.plain: Set[str] = frozenset()
        self._fakes = PhraseIndex(values)
        for fake in filter(None, values):
            self._fakes.add(fake)
        self._sorted = sorted(values)
        self._reach = max(map(len, self._sorted), default=0)

    def find(self, text: str) -> list[tuple[int, int]]:
        """Find the fakes in a text: spans that don't overlap, in order."""
        return self._fakes.find(text)

    def restore(self, text: str, *, before: str, at_end: bool, gate: Gate | None = None) -> Restored:
        """Put the values back."""
        whole, end = before + text, len(before) + len(text)
        pieces: list[str] = []
        last = read = len(before)
        hits = [(start, stop) for start, stop in self.find(whole) if start >= last]
        known = 0
        for start, stop in hits:
            fake = whole[start:stop]
            new = self._values[fake]
            if gate is not None:
                gate.read(whole[read:start])
                read = start
                try:
                    put = gate.put([Found(fake, "", new)], fake, whole[stop:end], ended=at_end)
                except Waiting:
                    gate.waiting, end = end - start, start
                    break
                if put is None:
                    continue
                (new,) = put
                gate.read(new)
                read = stop
            known += 1
            pieces += (whole[last:start], new)
            last = stop
        if gate is not None:
            gate.read(whole[read:end])
        pieces.append(whole[last:end])
        return Restored("".join(pieces), known, 0)

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
    placeholder, or whose fate depends on what follows; restored text is never looked at again. One restorer serves one
    text: it is not shared by threads.

    Args:
        session: The session's placeholders.
        gate: Makes what decides on each of them; None has all of them put back. It is asked for at the first
            placeholder of a text that may send something on.
        gated: Whether it is asked for in any case.

    Attributes:
        restored: Placeholders put back so far.
        unknown: Placeholders met so far that no value is known for; they stay as they are.
    """

    __slots__ = (
        "_before", "_gate", "_gated", "_held", "_looked", "_make_gate", "_marks",
        "_passed", "_plain", "_session", "_tail", "restored", "unknown",
    )  # fmt: skip

    def __init__(self, session: Restoring, gate: MakeGate | None = None, *, gated: bool = False) -> None:
        self._session = session
        self._marks = session.marks
        self._plain = frozenset(session.plain).issuperset
        self._make_gate = gate
        self._gated = gated
        self.restored = 0
        self.unknown = 0
        self._held = ""
        self._before = ""
        self._begin()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._held)} characters held, {self.restored} restored)"

    @property
    def held(self) -> str:
        """What is held back."""
        return self._held

    def feed(self, piece: str) -> str:
        """Take the next piece and give what can be shown.

        Args:
            piece: Any part of the text, the empty one included.

        Returns:
            Restored text up to the first character that may belong to an unfinished placeholder.

        Raises:
            UnsupportedInput: If it is no text.
            Blocked: If the policy does not let a value be put where its placeholder stands.
        """
        if not isinstance(piece, str):
            raise UnsupportedInput(f"a text of type {type(piece).__name__} was given; only str is restored")
        if len(piece) > _PIECE:
            return "".join(self.feed(piece[at : at + _PIECE]) for at in range(0, len(piece), _PIECE))
        few = len(piece) <= FEW
        if not self._held and (self._plain(piece) if few else self._marks(piece) is None):  # as nearly all are
            if self._gate is not None:
                self._gate.read(piece)
            elif self._make_gate is not None:
                self._passed.append(piece)
            self._before = piece[-_BEFORE:] if len(piece) >= _BEFORE else (self._before + piece)[-_BEFORE:]
            return piece
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
        self._begin()
        return text

    def _begin(self) -> None:
        self._held = self._before = ""
        self._gate = self._make_gate(plain=False) if self._make_gate is not None and self._gated else None
        self._passed: list[str] = []  # what came out before anybody needed to read it
        self._looked = 0  # how many of these were looked at
        self._tail = ""  # the end of what was looked at

    def _put(self, text: str, *, at_end: bool) -> str:
        if not text:
            return text
        done = self._restore(text, at_end=at_end)
        if self._gate is not None and (waiting := self._gate.waiting):
            self._gate.waiting = 0
            text, self._held = text[:-waiting], text[-waiting:] + self._held
        self._before = (self._before + text)[-_BEFORE:]
        self.restored += done.restored
        self.unknown += done.unknown
        return done.text

    def _restore(self, text: str, *, at_end: bool) -> Restored:
        if self._make_gate is not None and self._gate is None:
            done = self._session.restore(text, before=self._before, at_end=at_end)
            self._passed.append(done.text)
            if not (done.restored and self._may_send()):
                return done
            self._passed.pop()
            self._gate = self._make_gate(plain=self._looked > 0)
            self._gate.read("".join(self._passed))
            self._passed.clear()
        return self._session.restore(text, before=self._before, at_end=at_end, gate=self._gate)

    def _may_send(self) -> bool:
        """Return whether what came out holds anything by which a value could be sent on, or written for a syntax."""
        first = not self._looked
        look = self._tail + "".join(self._passed[self._looked :])
        if has_sign(look) or (first and _SYNTAX.match(look)):
            return True
        self._looked, self._tail = len(self._passed), look[-LONGEST_SIGN:]
        return False
