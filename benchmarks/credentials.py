"""Credentials found, and false alarms, beside detect-secrets: ``python -m benchmarks.credentials``.

On a generated corpus (`credential_corpus`). detect-secrets is asked with all plugins and filters that it has on by
default, each text a file, as its own command reads them. Install it with ``pip install --group benchmarks``: it and
``bc-detect-secrets``, which LLM Guard brings, share one package name, so this takes whichever is there and names it.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import NamedTuple

from benchmarks.credential_corpus import Sample, corpus
from benchmarks.table import Row, show
from lc_guard._text.credentials import find_credentials


class Score(NamedTuple):
    """What a finder did on a corpus."""

    found: Counter[str]
    of: Counter[str]
    false_alarms: int
    harmless: int
    microseconds: float


def run(*, each: int = 10) -> list[Row]:
    """Measure both on the same samples."""
    samples = corpus(each=each)
    ours, other = score(samples, find_ours), score(samples, detect_secrets())
    name = others_name()
    total, of = sum(ours.found.values()), sum(ours.of.values())
    rows = [
        Row(
            f"Credentials found, {group} ({ours.of[group]})",
            f"{ours.found[group] / ours.of[group]:.3f}",
            f"{name} {other.found[group] / other.of[group]:.3f}",
            ours.found[group] - other.found[group],
            0,
            at_least=True,
        )
        for group in ours.of
    ]
    all_found = f"{total / of:.3f}"
    others = f"{name} {sum(other.found.values()) / of:.3f}"
    alarms = f"{name} {other.false_alarms}"
    return [
        *rows,
        Row("Credentials found, all", all_found, others, total / of, 0.97, at_least=True),
        Row(f"False alarms in {ours.harmless} harmless texts", str(ours.false_alarms), alarms, ours.false_alarms, 0),
        Row(
            "Time for a text",
            f"{ours.microseconds:.0f} µs",
            f"{other.microseconds:.0f} µs",
            ours.microseconds,
            300,
            unit="µs",
        ),
    ]


def score(samples: list[Sample], find: Callable[[str], list[str]]) -> Score:
    """Count what is found: a credential counts if all of it is in what was found, or the reverse for half a line."""
    found: Counter[str] = Counter()
    of: Counter[str] = Counter()
    alarms = harmless = 0
    began = time.perf_counter()
    for sample in samples:
        hits = find(sample.text)
        if sample.credential is None:
            harmless += 1
            alarms += bool(hits)
        else:
            of[sample.group] += 1
            found[sample.group] += any(_meets(hit, sample.credential) for hit in hits)
    return Score(found, of, alarms, harmless, (time.perf_counter() - began) / len(samples) * 1e6)


def _meets(hit: str, credential: str) -> bool:
    # detect-secrets tells of a private key by its first line only
    return (
        credential in hit
        or (len(hit) > 3 and hit in credential and len(hit) * 2 > len(credential))
        or "PRIVATE KEY" in hit
    )


def find_ours(text: str) -> list[str]:
    """Return the stretches that lc-guard hides."""
    return [text[item.start : item.end] for item in find_credentials(text)]


def detect_secrets() -> Callable[[str], list[str]]:
    """Return detect-secrets with its default settings, as a function of a text."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    def find(text: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder, default_settings():
            path = Path(folder, "sample.txt")
            path.write_text(text, encoding="utf-8")
            return [secret.secret_value or "" for secret in scan_file(str(path))]

    return find


def others_name() -> str:
    """Return the distribution that detect-secrets is installed from, and its version."""
    name = packages_distributions()["detect_secrets"][0]
    return f"{name} {version(name)}"


if __name__ == "__main__":
    show(run())
