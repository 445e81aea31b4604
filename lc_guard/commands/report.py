"""``lc-guard report``: what the checks did, and how well they agree with people, read from Langfuse."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any

from lc_guard.commands.inputs import CommandError
from lc_guard.commands.outputs import print_out, require_folders, write

if TYPE_CHECKING:
    from lc_guard.evals.monitored import MonitoringReport
    from lc_guard.langfuse_api import LangfuseApi, Spool, Window
    from lc_guard.langfuse_api.reading import Progress

_DESCRIPTION = """\
Read the checks' scores, observations and people's annotations from Langfuse, and report for each check: its risk over
time, how often it blocked, how long it took and how much of the traces' time that is, what it found, what failed; and
against annotations precision, recall, ROC and precision-recall curves, calibration, the threshold that would have been
best, and the texts on which check and person disagree.

Keys and address come from LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL. No text of a trace is
read."""

_EPILOG = """\
Annotations are scores that people give in Langfuse. One named like the check's score (prompt.pii), or that with .label
or .harmful behind it, says of this check whether it should have fired: a BOOLEAN, a number (yes from 0.5), or a
category such as yes/no, harmful/harmless, safe/unsafe. Other names: --annotation NAME=CHECK.

Exit status: 0 done, also where there was nothing to report; 1 Langfuse could not be read, or a file not be written;
2 wrong usage."""

_AGO = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SKEW_TOLD = timedelta(minutes=2)
_LONGEST_TRACE = 86_400.0
_FIRST_YEAR = datetime(2020, 1, 1, tzinfo=UTC)


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "report",
        help="what the checks did, and how well they agree with annotations, from Langfuse",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--since", default="7d", metavar="TIME", help="how far back, as 90m, 24h, 7d, 4w, or a date (default: 7d)"
    )
    parser.add_argument("--until", metavar="TIME", help="until when (default: now)")
    parser.add_argument("--json", metavar="FILE", help="also write the report as JSON")
    parser.add_argument("--csv", metavar="FILE", help="also write one line a check as CSV")
    parser.add_argument("--html", metavar="FILE", help="also write it as an HTML page with plots")
    parser.add_argument(
        "--annotation",
        action="append",
        type=_annotation,
        default=[],
        metavar="NAME[=CHECK]",
        help="take annotations of this name for this check (without CHECK: for all) instead; may be given again",
    )
    parser.add_argument(
        "--yes",
        action="append",
        default=[],
        metavar="WORD",
        help="a category that says yes, besides yes, true, harmful, unsafe…; may be given again",
    )
    parser.add_argument(
        "--threshold",
        type=_share,
        default=0.5,
        metavar="RISK",
        help="risk from which a text counts as flagged, 0 to 1 (default: %(default)s)",
    )
    parser.add_argument(
        "--miss-cost",
        type=_positive,
        metavar="N",
        help="the best threshold has the lowest cost where a miss costs N false alarms (default: the highest F1)",
    )
    parser.add_argument(
        "--resume",
        metavar="FILE",
        help="keep what was read in FILE until the report is done: the same command goes on after a break",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        The exit status.

    Raises:
        CommandError: A time or a file is wrong.
        LangfuseError: Langfuse can't be read.
    """
    require_folders(args.json, args.csv, args.html, args.resume)
    for time in filter(None, (args.since, args.until)):
        _moment(time, datetime.now(UTC))  # wrong usage is told before Langfuse is asked
    from lc_guard.langfuse_api import LangfuseApi, Spool  # noqa: PLC0415 - here and below: a light import

    with LangfuseApi() as api:
        api.check()
        window = _window(args, api)
        spool = None
        if args.resume:
            about = {"url": api.base_url, "key": api.public_key, "since": args.since, "until": args.until}
            spool = Spool(args.resume, about=about, window=window)
            window = spool.window
        with _progress() as progress:
            report = read_report(api, window, args, spool=spool, progress=progress)
    from lc_guard.evals.monitoring_table import renderable  # noqa: PLC0415

    print_out(renderable(report))
    write(args.json, lambda: report.to_json() + "\n")
    write(args.csv, report.to_csv)
    write(args.html, lambda: report.to_html(title="Guard report"))
    if spool is not None:
        spool.remove()
    return 0


def read_report(
    api: LangfuseApi,
    window: Window,
    args: argparse.Namespace,
    *,
    spool: Spool | None = None,
    progress: Progress | None = None,
) -> MonitoringReport:
    """Read everything and make the report.

    Raises:
        LangfuseError: Langfuse can't be read.
    """
    from lc_guard.evals.labelling import Labelling  # noqa: PLC0415
    from lc_guard.evals.monitoring import Monitor  # noqa: PLC0415
    from lc_guard.langfuse_api import Reader  # noqa: PLC0415

    reader = Reader(api, spool=spool, progress=progress)
    monitor = Monitor(
        window.since,
        window.until,
        annotations=reader.scores(
            # people annotate after the fact: what was decided in the window may be annotated until now
            type(window)(window.since, inf),
            source="ANNOTATION",
        ),
        labelling=Labelling(tuple(args.annotation), frozenset(word.strip().casefold() for word in args.yes)),
        threshold=args.threshold,
        miss_cost=args.miss_cost,
        source=api.base_url,
        link=api.trace_url,
    )
    for score in reader.scores(window):
        monitor.add_score(score)
    for check in reader.observations(window):
        monitor.add_check(check)
    earlier = type(window)(window.since - _LONGEST_TRACE, window.until)
    for root in reader.roots(earlier):
        monitor.add_trace(root)
    return monitor.report(passed_over=reader.passed_over, notes=_notes(api))


def _notes(api: LangfuseApi) -> list[str]:
    skew = api.clock_offset
    if abs(skew) < _SKEW_TOLD:
        return []
    behind = "behind" if skew > timedelta() else "ahead of"
    minutes = abs(skew).total_seconds() / 60
    return [f"This machine's clock is {minutes:,.0f} minutes {behind} Langfuse's; times are by Langfuse's clock."]


def _window(args: argparse.Namespace, api: LangfuseApi) -> Window:
    from lc_guard.langfuse_api import Window  # noqa: PLC0415

    now = api.now()
    since = _moment(args.since, now)
    until = now if args.until is None else _moment(args.until, now)
    if since >= until:
        raise CommandError(f"--since {args.since!r} is not before --until {args.until or 'now'!r}")
    return Window(since.timestamp(), until.timestamp())


def _moment(told: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(told.strip().lower())
    try:
        if ago is not None:
            return max(_FIRST_YEAR, now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
        moment = datetime.fromisoformat(told.strip())
        return max(_FIRST_YEAR, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        pass
    raise CommandError(f"{told!r} is no time: give 90m, 24h, 7d, 4w, or a date such as 2026-01-31 (UTC)")


@contextmanager
def _progress() -> Iterator[Callable[[str, int], object] | None]:
    """Show on stderr what is being read; how many rows there are is not known beforehand."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("reading {task.description}"), BarColumn(), TextColumn("{task.completed:,}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(label: str, count: int) -> None:
            if label not in tasks:
                tasks[label] = bar.add_task(label, total=None)
            bar.update(tasks[label], completed=count)

        yield show


def _annotation(text: str) -> tuple[str, str | None]:
    name, equals, check = text.partition("=")
    if not name.strip() or (equals and not check.strip()):
        raise argparse.ArgumentTypeError("NAME or NAME=CHECK is needed, such as harmful=prompt.injection")
    return name.strip(), check.strip() or None


def _share(text: str) -> float:
    return _number(text, 0.0, 1.0, "a number from 0 to 1 is needed")


def _positive(text: str) -> float:
    return _number(text, 1e-6, 1e6, "a positive number is needed")


def _number(text: str, least: float, most: float, otherwise: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(otherwise)
    return value
