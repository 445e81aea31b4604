"""Values of which a trace holds the beginning: OpenTelemetry cuts an attribute that is longer than its limit.

The limit is a setting of the application's provider, which an exporter can't ask. A text that was cut is as long as any
that came before: only at the end of such a one is a value's beginning looked for.
"""

from __future__ import annotations

from collections.abc import Iterable

_SHORTEST_LIMIT = 32
_FEWEST = 3  # fewer characters tell of nobody


class LongestTexts:
    """Knows how long the texts of spans, of events and of links have been; each of them has a limit of its own."""

    def __init__(self) -> None:
        self._longest: dict[str, int] = {}

    def may_be_cut(self, text: str, part: str) -> bool:
        """Return whether a text is as long as any of its part of a span so far."""
        longest = max(self._longest.get(part, _SHORTEST_LIMIT), len(text))
        self._longest[part] = longest
        return len(text) == longest


def without_beginning(text: str, values: Iterable[tuple[str, str]]) -> str:
    """Return a text in which the placeholder of a value stands where the text ends in the value's beginning.

    Args:
        text: The text, as it was cut.
        values: Values and their placeholders.
    """
    folded = text.casefold() if len(text.casefold()) == len(text) else text
    start, put = len(text), ""
    for value, placeholder in values:
        beginning = value.casefold()
        at = folded.find(beginning[:_FEWEST], max(0, len(text) - len(beginning) + 1), start + _FEWEST - 1)
        while 0 <= at < start:
            if beginning.startswith(folded[at:]) and not folded[at - 1 : at].isalnum():
                start, put = at, placeholder
            at = folded.find(beginning[:_FEWEST], at + 1)
    return text[:start] + put
