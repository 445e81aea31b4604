"""Where LLM Guard's ``Secrets`` and ``Regex`` found something: the text they give instead may still hold it.

``Secrets`` replaces at unordered offsets, so that with two secrets it may repeat a part of the text, the second secret
included; of a secret that is there twice it replaces the first. ``Regex`` replaces what one pattern finds, and stops.
So all that they found is looked up here and taken out everywhere.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from typing import Any

from lc_guard._vendors.llm_guard import is_engine
from lc_guard.scanners.differences import Span

Rewritten = tuple[str, list[Span]]


class Watched:
    """One call of a scanner object of LLM Guard, and what it found in it.

    Args:
        scanner: The object; stays as it is.
    """

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
        """Give a text without what the scanner found, and the stretches that it found.

        Args:
            text: The text that it was asked about and that is not valid.
            sanitized: What it gave instead.

        Returns:
            Both; the spans may be empty where they are not known. None if it found what can't be located: then its own
            text can't be trusted either.
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
