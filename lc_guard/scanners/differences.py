"""Which stretches of a text are gone from its sanitized form: scanners give texts, hiding needs offsets.

Where LLM Guard's ``Secrets`` and ``Regex`` found something: the text they give instead may still hold it.

``Secrets`` replaces at unordered offsets, so that with two secrets it may repeat a part of the text, the second secret
included; of a secret that is there twice it replaces the first. ``Regex`` replaces what one pattern finds, and stops.
So all that they found is looked up here and taken out everywhere.
"""

from __future__ import annotations

import copy
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from lc_guard._vendors.llm_guard import is_engine

Span = tuple[int, int]

FILLERS = ("[REDACTED]", "******")
"""What LLM Guard puts in place of what it removes (`Regex`, `BanSubstrings`, `BanCompetitors`; `Secrets`)."""

_GRAM = 12
_NEAR, _FAR = 256, 16_384
_MAX_FAR = 8
_MAX_PAIRS = 250_000
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def removed(text: str, sanitized: str) -> list[Span]:
    """Return the stretches of a text that its sanitized form leaves out or replaces, ordered, none touching another.

    What is outside them stands, in the same order, in `sanitized`. In doubt a stretch is too long, never too short.
    Time is linear in the length of both, but for a bounded piece around each difference.
    """
    at = other = _common(text, sanitized, 0, 0)
    tail = _common(text[at:][::-1], sanitized[other:][::-1], 0, 0)
    end, other_end = len(text) - tail, len(sanitized) - tail
    text, sanitized = text[:end], sanitized[:other_end]
    found: list[Span] = []
    far = 0
    while at < end:
        same = _common(text, sanitized, at, other)
        at, other = at + same, other + same
        if at >= end:
            break
        anchor = _anchor(text, sanitized, at, other, _NEAR)
        if anchor is None and (far := far + 1) <= _MAX_FAR:
            anchor = _anchor(text, sanitized, at, other, _FAR)
        to, other_to = anchor or (end, other_end)
        found += [(at + a, at + b) for a, b in _within(text[at:to], sanitized[other:other_to])]
        at, other = to, other_to
    return _joined(text, found)


def _common(a: str, b: str, i: int, j: int) -> int:
    """Return how many characters `a` from `i` and `b` from `j` have in common."""
    most = min(len(a) - i, len(b) - j)
    size, same = 64, 0
    while same < most:
        step = min(size, most - same)
        if a[i + same : i + same + step] != b[j + same : j + same + step]:
            differs = range(step)
            return same + bisect_left(
                differs, 1, key=lambda n: a[i + same : i + same + n + 1] != b[j + same : j + same + n + 1]
            )
        same, size = same + step, size * 2
    return same


def _anchor(text: str, sanitized: str, at: int, other: int, window: int) -> Span | None:
    """Return where both run on alike: the first stretch of some characters that both have."""
    last = min(len(sanitized) - _GRAM, other + window)
    # Counted down, so that of equal ones the first is kept.
    grams = {sanitized[n : n + _GRAM]: n for n in range(last, other - 1, -1)}
    if grams:
        for n in range(at, len(text) - _GRAM + 1):
            if (there := grams.get(text[n : n + _GRAM])) is not None:
                return n, there
    return None


def _within(text: str, sanitized: str) -> Iterable[Span]:
    """Return the stretches of one short piece; of a long one all of it."""
    if not sanitized:
        return [(0, len(text))]
    for filler in FILLERS:
        if filler in sanitized and (spans := _between(text, sanitized.split(filler))) is not None:
            return spans
    if (deleted := _deleted(text, sanitized)) is not None:
        return deleted
    words, others = _TOKEN.findall(text), _TOKEN.findall(sanitized)
    if len(words) * len(others) > _MAX_PAIRS:
        return [(0, len(text))]
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    codes = SequenceMatcher(None, words, others, autojunk=False).get_opcodes()
    return [(starts[a], starts[b]) for tag, a, b, _, _ in codes if tag != "equal" and a < b]


def _between(text: str, pieces: Sequence[str]) -> list[Span] | None:
    """Return what stands between pieces of a text that came one after the other; None if they don't fit."""
    if not text.startswith(pieces[0]) or not text.endswith(pieces[-1]):
        return None
    spans: list[Span] = []
    at, last = len(pieces[0]), len(text) - len(pieces[-1])
    for piece in pieces[1:-1]:
        there = text.find(piece, at + 1, last)
        if there < 0 or not piece:
            return None
        spans.append((at, there))
        at = there + len(piece)
    return None if at >= last else [*spans, (at, last)]


def _deleted(text: str, sanitized: str) -> list[Span] | None:
    """Return what was taken out with nothing put in its place; None if that is not what was done."""
    spans: list[Span] = []
    at = 0
    for char in sanitized:
        there = text.find(char, at)
        if there < 0:
            return None
        if there > at:
            spans.append((at, there))
        at = there + 1
    return [*spans, (at, len(text))] if at < len(text) else spans


def _joined(text: str, spans: Iterable[Span]) -> list[Span]:
    """Join stretches between which there is nothing, or only a sign or two inside a word."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and not re.search(r"[\w\s]", text[joined[-1][1] : start]) and start - joined[-1][1] <= 2:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


Rewritten = tuple[str, list[Span]]


class RecordingScanner:
    """One call of a scanner object of LLM Guard, which stays as it is, and what it found in it."""

    def __init__(self, scanner: Any) -> None:
        self.scanner = scanner
        self._kind = type(scanner).__name__ if is_engine(type(scanner)) else ""
        self._values: list[str] = []
        if self._kind == "Secrets" and callable(getattr(scanner, "redact_value", None)):
            self.scanner = copy.copy(scanner)
            self.scanner.redact_value = self._redact_value(scanner.redact_value)

    def _redact_value(self, redact_value: Callable[[str, str], str]) -> Callable[[str, str], str]:
        def recorded(value: str, mode: str) -> str:
            self._values.append(value)
            return redact_value(value, mode)

        return recorded

    def rewritten(self, text: str, sanitized: str) -> Rewritten | None:
        """Return a text without what the scanner found, and the stretches that it found, if they are known.

        None if it found what can't be located: then its own text can't be trusted either.
        """
        if self._kind == "Secrets" and self._values:
            if not all(value and value in text for value in self._values):
                return None
            spans = _merged(_everywhere(text, set(self._values)))
            inner = self.scanner
            return _replaced(text, spans, lambda value: type(inner).redact_value(value, inner._redact_mode)), spans  # noqa: SLF001
        if self._kind == "Regex":
            inner = getattr(self.scanner, "_scanner", self.scanner)
            spans = _merged(_matches(text, getattr(inner, "_patterns", ()), getattr(inner, "_match_type", None)))
            if spans:
                return _replaced(text, spans, lambda _: "[REDACTED]"), spans
        return sanitized, []


def _everywhere(text: str, values: Iterable[str]) -> Iterable[Span]:
    for value in values:
        yield from (found.span() for found in re.finditer(re.escape(value), text))


def _matches(text: str, patterns: Iterable[re.Pattern[str]], match_type: Any) -> Iterable[Span]:
    for pattern in patterns:
        if getattr(match_type, "value", "") == "fullmatch":
            found = pattern.fullmatch(text)
            yield from [found.span()] if found else []
        else:
            yield from (found.span() for found in pattern.finditer(text) if found.end() > found.start())


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _replaced(text: str, spans: Iterable[Span], filler: Callable[[str], str]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], filler(text[start:end])]
        at = end
    return "".join([*pieces, text[at:]])
