"""Train the NER of `lc-guard-ner-xx` from nothing.

    python -m training.train /path/to/ner --out packages/lc-guard-ner-xx/lc_guard_ner_xx

What it needs beside lc-guard: ``pip install -r training/requirements.txt``. Everything is
drawn from one seed; processors and versions of Faker and spaCy differ in the last digits, and so do the weights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from training import measure, pipeline
from training.augment import augmented, made_up
from training.corpora import Labelled, Span, held_out, pieces, read
from training.names import LOCALES

SEED = 20261127
MADE_UP = {"it": 4500, "pl": 5500, "de": 2000, "fr": 2000, "es": 1800, "nl": 2200, "pt": 1800, "en": 200}
"""Language → texts made of our sentences in each epoch; Italian and Polish have nothing else."""

MOST = {"es_meddocan": 500_000}
"""Most characters that a corpus gives to an epoch, where not all."""


RECALL = 1.0
"""What the action "no name" loses of its score after training: more is found, a little more is wrong."""

EPOCHS, STOP, RATE, BATCH, DROPOUT = 9, 8, 0.001, 32, 0.15
"""The rate falls in a line that would end with `EPOCHS`; the last of them is left out."""


def main() -> None:
    """Read the corpora, train, measure, write the weights."""
    if os.environ.get("PYTHONHASHSEED") != "0" or os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        # Faker's Italian lists are sets, drawn from in the order of the process's hashes; threads share out sums.
        same = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **same})  # noqa: S606
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of <language>_<name>.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights.msgpack, config.json, pinned.json")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    rows = [row for row in read(options.data) if row.lang in LOCALES]
    kept = [row for row in rows if held_out(row)]
    train = [row for row in rows if not held_out(row)]
    nlp, averages = trained(train, chance, options.seed, options.out)
    with nlp.use_params(averages):
        pipeline.lean(nlp.get_pipe("ner"), RECALL)
        write(nlp, options.out)
        print(measure.table(measure.measured(evaluated(kept, random.Random(1)), finder(nlp))), flush=True)


def evaluated(kept: list[Labelled], chance: random.Random) -> list[Labelled]:
    """Return what is measured: held-out texts, and for the two languages without a corpus made-up ones."""
    return [piece for row in kept for piece in pieces(row)] + [
        text for lang in ("it", "pl") for text in made_up(lang, 300, chance)
    ]


def trained(train: list[Labelled], chance: random.Random, seed: int, out: Path) -> tuple[Any, Any]:
    """Train; return the pipeline and the average of all steps' weights, which is better than the last.

    The averages so far are written behind each epoch.
    """
    from spacy.util import fix_random_seed, minibatch
    from thinc.api import NumpyOps, set_current_ops

    # OpenBLAS is a quarter faster here than BLIS.
    set_current_ops(NumpyOps(use_blis=False))
    fix_random_seed(seed)
    nlp = pipeline.blank()
    optimizer = nlp.initialize(lambda: examples(nlp, epoch_of(train, chance)[:4000]))
    for epoch in range(STOP):
        started = time.monotonic()
        optimizer.learn_rate = RATE * max(0.1, 1 - epoch / EPOCHS)
        losses: dict[str, float] = {}
        for batch in minibatch(examples(nlp, epoch_of(train, chance)), size=BATCH):
            nlp.update(batch, sgd=optimizer, drop=DROPOUT, losses=losses)
        print(f"epoch {epoch + 1}: loss {losses['ner']:.0f}, {time.monotonic() - started:.0f} s", flush=True)
        with nlp.use_params(optimizer.averages):
            pipeline.lean(nlp.get_pipe("ner"), RECALL)
            write(nlp, out)
    return nlp, optimizer.averages


def epoch_of(train: list[Labelled], chance: random.Random) -> list[Labelled]:
    """Draw the texts of one epoch: the corpora up to `MOST`, our sentences, everything augmented."""
    by_source: dict[str, list[Labelled]] = {}
    for row in train:
        by_source.setdefault(row.source, []).extend(pieces(row))
    drawn: list[Labelled] = []
    for source, rows in by_source.items():
        chance.shuffle(rows)
        characters = 0
        for row in rows:
            characters += len(row.text)
            if characters > MOST.get(source, characters):
                break
            drawn.append(row)
    for lang, number in MADE_UP.items():
        drawn += made_up(lang, number, chance)
    drawn = [augmented(row, chance) for row in drawn]
    chance.shuffle(drawn)
    return drawn


def examples(nlp: Any, rows: Iterable[Labelled]) -> Iterator[Any]:
    """Yield spaCy's examples; a label inside a token takes the whole token."""
    from spacy.training import Example

    for row in rows:
        doc = nlp.make_doc(row.text)
        spans = [doc.char_span(s.start, s.end, label=s.label, alignment_mode="expand") for s in row.spans]
        reference = doc.copy()
        apart, end = [], 0
        for span in spans:
            if span is not None and span.start >= end and span.text.strip() == span.text:
                apart.append(span)
                end = span.end
        reference.set_ents([_like(reference, s) for s in apart])
        yield Example(doc, reference)


def _like(doc: Any, span: Any) -> Any:
    from spacy.tokens import Span as SpacySpan

    return SpacySpan(doc, span.start, span.end, label=span.label_)


def finder(nlp: Any) -> measure.Finder:
    """Return the pipeline as something that finds spans."""
    return lambda text: [Span(e.start_char, e.end_char, e.label_) for e in nlp(text).ents]


def write(nlp: Any, out: Path) -> None:
    """Write weights, configuration and their SHA-256."""
    out.mkdir(parents=True, exist_ok=True)
    weights = pipeline.packed(nlp.get_pipe("ner"))
    config = json.dumps(pipeline.CONFIG, indent=1).encode()
    (out / "weights.msgpack").write_bytes(weights)
    (out / "config.json").write_bytes(config)
    print(f"{len(weights) / 1e6:.1f} MB, sha256 {hashlib.sha256(weights).hexdigest()}", flush=True)


if __name__ == "__main__":
    main()
