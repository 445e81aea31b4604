"""``lc-guard audit``: which past traces hold values that a detector would have hidden."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lc_guard.cli.arguments import (
    add_command,
    add_window,
    check_window,
    print_out,
    read_window,
    require_folders,
    share,
    show_progress,
    split_names,
    write,
)
from lc_guard.cli.detectors import choose
from lc_guard.detectors.base import load_models
from lc_guard.records import Entity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from lc_guard.detectors import Detector
    from lc_guard.langfuse.audits import Audit

_SHOWN = 20

_DESCRIPTION = """\
Look at past traces in Langfuse with a detector, and tell which hold values that it would have hidden: in inputs,
outputs, metadata, error messages, names and tags. It tells ids, kinds and counts, never a value; placeholders are
passed over. The texts come to this machine and stay here.

Keys and address come from LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL."""

_EPILOG = """\
Detectors have false alarms: look at a few of the traces before you delete any. --ignore leaves out kinds that are no
secret to you, --min-score weak findings.

Exit status: 0 nothing was found; 1 values were found, or something could not be looked at; 2 wrong usage."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "find past traces in Langfuse that hold personal data"
    parser = add_command(commands, "audit", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    add_window(parser, since="30d")
    parser.add_argument(
        "--detector",
        default="default",
        metavar="NAMES",
        help="detectors, by commas, as for eval (default: %(default)s)",
    )
    parser.add_argument("--ignore", default="", metavar="KINDS", help="kinds that are no leak, such as DATE_TIME,URL")
    parser.add_argument(
        "--min-score",
        type=share,
        default=0.5,
        metavar="SCORE",
        help="lowest score of a finding (default: %(default)s)",
    )
    parser.add_argument("--json", metavar="FILE", help="also write every place as JSON")
    parser.add_argument("--csv", metavar="FILE", help="also write every place as CSV")
    parser.add_argument(
        "--resume", metavar="FILE", help="keep what was found in FILE until the end: the same command goes on"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    require_folders(args.json, args.csv, args.resume)
    check_window(args)
    detector = _Together(list(choose(args.detector).values()))
    from lc_guard.langfuse.api import LangfuseApi  # noqa: PLC0415 - here and below: a light import of this module
    from lc_guard.langfuse.audits import audit  # noqa: PLC0415

    with LangfuseApi() as api:
        api.check()
        window = read_window(args.since, args.until, api)
        detector.warm_up()
        state = Path(args.resume) if args.resume else None
        with show_progress() as progress:
            found = audit(
                api,
                window,
                detector,
                ignore=split_names(args.ignore),
                min_score=args.min_score,
                state=state,
                progress=progress,
            )
    print_out(_renderable(found))
    write(args.json, lambda: found.to_json() + "\n")
    write(args.csv, found.to_csv)
    if state is not None:
        state.unlink(missing_ok=True)
    return int(bool(found.leaks or found.failed))


class _Together:
    """Several detectors as one."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._detectors = detectors

    def warm_up(self) -> None:
        for detector in self._detectors:
            load_models(detector)

    def detect(self, text: str) -> list[Entity]:
        found = [entity for detector in self._detectors for entity in detector.detect(text)]
        if len(self._detectors) < 2:
            return found
        kept: list[Entity] = []
        for entity in sorted(found, key=lambda entity: (entity.start, -entity.end)):
            # what two detectors see at one place is one finding
            if not kept or entity.start >= kept[-1].end:
                kept.append(entity)
        return kept


def _renderable(found: Audit) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    total = found.kinds
    said = (
        f"{total.total():,} findings in {found.traces:,} traces, of {found.observations:,} observations."
        if total
        else f"Nothing was found in {found.observations:,} observations."
    )
    parts: list[RenderableType] = [Text(said)]
    if found.failed:
        parts.append(Text(f"{found.failed:,} texts could not be looked at: the detector failed on them."))
    if total:
        kinds = Table("Kind", "Findings", box=None)
        for kind, count in total.most_common():
            kinds.add_row(Text(kind), f"{count:,}")
        places = Table("Trace", "Observation", "Type", "Place", "Found", box=None)
        for leak in found.leaks[:_SHOWN]:
            kinds_told = ", ".join(f"{count} {kind}" for kind, count in leak.kinds.items())
            places.add_row(*map(Text, (leak.trace_id, leak.observation_id, leak.type, leak.place, kinds_told)))
        parts += [Text(), kinds, Text(), places]
        if len(found.leaks) > _SHOWN:
            parts.append(Text(f"… and {len(found.leaks) - _SHOWN:,} more places: --json or --csv has all"))
    return Group(*parts)
