"""Where a phrase stands in a text: the way back from the reading that it was found in."""

from __future__ import annotations

from lc_guard.scanners.phrase_matching import SIGNS, SPACED, TOKEN, close_up, end_offset, folded_words


def canonical_offsets(text: str, *, leet: bool = False) -> tuple[str, list[tuple[int, int]]]:
    """Return `canonical` with, for each of its characters, the span of the original's token that it comes from."""
    plain, offsets = folded_words(text, leet=leet)
    runs = {match.start(): match.end() for match in SPACED.finditer(plain)}
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    while (match := TOKEN.search(plain, at)) is not None:
        start, end = match.span()
        tokens = [(SIGNS.get(match[0], match[0]), start, end)]
        if start in runs:
            end = runs[start]
            tokens = [(word, start, end) for word in close_up(plain[start:end])]
        for token, first, last in tokens:
            if pieces:
                pieces.append(" ")
                spans.append((offsets[first], offsets[first]))
            pieces.append(token)
            spans += [(offsets[first], end_offset(offsets, last))] * len(token)
        at = end
    return "".join(pieces), spans
