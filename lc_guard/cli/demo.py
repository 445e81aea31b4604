"""``lc-guard demo``: the whole boundary at work on a court transcript, or on a text of the user's own."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lc_guard.cli.arguments import NO_ROOM, CommandError, add_command, open_console, print_json, read_text, whole_number
from lc_guard.cli.detectors import add_options, read_options
from lc_guard.errors import GuardError

if TYPE_CHECKING:
    from rich.console import Console

    from lc_guard.demo.report import Report
    from lc_guard.demo.run import Performance
    from lc_guard.guard import Guard

_PAUSE = 0.008  # seconds between two pieces of the stand-in, on a terminal only

_DESCRIPTION = """\
Summarize a fictional court transcript without the model seeing a name: what was said beside what the model saw, what
came back, the checks, and what Langfuse would receive, searched for every original value."""

_EPILOG = """\
The model is ChatOpenAI when OPENAI_API_KEY or OPENAI_BASE_URL is set (OPENAI_MODEL or --model names it), else a
stand-in that repeats sentences. Traces go to Langfuse when LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are set
(LANGFUSE_BASE_URL names the server), else they stay in memory.

Exit status: 0 done and nothing found; 1 a value was found in what left for Langfuse, Langfuse did not take it, or the
model or a check failed; 2 wrong usage, or a text that can't be read."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "see the whole boundary at work"
    parser = add_command(commands, "demo", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--text", metavar="FILE", help='your own UTF-8 text instead of the transcript; "-" is stdin')
    add_options(parser)
    parser.add_argument("--session", default="case-17", metavar="ID", help="session id (default: %(default)s)")
    parser.add_argument("--model", metavar="NAME", help="model of ChatOpenAI")
    parser.add_argument("--offline", action="store_true", help="stand-in and memory, whatever the environment says")
    parser.add_argument("--rows", type=whole_number(0), default=0, metavar="N", help="show only the first N paragraphs")
    parser.add_argument(
        "--width", type=whole_number(40), metavar="N", help="columns, from 40 (default: the terminal's)"
    )
    parser.add_argument("--json", action="store_true", help="print the facts as one JSON object, without any text")
    parser.add_argument("--svg", metavar="FILE", help="also draw the output into an SVG file")


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    text = None if args.text is None else read_text(args.text)
    if text is not None and not text.strip():
        raise CommandError("the text is empty")
    options = read_options(args)
    console = open_console(width=args.width)
    guard = _guard(options)
    from lc_guard.demo.run import Performance  # noqa: PLC0415
    from lc_guard.demo.show import show_beginning, show_end, show_stream  # noqa: PLC0415

    performance = Performance(
        guard,
        text=text,
        session_id=args.session,
        model=args.model,
        offline=args.offline,
        pause=_PAUSE if console.is_terminal and not args.json else 0.0,
    )
    with _model_errors():
        performance.begin()
        if not args.json:
            show_beginning(console, performance, rows=args.rows)
            show_stream(console, performance)
        report = performance.finish()
    if args.json:
        print_json(report.as_dict())
    else:
        show_end(console, report)
    if args.svg:
        _draw(args, performance, report)
    return report.status


def _guard(options: Mapping[str, Any]) -> Guard:
    from rich.console import Console  # noqa: PLC0415 - a light import of this module

    progress = Console(stderr=True)
    loading = progress.status("loading the detectors' models …") if progress.is_terminal else contextlib.nullcontext()
    with loading:
        from lc_guard import Guard, Policy  # noqa: PLC0415

        # A text of the user's own may be long, and nobody waits behind this call.
        guard = Guard(policy=Policy(timeout=None), **options)
        guard.warm_up()
        # The chain's own imports take a second or two as well.
        import lc_guard.demo.run  # noqa: F401, PLC0415
    return guard


@contextlib.contextmanager
def _model_errors() -> Iterator[None]:
    """Turn what a model's client raises into a message; its own may quote the text."""
    try:
        yield
    except (GuardError, BrokenPipeError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:  # where it is shown, not where it is made
            raise
        status = getattr(error, "status_code", None)
        told = type(error).__name__ + (f", HTTP status {status}" if isinstance(status, int) else "")
        raise CommandError(
            f"the model failed ({told}): look at OPENAI_API_KEY, OPENAI_BASE_URL and --model, or take --offline",
            status=1,
        ) from None


def _draw(args: argparse.Namespace, performance: Performance, report: Report) -> None:
    from lc_guard.demo.show import draw, show_answer, show_beginning, show_end  # noqa: PLC0415

    def show(console: Console) -> None:
        show_beginning(console, performance, rows=args.rows)
        show_answer(console, performance)
        show_end(console, report)

    try:
        Path(args.svg).write_text(draw(show, title="lc-guard demo", width=args.width or 110), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"can't write {args.svg!r}: {error.strerror}") from None
