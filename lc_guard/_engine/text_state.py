"""All that is known of one text on its way through the checks, and of the request that it is part of.

What is found anywhere in a request is looked for in all its texts (`FoundValues`).
"""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from lc_guard._engine.requests import CheckResult, GuardRequest, GuardResult
from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL
from lc_guard._text.common_words import is_ordinary
from lc_guard._text.joined_names import in_document_name
from lc_guard._text.known_values import KnownValues, Match
from lc_guard._text.words import strip_blanks, unescaped, widen
from lc_guard.policy.policy import KindAction, Policy
from lc_guard.records import Action, Entity, Mark

WORD = re.compile(r"[^\W_]\w*")
"""A word or a name in code."""

_IN_NAME = re.compile(r"\w")
_NAME_ENDS = re.compile(r"\w{1,100}")
_LONGEST_NAME = 100
_AROUND = string.punctuation + string.whitespace

Unescaped = tuple[str, Sequence[int]]
"""A text with its escapes undone, and for each offset in it the offset in the text."""


class ResolvedSpan(NamedTuple):
    """A stretch of a text and what happens to it."""

    start: int
    end: int
    kind: str
    score: float
    action: Action


@dataclass(slots=True, repr=False)
class TextState:
    """All that is known of one text.

    Attributes:
        original: The text as it came.
        current: What scanners left of it, with nothing hidden; set by `rewrite` only.
        marked: What scanners want hidden in it.
        marked_in: The text in which they want it.
        detected: What the detectors found in it, or in what it reads as.
        known: Values of the session that stand in it.
        live: Where placeholders of the session stand in it that mean what they stand for.
        spans: What becomes of which stretch of `current`.
        hidden: `current` with placeholders in it; None where nothing was to be hidden.
        places: Where they stand in it: start, end, start and end of what they stand for in `current`.
        late: What is left of it after scanners that see only what is hidden; None where they left it alone.
        replaced: What stands in its place; None for most.
        unread: Whether no detector is asked about it: only what the session knows is looked for in it.
        words: The application's own words, which are no findings.
    """

    original: str
    current: str = ""
    marked: tuple[Entity, ...] = ()
    marked_in: str | None = None
    detected: Sequence[Entity] = ()
    known: Sequence[Match] = ()
    live: Sequence[tuple[int, int]] = ()
    spans: list[ResolvedSpan] = field(default_factory=list)
    hidden: str | None = None
    places: Sequence[tuple[int, int, int, int]] = ()
    late: str | None = None
    replaced: str | None = None
    unread: bool = False
    words: frozenset[str] = frozenset()
    _unescaped: tuple[Unescaped, ...] | None = None

    def __post_init__(self) -> None:
        self.current = self.original

    def rewrite(self, text: str) -> None:
        """Go on with what a scanner left of it."""
        self.current = text
        self._unescaped = None

    @property
    def unescaped(self) -> tuple[Unescaped, ...]:
        """What `current` reads as with its escapes undone once, twice, …; computed once."""
        if self._unescaped is None:
            self._unescaped = tuple(unescaped(self.current))
        return self._unescaped

    def counts(self, finding: Entity) -> bool:
        """Return whether a detector's finding in it is more than words of the application, or parts of them."""
        if not self.words:
            return True
        start, end = finding.start, finding.end
        floor = max(0, start - _LONGEST_NAME)
        while start > floor and _IN_NAME.match(self.current, start - 1):
            start -= 1
        if ends := _NAME_ENDS.match(self.current, end):
            end = ends.end()
        said = self.current[start:end].strip(_AROUND)
        return said not in self.words and not all(word in self.words for word in WORD.findall(said) or [said])

    @property
    def forms(self) -> list[str]:
        """The text as it is, and as it reads."""
        return [self.current, *(text for text, _ in self.unescaped)]

    @property
    def moved(self) -> bool:
        """Whether it was changed by one scanner beside another that wants something hidden in it."""
        return self.marked_in not in (None, self.current)

    @property
    def shown(self) -> str:
        """What goes on instead of it."""
        texts = (self.replaced, self.late, self.hidden)
        return next((text for text in texts if text is not None), self.current)

    def marks(self) -> list[Mark]:
        """Return what was found in it, and where what stands for that is; nothing of a text that was written anew."""
        if self.current != self.original:
            return []
        put = {before: (start, end) for start, end, before, _ in self.places} if self.shown == self.hidden else {}
        return [Mark(s.kind, s.start, s.end, s.score, s.action, put.get(s.start)) for s in self.spans]

    def take(self, result: CheckResult, asked: str, thresholds: Mapping[str, float]) -> None:
        """Take what a scanner's check makes of it, who was asked about it as it was then."""
        if (left := result.redacted.get(asked)) is not None:
            if self.hidden is None:
                self.rewrite(left)
            else:
                self.late = left
        self.replaced = result.replaced.get(asked, self.replaced)
        if marked := result.entities.get(asked):
            # the policy's thresholds are for detectors: the check has decided already
            raised = (replace(e, score=max(e.score, thresholds.get(e.kind, 0.0))) for e in marked)
            self.marked = (*self.marked, *raised)
            self.marked_in = asked


@dataclass(slots=True, repr=False)
class RequestState:
    """All that is known of one request.

    Attributes:
        number: Its number.
        request: The request.
        texts: Its texts by how they came; what the scanners are asked about is looked at as well.
        turns: What was said before and may be shown outside, by how it was said.
        shared: What the scanners worked out about texts, for each other.
        results: What scanners' checks came to, in the order in which they ended.
        detecting: Whether the detectors look at it.
        unhidden: Whether the detectors failed: what they would have found is not hidden, so nobody outside may see it.
        result: What becomes of it.
    """

    number: int
    request: GuardRequest
    texts: dict[str, TextState] = field(default_factory=dict)
    turns: dict[str, TextState] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)
    results: list[CheckResult] = field(default_factory=list)
    detecting: bool = False
    unhidden: bool = False
    result: GuardResult = field(default_factory=GuardResult)

    @property
    def blocked(self) -> bool:
        """Whether a check does not let its texts go on."""
        return self.result.blocking is not None or any(not result.decision.valid for result in self.results)


def resolve_overlaps(
    text: str, entities: Iterable[Entity], policy: Policy, *, anonymized: Collection[str] = ()
) -> list[ResolvedSpan]:
    """Join overlapping findings to their union, so that none of them shows.

    Kinds that the policy leaves alone hide nothing and join nothing. Those in `anonymized` get placeholders whatever it
    says of them, unless it says ``"block"``. The spans are in order, disjoint, without blanks at their ends, and never
    end within a run of letters and digits; those left alone come where nothing else covers them.
    """

    def action_of(kind: str) -> KindAction:
        wanted = kind in anonymized and policy.kinds.get(kind) != "block"
        return "anonymize" if kind == LITERAL or wanted else policy.action(kind)

    hidden: list[Entity] = []
    shown: list[ResolvedSpan] = []
    for entity in entities:
        start, end = strip_blanks(text, entity.start, entity.end)
        if start == end:
            continue
        action: Action = action_of(entity.kind)
        if action in ("allow", "warn"):
            shown.append(ResolvedSpan(start, end, entity.kind, entity.score, action))
        else:
            hidden.append(Entity(entity.kind, start, end, entity.score))
    spans = _unite(text, hidden, action_of)
    starts = [span.start for span in spans]
    return sorted(spans + [span for span in shown if not _covered(span, spans, starts)])


def _unite(text: str, entities: list[Entity], action_of: Callable[[str], KindAction]) -> list[ResolvedSpan]:
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


def _span(start: int, end: int, members: list[Entity], action_of: Callable[[str], KindAction]) -> ResolvedSpan:
    first = max(members, key=lambda entity: (entity.kind != LITERAL, entity.end - entity.start, entity.score))
    score = max(entity.score for entity in members)
    actions = {action_of(entity.kind) for entity in members}
    action: Action = "block" if "block" in actions else "redact" if "redact" in actions else "anonymize"
    return ResolvedSpan(start, end, first.kind, score, action)


def _covered(span: ResolvedSpan, spans: list[ResolvedSpan], starts: list[int]) -> bool:
    """Return whether a span overlaps one of some that are in order and disjoint: only the last before its end can."""
    last = bisect_left(starts, span.end) - 1
    return last >= 0 and spans[last].end > span.start


_HIDING = ("anonymize", "redact")


class ValuesToFind:
    """Values that are to be looked for, with their scores."""

    def __init__(self) -> None:
        self.known = KnownValues()
        self.scores: dict[str, float] = {}

    def add(self, value: str, kind: str, score: float) -> None:
        """Have a value looked for."""
        self.scores[value] = max(score, self.scores.get(value, 0.0))
        self.known.add(value, value, kind)


class FoundValues:
    """The values of one request: those that were looked for in all its texts, and those that still are to be.

    Args:
        texts: The request's texts, with the spans that were found in them.
        beside: What was found in other requests of the session that are checked together with it.
    """

    def __init__(self, texts: Sequence[TextState], beside: ValuesToFind | None = None) -> None:
        self._texts = texts
        self._beside = beside
        self._searched = set(beside.scores) if beside is not None else set[str]()

    def spread(self) -> Iterator[tuple[int, list[Entity]]]:
        """Look for the values that nobody has looked for yet; yield a text's number and what was found in it."""
        for values in filter(None, (self._beside, self._new())):
            every = [_hits(text, values.known) for text in self._texts]
            small = small_parts(self._texts, every)
            for number, (text, hits) in enumerate(zip(self._texts, every, strict=True)):
                if found := list(_outside_spans(text, hits, small, values.scores)):
                    yield number, found
        self._beside = None

    def _new(self) -> ValuesToFind | None:
        new = ValuesToFind()
        for text in self._texts:
            known = {(hit.start, hit.end) for hit in text.known if hit.how == "exact"}
            for span, value in hidden_values(text):
                if value not in self._searched:
                    self._searched.add(value)
                    if (span.start, span.end) not in known:  # the vault has looked for those
                        new.add(value, span.kind, span.score)
        return new if new.scores else None


def hidden_values(text: TextState) -> Iterator[tuple[ResolvedSpan, str]]:
    """Yield what is hidden of a text."""
    for span in text.spans:
        if span.action in _HIDING and span.kind != LITERAL:
            yield span, text.current[span.start : span.end]


def _outside_spans(
    text: TextState, hits: Iterable[Match], small: frozenset[str], scores: Mapping[str, float]
) -> Iterator[Entity]:
    spans = [span for span in text.spans if span.action in _HIDING]  # in order and disjoint
    starts = [span.start for span in spans]
    for hit in hits:
        before = bisect_left(starts, hit.end) - 1
        overlapped = spans[before] if before >= 0 and spans[before].end > hit.start else None
        if overlapped is None:
            hidden, meant = False, is_meant(text.current, hit, small)
        else:
            hidden, meant = overlapped.start <= hit.start and hit.end <= overlapped.end, hit.how != "part"
        if meant and not hidden:
            yield Entity(base_kind(hit.kind), hit.start, hit.end, scores[hit.placeholder])


def is_meant(text: str, hit: Match, small: frozenset[str]) -> bool:
    """Return whether a value that no detector saw where it stands is meant there.

    Args:
        text: The text.
        hit: Where it stands.
        small: Words of names that stand in small letters somewhere: they are words as well.
    """
    if hit.how == "part" and text[hit.start].islower():
        from lc_guard.detectors.vocabulary import vocabulary  # noqa: PLC0415 - few texts name documents

        return in_document_name(text, hit.end) and not vocabulary().knows(text[hit.start : hit.end])
    return not is_ordinary(text, hit.start, hit.end, also=small if hit.how == "part" else ())


def small_parts(texts: Iterable[TextState], hits: Iterable[Iterable[Match]]) -> frozenset[str]:
    """Return the words of persons' names that stand in small letters in one of some texts, case-folded."""
    words = (
        text.current[hit.start : hit.end]
        for text, own in zip(texts, hits, strict=True)
        for hit in own
        if hit.how == "part" and not in_document_name(text.current, hit.end)
    )
    return frozenset(word.casefold() for word in words if word[:1].islower())


def _hits(text: TextState, known: KnownValues) -> list[Match]:
    hits = known.find(text.current, for_hiding=True)
    for form, offsets in text.unescaped:
        found = known.find(form, for_hiding=True)
        hits += [hit._replace(start=offsets[hit.start], end=offsets[hit.end]) for hit in found]
    return hits
