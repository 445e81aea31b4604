"""Runs benchmarks, all or those that are named: ``python -m benchmarks [--markdown] [NAME ...]``.

Each row is printed when it is measured. A benchmark that can't run is a row that says why; the others go on.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.table import Row, markdown, show, text, tried

ALL = (
    "detection",
    "restoring",
    "streaming",
    "chain",
    "conversation",
    "protected_model",
    "scanning",
    "langfuse_down",
    "tracing",
    "importing",
    "memory",
    "vaults",
    "awkward",
    "serving",
    "load",
    "long_texts",
)

_OTHERS = """\
Ten megabytes: python -m benchmarks.long_texts 10000000. Beside other tools: python -m benchmarks.credentials, and
python -m benchmarks.detection FILES..., labelled texts as lc-guard eval takes them."""


def run(names: Sequence[str] = ALL) -> Iterator[Row]:
    """Run benchmarks in full size, and tell on standard error which one is at work."""
    for number, name in enumerate(names, start=1):
        print(f"[{number}/{len(names)}] {name} ...", file=sys.stderr, flush=True)
        started = time.perf_counter()
        yield from tried(name, lambda: _run(name))  # noqa: B023 - called before the next name
        print(f"[{number}/{len(names)}] {name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)


def _run(name: str) -> Iterable[Row]:
    # Imported here: one whose packages are not installed is a row, too.
    rows: Iterable[Row] = importlib.import_module(f"benchmarks.{name}").run()
    return rows


def main() -> int:
    """Print the table; the exit status says whether every benchmark ran and met its target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, epilog=_OTHERS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones to run: {', '.join(ALL)} (default: all)")
    parser.add_argument("--markdown", action="store_true", help="print the table for the README")
    arguments = parser.parse_args()
    unknown = sorted({*arguments.names} - {*ALL})
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}: take some of {', '.join(ALL)}")
    rows = run(arguments.names or ALL)
    return 0 if show(rows, markdown if arguments.markdown else text) else 1


if __name__ == "__main__":
    sys.exit(main())
