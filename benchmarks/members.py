"""What each built-in detector and scanner costs: ``python -m benchmarks.members [--write]``.

Processor time in milliseconds for 1,000 characters of the demo's transcript, each text new, the best of several rounds.
``--write`` puts them where the site reads them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from lc_guard import detectors, scanners
from lc_guard.demo.hidden import transcript
from lc_guard.detectors import default_detector

COSTS = Path(__file__).parents[1] / "docs/_site/costs.json"
_ROUNDS = 7
_WORDS = [f"forbidden {number}" for number in range(100)]

DETECTORS: dict[str, Callable[[], detectors.Detector]] = {
    "PatternDetector": detectors.PatternDetector,
    "RampartDetector": detectors.RampartDetector,
    "SpacyDetector": detectors.SpacyDetector,
    "TitleDetector": detectors.TitleDetector,
    "default_detector": default_detector,
}
SCANNERS: dict[str, Callable[[], scanners.Scanner]] = {
    "BannedTopics": lambda: scanners.BannedTopics({"violence": _WORDS}),
    "BannedWords": lambda: scanners.BannedWords(_WORDS),
    "EncodedPayloads": scanners.EncodedPayloads,
    "InvisibleCharacters": scanners.InvisibleCharacters,
    "JailbreakPhrases": scanners.JailbreakPhrases,
    "PlaceholderProbing": scanners.PlaceholderProbing,
    "Secrets": scanners.Secrets,
}


def _texts() -> Iterator[str]:
    for number in itertools.count():
        yield f"{transcript()}\n\n({number})"


def cost(call: Callable[[str], object]) -> float:
    """Return milliseconds of processor time for 1,000 characters; the first round loads what is to be loaded."""
    best = float("inf")
    for number, text in zip(range(_ROUNDS + 1), _texts(), strict=False):
        started = time.process_time() if number else 0.0
        call(text)
        if number:
            best = min(best, (time.process_time() - started) * 1e6 / len(text))
    return best


def measured() -> dict[str, float]:
    """Return what each member costs."""
    found = {name: cost(make().detect) for name, make in DETECTORS.items()}
    for name, make in SCANNERS.items():
        scanner = make()
        found[name] = cost(lambda text, scan=scanner.scan: scan(scanners.ScanRequest(text)))
    return found


def main() -> None:
    """Print the costs, or write them for the site."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.members", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {COSTS.name}")
    write = parser.parse_args().write
    costs = {name: float(f"{value:.2g}") for name, value in measured().items()}
    told = f"Python {platform.python_version()}, {datetime.now(UTC):%B %Y}"
    if write:
        COSTS.write_text(json.dumps({"told": told, "ms": costs}, indent=2) + "\n", encoding="utf-8")
    for name, value in costs.items():
        print(f"{name:24} {value:8.3g} ms")


if __name__ == "__main__":
    main()
