"""The token grammar: how a numbered placeholder is written, found, put back, and told by its beginning.

A token is an opening bracket, perhaps the word ``REDACTED``, a kind, an index, a closing bracket:
``[REDACTED_PERSON_1]``. Models mangle it (`mangled`), leave the word out, write lists in one pair of brackets or code
the brackets for a link (`shorthand`), and cut the tail off at the end of the text: that is completed if no live index
of the kind goes on with the same digits. Never is one read by distance: the index is compared digit by digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Literal, NamedTuple, Protocol

from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.mangled import REACH, Mangled
from lc_guard._placeholders.shorthand import INDEX as _INDEX
from lc_guard._placeholders.shorthand import MINTED_KIND as _MINTED_KIND
from lc_guard._placeholders.shorthand import Shorthand, Written
from lc_guard.records import MAX_KIND

PlaceholderStyle = Literal["llm_guard", "angle", "square", "fake"]
"""``"llm_guard"``: ``[REDACTED_PERSON_1]``; ``"angle"``: ``<PERSON_1>``; ``"square"``: ``[PERSON_1]``; ``"fake"``: a
realistic value of the same kind."""

Lookup = Callable[[Sequence[str]], Mapping[str, str]]
"""Gives the raw values of those placeholders that are live."""

LITERAL = "LITERAL"
"""Kind of a text that looks like a placeholder and was typed by the user: hidden and restored like a value."""


FEW = 7
"""Characters: shorter than the word of any style."""


class Restored(NamedTuple):
    """A text with values put back, and how many placeholders were known and unknown."""

    text: str
    restored: int
    unknown: int


class Found(NamedTuple):
    """A placeholder that a value is known for."""

    token: str
    kind: str
    value: str


class Gate(Protocol):
    """Decides on the placeholders of one text, which it reads as it comes out.

    Attributes:
        waiting: Characters at the end of what was restored last that wait for more of the text.
    """

    waiting: int

    def read(self, text: str) -> None:
        """Take the next piece of what comes out."""
        ...

    def put(self, found: Sequence[Found], written: str, rest: str, *, ended: bool) -> Sequence[str] | None:
        """Return what is written for the values of a stretch, or None if it stays as it is.

        Args:
            found: What the stretch stands for.
            written: The stretch as it is written.
            rest: What follows it.
            ended: Whether nothing follows that.

        Raises:
            Waiting: If more of what follows must be known.
            Blocked: If the policy says so.
        """
        ...


class Waiting(Exception):
    """What becomes of a placeholder depends on what follows it."""


class TokenGrammar:
    """One style of numbered placeholders.

    Args:
        opening: Opening bracket, one character.
        closing: Closing bracket, one character.
        word: Fixed word before the kind in capitals, or the empty string. Without one only the kinds in use are read
            tolerantly, since ``[Section 1]`` is ordinary text.

    Attributes:
        marks: Finds in a piece of text what may belong to a placeholder: None is never wrongly said.
        plain: Characters of which texts of a few, `FEW` at most, hold nothing of one.
    """

    def __init__(self, opening: str, closing: str, word: str = "") -> None:
        left = re.escape(opening)
        self._opening = opening
        self._closing = closing
        self._word = word
        self._prefix = f"{opening}{word}_" if word else opening
        self._exact = re.compile(f"({re.escape(self._prefix)}{_MINTED_KIND}_{_INDEX}{re.escape(closing)})")
        # Finds every exact token, and some that are none, twice as fast: enough where all turn out to be live.
        self._quick = re.compile(f"({re.escape(self._prefix)}[A-Z0-9_]{{3,{MAX_KIND + 10}}}{re.escape(closing)})")
        codes = "".join(map(re.escape, Shorthand.code_signs(opening)))
        # capitals, what stands around and within placeholders, what is no ASCII
        marks = re.compile(rf"[A-Z_\\{left}{codes}\x80-\U0010ffff]|{word.lower()}" if word else "").search
        self.marks = marks
        self.plain = frozenset(char for char in map(chr, range(128)) if word and marks(char) is None)
        self._hint = re.compile(f"[{re.escape(opening)}\\\\{word[:1]}]")
        self._shorthand = Shorthand(opening, closing, word)
        self._signs = re.compile(f"[_%&{re.escape(opening)}]")
        self._mangled = Mangled(opening, closing, word, self._exact)
        rests = "|".join(word[at:] for at in range(1, len(word)))
        self._first = re.compile(rf"(?:(?i:{left} ?{word}(?:_[A-Z0-9_]{{0,80}})?)|{word}_[A-Z0-9_]{{0,80}})\Z")
        self._second = re.compile(rf"(?i:{rests})?_(?i:{_MINTED_KIND})_{_INDEX}(?![A-Za-z0-9])")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.token('KIND', 1)!r})"

    def token(self, kind: str, index: int | str) -> str:
        """Write the placeholder of (kind, index)."""
        return f"{self._prefix}{kind}_{index}{self._closing}"

    def read(self, token: str) -> tuple[str, int] | None:
        """Return kind and index of a placeholder as it was minted, or None if it is not of this style."""
        if not self._exact.fullmatch(token):
            return None
        kind, _, index = token[len(self._prefix) : -len(self._closing)].rpartition("_")
        return kind, int(index)

    def tokens(self, text: str) -> list[str]:
        """Return what in a text is written exactly as a placeholder is minted, in order."""
        return self._exact.findall(text)

    def exact(self, text: str) -> list[tuple[int, int]]:
        """Find the placeholders that are written as they are minted: spans that don't overlap, in order."""
        return [match.span() for match in self._exact.finditer(text)]

    def find(self, text: str, kinds: Set[str]) -> list[tuple[int, int]]:
        """Find everything that restoring could take for a placeholder, whatever comes to stand around it.

        Args:
            text: Any text.
            kinds: Kinds in use.

        Returns:
            Spans that don't overlap, in order.
        """
        found = list(self._mangled.find(text, kinds)) if not self._word or self._count(text) else []
        if self._hinted(text):
            found = _apart([*found, *self._shorthand.find(text, _bases(kinds))])
        halves = [half.span() for half in (self._first_half(text), self._second_half(text)) if half is not None]
        return _apart([*found, *halves]) if halves else found

    def restore(
        self,
        text: str,
        lookup: Lookup,
        kinds: Set[str],
        *,
        before: str = "",
        at_end: bool = True,
        gate: Gate | None = None,
    ) -> Restored:
        """Put the values back in one pass; what is put in is not looked at again.

        Args:
            text: Text of a model.
            lookup: Gives the values of live placeholders.
            kinds: Kinds in use.
            before: The one or two characters before `text`, if there were any.
            at_end: Whether the text ends here: a placeholder that was cut off is then completed.
            gate: Decides on each of them; without one all are put back.
        """
        count = self._count(text) if self._word else 1
        if not count and not self._hinted(text):  # nearly every piece of a stream
            if gate is not None:
                gate.read(text)
            return Restored(text, 0, 0)
        if self._word:
            parts = self._quick.split(text)
            tokens = parts[1::2]
            values = lookup(tokens) if tokens else {}
            restored = [*map(values.get, tokens)]
            if count == len(tokens) and None not in restored and not self._any_hinted(parts[::2]):
                if gate is not None:
                    return self._restore_gated(text, parts, values, gate, at_end=at_end)
                parts[1::2] = restored
                return Restored("".join(parts), len(tokens), 0)
        if gate is not None or not self._word:
            whole, start = before + text, len(before)
            return self._restore_mangled(whole, start, len(whole), lookup, kinds, at_end=at_end, gate=gate)
        return self._restore_carefully(text, lookup, kinds, before, at_end=at_end)

    def _restore_gated(
        self, text: str, parts: list[str], values: Mapping[str, str], gate: Gate, *, at_end: bool
    ) -> Restored:
        """Put values back where a gate lets them: placeholders as they were minted stand between the other parts."""
        known = at = 0
        for number, token in enumerate(parts[1::2]):
            part = parts[2 * number]
            gate.read(part)
            at += len(part)
            kind = token[len(self._prefix) : -len(self._closing)].rpartition("_")[0]
            try:
                put = gate.put([Found(token, kind, values[token])], token, text[at + len(token) :], ended=at_end)
            except Waiting:
                gate.waiting = len(text) - at
                return Restored("".join(parts[: 2 * number + 1]), known, 0)
            at += len(token)
            if put is not None:
                (parts[2 * number + 1],) = put
                known += 1
            gate.read(parts[2 * number + 1])
        gate.read(parts[-1])
        return Restored("".join(parts), known, 0)

    def _restore_carefully(self, text: str, lookup: Lookup, kinds: Set[str], before: str, *, at_end: bool) -> Restored:
        parts = self._exact.split(text)
        tokens = parts[1::2]
        values = lookup(tokens) if tokens else {}
        known = sum(token in values for token in tokens)
        unknown = len(tokens) - known
        parts[1::2] = [values.get(token, token) for token in tokens]
        # a mangled token holds no exact one: it stands in one of the parts between them
        whole = before + text
        start = len(before)
        for number, token in enumerate([*tokens, ""]):
            part = parts[2 * number]
            end = start + len(part)
            if self._count(part) or self._hinted(part):
                done = self._restore_mangled(whole, start, end, lookup, kinds, at_end=at_end)
                parts[2 * number] = done.text
                known += done.restored
                unknown += done.unknown
            start = end + len(token)
        return Restored("".join(parts), known, unknown)

    def held(self, text: str, kinds: Set[str], *, before: str = "") -> int:
        """Tell from where on a text may still become a placeholder when more text follows.

        Args:
            text: The text so far.
            kinds: Kinds in use.
            before: The one or two characters before `text`, if there were any.

        Returns:
            Offset of the suffix to hold back; ``len(text)`` when there is none.
        """
        # what is begun holds no closing bracket
        start = max(0, text.rfind(self._closing) + 1)
        whole = before + text
        shorter = len(text)
        if self._shorthand.signs.search(whole, start + len(before)):
            shorter = self._shorthand.held(whole, start + len(before), _bases(kinds)) - len(before)
        start = max(start, len(text) - REACH)
        if self._word and self._hint.search(text, start) is None:
            return shorter
        return min(self._mangled.held(whole, start + len(before), kinds) - len(before), shorter)
        patterns = self._patterns(kinds)
        start += len(before)
        while (match := patterns.begun.search(whole, start)) is not None:
            start = match.start()
            full = patterns.mangled.match(whole, start)
            if full is None or patterns.closing.fullmatch(whole, full.end()):
                return min(start - len(before), shorter)
            start += 1
        return shorter

    def _first_half(self, text: str) -> re.Match[str] | None:
        """Return the beginning of a token that a text ends with: what is joined to it may go on."""
        return self._first.search(text, max(0, len(text) - REACH)) if self._word and "_" in text[-REACH:] else None

    def _second_half(self, text: str) -> re.Match[str] | None:
        """Return the rest of a token, from within its word on, that a text begins with."""
        return self._second.match(text) if self._word else None

    def _hinted(self, text: str) -> bool:
        """Return whether a text may hold a placeholder without its word."""
        return self._signs.search(text) is not None and self._shorthand.hinted(text)

    def _any_hinted(self, texts: list[str]) -> bool:
        return any(map(self._hinted, texts))

    def _count(self, text: str) -> int:
        """Count the token's word in any case."""
        return text.upper().count(self._word)

    def _restore_mangled(
        self,
        whole: str,
        start: int,
        end: int,
        lookup: Lookup,
        kinds: Set[str],
        *,
        at_end: bool,
        gate: Gate | None = None,
    ) -> Restored:
        mangled = self._mangled.written(whole, start, end, kinds)
        found = [*mangled, *self._shorthand.written(whole, start, end, _bases(kinds))]
        values = self._live(found, lookup)
        pieces: list[str] = []
        known = unknown = 0
        last = read = start
        for item in sorted(found, key=lambda item: (item.start, -item.end)):
            if item.start < last:
                continue
            new = item.put(values)
            cut_off = at_end and item.open_end and item.end == len(whole)
            if new is None or (cut_off and self._goes_on(*item.tokens[0], lookup)):
                unknown += item.counts
                continue
            if gate is not None:
                gate.read(whole[read : item.start])
                read = item.start
                try:
                    new = self._let(gate, item, values, whole[item.start : end], ended=at_end)
                except Waiting:
                    gate.waiting, end = end - item.start, item.start
                    break
                if new is None:
                    pieces.append(whole[last : item.end])
                    last = item.end
                    continue
                gate.read(new)
                read = item.end
            known += sum(token in values for token in item.tokens)
            pieces += (whole[last : item.start], new)
            last = item.end
        if gate is not None:
            gate.read(whole[read:end])
        pieces.append(whole[last:end])
        return Restored("".join(pieces), known, unknown)

    def _let(
        self, gate: Gate, item: Written, values: Mapping[tuple[str, str], str], text: str, *, ended: bool
    ) -> str | None:
        """Return what a gate lets take the place of a stretch that a text begins with; None if it stays."""
        tokens = [token for token in dict.fromkeys(item.tokens) if token in values]
        found = [Found(self.token(*token), token[0], values[token]) for token in tokens]
        length = item.end - item.start
        put = gate.put(found, text[:length], text[length:], ended=ended)
        return None if put is None else item.put(dict(zip(tokens, put, strict=True)))

    def _live(self, found: Sequence[Written], lookup: Lookup) -> dict[tuple[str, str], str]:
        """Look up the values of what is written, by kind and index."""
        tokens = {token: self.token(*token) for item in found for token in item.tokens}
        live = lookup(list(tokens.values())) if tokens else {}
        return {token: live[written] for token, written in tokens.items() if written in live}

    def _goes_on(self, kind: str, index: str, lookup: Lookup) -> bool:
        """Return whether a live index begins with these digits and has up to three more."""
        tails = (f"{tail:0{width}d}" for width in (1, 2, 3) for tail in range(10**width))
        return bool(lookup([self.token(kind, index + tail) for tail in tails]))


STYLES: dict[str, TokenGrammar] = {
    "llm_guard": TokenGrammar("[", "]", "REDACTED"),
    "angle": TokenGrammar("<", ">"),
    "square": TokenGrammar("[", "]"),
}
"""The grammars of the numbered styles; they hold no state of a session."""


def _bases(kinds: Set[str]) -> set[str]:
    return set(map(base_kind, kinds))


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
