"""``lc-guard verify``: plants values everywhere text hides, runs chains and agents, and tells where one came out."""

from __future__ import annotations

import argparse
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from lc_guard.cli.arguments import CommandError, add_command, open_console, print_json, split_names
from lc_guard.cli.detectors import choose
from lc_guard.detectors.base import load_models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lc_guard.detectors import Detector
    from lc_guard.verify.applications import Application
    from lc_guard.verify.modes import Mode
    from lc_guard.verify.promises import Proved

_WIDTH = 110  # where no terminal says how wide it is: CI's logs

_DESCRIPTION = """\
Plant values in system prompt, history, human message, content block, tool argument, tool result, document, structured
output and exception; run chains and an agent with them in every mode against a model that records what it is sent and
repeats it; and tell where they came out. In the model's input, logs, exceptions, exported Langfuse spans, what
a masked tracer is told, and checkpoints no value may stand; what tools and the user get must be real. With the
package's own applications nothing leaves the process.

Beside them promises are put to the test, each with values of its own: that conversations, tenants and vaults are apart,
look-alikes open nothing, stores and requests hold no value in any place, tools and models see what they may, failures
and refusals let nothing through. A line each; --details shows the applications' tables."""

_EPILOG = """\
--app takes module:object, file.py:object or LangGraph's langgraph.json[:graph]: a Runnable, or a callable, async or
not, that gives one and is called anew for each run. By the names of its parameters it is given what makes more of it
watchable:
  def build(): ...              output, logs, tools and a GuardCheckpointer
  def build(model): ...         the model input too; this model needs no network
  def build(model, guard): ...  Langfuse spans and a failing detector as well
Without guard the planted values are e-mail addresses, which your own guard must find. What can't be watched is "not
watched", never "clean". The tools of an agent are run, with planted values; its own model is called if it takes none.

Exit status: 0 nothing leaks; 1 a leak, an application that raised, or one of which nothing could be watched; 2 wrong
usage."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "prove that nothing leaks, from the package's applications or your own"
    parser = add_command(commands, "verify", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--app", metavar="MODULE:OBJECT", help="your own chain or agent instead of the package's")
    parser.add_argument(
        "--input",
        metavar="KIND",
        help='what --app is given: text, messages, state ({"messages": ...}), or keys:NAME,NAME=messages,'
        "NAME=documents (default: by its type)",
    )
    parser.add_argument(
        "--outside-tools", metavar="NAMES", help="tools of --app that get placeholders on purpose; not watched"
    )
    parser.add_argument(
        "--detector",
        metavar="NAMES",
        help="detectors beside the one that knows the planted values, such as default; or module:name",
    )
    parser.add_argument("--modes", metavar="NAMES", help="some of invoke, ainvoke, stream, astream, batch, abatch")
    parser.add_argument(
        "--processes",
        type=_positive,
        metavar="N",
        help="processes that share the work (default: one a processor, up to 4; with --app and --detector always 1)",
    )
    parser.add_argument("--details", action="store_true", help="a table for each application (with --app: always)")
    parser.add_argument("--json", action="store_true", help="print one JSON object: each surface, mode and place")


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    if not args.app and (args.input or args.outside_tools):
        raise CommandError("--input and --outside-tools belong to --app")
    detectors = _detectors(args.detector)
    from lc_guard.verify.applications import WrongApplication  # noqa: PLC0415 - here and below: a light import
    from lc_guard.verify.areas import every_area  # noqa: PLC0415
    from lc_guard.verify.at_once import area_of, cell_of, usual_processes, workers  # noqa: PLC0415
    from lc_guard.verify.modes import MODES  # noqa: PLC0415
    from lc_guard.verify.report import Verification, Verified, show, show_area, show_areas_begin, show_end  # noqa: PLC0415

    modes = _modes(args.modes, MODES)
    console = open_console(piped_width=_WIDTH)
    done: list[Verified] = []
    proved: list[Proved] = []
    areas = [] if args.app else every_area()  # of somebody's own application they say nothing
    try:
        listed = _applications(args)
        with workers(1 if args.app or detectors else args.processes or usual_processes()) as each:
            cells = each(partial(cell_of, own=listed if args.app else (), detectors=detectors), _runs(listed, modes))
            proofs = each(area_of, range(len(areas)))
            for application in listed:
                done.append(Verified(application.name, [*islice(cells, len(modes))]))
                if not args.json:
                    show(console, done[-1], details=args.details or bool(args.app))
            if areas and not args.json:
                show_areas_begin(console)
            for area in proofs:
                proved.append(area)
                if not args.json:
                    show_area(console, area)
    except WrongApplication as error:
        raise CommandError(str(error)) from None
    verification = Verification(done, proved)
    if args.json:
        print_json(verification.as_dict())
    else:
        show_end(console, verification)
    return verification.status


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _modes(listed: str | None, known: Sequence[Mode]) -> list[Mode]:
    named = {*split_names(listed)}
    modes = [mode for mode in known if not listed or mode in named]
    if not modes or not named <= {*known}:
        raise CommandError(f"--modes takes some of {', '.join(known)}")
    return modes


def _runs(listed: Sequence[Application], modes: Sequence[Mode]) -> list[tuple[int, Mode]]:
    return [(number, mode) for number in range(len(listed)) for mode in modes]


def _detectors(names: str | None) -> Sequence[Detector]:
    chosen = list(choose(names).values()) if names else []
    for detector in chosen:
        load_models(detector)
    return chosen


def _applications(args: argparse.Namespace) -> list[Application]:
    from lc_guard.verify.applications import applications  # noqa: PLC0415
    from lc_guard.verify.loading import load  # noqa: PLC0415

    if not args.app:
        return applications()
    return [load(args.app, give=args.input or "auto", outside_tools={*split_names(args.outside_tools)})]
