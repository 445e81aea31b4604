"""``lc-guard corpus``: hides the text columns of files, on one machine or on many."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from lc_guard.cli.arguments import CommandError, add_command, print_json, print_out, split_names, whole_number
from lc_guard.cli.detectors import add_options, choose, read_options
from lc_guard.errors import CorpusError, PolicyError
from lc_guard.vaults.urls import FORMS, URL

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lc_guard.distributed import CorpusSummary, GuardSpec

_DESCRIPTION = """\
Write the files of IN into the folder OUT with placeholders where personal data stood. Read are Parquet (.parquet),
JSON Lines (.jsonl, .ndjson), CSV (.csv) and texts (.txt, .md, .log), each by its ending.

Two passes: the first one finds all values and brings them into the vault, the second one writes. So a value that is
found in any document is hidden in all of them, and has the same placeholder. Columns that are not named go on as they
are. A run that was stopped goes on where it was when it is called again in the same way."""

_EPILOG = f"""\
The vault is named by --vault or {URL} (better: other users of the machine see arguments); all workers must reach it.
Keep it as long as OUT: without it the placeholders stay for good.

Rows that can't be read or hidden are left out of OUT; OUT/.lc-guard/bad_rows.jsonl has their files, numbers and
reasons. Files of other endings are left out.

Exit status: 0 done; 1 done but for bad rows, or it failed: call it again to go on; 2 wrong usage, or an input that
can't be read."""

_TITLES = {"collect": "pass 1 of 2: finding values", "write": "pass 2 of 2: writing"}
_PLAIN_EVERY = 30.0
_MEGABYTE = 1024 * 1024

Show = Callable[[Any, int, int], None]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "hide the text columns of files, on one machine or many"
    parser = add_command(commands, "corpus", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("source", metavar="IN", help="a file, or a folder of files")
    parser.add_argument("output", metavar="OUT", help="a folder that is empty or not there, or that of a stopped run")
    parser.add_argument("--columns", metavar="NAMES", help="text columns, as text,notes (of texts: text, name)")
    parser.add_argument("--session", required=True, metavar="ID", help="session of the corpus in the vault")
    parser.add_argument("--vault", metavar="URL", help=f"the database (default: {URL}); one of {FORMS}")
    parser.add_argument(
        "--engine", choices=("local", "ray", "spark"), default="local", help="who runs the workers (default: local)"
    )
    parser.add_argument("--workers", type=whole_number(1), metavar="N", help="number of workers (default: all cores)")
    parser.add_argument("--policy", metavar="FILE", help="policy in TOML or YAML")
    parser.add_argument(
        "--detectors",
        default="default",
        metavar="NAMES",
        help="detectors, as for eval: default, rules, patterns, or module:name (default: %(default)s)",
    )
    add_options(parser)
    parser.add_argument(
        "--partition-size",
        type=whole_number(1),
        metavar="MB",
        help="megabytes that a worker does in one go (default: 1, more of a large corpus)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from lc_guard.distributed import hide_corpus  # noqa: PLC0415 - a light import of this module

    spec = _spec(args)
    size = args.partition_size and args.partition_size * _MEGABYTE
    options = {"columns": split_names(args.columns), "session": args.session, "engine": args.engine}
    try:
        with _progress() as told:
            done = hide_corpus(
                args.source, args.output, spec, **options, workers=args.workers, partition_bytes=size, told=told
            )
    except CorpusError as error:
        raise CommandError(str(error), status=2 if error.usage else 1) from None
    _report(done, as_json=args.json)
    return 1 if done.bad_rows else 0


def detectors_of(names: str, options: Mapping[str, Any]) -> list[Any]:
    """Return the detectors of their names; called in each worker."""
    return list(choose(names, options).values())


def _spec(args: argparse.Namespace) -> GuardSpec:
    from lc_guard.distributed import GuardSpec  # noqa: PLC0415

    url = args.vault or os.environ.get(URL, "").strip()
    if not url:
        raise CommandError(f"no vault is named: give --vault, or set {URL} (one of {FORMS})")
    options = read_options(args)
    choose(args.detectors, options)
    detectors = None if args.detectors == "default" and not options else partial(detectors_of, args.detectors, options)
    try:
        make = GuardSpec if args.policy is None else partial(GuardSpec.from_file, args.policy)
        return make(vault=url, detectors=detectors)
    except (PolicyError, ValueError) as error:
        raise CommandError(str(error)) from None


@contextmanager
def _progress() -> Iterator[Show]:
    """Show how far it is on stderr: a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _PlainProgress()
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=600) as bar:
        tasks: dict[str, Any] = {}
        begun: dict[str, _Rate] = {}

        def show(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(_TITLES[phase], total=total, completed=done, rate="")
                begun[phase] = _Rate(done)
            bar.update(tasks[phase], completed=done, rate=f"{begun[phase].of(done):,.1f} rows/s")

        yield show


class _Rate:
    """Rows in a second since a pass began here."""

    def __init__(self, done: int) -> None:
        self._done = done
        self._since = time.monotonic()

    def of(self, done: int) -> float:
        """Return the rate so far."""
        return (done - self._done) / max(time.monotonic() - self._since, 0.001)


class _PlainProgress:
    """Says how far it is in lines, for logs."""

    def __init__(self) -> None:
        self._rates: dict[str, _Rate] = {}
        self._last = time.monotonic()

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Write a line if the last one was some time ago, or a pass begins."""
        first = phase not in self._rates
        rate = self._rates.setdefault(phase, _Rate(done)).of(done)
        if not first and time.monotonic() - self._last < _PLAIN_EVERY:
            return
        self._last = time.monotonic()
        left = f", {rate:,.1f} rows/s, {(total - done) / rate / 60:,.0f} min left" if rate and done < total else ""
        sys.stderr.write(f"lc-guard: {_TITLES[phase]}: {done:,} of {total:,} rows{left}\n")
        sys.stderr.flush()


def _report(done: CorpusSummary, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "rows": done.rows,
                "bad_rows": done.bad_rows,
                "reasons": dict(done.reasons),
                "found": dict(done.found),
                "again": done.again,
                "left_out": done.left_out,
                "bad_rows_file": done.bad_rows_file and str(done.bad_rows_file),
            },
            indent=None,
        )
        return
    print_out(_table(done))


def _table(done: CorpusSummary) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415

    table = Table("", "number", box=None, header_style="")
    table.columns[1].justify = "right"
    table.add_row("rows written", f"{done.rows:,}")
    table.add_row("of these hidden again in pass 2", f"{done.again:,}")
    table.add_row("bad rows set aside", f"{done.bad_rows:,}")
    for reason, count in done.reasons.items():
        table.add_row(f"  {reason}", f"{count:,}")
    if done.bad_rows_file:
        table.add_row(f"  see {done.bad_rows_file}", "")
    if done.left_out:
        table.add_row("files left out, of other endings", f"{done.left_out:,}")
    table.add_row("found", f"{sum(done.found.values()):,}")
    for kind, count in done.found.items():
        table.add_row(f"  {kind}", f"{count:,}")
    return table
