"""What a text reads as once its disguises are undone: the one place where all built-in scanners look.

A text that shows a sign of a disguise (`phrase_matching.signs_of`) is read in other ways beside as it stands:
with look-alike letters, unseen characters and marks folded, with tags, line breaks and signs inside words left out,
with spelled words closed up, from back to front, deciphered, decoded; and so on with what came out, some layers deep.
Every character of a reading knows the stretch of the text that it stands for, so that a scanner's entities are of the
text. Time is linear in the text: readings are few, and together they hold a bounded multiple of its characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import ScanRequest
from lc_guard.scanners.phrase_matching import signs_of
from lc_guard.scanners.reading import Reading
from lc_guard.scanners.undone import undone

_DEPTH = 5
_MOST = 24
_SHARE, _LEAST = 6, 40_000


def readings(text: str, signs: set[str]) -> Iterator[Reading]:
    """Yield what a text reads as besides what is written, nearest to it first.

    Args:
        text: Any text.
        signs: The sorts of disguises that it has a sign of.
    """
    seen = {text}
    budget = _SHARE * len(text) + _LEAST
    layer = [(Reading(text, range(len(text)), range(1, len(text) + 1)), signs)]
    for _ in range(_DEPTH):
        following: list[tuple[Reading, set[str]]] = []
        for reading, found in layer:
            for other in undone(reading, found):
                if other.text in seen or not other.text.strip():
                    continue
                if len(seen) > _MOST or budget < len(other.text):
                    return
                seen.add(other.text)
                budget -= len(other.text)
                following.append((other, signs_of(other.text)))
                yield other
        layer = following


def readings_of(request: ScanRequest) -> Sequence[Reading]:
    """Return the readings of a text that may read otherwise; made once for all scanners of a request."""
    found = request.shared[request.text]
    if not isinstance(found, tuple):
        found = request.shared[request.text] = tuple(readings(request.text, found))
    return found


def judged(
    judge: Callable[[ScanRequest], ScanResult],
    request: ScanRequest,
    plain: ScanResult,
    guess: Callable[[ScanRequest], ScanResult] | None = None,
    *,
    leet: bool = True,
) -> ScanResult:
    """Judge all readings of a text, and join what is said of them with what was said of the text as it stands.

    Args:
        judge: What judges a text.
        request: The text, which may read otherwise.
        plain: What was said of it as it stands.
        guess: What judges readings that are guesses, if they are not to be taken as seriously.
        leet: Whether digits and signs are read as letters.

    Returns:
        Not valid, if one is not; the highest risk, the categories of all, and entities where they stand in the text.
    """
    valid, risk, categories, entities = plain.valid, plain.risk_score, dict(plain.categories), [*plain.entities]
    for reading in readings_of(request):
        if reading.leet and not leet:
            continue
        asked = ScanRequest(reading.text, request.stage, request.prompt, deadline=request.deadline)
        result = judge(asked) if not reading.guesses or guess is None else guess(asked)
        valid, risk = valid and result.valid, max(risk, result.risk_score)
        for name, score in result.categories.items():
            categories[name] = max(score, categories.get(name, 0.0))
        for entity in result.entities:
            start, end = reading.original(entity.start, entity.end)
            entities.append(Entity(entity.kind, start, end, entity.score))
    if len(entities) > len(plain.entities):
        entities = [*_joined(entities)]
    return replace(plain, valid=valid, risk_score=risk, entities=tuple(entities), categories=categories)


def _joined(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Join what overlaps, under the kind that was found nearest to the text as it stands."""
    ordered = sorted(enumerate(entities), key=lambda found: (found[1].start, found[1].end))
    joined: list[tuple[int, Entity]] = []
    for order, entity in ordered:
        if joined and entity.start < joined[-1][1].end:
            first, known = joined.pop()
            kind = known.kind if first <= order else entity.kind
            end, score = max(known.end, entity.end), max(known.score, entity.score)
            joined.append((min(first, order), Entity(kind, known.start, end, score)))
        else:
            joined.append((order, entity))
    return tuple(entity for _, entity in joined)
