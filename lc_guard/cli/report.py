"""``lc-guard report``: what the checks did, and how well they agree with people, read from Langfuse."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from lc_guard.cli.arguments import (
    add_command,
    add_window,
    check_window,
    number,
    print_out,
    read_window,
    require_folders,
    share,
    show_progress,
    whole_number,
    write,
)

_DESCRIPTION = """\
Read the checks' scores, observations and people's annotations from Langfuse, and report for each check: its risk over
time, how often it blocked, how long it took and how much of the traces' time that is, what it found, what failed; and
against annotations precision, recall, ROC and precision-recall curves, calibration, the threshold that would have been
best, and the texts on which check and person disagree.

Keys and address come from LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL. No text of a trace is
read; --create-queue looks which observation of a chosen trace shows the text, and keeps none of it."""

_EPILOG = """\
Annotations are scores that people give in Langfuse. One named like the check's score (prompt.pii), or that with .label
or .harmful behind it, says of this check whether it should have fired: a BOOLEAN, a number (yes from 0.5), or a
category such as yes/no, harmful/harmless, safe/unsafe. Other names: --annotation NAME=CHECK.

Exit status: 0 done, also where there was nothing to report; 1 Langfuse could not be read, or a file not be written;
2 wrong usage."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "what the checks did, and how well they agree with annotations, from Langfuse"
    parser = add_command(commands, "report", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    add_window(parser, since="7d")
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
        type=share,
        default=0.5,
        metavar="RISK",
        help="risk from which a text counts as flagged, 0 to 1 (default: %(default)s)",
    )
    parser.add_argument(
        "--miss-cost",
        type=number(1e-6, 1e6, "a positive number"),
        metavar="N",
        help="the best threshold has the lowest cost where a miss costs N false alarms (default: the highest F1)",
    )
    parser.add_argument(
        "--create-queue",
        type=whole_number(1, 10_000),
        metavar="N",
        help="let N texts of each check wait in its annotation queue, the uncertain ones first; none twice",
    )
    parser.add_argument(
        "--queue",
        default="guard",
        metavar="PREFIX",
        help="what the names of the queues begin with, such as 'guard: prompt.pii' (default: %(default)s)",
    )
    parser.add_argument(
        "--resume",
        metavar="FILE",
        help="keep what was read in FILE until the report is done: the same command goes on after a break",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    require_folders(args.json, args.csv, args.html, args.resume)
    check_window(args)
    from lc_guard.evals import Labelling, read_monitoring  # noqa: PLC0415 - here and below: a light import
    from lc_guard.langfuse.api import LangfuseApi  # noqa: PLC0415
    from lc_guard.langfuse.resume import Spool  # noqa: PLC0415

    with LangfuseApi() as api:
        api.check()
        window = read_window(args.since, args.until, api)
        spool = None
        if args.resume:
            about = {"url": api.base_url, "key": api.public_key, "since": args.since, "until": args.until}
            spool = Spool(args.resume, about=about, window=window)
        with show_progress() as progress:
            queue = None
            if args.create_queue:
                from lc_guard.langfuse.annotation_queues import QueueFilling  # noqa: PLC0415

                queue = QueueFilling(api, args.create_queue, prefix=args.queue, threshold=args.threshold)
            report = read_monitoring(
                api,
                since=datetime.fromtimestamp(window.since, UTC),
                until=datetime.fromtimestamp(window.until, UTC),
                labelling=Labelling(tuple(args.annotation), frozenset(word.strip().casefold() for word in args.yes)),
                threshold=args.threshold,
                miss_cost=args.miss_cost,
                spool=spool,
                progress=progress,
                watcher=queue,
            )
        filled = queue.fill() if queue is not None else []
    from lc_guard.evals.render.monitoring_text import renderable  # noqa: PLC0415
    from lc_guard.evals.render.style import counted  # noqa: PLC0415

    print_out(renderable(report))
    write(args.json, lambda: report.to_json() + "\n")
    write(args.csv, report.to_csv)
    write(args.html, lambda: report.to_html(title="Guard report"))
    for each in filled:
        refused = f" Then it stopped: {each.refused}" if each.refused else ""
        print_out(
            f"{counted(each.added, 'text')} put into the annotation queue {each.queue!r}; {each.waiting} waited."
            f"{refused}"
        )
    if spool is not None:
        spool.remove()
    return int(any(each.refused for each in filled))


def _annotation(text: str) -> tuple[str, str | None]:
    name, equals, check = text.partition("=")
    if not name.strip() or (equals and not check.strip()):
        raise argparse.ArgumentTypeError("NAME or NAME=CHECK is needed, such as harmful=prompt.injection")
    return name.strip(), check.strip() or None
