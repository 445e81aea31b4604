"""Three figures by language: persons fully masked, precision of PERSON, share of other characters hidden."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from training.corpora import Labelled, Span

Finder = Callable[[str], Iterable[Span]]
_TITLE = re.compile(
    r"(?i)(?:(?:m|mme|mlle|mm|dr|dra|d|sr|sra|prof|hr|mr|mrs|ms|mej|mevr|mevrouw|herr|herrn|frau|de heer|dhr|don|doña|"
    r"pan|pana|panu|pani|sig|signor|signora|dott|avv|ks|inż|señor|señora|monsieur|madame|general|kaiser|könig)\.? +)+"
)


def measured(rows: Iterable[Labelled], find: Finder) -> dict[str, dict[str, float]]:
    """Measure a finder on labelled texts.

    Args:
        rows: Texts with labels.
        find: Returns the spans of a text, of any label.

    Returns:
        Language → ``masked`` (persons all of whose word characters are hidden; titles are no part of a name),
        ``precision`` (of what was called PERSON, the share that touches any labelled stretch), ``overmask`` (of word
        characters outside labels, the share that is hidden), ``persons`` (how many).
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        count = counts[row.lang]
        found = list(find(row.text))
        hidden = bytearray(len(row.text))
        for span in found:
            hidden[span.start : span.end] = b"\1" * (span.end - span.start)
        labelled = bytearray(len(row.text))
        for span in (*row.spans, *row.others):
            labelled[span.start : span.end] = b"\1" * (span.end - span.start)
        for span in row.spans:
            if span.label == "PERSON":
                title = _TITLE.match(row.text, span.start, span.end)
                start = title.end() if title else span.start
                count["persons"] += 1
                count["masked"] += all(hidden[i] for i in range(start, span.end) if row.text[i].isalnum())
        for span in found:
            if span.label == "PERSON":
                count["found"] += 1
                count["right"] += any(labelled[span.start : span.end])
        for i, char in enumerate(row.text):
            if char.isalnum() and not labelled[i]:
                count["other"] += 1
                count["over"] += hidden[i]
    return {
        lang: {
            "masked": c["masked"] / max(1, c["persons"]),
            "precision": c["right"] / max(1, c["found"]),
            "overmask": c["over"] / max(1, c["other"]),
            "persons": c["persons"],
        }
        for lang, c in sorted(counts.items())
    }


def table(figures: dict[str, dict[str, float]]) -> str:
    """Return the figures as lines of text."""
    lines = ["lang  masked  precision  overmask  persons"]
    lines += [
        f"{lang:4}  {f['masked']:6.3f}  {f['precision']:9.3f}  {f['overmask']:8.3f}  {f['persons']:7.0f}"
        for lang, f in figures.items()
    ]
    return "\n".join(lines)
