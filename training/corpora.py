"""Labelled texts from a folder: read, cut into pieces that a model sees whole, split for training and evaluation."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LABELS = ("PERSON", "LOCATION", "ORGANIZATION")
PIECE = 700
"""Most characters of a piece, about."""

# The treebank takes contractions apart; nobody writes so.
_CONTRACTIONS = {
    **{f"{p} {a}": f"{j}{a}" for p, j in (("de", "d"), ("em", "n"), ("por", "pel")) for a in ("o", "a", "os", "as")},
    "a o": "ao",
    "a os": "aos",
    "a a": "à",
    "a as": "às",
    **{f"{p} {w}": f"{j}{w}" for p, j in (("de", "d"), ("em", "n")) for w in ("este", "esta", "esse", "essa", "ele")},
}
_SPLIT = re.compile(rf"(?i)\b(?:{'|'.join(sorted(_CONTRACTIONS, key=len, reverse=True))})\b")


@dataclass(frozen=True)
class Span:
    """A labelled stretch of a text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Labelled:
    """A text and its names.

    Attributes:
        lang: ISO 639-1 code.
        source: Name of the file that it comes from.
        text: The text.
        spans: Its PERSON, LOCATION and ORGANIZATION, in order, without overlaps.
        others: Labelled stretches of further kinds (dates, numbers, …) that no NER is asked for.
    """

    lang: str
    source: str
    text: str
    spans: tuple[Span, ...]
    others: tuple[Span, ...] = ()


def read(folder: Path) -> Iterator[Labelled]:
    """Read all corpora of a folder.

    Args:
        folder: Folder of ``<language>_<name>.jsonl``; a line has ``lang``, ``text``, ``ents`` (``start``, ``end``,
            ``label``).

    Yields:
        Texts as they stand in the files.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            spans = [Span(e["start"], e["end"], e["label"]) for e in row["ents"] if e["start"] < e["end"]]
            yield Labelled(
                row["lang"],
                path.stem,
                row["text"],
                _apart(span for span in spans if span.label in LABELS),
                tuple(span for span in spans if span.label not in LABELS),
            )


def _apart(spans: Iterator[Span]) -> tuple[Span, ...]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return tuple(kept)


def held_out(row: Labelled, share: int = 8) -> bool:
    """Return whether a text is kept for evaluation: one in `share`, told by its own characters, so for good."""
    return zlib.crc32(row.text.encode()) % share == 0


def pieces(row: Labelled) -> Iterator[Labelled]:
    """Cut a text behind lines and sentences, never inside a name.

    Args:
        row: A text of any length.

    Yields:
        Texts of some `PIECE` characters.
    """
    start = 0
    taken = [*row.spans, *row.others]
    while start < len(row.text):
        end = min(start + PIECE, len(row.text))
        if end < len(row.text):
            breaks = [m.end() for m in re.finditer(r"\n|[.;!?] ", row.text[start:end])]
            end = start + breaks[-1] if breaks else end
            end = max([end, *(s.end for s in taken if s.start < end < s.end)])
        yield part(row, start, end)
        start = end


def part(row: Labelled, start: int, end: int) -> Labelled:
    """Return a stretch of a text with what is labelled inside it."""

    def inside(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(Span(s.start - start, s.end - start, s.label) for s in spans if start <= s.start and s.end <= end)

    return Labelled(row.lang, row.source, row.text[start:end], inside(row.spans), inside(row.others))


def contracted(row: Labelled) -> Labelled:
    """Return a Portuguese text with its contractions as people write them: ``de a`` is ``da``."""
    return replaced(
        row,
        [
            (m.start(), m.end(), _same_case(m[0], _CONTRACTIONS[m[0].lower()]))
            for m in _SPLIT.finditer(row.text)
            if not any(s.start < m.end() and m.start() < s.end for s in row.spans)
        ],
    )


def _same_case(before: str, after: str) -> str:
    return after[0].upper() + after[1:] if before[0].isupper() else after


def replaced(row: Labelled, changes: list[tuple[int, int, str]]) -> Labelled:
    """Put new words into a text and move its labels.

    Args:
        row: The text.
        changes: Start, end and new words, in order, without overlaps; each beside all labels, or one whole label.

    Returns:
        The text with the words changed.
    """
    out, at, moved = [], 0, []
    for start, end, words in changes:
        out += [row.text[at:start], words]
        moved.append((end, len(words) - (end - start)))
        at = end
    out.append(row.text[at:])

    def shift(place: int) -> int:
        return place + sum(by for end, by in moved if end <= place)

    def at_new(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(Span(shift(s.start), shift(s.end), s.label) for s in spans)

    return Labelled(row.lang, row.source, "".join(out), at_new(row.spans), at_new(row.others))
