"""What becomes of overlapping findings: spans that don't overlap, cover every finding, and cut no word."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from lc_guard.placeholders import LITERAL
from lc_guard.policy import KindAction, Policy
from lc_guard.records import Action, Entity
from lc_guard.words import strip_blanks, widen


class Span(NamedTuple):
    """A stretch of a text and what happens to it."""

    start: int
    end: int
    kind: str
    score: float
    action: Action


def merge(text: str, entities: Iterable[Entity], policy: Policy, *, anonymized: Collection[str] = ()) -> list[Span]:
    """Join overlapping findings to their union, so that none of them shows.

    Args:
        text: The text.
        entities: Findings with offsets inside the text.
        policy: Says what happens to each kind; those it leaves alone hide nothing and join nothing.
        anonymized: Kinds that get placeholders whatever the policy says of them, unless it says ``"block"``.

    Returns:
        Spans in order: disjoint, without blanks at their ends, never ending within a run of letters and digits. Those
        left alone (``"allow"``, ``"warn"``) come where nothing else covers them.
    """

    def action_of(kind: str) -> KindAction:
        wanted = kind in anonymized and policy.kinds.get(kind) != "block"
        return "anonymize" if kind == LITERAL or wanted else policy.action(kind)

    hidden: list[Entity] = []
    shown: list[Span] = []
    for entity in entities:
        start, end = strip_blanks(text, entity.start, entity.end)
        if start == end:
            continue
        action: Action = action_of(entity.kind)
        if action in ("allow", "warn"):
            shown.append(Span(start, end, entity.kind, entity.score, action))
        else:
            hidden.append(Entity(entity.kind, start, end, entity.score))
    spans = _unite(text, hidden, action_of)
    starts = [span.start for span in spans]
    return sorted(spans + [span for span in shown if not _covered(span, spans, starts)])


def _unite(text: str, entities: list[Entity], action_of: Callable[[str], KindAction]) -> list[Span]:
    groups: list[tuple[int, int, list[Entity]]] = []
    for entity in sorted(entities, key=lambda entity: (entity.start, -entity.end)):
        if groups and entity.start < groups[-1][1]:
            start, end, members = groups[-1]
            members.append(entity)
            if entity.end > end:
                groups[-1] = (start, widen(text, entity.start, entity.end, floor=entity.start)[1], members)
            continue
        floor = groups[-1][1] if groups else 0
        start, end = widen(text, entity.start, entity.end, floor=floor)
        groups.append((start, end, [entity]))
    return [_span(start, end, members, action_of) for start, end, members in groups]


def _span(start: int, end: int, members: list[Entity], action_of: Callable[[str], KindAction]) -> Span:
    first = max(members, key=lambda entity: (entity.kind != LITERAL, entity.end - entity.start, entity.score))
    score = max(entity.score for entity in members)
    actions = {action_of(entity.kind) for entity in members}
    action: Action = "block" if "block" in actions else "redact" if "redact" in actions else "anonymize"
    return Span(start, end, first.kind, score, action)


def _covered(span: Span, spans: list[Span], starts: list[int]) -> bool:
    """Tell whether a span overlaps one of several that are in order and disjoint: only the last before its end can."""
    last = bisect_left(starts, span.end) - 1
    return last >= 0 and spans[last].end > span.start
