"""``lc-guard eval``: measure detectors on labelled texts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from lc_guard.cli.arguments import (
    STDIN,
    CommandError,
    add_command,
    open_lines,
    print_out,
    require_folders,
    show_done,
    whole_number,
    write,
)
from lc_guard.cli.detectors import add_options, choose, read_options

if TYPE_CHECKING:
    from lc_guard.evals import BadLine, Case

_DESCRIPTION = """\
Measure detectors on texts in which you have marked what must not leak: precision, recall, F1 and "fully masked" (the
share of mentions of which nothing can be read any more) by kind and identifier type, latency, and the worst misses by
position. DATA holds one JSON object a line, offsets in characters:

  {"id": "7", "text": "Jo!", "ents": [{"start": 0, "end": 2, "label": "NAME"}]}

An entity may have an "identifier_type": DIRECT, QUASI or NO_MASK. Bad lines are named and left out."""

_EPILOG = """\
Detectors: default (rules and models), rules (the default without models), patterns, spacy, rampart, llm-guard,
llm-guard-patterns (LLM Guard without its model), or module:name for one of your own: a detector, or what makes one.

Exit status: 0 all measured; 1 a detector could not be loaded, or failed on a text (the others are measured); 2 wrong
usage, or data without one usable line."""

_BAD_LINES_TOLD = 3


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "measure detectors on labelled texts"
    parser = add_command(commands, "eval", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("data", metavar="DATA", help='labelled texts, JSON Lines in UTF-8; "-" is stdin')
    parser.add_argument(
        "--detector", default="default", metavar="NAMES", help="detectors, separated by commas (default: %(default)s)"
    )
    add_options(parser)
    parser.add_argument("--json", metavar="FILE", help="also write the report as JSON")
    parser.add_argument("--html", metavar="FILE", help="also write it as an HTML page with a plot")
    parser.add_argument(
        "--show-values", action="store_true", help="show the raw text of the worst misses, in the files as well"
    )
    parser.add_argument("--limit", type=whole_number(1), metavar="N", help="measure the first N texts only")
    parser.add_argument("--worst", type=whole_number(0), default=10, metavar="N", help="misses shown (default: 10)")
    parser.add_argument(
        "--label",
        action="append",
        type=_label,
        default=[],
        metavar="LABEL=KIND",
        help="count a label of the data as this kind of the detectors; may be given again",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    detectors = choose(args.detector, read_options(args))
    require_folders(args.json, args.html)
    from lc_guard.evals import evaluate, read_cases  # noqa: PLC0415 - a light import of this module

    bad: list[BadLine] = []
    with open_lines(args.data) as lines:
        cases = _at_least_one(islice(read_cases(lines, on_bad=bad.append), args.limit), bad)
        with show_done("loading models", _total(args.data, args.limit)) as update:
            report = evaluate(
                cases,
                detectors,
                labels=dict(args.label),
                worst=args.worst,
                show_values=args.show_values,
                progress=update and (lambda done: update(completed=done, description="measuring")),
            )
    report = replace(report, bad_lines=tuple(bad))
    from lc_guard.evals.render.detector_report import renderable  # noqa: PLC0415

    print_out(renderable(report))
    write(args.json, lambda: report.to_json() + "\n")
    write(args.html, lambda: report.to_html(title=f"Detectors on {_name(args.data)}"))
    return int(any(detector.unavailable is not None or detector.failures for detector in report.detectors))


def _at_least_one(cases: Iterator[Case], bad: list[BadLine]) -> Iterator[Case]:
    """Refuse data without a case before any model is loaded."""
    first = next(cases, None)
    if first is None:
        told = "; ".join(map(str, bad[:_BAD_LINES_TOLD])) or "it is empty"
        more = f"; and {len(bad) - _BAD_LINES_TOLD:,} more" if len(bad) > _BAD_LINES_TOLD else ""
        raise CommandError(f"no usable line in the data ({told}{more}): see lc-guard eval --help for the form")
    return chain([first], cases)


def _total(name: str, limit: int | None) -> int | None:
    """Count the lines of a file, for the progress bar; None if that can't be told beforehand."""
    if name == STDIN or not sys.stderr.isatty() or not Path(name).is_file():
        return None
    with Path(name).open("rb") as lines:
        return sum(1 for line in islice(lines, limit) if line.strip())


def _name(data: str) -> str:
    return "standard input" if data == STDIN else Path(data).name


def _label(text: str) -> tuple[str, str]:
    label, _, kind = text.partition("=")
    if not label.strip() or not kind.strip():
        raise argparse.ArgumentTypeError("LABEL=KIND is needed, such as PATIENT_NAME=PERSON")
    return label, kind
