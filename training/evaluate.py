"""Measure the default detector, by language, on texts that the weights have not seen.

    python -m training.evaluate /path/to/ner

German, French, Spanish, Dutch and Portuguese: the part of the corpora that training leaves out. Italian and Polish:
texts of `training/unseen`, written for this and in no way used for training. Without the package ``lc-guard-ner-xx``
the English models read everything: those are the figures that it is compared with.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterator
from pathlib import Path

from lc_guard.detectors import default_detector
from lc_guard.detectors.multilingual_ner import installed
from training import measure
from training.corpora import Labelled, Span, held_out, read

UNSEEN = Path(__file__).parent / "unseen"
_LABEL = {"P": "PERSON", "L": "LOCATION", "O": "ORGANIZATION", "X": "OTHER"}
_NAME = re.compile(r"\[([PLOX]):([^\]]*)\]")


def main() -> None:
    """Print the table, with a row for each corpus as well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of <language>_<name>.jsonl")
    parser.add_argument("--characters", type=int, default=30_000, help="most characters of a corpus")
    options = parser.parse_args()
    rows = [*sampled(options.data, options.characters), *unseen()]
    detector = default_detector()
    detector.warm_up()
    found = {row.text: [Span(e.start, e.end, e.kind) for e in detector.detect(row.text)] for row in rows}
    print("with the weights" if installed() else "without the weights", "of lc-guard-ner-xx")
    print(measure.table(measure.measured(rows, found.__getitem__)))
    by_source = [Labelled(row.source, row.source, row.text, row.spans, row.others) for row in rows]
    print(measure.table(measure.measured(by_source, found.__getitem__)))


def sampled(folder: Path, characters: int) -> list[Labelled]:
    """Return held-out texts of each corpus, up to a number of characters, in an order that is always the same."""
    by_source: dict[str, list[Labelled]] = {}
    for row in read(folder):
        if held_out(row):
            by_source.setdefault(row.source, []).append(row)
    chosen = []
    for rows in by_source.values():
        random.Random(2).shuffle(rows)
        left = characters
        for row in rows:
            if left <= 0:
                break
            left -= len(row.text)
            chosen.append(row)
    return chosen


def unseen() -> Iterator[Labelled]:
    """Yield the texts of `UNSEEN`, whose names stand in brackets behind a letter for their label."""
    for path in sorted(UNSEEN.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            text, spans, at = "", [], 0
            for name in _NAME.finditer(line):
                text += line[at : name.start()]
                spans.append(Span(len(text), len(text) + len(name[2]), _LABEL[name[1]]))
                text += name[2]
                at = name.end()
            names = tuple(span for span in spans if span.label != "OTHER")
            others = tuple(span for span in spans if span.label == "OTHER")
            yield Labelled(path.stem, f"{path.stem}_unseen", text + line[at:], names, others)


if __name__ == "__main__":
    main()
