"""A phrase to look for, and what such phrases are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lc_guard.errors import GuardError


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase to look for in the canonical reading of a text.

    Attributes:
        id: Short name, unique among the rules of a scanner, such as ``"override-en-1"``.
        category: Family it belongs to, such as ``"override"``.
        weight: Risk of a text where it alone is found, above 0, up to 1.
        anchors: Strings one of which is in every text that the pattern finds: most texts cost no more than that search.
        pattern: Regular expression on the text that `canonical` gives: lower case, no accents, single blanks, ``.``
            for the end of a sentence, ``"`` for a quotation mark. Every repetition is bounded.
        source: Where the attack is described.
        also: Strings one of which is in every such text too; empty for no such condition.
    """

    id: str
    category: str
    weight: float
    anchors: tuple[str, ...]
    pattern: str
    source: str = ""
    also: tuple[str, ...] = ()
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 1:
            raise GuardError(
                f"weight={self.weight!r} of the rule {self.id!r} is no risk: give a number above 0, up to 1"
            )
        if not self.anchors or not all(self.anchors):
            raise GuardError(f"the rule {self.id!r} has no anchors: give strings one of which every find has")
        try:
            object.__setattr__(self, "compiled", re.compile(self.pattern))
        except re.error as error:
            raise GuardError(f"the pattern of the rule {self.id!r} is no regular expression: {error}") from None


def rules(category: str, table: Iterable[Sequence[Any]], *, language: str = "en") -> tuple[Rule, ...]:
    """Make rules of rows of name, weight, anchors, pattern, source, and perhaps the strings of `Rule.also`."""
    return tuple(Rule(f"{category}-{language}-{name}", category, *rest) for name, *rest in table)


def gap(words: int) -> str:
    """Return a pattern for up to some words of one sentence; bounded, so that no text makes a search quadratic."""
    return rf'(?:[^ ."]{{1,24}} ){{0,{words}}}'
