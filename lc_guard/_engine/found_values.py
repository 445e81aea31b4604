"""What is found anywhere in a request is looked for in all its texts, and what the session knows as well."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lc_guard._engine.text_state import ResolvedSpan, TextState
from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL
from lc_guard._text.common_words import is_ordinary
from lc_guard._text.known_values import KnownValues
from lc_guard._text.value_index import Match
from lc_guard.records import Entity

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
        return False
    return not is_ordinary(text, hit.start, hit.end, also=small if hit.how == "part" else ())


def small_parts(texts: Iterable[TextState], hits: Iterable[Iterable[Match]]) -> frozenset[str]:
    """Return the words of persons' names that stand in small letters in one of some texts, case-folded."""
    words = (
        text.current[hit.start : hit.end]
        for text, own in zip(texts, hits, strict=True)
        for hit in own
        if hit.how == "part"
    )
    return frozenset(word.casefold() for word in words if word[:1].islower())


def _hits(text: TextState, known: KnownValues) -> list[Match]:
    hits = known.find(text.current, for_hiding=True)
    for form, offsets in text.unescaped:
        found = known.find(form, for_hiding=True)
        hits += [hit._replace(start=offsets[hit.start], end=offsets[hit.end]) for hit in found]
    return hits
