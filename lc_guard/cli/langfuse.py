"""``lc-guard langfuse``: what watches the checks in a project, and labelled cases as a dataset."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from lc_guard.cli.arguments import STDIN, CommandError, add_command, number, open_lines, show_progress, split_names
from lc_guard.records import Stage

if TYPE_CHECKING:
    from lc_guard.langfuse.project_steps import Step

_DESCRIPTION = """\
Make what watches the checks in a Langfuse project, and write labelled cases into it.

Keys and address come from LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL."""

_SETUP = """\
Make what watches the checks. Score configs: the risk (0 to 1), whether the text was let through and the label that
people give, of each check and stage; guard.action and guard.leak. Annotation queues: one for each check and stage,
which asks for one label (lc-guard report --create-queue fills them). A dashboard with its widgets: leaks, unchecked
texts, failed checks, strongest action, blocks, risk over time, p95 latency, share of the trace, entities by kind.
Models as judges of toxicity, injection and leaked personal data, switched off at first: each judgement is a model call.

What is there already stays; what was made before is corrected. Running it again changes nothing. What this version of
Langfuse has no API for is said in one line. --remove takes away what was made and nothing else: known by "(made by
lc-guard)" at the end of its description."""

_PUSH = """\
Write labelled cases into a dataset, made if it is not there: one JSON object a line, as for lc-guard eval, with a
"label" such as "prompt_injection" or "benign" if there is one. Pushing again changes the items and doubles none. The
texts leave as they stand in the file: push invented cases, or such as Langfuse may hold."""

_PARTS = ("configs", "queues", "dashboard", "judges")

_EXIT = "Exit status: 0 done; 1 Langfuse refused something, or {}; 2 wrong usage, or an input that can't be read."


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "make what watches the checks in a Langfuse project; push labelled cases as a dataset"
    parser = add_command(commands, "langfuse", None, about=about, description=_DESCRIPTION)
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")

    about, exits = (
        "make or remove score configs, queues, a dashboard, judges",
        _EXIT.format("has a config of another type"),
    )
    setup = add_command(actions, "setup", _run_setup, about=about, description=_SETUP, epilog=exits)
    setup.add_argument("--checks", default="pii", metavar="NAMES", help="checks, by commas (default: %(default)s)")
    stages = get_args(Stage)
    setup.add_argument("--stages", default=",".join(stages), metavar="NAMES", help="stages (default: %(default)s)")
    parts = ",".join(_PARTS)
    setup.add_argument("--parts", default=parts, metavar="NAMES", help="what to make or remove (default: %(default)s)")
    setup.add_argument(
        "--judge-sampling",
        type=number(0.0001, 1, "a share above 0, at most 1"),
        default=0.1,
        metavar="SHARE",
        help="part of the model calls that is judged (default: %(default)s)",
    )
    setup.add_argument("--enable-judges", action="store_true", help="switch the judges on; the project pays for them")
    setup.add_argument("--remove", action="store_true", help="take away what was made by this command")
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
    parts: list[Any] = split_names(args.parts)
    unknown = [stage for stage in stages if stage not in get_args(Stage)]
    if not checks or not stages or unknown:
        raise CommandError(f"--checks takes names of checks, --stages some of {', '.join(get_args(Stage))}")
    if not parts or not set(parts) <= set(_PARTS):
        raise CommandError(f"--parts takes some of {', '.join(_PARTS)}")
    from lc_guard.langfuse.api import LangfuseApi  # noqa: PLC0415 - here and below: a light import of this module
    from lc_guard.langfuse.project_setup import ProjectSetup  # noqa: PLC0415

    failed = False
    with LangfuseApi() as api:
        api.check()
        setup = ProjectSetup(
            api,
            checks=checks,
            stages=stages,
            parts=parts,
            sampling=args.judge_sampling,
            enable_judges=args.enable_judges,
            dry_run=args.dry_run,
        )
        for step in setup.remove() if args.remove else setup.apply():
            sys.stdout.write(_told(step, dry_run=args.dry_run) + "\n")
            failed = failed or step.do in ("conflict", "fail")
    return int(failed)


def _told(step: Step, *, dry_run: bool) -> str:
    words = {
        "create": "would create" if dry_run else "created",
        "update": "would correct" if dry_run else "corrected",
        "restore": "would restore" if dry_run else "restored",
        "remove": "would remove" if dry_run else "removed",
        "archive": "would archive" if dry_run else "archived",
        "keep": "there",
        "leave": "left",
        "conflict": "conflict",
        "fail": "failed",
        "skip": "left out",
    }
    return f"{words[step.do]:<13} {step.what}" + (f": {step.why}" if step.why else "")


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
