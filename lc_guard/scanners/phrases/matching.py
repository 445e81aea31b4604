"""Rules over phrases: what each looks for, how much it says, and how several add up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lc_guard.errors import GuardError


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase to look for in the canonical reading of a text.

    Attributes:
        id: Short name, unique among the rules of a scanner, such as ``"override-en-1"``.
        category: Family it belongs to, such as ``"override"``.
        weight: Risk of a text where it alone is found, above 0, up to 1.
        anchors: Strings one of which is in every text that the pattern finds: most texts cost no more than that search.
        pattern: Regular expression on `lc_guard.scanners.normalizing.canonical`: lower case, no accents, single blanks,
            ``.`` for the end of a sentence, ``"`` for a quotation mark. Every repetition is bounded.
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


class Hit(NamedTuple):
    """A rule that found something, and where in the canonical text."""

    rule: Rule
    start: int
    end: int


def hits(text: str, rules: Iterable[Rule], *, beyond: int = 0) -> list[Hit]:
    """Return one hit, the first, for each rule that finds something in a canonical text not wholly before `beyond`."""
    found = []
    for rule in rules:
        if not _any_in(rule.anchors, text) or (rule.also and not _any_in(rule.also, text)):
            continue
        for match in rule.compiled.finditer(text):
            if match.end() > beyond:
                found.append(Hit(rule, match.start(), match.end()))
                break
    return found


def _any_in(anchors: tuple[str, ...], text: str) -> bool:
    # A loop: `any` with a generator costs three times as much, and this runs for every rule.
    for anchor in anchors:  # noqa: SIM110
        if anchor in text:
            return True
    return False


def risk_of(found: Sequence[Hit], weights: Mapping[str, float] | None = None) -> float:
    """Combine hits of rules as independent evidence, as 1 - (1 - a)(1 - b) and so on; weights by rule go first."""
    doubt = 1.0
    for hit in found:
        doubt *= 1.0 - (weights or {}).get(hit.rule.id, hit.rule.weight)
    return 1.0 - doubt


def risks_by_category(found: Sequence[Hit], weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the risk of each category that has a hit."""
    categories = sorted({hit.rule.category for hit in found})
    return {name: risk_of([hit for hit in found if hit.rule.category == name], weights) for name in categories}
