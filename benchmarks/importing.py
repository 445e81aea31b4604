"""What importing the package adds to importing LangChain's Runnable."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.table import Row, show, told

BASE = "from langchain_core.runnables import Runnable"
OURS = "from lc_guard import Guard, Anonymize, Deanonymize"
CODE = (
    f"import time; a = time.perf_counter(); {BASE}; b = time.perf_counter(); {OURS}; "
    "print(b - a, time.perf_counter() - b)"
)


def run(*, repeats: int = 5) -> list[Row]:
    """Measure in processes of their own, the fastest of several."""
    timed = []
    for _ in range(repeats):
        done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
        timed.append(tuple(map(float, done.stdout.split())))
    base, ours = (min(column) for column in zip(*timed, strict=True))
    return [Row("Import of Guard, Anonymize, Deanonymize", told(ours), f"Runnable {told(base)}", ours, 0.3, unit="s")]


if __name__ == "__main__":
    show(run())
