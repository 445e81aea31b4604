"""What is found anywhere in a request is looked for in all its texts, and what the session knows as well."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from lc_guard._engine.text_state import TextState
from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL
from lc_guard._text.common_words import is_ordinary
from lc_guard._text.known_values import KnownValues
from lc_guard._text.value_index import Match
from lc_guard.records import Entity

_HIDING = ("anonymize", "redact")


class FoundValues:
    """The values of one request: those that were looked for in all its texts, and those that still are to be.

    Args:
        texts: The request's texts, with the spans that were found in them.
    """

    def __init__(self, texts: Sequence[TextState]) -> None:
        self._texts = texts
        self._searched: set[str] = set()
        self._scores: dict[str, float] = {}

    def spread(self) -> Iterator[tuple[int, list[Entity]]]:
        """Look for the values that nobody has looked for yet; yield a text's number and what was found in it."""
        new = self._new()
        if not len(new):
            return
        every = [_hits(text, new) for text in self._texts]
        small = small_parts(self._texts, every)
        for number, (text, hits) in enumerate(zip(self._texts, every, strict=True)):
            if found := list(self._beside_spans(text, hits, small)):
                yield number, found

    def _new(self) -> KnownValues:
        new = KnownValues()
        for text in self._texts:
            known = {(hit.start, hit.end) for hit in text.known if hit.how == "exact"}
            for span in text.spans:
                value = text.current[span.start : span.end]
                if span.action not in _HIDING or span.kind == LITERAL or value in self._searched:
                    continue
                self._searched.add(value)
                if (span.start, span.end) not in known:  # the vault has looked for those
                    self._scores[value] = span.score
                    new.add(value, value, span.kind)
        return new

    def _beside_spans(self, text: TextState, hits: Iterable[Match], small: frozenset[str]) -> Iterator[Entity]:
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
                yield Entity(base_kind(hit.kind), hit.start, hit.end, self._scores[hit.placeholder])


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
