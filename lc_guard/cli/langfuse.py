"""``lc-guard langfuse``: what a project needs once, and labelled cases as a dataset."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from lc_guard.cli.arguments import STDIN, CommandError, add_command, open_lines, show_progress, split_names
from lc_guard.records import Stage

if TYPE_CHECKING:
    from lc_guard.langfuse.score_configs import Step

_DESCRIPTION = """\
Prepare a Langfuse project for the scores of the checks, and write labelled cases into it.

Keys and address come from LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL."""

_SETUP = """\
Create the score configs of checks: the risk (0 to 1), whether the text was let through, and the label that people give
in an annotation queue, at each stage; and the categories of guard.action. What is there already stays; ranges are
corrected. Running it again changes nothing."""

_PUSH = """\
Write labelled cases into a dataset, made if it is not there: one JSON object a line, as for lc-guard eval, with a
"label" such as "prompt_injection" or "benign" if there is one. Pushing again changes the items and doubles none. The
texts leave as they stand in the file: push invented cases, or such as Langfuse may hold."""

_EXIT = "Exit status: 0 done; 1 Langfuse refused something, or {}; 2 wrong usage, or an input that can't be read."


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "prepare a Langfuse project for the checks' scores; push labelled cases as a dataset"
    parser = add_command(commands, "langfuse", None, about=about, description=_DESCRIPTION)
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")

    about, exits = "create the score configs of checks", _EXIT.format("has a config of another type")
    setup = add_command(actions, "setup", _run_setup, about=about, description=_SETUP, epilog=exits)
    setup.add_argument("--checks", default="pii", metavar="NAMES", help="checks, by commas (default: %(default)s)")
    stages = get_args(Stage)
    setup.add_argument("--stages", default=",".join(stages), metavar="NAMES", help="stages (default: %(default)s)")
    setup.add_argument("--dry-run", action="store_true", help="say what would be done and change nothing")

    dataset = add_command(actions, "dataset", None, about="labelled cases as a dataset")
    verbs = dataset.add_subparsers(title="actions", required=True, metavar="ACTION")
    about, exits = "write labelled cases into a dataset", _EXIT.format("a line was left out")
    push = add_command(verbs, "push", _run_push, about=about, description=_PUSH, epilog=exits)
    push.add_argument("file", metavar="FILE", help='labelled texts, JSON Lines in UTF-8; "-" is stdin')
    push.add_argument("--name", metavar="NAME", help="of the dataset (default: the file's, without its ending)")
    push.add_argument("--description", metavar="TEXT", help="of the dataset")


def _run_setup(args: argparse.Namespace) -> int:
    checks = split_names(args.checks)
    stages: list[Any] = split_names(args.stages)
    unknown = [stage for stage in stages if stage not in get_args(Stage)]
    if not checks or not stages or unknown:
        raise CommandError(f"--checks takes names of checks, --stages some of {', '.join(get_args(Stage))}")
    from lc_guard.langfuse.api import LangfuseApi  # noqa: PLC0415 - here and below: a light import of this module
    from lc_guard.langfuse.score_configs import apply, plan, wanted_configs  # noqa: PLC0415

    with LangfuseApi() as api:
        api.check()
        steps = plan(api, wanted_configs(checks, stages))
        if not args.dry_run:
            apply(api, steps)
    for step in steps:
        sys.stdout.write(_told(step, dry_run=args.dry_run) + "\n")
    return int(any(step.do == "conflict" for step in steps))


def _told(step: Step, *, dry_run: bool) -> str:
    words = {
        "create": "would create" if dry_run else "created",
        "update": "would correct" if dry_run else "corrected",
        "keep": "there",
        "conflict": "conflict",
        "skip": "left out",
    }
    why = {
        "conflict": f": there, but not {step.config.data_type}; archive it in Langfuse, then run this again",
        "skip": ": Langfuse takes names of 35 characters at most; its scores work without a config",
    }
    return f"{words[step.do]:<13} {step.config.name} ({step.config.data_type}){why.get(step.do, '')}"


def _run_push(args: argparse.Namespace) -> int:
    if args.file == STDIN and not args.name:
        raise CommandError("--name is needed where the cases come from standard input")
    name = args.name or Path(args.file).stem
    if not name.strip():
        raise CommandError("--name must not be blank")
    from lc_guard.evals.to_langfuse import push_cases  # noqa: PLC0415
    from lc_guard.langfuse.api import LangfuseApi  # noqa: PLC0415

    with open_lines(args.file) as lines, LangfuseApi() as api, show_progress("writing") as progress:
        api.check()
        told = None if progress is None else (lambda count: progress("items", count))
        pushed = push_cases(api, name, lines, description=args.description, progress=told)
    for bad in pushed.bad_lines:
        sys.stderr.write(f"lc-guard: left out {bad}\n")
    sys.stdout.write(f"{pushed.items} items are in the dataset {pushed.dataset!r}\n")
    return int(bool(pushed.bad_lines))
