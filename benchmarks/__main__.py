"""Runs all benchmarks: ``python -m benchmarks [--markdown]``."""

from __future__ import annotations

import argparse
import sys

from benchmarks import (
    awkward,
    chain,
    conversation,
    detection,
    importing,
    langfuse_down,
    memory,
    protected_model,
    restoring,
    scanning,
    streaming,
    tracing,
    vaults,
)
from benchmarks.table import Row, markdown, text

ALL = (
    detection,
    restoring,
    streaming,
    chain,
    conversation,
    protected_model,
    scanning,
    langfuse_down,
    tracing,
    importing,
    memory,
    vaults,
    awkward,
)

_OTHERS = """\
Beside other tools: python -m benchmarks.credentials, and python -m benchmarks.detection FILES..., labelled texts as
lc-guard eval takes them."""


def run() -> list[Row]:
    """Run all benchmarks in full size."""
    return [row for benchmark in ALL for row in benchmark.run()]


def main() -> int:
    """Print the table; the exit status says whether every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, epilog=_OTHERS)
    parser.add_argument("--markdown", action="store_true", help="print the table for the README")
    arguments = parser.parse_args()
    rows = run()
    print(markdown(rows) if arguments.markdown else text(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
